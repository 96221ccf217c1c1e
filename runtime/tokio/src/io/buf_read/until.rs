//! Reads up to a delimiter.

use crate::io::AsyncBufRead;
use crate::io::text;
use pin_project_lite::pin_project;
use std::io::{self, BufRead, ErrorKind};
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

pin_project! {
    /// The future of [`read_until`](super::AsyncBufReadExt::read_until).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct ReadUntil<'a, R: ?Sized> {
        reader: &'a mut R,
        delimiter: u8,
        buf: &'a mut Vec<u8>,
        count: usize,
        #[pin]
        pinned: PhantomPinned,
    }
}

pin_project! {
    /// The future of [`read_line`](super::AsyncBufReadExt::read_line).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct ReadLine<'a, R: ?Sized> {
        reader: &'a mut R,
        // Empty until the end: the text is in `bytes`, which need not be UTF-8 in between.
        text: &'a mut String,
        bytes: Vec<u8>,
        count: usize,
        #[pin]
        pinned: PhantomPinned,
    }
}

impl<'a, R: ?Sized> ReadUntil<'a, R> {
    pub(super) fn new(reader: &'a mut R, delimiter: u8, buf: &'a mut Vec<u8>) -> Self {
        ReadUntil { reader, delimiter, buf, count: 0, pinned: PhantomPinned }
    }
}

impl<'a, R: ?Sized> ReadLine<'a, R> {
    pub(super) fn new(reader: &'a mut R, text: &'a mut String) -> Self {
        let bytes = std::mem::take(text).into_bytes();
        ReadLine { reader, text, bytes, count: 0, pinned: PhantomPinned }
    }
}

/// Appends to `bytes` up to and with the delimiter, or to the end of the stream, and returns how
/// much that was. `count` is what was appended before and is now; at the end it is zero again.
pub(super) fn poll_until<R: AsyncBufRead + ?Sized>(
    mut reader: Pin<&mut R>,
    cx: &mut Context<'_>,
    delimiter: u8,
    bytes: &mut Vec<u8>,
    count: &mut usize,
) -> Poll<io::Result<usize>> {
    loop {
        let mut available = match ready!(reader.as_mut().poll_fill_buf(cx)) {
            Ok(available) => available,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Poll::Ready(Err(error)),
        };
        // A slice never waits and never fails.
        let used = available.read_until(delimiter, bytes)?;
        reader.as_mut().consume(used);
        *count += used;
        if used == 0 || bytes.last() == Some(&delimiter) {
            return Poll::Ready(Ok(std::mem::take(count)));
        }
    }
}

impl<R: AsyncBufRead + Unpin + ?Sized> Future for ReadUntil<'_, R> {
    type Output = io::Result<usize>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let this = self.project();
        poll_until(Pin::new(&mut **this.reader), cx, *this.delimiter, this.buf, this.count)
    }
}

impl<R: AsyncBufRead + Unpin + ?Sized> Future for ReadLine<'_, R> {
    type Output = io::Result<usize>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let this = self.project();
        let result = ready!(poll_until(Pin::new(&mut **this.reader), cx, b'\n', this.bytes, this.count));
        let read = result.as_ref().copied().unwrap_or(*this.count);
        let bytes = std::mem::take(this.bytes);
        Poll::Ready(text::finish(this.text, bytes, read, result, text::AfterError::Kept))
    }
}
