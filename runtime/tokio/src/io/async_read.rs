//! [`AsyncRead`], and what std has that can be read without waiting.

use super::ReadBuf;
use std::io;
use std::ops::DerefMut;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Reads bytes without blocking the thread.
pub trait AsyncRead {
    /// Reads into the unfilled part of `buf`; nothing was added if the stream is at its end or
    /// `buf` is full.
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>>;
}

impl<T: ?Sized + AsyncRead + Unpin> AsyncRead for Box<T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.get_mut().as_mut()).poll_read(cx, buf)
    }
}

impl<T: ?Sized + AsyncRead + Unpin> AsyncRead for &mut T {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut **self.get_mut()).poll_read(cx, buf)
    }
}

impl<P> AsyncRead for Pin<P>
where
    P: DerefMut,
    P::Target: AsyncRead,
{
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.as_deref_mut().poll_read(cx, buf)
    }
}

/// Moves as much of `source` as fits into `buf`, and returns the number of bytes.
fn fill_from(source: &[u8], buf: &mut ReadBuf<'_>) -> usize {
    let count = source.len().min(buf.remaining());
    buf.put_slice(&source[..count]);
    count
}

impl AsyncRead for &[u8] {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let rest = self.get_mut();
        let count = fill_from(rest, buf);
        *rest = &rest[count..];
        Poll::Ready(Ok(()))
    }
}

impl<T: AsRef<[u8]> + Unpin> AsyncRead for io::Cursor<T> {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let cursor = self.get_mut();
        let bytes = cursor.get_ref().as_ref();
        let start = usize::try_from(cursor.position()).unwrap_or(usize::MAX);
        // A position past the end is an end, and stays where it is.
        let count = fill_from(bytes.get(start..).unwrap_or_default(), buf);
        cursor.set_position(cursor.position() + count as u64);
        Poll::Ready(Ok(()))
    }
}
