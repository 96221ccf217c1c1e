//! The lines, and the pieces between delimiters, of a reader.

use super::until::poll_until;
use crate::io::AsyncBufRead;
use pin_project_lite::pin_project;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

pin_project! {
    /// The lines of a reader, without their ends. Made by [`lines`](super::AsyncBufReadExt::lines).
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct Lines<R> {
        #[pin]
        reader: R,
        bytes: Vec<u8>,
    }
}

pin_project! {
    /// The pieces of a reader between delimiters. Made by [`split`](super::AsyncBufReadExt::split).
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct Split<R> {
        #[pin]
        reader: R,
        bytes: Vec<u8>,
        delimiter: u8,
        count: usize,
    }
}

/// Drops the last byte if it is `delimiter`, and returns whether it was.
fn drop_last(bytes: &mut Vec<u8>, delimiter: u8) -> bool {
    let is_there = bytes.last() == Some(&delimiter);
    bytes.truncate(bytes.len() - usize::from(is_there));
    is_there
}

impl<R> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Lines { reader, bytes: Vec::new() }
    }
}

impl<R> Split<R> {
    pub(super) fn new(reader: R, delimiter: u8) -> Self {
        Split { reader, bytes: Vec::new(), delimiter, count: 0 }
    }
}

impl<R: AsyncBufRead + Unpin> Lines<R> {
    /// The next line; none at the end. Cancel safe.
    pub async fn next_line(&mut self) -> io::Result<Option<String>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next_line(cx)).await
    }

    /// The reader.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    /// The reader.
    pub fn get_ref(&mut self) -> &R {
        &self.reader
    }

    /// The reader. The part of a line that was read already is lost.
    pub fn into_inner(self) -> R {
        self.reader
    }
}

impl<R: AsyncBufRead> Lines<R> {
    /// Polls for the next line. A line that is no UTF-8 is an error of kind `InvalidData`, and is
    /// dropped.
    pub fn poll_next_line(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<Option<String>>> {
        let this = self.project();
        // Nobody asks how much of the line was read in which poll.
        let count = ready!(poll_until(this.reader, cx, b'\n', this.bytes, &mut 0))?;
        if count == 0 && this.bytes.is_empty() {
            return Poll::Ready(Ok(None));
        }
        let mut line = std::mem::take(this.bytes);
        if drop_last(&mut line, b'\n') {
            drop_last(&mut line, b'\r');
        }
        let text = String::from_utf8(line).map_err(|error| io::Error::new(ErrorKind::InvalidData, error));
        Poll::Ready(text.map(Some))
    }
}

impl<R: AsyncBufRead + Unpin> Split<R> {
    /// The next piece, without the delimiter; none at the end. Cancel safe.
    pub async fn next_segment(&mut self) -> io::Result<Option<Vec<u8>>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next_segment(cx)).await
    }
}

impl<R: AsyncBufRead> Split<R> {
    /// Polls for the next piece.
    pub fn poll_next_segment(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Option<Vec<u8>>>> {
        let this = self.project();
        let delimiter = *this.delimiter;
        let count = ready!(poll_until(this.reader, cx, delimiter, this.bytes, this.count))?;
        if count == 0 && this.bytes.is_empty() {
            return Poll::Ready(Ok(None));
        }
        let mut piece = std::mem::take(this.bytes);
        drop_last(&mut piece, delimiter);
        Poll::Ready(Ok(Some(piece)))
    }
}
