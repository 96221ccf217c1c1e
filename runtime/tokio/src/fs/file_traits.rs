//! The I/O traits of files.

use std::io::{self, IoSlice, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use heist::fs::facade;
use heist::runtime::facade::check_open;

use super::File;
use super::behind::NOT_DONE;
use crate::context;
use crate::io::{AsyncRead, AsyncSeek, AsyncWrite, ReadBuf, poll_filled};

impl AsyncRead for File {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_settled(cx));
        if let Some(read) = ready!(poll_filled(buf, self.max_buf_size, |room| {
            facade::poll_read_cached(&self.inner, cx, room)
        })) {
            return Poll::Ready(read);
        }
        let room = buf.initialize_unfilled_to(buf.remaining().min(self.max_buf_size));
        let count = ready!(futures_io::AsyncRead::poll_read(Pin::new(&mut self.inner), cx, room))?;
        buf.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncSeek for File {
    fn start_seek(mut self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        if self.behind.is_busy() || self.seek.is_some() {
            return Err(io::Error::other(
                "other file operation is pending, call poll_complete before start_seek",
            ));
        }
        self.seek = Some(position);
        Ok(())
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        ready!(self.behind.poll_idle(cx));
        Poll::Ready(ready!(self.poll_sought(cx)).map(|()| self.position))
    }
}

impl File {
    /// Does the seek that was started.
    fn poll_sought(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(to) = self.seek {
            let sought = ready!(futures_io::AsyncSeek::poll_seek(Pin::new(&mut self.inner), cx, to));
            self.seek = None;
            self.position = sought?;
        }
        Poll::Ready(Ok(()))
    }

    /// Waits until nothing is in flight. The error of a seek that nobody has asked about is lost.
    pub(super) fn poll_settled(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        ready!(self.behind.poll_idle(cx));
        self.poll_sought(cx).map(drop)
    }

    fn poll_begin(&mut self, cx: &mut Context<'_>, fill: impl FnOnce(&mut Vec<u8>)) -> Poll<io::Result<()>> {
        ready!(self.poll_settled(cx));
        self.behind.take_result()?;
        context::runtime();
        check_open().map_err(|_| io::Error::other(NOT_DONE))?;
        self.behind.begin(facade::share(&self.inner), fill);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for File {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, src: &[u8]) -> Poll<io::Result<usize>> {
        let count = src.len().min(self.max_buf_size);
        self.poll_begin(cx, |buffer| buffer.extend_from_slice(&src[..count])).map_ok(|()| count)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let total = bufs.iter().fold(0, |total: usize, buf| total.saturating_add(buf.len()));
        let count = total.min(self.max_buf_size);
        let fill = |buffer: &mut Vec<u8>| {
            for buf in bufs {
                let left = count - buffer.len();
                buffer.extend_from_slice(&buf[..buf.len().min(left)]);
            }
        };
        self.poll_begin(cx, fill).map_ok(|()| count)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        ready!(self.poll_settled(cx));
        Poll::Ready(self.behind.take_result())
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        self.poll_flush(cx)
    }
}
