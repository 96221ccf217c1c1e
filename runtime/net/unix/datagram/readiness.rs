//! Waiting until a `UnixDatagram` is ready, and calls of the caller's own.

use std::io;
use std::task::{Context, Poll};

use super::UnixDatagram;
use crate::driver::{Direction, Interest, Ready};
use crate::net::interest;

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
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (left, right) = heist::net::UnixDatagram::pair()?;
    /// use heist::io::Interest;
    ///
    /// let ready = left.ready(Interest::READABLE | Interest::WRITABLE).await?;
    /// // Nothing has arrived yet, and the queue of the peer has room.
    /// assert!(ready.is_writable());
    /// # Ok(())
    /// # }
    /// ```
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
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (left, right) = heist::net::UnixDatagram::pair()?;
    /// left.send(b"ping").await?;
    /// right.readable().await?;
    /// assert_eq!(right.try_recv(&mut [0; 64])?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn readable(&self) -> io::Result<()> {
        interest::wait(&self.registration, Direction::Read).await
    }

    /// Waits until a send to the peer is likely to succeed without blocking; see
    /// [`ready`](UnixDatagram::ready). Use it with [`try_send`](UnixDatagram::try_send).
    ///
    /// # Errors
    /// Returns an error if the driver cannot wait for the socket.
    ///
    /// # Cancel safety
    /// Safe: no datagram moves.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (left, right) = heist::net::UnixDatagram::pair()?;
    /// left.writable().await?;
    /// assert_eq!(left.try_send(b"ping")?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn writable(&self) -> io::Result<()> {
        interest::wait(&self.registration, Direction::Write).await
    }

    /// [`readable`](UnixDatagram::readable) as a poll function. Only the waker of the last caller
    /// is woken.
    ///
    /// # Errors
    /// Returns an error if the driver cannot wait for the socket.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (left, right) = heist::net::UnixDatagram::pair()?;
    /// left.send(b"ping").await?;
    /// std::future::poll_fn(|cx| right.poll_recv_ready(cx)).await?;
    /// assert_eq!(right.try_recv(&mut [0; 64])?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_recv_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        interest::poll_wait(&self.registration, Direction::Read, cx)
    }

    /// [`writable`](UnixDatagram::writable) as a poll function. Only the waker of the last caller
    /// is woken.
    ///
    /// # Errors
    /// Returns an error if the driver cannot wait for the socket.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (left, right) = heist::net::UnixDatagram::pair()?;
    /// std::future::poll_fn(|cx| left.poll_send_ready(cx)).await?;
    /// assert_eq!(left.try_send(b"ping")?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_send_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        interest::poll_wait(&self.registration, Direction::Write, cx)
    }

    /// Calls `f` once, without waiting. If `f` returns `WouldBlock`, the socket counts as not ready
    /// from then on, until an event arrives.
    ///
    /// `f` must use this socket, in a direction of `interest`, and must not block.
    ///
    /// # Errors
    /// Returns the errors of `f`, and `WouldBlock` without calling `f` if the socket is known not
    /// to be ready.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (left, _right) = heist::net::UnixDatagram::pair()?;
    /// use heist::io::Interest;
    ///
    /// let socket = socket2::SockRef::from(&left);
    /// left.writable().await?;
    /// assert_eq!(left.try_io(Interest::WRITABLE, || socket.send(b"ping"))?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_io<R>(&self, interest: Interest, f: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        self.registration.try_call(interest, f)
    }

    /// Calls `f` again and again until it returns something other than `WouldBlock`. Between two
    /// calls it waits until the socket is ready.
    ///
    /// `f` must use this socket, in a direction of `interest`, and must not block.
    ///
    /// # Errors
    /// Returns the errors of `f` except `WouldBlock`, and those of the driver.
    ///
    /// # Cancel safety
    /// As safe as `f`: nothing is held between two calls of `f`.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (left, _right) = heist::net::UnixDatagram::pair()?;
    /// use heist::io::Interest;
    ///
    /// // Any call on the descriptor will do: here that of another crate.
    /// let socket = socket2::SockRef::from(&left);
    /// assert_eq!(left.async_io(Interest::WRITABLE, || socket.send(b"ping")).await?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn async_io<R>(
        &self,
        interest: Interest,
        mut f: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        self.registration.async_io(interest.direction(), |_| f()).await
    }
}
