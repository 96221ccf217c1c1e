//! A writer with a buffer.

use super::DEFAULT_SIZE_BYTES;
use crate::io::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};
use pin_project_lite::pin_project;
use std::fmt;
use std::io::{self, ErrorKind, IoSlice, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

pin_project! {
    /// A writer with a buffer, so that many small writes are few large ones. Dropping it loses what
    /// is buffered: flush first.
    pub struct BufWriter<W> {
        #[pin]
        pub(super) inner: W,
        pub(super) behind: WriteBehind,
        pub(super) seek: WriterSeek,
    }
}

/// What was taken and not written yet: `bytes` after the first `written`.
pub(super) struct WriteBehind {
    bytes: Vec<u8>,
    written: usize,
}

/// How far a seek has come.
#[derive(Debug, Clone, Copy)]
pub(super) enum WriterSeek {
    None,
    Wanted(SeekFrom),
    Moves,
}

impl WriteBehind {
    fn room(&self) -> usize {
        self.bytes.capacity() - self.bytes.len()
    }

    fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Writes all of it. After an error, what was not written is still there.
    fn poll_empty<W: AsyncWrite>(
        &mut self,
        mut inner: Pin<&mut W>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let mut result = Ok(());
        while result.is_ok() && self.written < self.bytes.len() {
            match ready!(inner.as_mut().poll_write(cx, &self.bytes[self.written..])) {
                Ok(0) => {
                    result = Err(io::Error::new(ErrorKind::WriteZero, "failed to write the buffered data"));
                }
                Ok(count) => self.written += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => result = Err(error),
            }
        }
        self.bytes.drain(..self.written);
        self.written = 0;
        Poll::Ready(result)
    }
}

impl<W: AsyncWrite> BufWriter<W> {
    /// A writer with a buffer of 8 KiB.
    pub fn new(inner: W) -> Self {
        Self::with_capacity(DEFAULT_SIZE_BYTES, inner)
    }

    /// A writer with a buffer of `cap` bytes.
    pub fn with_capacity(cap: usize, inner: W) -> Self {
        let behind = WriteBehind { bytes: Vec::with_capacity(cap), written: 0 };
        BufWriter { inner, behind, seek: WriterSeek::None }
    }

    /// The writer.
    pub fn get_ref(&self) -> &W {
        &self.inner
    }

    /// The writer. What is buffered comes after what is written to it directly.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.inner
    }

    /// The writer, pinned.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut W> {
        self.project().inner
    }

    /// The writer. What is buffered is lost.
    pub fn into_inner(self) -> W {
        self.inner
    }

    /// What was taken and not written yet.
    pub fn buffer(&self) -> &[u8] {
        &self.behind.bytes
    }

    /// Makes room for `count` bytes, or empties the buffer if it is smaller than that.
    fn poll_room(self: Pin<&mut Self>, cx: &mut Context<'_>, count: usize) -> Poll<io::Result<()>> {
        let this = self.project();
        if count > this.behind.room() {
            return this.behind.poll_empty(this.inner, cx);
        }
        Poll::Ready(Ok(()))
    }

    /// Takes the buffers up to the first that does not fit, for a writer that would write only one
    /// of them.
    fn poll_take_some(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut rest = bufs.iter().skip_while(|buf| buf.is_empty());
        let Some(first) = rest.next() else { return Poll::Ready(Ok(0)) };
        ready!(self.as_mut().poll_room(cx, first.len()))?;
        let this = self.project();
        if first.len() >= this.behind.capacity() {
            return this.inner.poll_write(cx, first);
        }
        this.behind.bytes.extend_from_slice(first);
        let mut count = first.len();
        for buf in rest {
            if buf.len() > this.behind.room() {
                break;
            }
            this.behind.bytes.extend_from_slice(buf);
            count += buf.len();
        }
        Poll::Ready(Ok(count))
    }
}

impl<W: AsyncWrite> AsyncWrite for BufWriter<W> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.as_mut().poll_room(cx, buf.len()))?;
        let this = self.project();
        // A write that is as large as the buffer does not need it.
        if buf.len() >= this.behind.capacity() {
            return this.inner.poll_write(cx, buf);
        }
        this.behind.bytes.extend_from_slice(buf);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut this = self.project();
        ready!(this.behind.poll_empty(this.inner.as_mut(), cx))?;
        this.inner.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut this = self.project();
        ready!(this.behind.poll_empty(this.inner.as_mut(), cx))?;
        this.inner.poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if !self.inner.is_write_vectored() {
            return self.poll_take_some(cx, bufs);
        }
        let count = bufs.iter().fold(0_usize, |sum, buf| sum.saturating_add(buf.len()));
        ready!(self.as_mut().poll_room(cx, count))?;
        let this = self.project();
        if count >= this.behind.capacity() {
            return this.inner.poll_write_vectored(cx, bufs);
        }
        bufs.iter().for_each(|buf| this.behind.bytes.extend_from_slice(buf));
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }
}

impl<W: AsyncWrite + AsyncSeek> AsyncSeek for BufWriter<W> {
    /// Starts a seek, before which all that is buffered is written.
    fn start_seek(self: Pin<&mut Self>, pos: SeekFrom) -> io::Result<()> {
        *self.project().seek = WriterSeek::Wanted(pos);
        Ok(())
    }

    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let mut this = self.project();
        match *this.seek {
            WriterSeek::None => return this.inner.poll_complete(cx),
            WriterSeek::Wanted(target) => {
                ready!(this.behind.poll_empty(this.inner.as_mut(), cx))?;
                // Somebody may have given up a seek that is still under way.
                ready!(this.inner.as_mut().poll_complete(cx))?;
                *this.seek = WriterSeek::None;
                this.inner.as_mut().start_seek(target)?;
            }
            WriterSeek::Moves => ready!(this.behind.poll_empty(this.inner.as_mut(), cx))?,
        }
        let moved = this.inner.poll_complete(cx);
        *this.seek = if moved.is_pending() { WriterSeek::Moves } else { WriterSeek::None };
        moved
    }
}

impl<W: AsyncWrite + AsyncRead> AsyncRead for BufWriter<W> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.get_pin_mut().poll_read(cx, buf)
    }
}

impl<W: AsyncWrite + AsyncBufRead> AsyncBufRead for BufWriter<W> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        self.get_pin_mut().poll_fill_buf(cx)
    }

    fn consume(self: Pin<&mut Self>, amt: usize) {
        self.get_pin_mut().consume(amt);
    }
}

impl<W: fmt::Debug> fmt::Debug for BufWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let behind = &self.behind;
        f.debug_struct("BufWriter")
            .field("writer", &self.inner)
            .field("buffer", &format_args!("{}/{}", behind.bytes.len(), behind.capacity()))
            .field("written", &behind.written)
            .finish()
    }
}
