//! Waits for bytes in a reader's buffer.
#![expect(unsafe_code, reason = "a borrow that is returned in one branch, and given up in the other")]

use crate::io::AsyncBufRead;
use pin_project_lite::pin_project;
use std::io;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context, Poll};

pin_project! {
    /// The future of [`fill_buf`](super::AsyncBufReadExt::fill_buf).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct FillBuf<'a, R: ?Sized> {
        // Gone when the borrow of its buffer has been returned.
        reader: Option<&'a mut R>,
        #[pin]
        pinned: PhantomPinned,
    }
}

impl<'a, R: ?Sized> FillBuf<'a, R> {
    pub(super) fn new(reader: &'a mut R) -> Self {
        FillBuf { reader: Some(reader), pinned: PhantomPinned }
    }
}

impl<'a, R: AsyncBufRead + Unpin + ?Sized> Future for FillBuf<'a, R> {
    type Output = io::Result<&'a [u8]>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&'a [u8]>> {
        let place = self.project().reader;
        let reader: &'a mut R = place.take().expect("Polled after completion.");
        match Pin::new(&mut *reader).poll_fill_buf(cx) {
            Poll::Ready(Ok(bytes)) => {
                // SAFETY: the bytes are borrowed from the reader, which was borrowed for `'a`. Nobody
                // can use it any more before `'a` ends, because it was taken out and goes no further.
                Poll::Ready(Ok(unsafe { std::slice::from_raw_parts(bytes.as_ptr(), bytes.len()) }))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                *place = Some(reader);
                Poll::Pending
            }
        }
    }
}
