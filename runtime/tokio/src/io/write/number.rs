//! Writes numbers of every width, in both orders of bytes.

use crate::io::AsyncWrite;
use pin_project_lite::pin_project;
use std::io::{self, ErrorKind};
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Writes the rest of `bytes`, whose first `count` ones are written.
fn poll_bytes<W: AsyncWrite>(
    mut writer: Pin<&mut W>,
    cx: &mut Context<'_>,
    bytes: &[u8],
    count: &mut u8,
) -> Poll<io::Result<()>> {
    while usize::from(*count) < bytes.len() {
        match ready!(writer.as_mut().poll_write(cx, &bytes[usize::from(*count)..])) {
            Ok(0) => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
            Ok(written) => *count += written as u8,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Poll::Ready(Err(error)),
        }
    }
    Poll::Ready(Ok(()))
}

/// Writes the future that writes a number.
macro_rules! number {
    ($($name:ident: $number:ty, $to_bytes:ident;)*) => {$(
        pin_project! {
            #[doc(hidden)]
            #[derive(Debug)]
            #[must_use = "futures do nothing unless you `.await` or poll them"]
            pub struct $name<W> {
                #[pin]
                writer: W,
                bytes: [u8; size_of::<$number>()],
                count: u8,
                #[pin]
                pinned: PhantomPinned,
            }
        }

        impl<W> $name<W> {
            pub(super) fn new(writer: W, number: $number) -> Self {
                $name { writer, bytes: number.$to_bytes(), count: 0, pinned: PhantomPinned }
            }
        }

        impl<W: AsyncWrite> Future for $name<W> {
            type Output = io::Result<()>;

            fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                let this = self.project();
                poll_bytes(this.writer, cx, this.bytes, this.count)
            }
        }
    )*};
}

number! {
    WriteU8: u8, to_be_bytes;
    WriteI8: i8, to_be_bytes;
    WriteU16: u16, to_be_bytes;
    WriteI16: i16, to_be_bytes;
    WriteU32: u32, to_be_bytes;
    WriteI32: i32, to_be_bytes;
    WriteU64: u64, to_be_bytes;
    WriteI64: i64, to_be_bytes;
    WriteU128: u128, to_be_bytes;
    WriteI128: i128, to_be_bytes;
    WriteF32: f32, to_be_bytes;
    WriteF64: f64, to_be_bytes;
    WriteU16Le: u16, to_le_bytes;
    WriteI16Le: i16, to_le_bytes;
    WriteU32Le: u32, to_le_bytes;
    WriteI32Le: i32, to_le_bytes;
    WriteU64Le: u64, to_le_bytes;
    WriteI64Le: i64, to_le_bytes;
    WriteU128Le: u128, to_le_bytes;
    WriteI128Le: i128, to_le_bytes;
    WriteF32Le: f32, to_le_bytes;
    WriteF64Le: f64, to_le_bytes;
}
