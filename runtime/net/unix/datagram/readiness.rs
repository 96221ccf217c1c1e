//! Waiting until a `UnixDatagram` is ready, and calls of the caller's own.

use std::io;
use std::task::{Context, Poll};

use super::UnixDatagram;
use crate::driver::Direction;
use crate::net::interest::{self, Interest, Ready};

impl UnixDatagram {
    /// Waits until the socket is ready in one of the directions of `interest`, and returns which.
    ///
    /// A ready socket is worth a `try_` call. That call may still return `WouldBlock`; then `ready`
    /// waits again.
    ///
    /// # Errors
    /// Returns an error if the driver cannot wait for the socket.
    ///
    /// # Cancel safety
    /// Safe: no datagram moves.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        interest::ready(&self.registration, interest).await
    }

    /// Waits until a receive is likely to succeed without blocking; see
    /// [`ready`](UnixDatagram::ready). Use it with [`try_recv`](UnixDatagram::try_recv).
    ///
    /// # Errors
    /// Returns an error if the driver cannot wait for the socket.
    ///
    /// # Cancel safety
    /// Safe: no datagram moves.
    pub async fn readable(&self) -> io::Result<()> {
        self.registration.ready(Direction::Read).await
    }

    /// Waits until a send to the peer is likely to succeed without blocking; see
    /// [`ready`](UnixDatagram::ready). Use it with [`try_send`](UnixDatagram::try_send).
    ///
    /// # Errors
    /// Returns an error if the driver cannot wait for the socket.
    ///
    /// # Cancel safety
    /// Safe: no datagram moves.
    pub async fn writable(&self) -> io::Result<()> {
        self.registration.ready(Direction::Write).await
    }

    /// [`readable`](UnixDatagram::readable) as a poll function. Only the waker of the last caller
    /// is woken. See [`poll_recv`](UnixDatagram::poll_recv) for an example of a poll function.
    ///
    /// # Errors
    /// Returns an error if the driver cannot wait for the socket.
    pub fn poll_recv_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.registration.poll_ready(Direction::Read, cx)
    }

    /// [`writable`](UnixDatagram::writable) as a poll function. Only the waker of the last caller
    /// is woken. See [`poll_recv`](UnixDatagram::poll_recv) for an example of a poll function.
    ///
    /// # Errors
    /// Returns an error if the driver cannot wait for the socket.
    pub fn poll_send_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.registration.poll_ready(Direction::Write, cx)
    }

    /// Calls `f` once, without waiting. If `f` returns `WouldBlock`, the socket counts as not ready
    /// from then on, until an event arrives. See
    /// [`ByteStream::async_io`](crate::net::ByteStream::async_io) for an example of `f`.
    ///
    /// `f` must use this socket, in a direction of `interest`, and must not block.
    ///
    /// # Errors
    /// Returns the errors of `f`, and `WouldBlock` without calling `f` if the socket is known not
    /// to be ready.
    pub fn try_io<R>(&self, interest: Interest, f: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        self.registration.try_once(interest.direction(), |_| f())
    }

    /// Calls `f` again and again until it returns something other than `WouldBlock`. Between two
    /// calls it waits until the socket is ready.
    ///
    /// `f` must use this socket, in a direction of `interest`, and must not block.
    /// [`ByteStream::async_io`](crate::net::ByteStream::async_io) has an example.
    ///
    /// # Errors
    /// Returns the errors of `f` except `WouldBlock`, and those of the driver.
    ///
    /// # Cancel safety
    /// As safe as `f`: nothing is held between two calls of `f`.
    pub async fn async_io<R>(
        &self,
        interest: Interest,
        mut f: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        self.registration.async_io(interest.direction(), |_| f()).await
    }
}
