//! Reads and writes of a `ByteStream` as poll functions, for traits of other crates.

#[cfg(feature = "futures-io")]
use std::io::IoSliceMut;
use std::io::{self, IoSlice};
use std::task::{Context, Poll};

#[cfg(any(feature = "tokio-io", feature = "hyper"))]
use socket2::Socket;

use super::byte_stream::ByteStream;
use super::family::Family;
#[cfg(feature = "futures-io")]
use super::transfer::{receive_noted, receive_vectored_once, slices_to_fill};
use super::transfer::{send_noted, send_vectored_once, slices_to_send};
use crate::driver::Direction;
#[cfg(any(feature = "tokio-io", feature = "hyper"))]
use crate::driver::Moved;
#[cfg(any(feature = "tokio-io", feature = "hyper"))]
use crate::net::receive;

impl<F: Family> ByteStream<F> {
    #[cfg(feature = "futures-io")]
    pub(super) fn poll_read_slice(&self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        self.registration().poll_transfer(Direction::Read, cx, |socket| receive_noted(socket, buf))
    }

    #[cfg(feature = "futures-io")]
    pub(super) fn poll_read_slices(
        &self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let Some(bufs) = slices_to_fill(bufs) else {
            return Poll::Ready(Ok(0));
        };
        self.registration().poll_io(Direction::Read, cx, |socket| receive_vectored_once(socket, bufs))
    }

    #[cfg(feature = "tokio-io")]
    pub(super) fn poll_read_tokio(
        &self,
        cx: &mut Context<'_>,
        buf: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let asked = buf.remaining();
        let fill = |socket: &Socket| Ok(Moved { count: receive::fill_tokio(socket, buf)?, asked });
        self.registration().poll_transfer(Direction::Read, cx, fill).map_ok(drop)
    }

    #[cfg(feature = "hyper")]
    pub(super) fn poll_read_hyper(
        &self,
        cx: &mut Context<'_>,
        buf: &mut hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let asked = buf.remaining();
        let fill = |socket: &Socket| Ok(Moved { count: receive::fill_hyper(socket, buf)?, asked });
        self.registration().poll_transfer(Direction::Read, cx, fill).map_ok(drop)
    }

    /// Writes some bytes of a slice, as a poll function: for the write traits of other crates.
    ///
    /// There is one waiter per direction: the task that polled last is woken.
    ///
    /// # Errors
    /// Those of [`write`](Self::write).
    ///
    /// # Examples
    /// ```
    /// use heist::net::UnixStream;
    /// use std::future::poll_fn;
    ///
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// let (stream, _peer) = UnixStream::pair()?;
    /// assert_eq!(poll_fn(|cx| stream.poll_write_slice(cx, b"abc")).await?, 3);
    /// # std::io::Result::Ok(())
    /// # })?;
    /// # std::io::Result::Ok(())
    /// ```
    pub fn poll_write_slice(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        self.registration().poll_transfer(Direction::Write, cx, |socket| send_noted(socket, buf))
    }

    /// Writes some bytes of several slices, as a poll function.
    ///
    /// There is one waiter per direction: the task that polled last is woken.
    ///
    /// # Errors
    /// Those of [`write`](Self::write).
    ///
    /// # Examples
    /// ```
    /// use heist::net::UnixStream;
    /// use std::future::poll_fn;
    /// use std::io::IoSlice;
    ///
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// let (stream, _peer) = UnixStream::pair()?;
    /// let slices = [IoSlice::new(b"ab"), IoSlice::new(b"c")];
    /// assert_eq!(poll_fn(|cx| stream.poll_write_slices(cx, &slices)).await?, 3);
    /// # std::io::Result::Ok(())
    /// # })?;
    /// # std::io::Result::Ok(())
    /// ```
    pub fn poll_write_slices(&self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let Some(bufs) = slices_to_send(bufs) else {
            return Poll::Ready(Ok(0));
        };
        self.registration().poll_io(Direction::Write, cx, |socket| send_vectored_once(socket, bufs))
    }
}
