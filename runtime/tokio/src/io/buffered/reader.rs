//! A reader with a buffer.

use super::DEFAULT_SIZE_BYTES;
use crate::io::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};
use pin_project_lite::pin_project;
use std::fmt;
use std::io::{self, IoSlice, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

pin_project! {
    /// A reader with a buffer, so that many small reads are few large ones.
    pub struct BufReader<R> {
        #[pin]
        pub(super) inner: R,
        pub(super) ahead: ReadAhead,
        pub(super) seek: ReaderSeek,
    }
}

/// What was read and not taken yet: `bytes[start..end]`.
pub(super) struct ReadAhead {
    bytes: Box<[u8]>,
    start: usize,
    end: usize,
}

/// How far a seek has come.
#[derive(Debug, Clone, Copy)]
pub(super) enum ReaderSeek {
    None,
    Wanted(SeekFrom),
    /// The reader moves back to where the program is; from there it has to go on by this many
    /// bytes, because the sum of both is no `i64`.
    MovesBack(i64),
    Moves,
}

impl ReadAhead {
    fn new(capacity: usize) -> ReadAhead {
        ReadAhead { bytes: vec![0; capacity].into_boxed_slice(), start: 0, end: 0 }
    }

    fn unread(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    fn is_empty(&self) -> bool {
        self.start == self.end
    }

    fn discard(&mut self) {
        self.start = 0;
        self.end = 0;
    }
}

impl<R: AsyncRead> BufReader<R> {
    /// A reader with a buffer of 8 KiB.
    pub fn new(inner: R) -> Self {
        Self::with_capacity(DEFAULT_SIZE_BYTES, inner)
    }

    /// A reader with a buffer of `capacity` bytes.
    ///
    /// # Panics
    /// Panics if that is none.
    #[track_caller]
    pub fn with_capacity(capacity: usize, inner: R) -> Self {
        assert!(capacity > 0, "capacity must be greater than zero");
        BufReader { inner, ahead: ReadAhead::new(capacity), seek: ReaderSeek::None }
    }

    /// The reader.
    pub fn get_ref(&self) -> &R {
        &self.inner
    }

    /// The reader. What is buffered is not read from it again.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.inner
    }

    /// The reader, pinned.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut R> {
        self.project().inner
    }

    /// The reader. What is buffered is lost.
    pub fn into_inner(self) -> R {
        self.inner
    }

    /// What was read and not taken yet.
    pub fn buffer(&self) -> &[u8] {
        self.ahead.unread()
    }
}

impl<R: AsyncRead> AsyncRead for BufReader<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // A read that is as large as the buffer does not need it.
        if self.ahead.is_empty() && buf.remaining() >= self.ahead.bytes.len() {
            return self.project().inner.poll_read(cx, buf);
        }
        let available = ready!(self.as_mut().poll_fill_buf(cx))?;
        let count = available.len().min(buf.remaining());
        buf.put_slice(&available[..count]);
        self.consume(count);
        Poll::Ready(Ok(()))
    }
}

impl<R: AsyncRead> AsyncBufRead for BufReader<R> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.project();
        let ahead = this.ahead;
        if ahead.is_empty() {
            let mut buf = ReadBuf::new(&mut ahead.bytes);
            ready!(this.inner.poll_read(cx, &mut buf))?;
            ahead.end = buf.filled().len();
            ahead.start = 0;
        }
        Poll::Ready(Ok(ahead.unread()))
    }

    fn consume(self: Pin<&mut Self>, amt: usize) {
        let ahead = self.project().ahead;
        ahead.start = ahead.end.min(ahead.start.saturating_add(amt));
    }
}

impl<R: AsyncRead + AsyncSeek> AsyncSeek for BufReader<R> {
    /// Starts a seek. The buffer is given up when it is over, even if the target is in it.
    fn start_seek(self: Pin<&mut Self>, pos: SeekFrom) -> io::Result<()> {
        // The reader's own seek waits for `poll_complete`, because it may have one under way.
        *self.project().seek = ReaderSeek::Wanted(pos);
        Ok(())
    }

    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let mut this = self.project();
        // An error ends the seek.
        match std::mem::replace(this.seek, ReaderSeek::None) {
            // The reader itself may have an operation under way.
            ReaderSeek::None => return this.inner.poll_complete(cx),
            ReaderSeek::Wanted(SeekFrom::Current(offset)) => {
                // A buffer has no more than `i64::MAX` bytes.
                let unread = (this.ahead.end - this.ahead.start) as i64;
                if let Some(sum) = offset.checked_sub(unread) {
                    this.inner.as_mut().start_seek(SeekFrom::Current(sum))?;
                } else {
                    this.inner.as_mut().start_seek(SeekFrom::Current(-unread))?;
                    ready!(poll_moved_back(this.inner.as_mut(), cx, this.ahead, this.seek, offset))?;
                }
            }
            ReaderSeek::Wanted(target) => this.inner.as_mut().start_seek(target)?,
            ReaderSeek::MovesBack(offset) => {
                ready!(poll_moved_back(this.inner.as_mut(), cx, this.ahead, this.seek, offset))?;
            }
            ReaderSeek::Moves => {}
        }
        let moved = this.inner.poll_complete(cx)?;
        match moved {
            Poll::Ready(_) => this.ahead.discard(),
            Poll::Pending => *this.seek = ReaderSeek::Moves,
        }
        moved.map(Ok)
    }
}

/// Waits until the reader is where the program is, and sends it `offset` further.
fn poll_moved_back<R: AsyncSeek>(
    mut inner: Pin<&mut R>,
    cx: &mut Context<'_>,
    ahead: &mut ReadAhead,
    seek: &mut ReaderSeek,
    offset: i64,
) -> Poll<io::Result<()>> {
    if inner.as_mut().poll_complete(cx)?.is_pending() {
        *seek = ReaderSeek::MovesBack(offset);
        return Poll::Pending;
    }
    // What is buffered comes next from the reader now, wherever it goes from here.
    ahead.discard();
    Poll::Ready(inner.start_seek(SeekFrom::Current(offset)))
}

impl<R: AsyncRead + AsyncWrite> AsyncWrite for BufReader<R> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.get_pin_mut().poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_pin_mut().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_pin_mut().poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_pin_mut().poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

impl<R: fmt::Debug> fmt::Debug for BufReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ahead = &self.ahead;
        f.debug_struct("BufReader")
            .field("reader", &self.inner)
            .field("buffer", &format_args!("{}/{}", ahead.end - ahead.start, ahead.bytes.len()))
            .finish()
    }
}
