//! A reader that ends after a number of bytes.

use crate::io::{AsyncBufRead, AsyncRead, ReadBuf};
use pin_project_lite::pin_project;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

pin_project! {
    /// A reader that ends after a number of bytes. Made by [`take`](crate::io::AsyncReadExt::take).
    #[derive(Debug)]
    #[must_use = "streams do nothing unless you `.await` or poll them"]
    pub struct Take<R> {
        #[pin]
        reader: R,
        limit: u64,
    }
}

impl<R: AsyncRead> Take<R> {
    pub(crate) fn new(reader: R, limit: u64) -> Self {
        Take { reader, limit }
    }

    /// How many bytes may still be read.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Sets how many bytes may still be read, however many were.
    pub fn set_limit(&mut self, limit: u64) {
        self.limit = limit;
    }

    /// The reader.
    pub fn get_ref(&self) -> &R {
        &self.reader
    }

    /// The reader. What is read from it directly does not count.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    /// The reader, pinned.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut R> {
        self.project().reader
    }

    /// The reader.
    pub fn into_inner(self) -> R {
        self.reader
    }
}

/// The limit as a length; what is longer than an address does not limit a length.
fn as_length(limit: u64) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

impl<R: AsyncRead> AsyncRead for Take<R> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.project();
        if *this.limit == 0 {
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        let result = buf.lend(as_length(*this.limit), |part| this.reader.poll_read(cx, part));
        *this.limit -= (buf.filled().len() - before) as u64;
        result
    }
}

impl<R: AsyncBufRead> AsyncBufRead for Take<R> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.project();
        // The reader may have to wait for bytes that are not wanted.
        if *this.limit == 0 {
            return Poll::Ready(Ok(&[]));
        }
        let bytes = ready!(this.reader.poll_fill_buf(cx))?;
        Poll::Ready(Ok(&bytes[..bytes.len().min(as_length(*this.limit))]))
    }

    fn consume(self: Pin<&mut Self>, amt: usize) {
        let this = self.project();
        let count = amt.min(as_length(*this.limit));
        *this.limit -= count as u64;
        this.reader.consume(count);
    }
}
