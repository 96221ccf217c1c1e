//! Reads numbers of every width, in both orders of bytes.

use crate::io::{AsyncRead, ReadBuf};
use pin_project_lite::pin_project;
use std::io::{self, ErrorKind};
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Reads bytes into the rest of `bytes`, whose first `count` ones are there, until it is full.
fn poll_bytes<R: AsyncRead>(
    mut reader: Pin<&mut R>,
    cx: &mut Context<'_>,
    bytes: &mut [u8],
    count: &mut u8,
) -> Poll<io::Result<()>> {
    while usize::from(*count) < bytes.len() {
        let mut rest = ReadBuf::new(&mut bytes[usize::from(*count)..]);
        match ready!(reader.as_mut().poll_read(cx, &mut rest)) {
            Ok(()) if rest.filled().is_empty() => {
                return Poll::Ready(Err(ErrorKind::UnexpectedEof.into()));
            }
            Ok(()) => *count += rest.filled().len() as u8,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Poll::Ready(Err(error)),
        }
    }
    Poll::Ready(Ok(()))
}

/// Writes the future that reads a number.
macro_rules! number {
    ($($name:ident: $number:ty, $from_bytes:ident;)*) => {$(
        pin_project! {
            #[doc(hidden)]
            #[derive(Debug)]
            #[must_use = "futures do nothing unless you `.await` or poll them"]
            pub struct $name<R> {
                #[pin]
                reader: R,
                bytes: [u8; size_of::<$number>()],
                count: u8,
                #[pin]
                pinned: PhantomPinned,
            }
        }

        impl<R> $name<R> {
            pub(super) fn new(reader: R) -> Self {
                $name { reader, bytes: [0; size_of::<$number>()], count: 0, pinned: PhantomPinned }
            }
        }

        impl<R: AsyncRead> Future for $name<R> {
            type Output = io::Result<$number>;

            fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<$number>> {
                let this = self.project();
                ready!(poll_bytes(this.reader, cx, this.bytes, this.count))?;
                Poll::Ready(Ok(<$number>::$from_bytes(*this.bytes)))
            }
        }
    )*};
}

number! {
    ReadU8: u8, from_be_bytes;
    ReadI8: i8, from_be_bytes;
    ReadU16: u16, from_be_bytes;
    ReadI16: i16, from_be_bytes;
    ReadU32: u32, from_be_bytes;
    ReadI32: i32, from_be_bytes;
    ReadU64: u64, from_be_bytes;
    ReadI64: i64, from_be_bytes;
    ReadU128: u128, from_be_bytes;
    ReadI128: i128, from_be_bytes;
    ReadF32: f32, from_be_bytes;
    ReadF64: f64, from_be_bytes;
    ReadU16Le: u16, from_le_bytes;
    ReadI16Le: i16, from_le_bytes;
    ReadU32Le: u32, from_le_bytes;
    ReadI32Le: i32, from_le_bytes;
    ReadU64Le: u64, from_le_bytes;
    ReadI64Le: i64, from_le_bytes;
    ReadU128Le: u128, from_le_bytes;
    ReadI128Le: i128, from_le_bytes;
    ReadF32Le: f32, from_le_bytes;
    ReadF64Le: f64, from_le_bytes;
}
