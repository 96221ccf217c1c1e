//! Any stream as two halves that different tasks can have.
#![expect(
    unsafe_code,
    reason = "a pinned stream behind a lock, and auto traits that do not depend on the lock"
)]

use super::{AsyncRead, AsyncWrite, ReadBuf};
use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

/// The half that reads. Made by [`split`].
pub struct ReadHalf<T> {
    shared: Arc<Shared<T>>,
}

/// The half that writes. Made by [`split`].
pub struct WriteHalf<T> {
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    // Pinned by its place in the `Arc`: only `unsplit` moves it, and only if it is `Unpin`.
    stream: Mutex<T>,
    is_write_vectored: bool,
}

/// Splits a stream into two halves. Each operation holds a lock that they share.
pub fn split<T>(stream: T) -> (ReadHalf<T>, WriteHalf<T>)
where
    T: AsyncRead + AsyncWrite,
{
    let is_write_vectored = stream.is_write_vectored();
    let shared = Arc::new(Shared { stream: Mutex::new(stream), is_write_vectored });
    (ReadHalf { shared: Arc::clone(&shared) }, WriteHalf { shared })
}

impl<T> Shared<T> {
    fn with_stream<R>(&self, f: impl FnOnce(Pin<&mut T>) -> R) -> R {
        let mut stream = self.stream.lock().expect("no half has panicked in the stream");
        // SAFETY: see the field: the stream stays where it is until it is dropped.
        f(unsafe { Pin::new_unchecked(&mut *stream) })
    }
}

// SAFETY: shared references of the halves do not reach the stream, so that a half can be where a
// stream could be: all that two threads do with it at a time goes through the lock.
unsafe impl<T: Send> Send for ReadHalf<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Send for WriteHalf<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for ReadHalf<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for WriteHalf<T> {}

impl<T> ReadHalf<T> {
    /// Whether both halves are of one stream.
    pub fn is_pair_of(&self, other: &WriteHalf<T>) -> bool {
        other.is_pair_of(self)
    }

    /// Makes the stream of its halves again.
    ///
    /// # Panics
    /// Panics if they are of different streams.
    #[track_caller]
    pub fn unsplit(self, wr: WriteHalf<T>) -> T
    where
        T: Unpin,
    {
        assert!(self.is_pair_of(&wr), "Unrelated `split::Write` passed to `split::Read::unsplit`.");
        drop(wr);
        let shared = Arc::into_inner(self.shared).expect("a stream has two halves");
        shared.stream.into_inner().expect("no half has panicked in the stream")
    }
}

impl<T> WriteHalf<T> {
    /// Whether both halves are of one stream.
    pub fn is_pair_of(&self, other: &ReadHalf<T>) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

impl<T: AsyncRead> AsyncRead for ReadHalf<T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.shared.with_stream(|stream| stream.poll_read(cx, buf))
    }
}

impl<T: AsyncWrite> AsyncWrite for WriteHalf<T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.shared.with_stream(|stream| stream.poll_write(cx, buf))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shared.with_stream(|stream| stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shared.with_stream(|stream| stream.poll_shutdown(cx))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.shared.with_stream(|stream| stream.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        self.shared.is_write_vectored
    }
}

impl<T: fmt::Debug> fmt::Debug for ReadHalf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("split::ReadHalf").finish()
    }
}

impl<T: fmt::Debug> fmt::Debug for WriteHalf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("split::WriteHalf").finish()
    }
}
