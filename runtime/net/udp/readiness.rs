//! Waiting until a `UdpSocket` is ready, and calls of the caller's own.

use std::io;
use std::task::{Context, Poll};

use super::UdpSocket;
use crate::driver::{Direction, Interest, Ready};
use crate::net::interest;

impl UdpSocket {
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
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// use heist::io::Interest;
    ///
    /// let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// let ready = socket.ready(Interest::READABLE | Interest::WRITABLE).await?;
    /// // Nothing has arrived yet, and the send buffer has room.
    /// assert!(ready.is_writable());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        interest::ready(self.registration(), interest).await
    }

    /// Waits until a receive is likely to succeed without blocking; see
    /// [`ready`](UdpSocket::ready).
    ///
    /// # Errors
    /// Returns an error if the driver cannot wait for the socket.
    ///
    /// # Cancel safety
    /// Safe: no datagram moves.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// # socket.send_to(b"ping", socket.local_addr()?).await?;
    /// let mut buf = [0; 1500];
    /// let (count, sender) = loop {
    ///     socket.readable().await?;
    ///     match socket.try_recv_from(&mut buf) {
    ///         Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => continue,
    ///         result => break result?,
    ///     }
    /// };
    /// assert_eq!(&buf[..count], b"ping");
    /// # assert_eq!(sender, socket.local_addr()?);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn readable(&self) -> io::Result<()> {
        interest::wait(self.registration(), Direction::Read).await
    }

    /// Waits until a send is likely to succeed without blocking; see [`ready`](UdpSocket::ready).
    /// Use it with [`try_send_to`](UdpSocket::try_send_to).
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
    /// # let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// # socket.connect(socket.local_addr()?).await?;
    /// socket.writable().await?;
    /// assert_eq!(socket.try_send(b"ping")?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn writable(&self) -> io::Result<()> {
        interest::wait(self.registration(), Direction::Write).await
    }

    /// [`readable`](UdpSocket::readable) as a poll function. Only the waker of the last caller is
    /// woken.
    ///
    /// # Errors
    /// Returns an error if the driver cannot wait for the socket.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// # socket.connect(socket.local_addr()?).await?;
    /// use std::future::poll_fn;
    ///
    /// socket.send(b"ping").await?;
    /// poll_fn(|cx| socket.poll_recv_ready(cx)).await?;
    /// assert_eq!(socket.try_recv(&mut [0; 1500])?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_recv_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        interest::poll_wait(self.registration(), Direction::Read, cx)
    }

    /// [`writable`](UdpSocket::writable) as a poll function. Only the waker of the last caller is
    /// woken.
    ///
    /// # Errors
    /// Returns an error if the driver cannot wait for the socket.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// # socket.connect(socket.local_addr()?).await?;
    /// use std::future::poll_fn;
    ///
    /// poll_fn(|cx| socket.poll_send_ready(cx)).await?;
    /// assert_eq!(socket.try_send(b"ping")?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_send_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        interest::poll_wait(self.registration(), Direction::Write, cx)
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
    /// # let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// # socket.connect(socket.local_addr()?).await?;
    /// use heist::io::Interest;
    ///
    /// let other = socket2::SockRef::from(&socket);
    /// socket.writable().await?;
    /// assert_eq!(socket.try_io(Interest::WRITABLE, || other.send(b"ping"))?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_io<R>(&self, interest: Interest, f: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        self.registration().try_call(interest, f)
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
    /// # let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// # socket.connect(socket.local_addr()?).await?;
    /// use heist::io::Interest;
    ///
    /// // Any call on the descriptor will do: here that of another crate.
    /// let other = socket2::SockRef::from(&socket);
    /// assert_eq!(socket.async_io(Interest::WRITABLE, || other.send(b"ping")).await?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn async_io<R>(
        &self,
        interest: Interest,
        mut f: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        self.registration().async_io(interest.direction(), |_| f()).await
    }
}
