//! Reads all that is left, as bytes or as text.

use super::uninit::Appender;
use crate::io::text;
use crate::io::{AsyncRead, ReadBuf};
use pin_project_lite::pin_project;
use std::io::{self, ErrorKind};
use std::marker::PhantomPinned;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The room that a read has at least.
const ROOM_BYTES: usize = 32;

pin_project! {
    /// The future of [`read_to_end`](super::AsyncReadExt::read_to_end).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct ReadToEnd<'a, R: ?Sized> {
        reader: &'a mut R,
        bytes: Appender<'a>,
        count: usize,
        #[pin]
        pinned: PhantomPinned,
    }
}

pin_project! {
    /// The future of [`read_to_string`](super::AsyncReadExt::read_to_string).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct ReadToString<'a, R: ?Sized> {
        reader: &'a mut R,
        // Empty until the end: the text is in `bytes`, which need not be UTF-8 in between.
        text: &'a mut String,
        bytes: Appender<'static>,
        count: usize,
        #[pin]
        pinned: PhantomPinned,
    }
}

impl<'a, R: ?Sized> ReadToEnd<'a, R> {
    pub(super) fn new(reader: &'a mut R, buf: &'a mut Vec<u8>) -> Self {
        ReadToEnd { reader, bytes: Appender::to(buf), count: 0, pinned: PhantomPinned }
    }
}

impl<'a, R: ?Sized> ReadToString<'a, R> {
    pub(super) fn new(reader: &'a mut R, text: &'a mut String) -> Self {
        let bytes = Appender::of(std::mem::take(text).into_bytes());
        ReadToString { reader, text, bytes, count: 0, pinned: PhantomPinned }
    }
}

/// Reads to the end. `count` is what was read before and is now; at the end it is zero again.
fn poll_to_end<R: AsyncRead + ?Sized>(
    mut reader: Pin<&mut R>,
    cx: &mut Context<'_>,
    bytes: &mut Appender<'_>,
    count: &mut usize,
) -> Poll<io::Result<usize>> {
    loop {
        match ready!(poll_some(reader.as_mut(), cx, bytes)) {
            Ok(0) => return Poll::Ready(Ok(std::mem::take(count))),
            Ok(more) => *count += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Poll::Ready(Err(error)),
        }
    }
}

/// Reads once. Before it makes a vector larger than its owner wanted it, it looks whether there is
/// more.
fn poll_some<R: AsyncRead + ?Sized>(
    reader: Pin<&mut R>,
    cx: &mut Context<'_>,
    bytes: &mut Appender<'_>,
) -> Poll<io::Result<usize>> {
    if !bytes.is_at_chosen_end(ROOM_BYTES) {
        return bytes.poll_append(ROOM_BYTES, |free| reader.poll_read(cx, free));
    }
    let mut probe = [MaybeUninit::uninit(); ROOM_BYTES];
    let mut probe = ReadBuf::uninit(&mut probe);
    let result = reader.poll_read(cx, &mut probe);
    bytes.extend_from_slice(probe.filled());
    ready!(result)?;
    Poll::Ready(Ok(probe.filled().len()))
}

impl<R: AsyncRead + Unpin + ?Sized> Future for ReadToEnd<'_, R> {
    type Output = io::Result<usize>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let this = self.project();
        poll_to_end(Pin::new(&mut **this.reader), cx, this.bytes, this.count)
    }
}

impl<R: AsyncRead + Unpin + ?Sized> Future for ReadToString<'_, R> {
    type Output = io::Result<usize>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let this = self.project();
        let result = ready!(poll_to_end(Pin::new(&mut **this.reader), cx, this.bytes, this.count));
        let read = result.as_ref().copied().unwrap_or(*this.count);
        Poll::Ready(text::finish(this.text, this.bytes.take(), read, result, text::AfterError::Dropped))
    }
}
