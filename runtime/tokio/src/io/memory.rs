//! Streams in memory: from one end to the other, in one direction or in both.

use super::budget::poll_charged;
use super::{AsyncRead, AsyncWrite, ReadBuf, ReadHalf, WriteHalf, split};
use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

/// One end of a stream in memory with two directions. Made by [`duplex`]. Dropping it closes both.
#[derive(Debug)]
pub struct DuplexStream {
    read: Arc<Mutex<SimplexStream>>,
    write: Arc<Mutex<SimplexStream>>,
}

/// A stream in memory whose reader and writer are one. Made by [`simplex`], in two halves.
#[derive(Debug)]
pub struct SimplexStream {
    bytes: VecDeque<u8>,
    is_closed: bool,
    size_max: usize,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// Makes a stream in memory that holds up to `max_buf_size` bytes in each direction, and returns
/// its ends.
///
/// # Panics
/// Panics if that is zero.
#[track_caller]
pub fn duplex(max_buf_size: usize) -> (DuplexStream, DuplexStream) {
    let there = Arc::new(Mutex::new(SimplexStream::new_unsplit(max_buf_size)));
    let back = Arc::new(Mutex::new(SimplexStream::new_unsplit(max_buf_size)));
    let near = DuplexStream { read: Arc::clone(&back), write: Arc::clone(&there) };
    (near, DuplexStream { read: there, write: back })
}

/// Makes a stream in memory with one direction that holds up to `max_buf_size` bytes, and returns
/// its halves.
///
/// # Panics
/// Panics if that is zero.
#[track_caller]
pub fn simplex(max_buf_size: usize) -> (ReadHalf<SimplexStream>, WriteHalf<SimplexStream>) {
    split(SimplexStream::new_unsplit(max_buf_size))
}

/// Wakers that an operation on a stream has taken from it. They are woken or dropped, which may run
/// code of the program, when the lock of the stream is free again.
#[derive(Default)]
struct Released {
    to_wake: Option<Waker>,
    to_drop: Option<Waker>,
}

impl Released {
    fn run(self) {
        if let Some(waker) = self.to_wake {
            waker.wake();
        }
        drop(self.to_drop);
    }

    /// Puts the task of `cx` into `place`, to be woken later.
    fn wait<T>(&mut self, place: &mut Option<Waker>, cx: &Context<'_>) -> Poll<T> {
        if !place.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            self.to_drop = place.replace(cx.waker().clone());
        }
        Poll::Pending
    }
}

impl SimplexStream {
    /// Makes a stream in memory with one direction that holds up to `max_buf_size` bytes.
    ///
    /// # Panics
    /// Panics if that is zero.
    #[track_caller]
    pub fn new_unsplit(max_buf_size: usize) -> SimplexStream {
        assert!(max_buf_size > 0, "`max_buf_size` must be greater than 0");
        let bytes = VecDeque::new();
        SimplexStream { bytes, is_closed: false, size_max: max_buf_size, reader: None, writer: None }
    }

    fn poll_take(
        &mut self,
        cx: &Context<'_>,
        buf: &mut ReadBuf<'_>,
        released: &mut Released,
    ) -> Poll<io::Result<()>> {
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        if self.bytes.is_empty() {
            if self.is_closed {
                return Poll::Ready(Ok(()));
            }
            return released.wait(&mut self.reader, cx);
        }
        let count = self.bytes.len().min(buf.remaining());
        let (front, back) = self.bytes.as_slices();
        let of_front = count.min(front.len());
        buf.put_slice(&front[..of_front]);
        buf.put_slice(&back[..count - of_front]);
        self.bytes.drain(..count);
        released.to_wake = self.writer.take();
        Poll::Ready(Ok(()))
    }

    fn poll_put(
        &mut self,
        cx: &Context<'_>,
        bufs: &[IoSlice<'_>],
        released: &mut Released,
    ) -> Poll<io::Result<usize>> {
        if self.is_closed {
            return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
        }
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        let free = self.size_max - self.bytes.len();
        if free == 0 {
            return released.wait(&mut self.writer, cx);
        }
        let mut room = free;
        for buf in bufs {
            let count = buf.len().min(room);
            self.bytes.extend(&buf[..count]);
            room -= count;
        }
        released.to_wake = self.reader.take();
        Poll::Ready(Ok(free - room))
    }

    /// Nothing more is written; returns the reader, which then finds the end.
    fn close_for_writer(&mut self) -> Option<Waker> {
        self.is_closed = true;
        self.reader.take()
    }

    /// Nothing more is read; returns the writer, which then finds a broken pipe.
    fn close_for_reader(&mut self) -> Option<Waker> {
        self.is_closed = true;
        self.writer.take()
    }
}

/// Locks one direction. Nothing that panics runs under the lock.
fn lock(direction: &Mutex<SimplexStream>) -> MutexGuard<'_, SimplexStream> {
    direction.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Runs `operation`, charges it to the task, and then does what it has released.
fn poll_and_release<T>(
    cx: &mut Context<'_>,
    operation: impl FnOnce(&mut Context<'_>, &mut Released) -> Poll<T>,
) -> Poll<T> {
    let mut released = Released::default();
    let result = poll_charged(cx, |cx| operation(cx, &mut released));
    released.run();
    result
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl AsyncRead for SimplexStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        poll_and_release(cx, |cx, released| stream.poll_take(cx, buf, released))
    }
}

impl AsyncWrite for SimplexStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        wake(self.get_mut().close_for_writer());
        Poll::Ready(Ok(()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let stream = self.get_mut();
        poll_and_release(cx, |cx, released| stream.poll_put(cx, bufs, released))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }
}

impl AsyncRead for DuplexStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        poll_and_release(cx, |cx, released| lock(&self.read).poll_take(cx, buf, released))
    }
}

impl AsyncWrite for DuplexStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let reader = lock(&self.write).close_for_writer();
        wake(reader);
        Poll::Ready(Ok(()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        poll_and_release(cx, |cx, released| lock(&self.write).poll_put(cx, bufs, released))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }
}

impl Drop for DuplexStream {
    fn drop(&mut self) {
        // Both directions are closed before a waker runs code of the program.
        let reader = lock(&self.write).close_for_writer();
        let writer = lock(&self.read).close_for_reader();
        wake(reader);
        wake(writer);
    }
}
