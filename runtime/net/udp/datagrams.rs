//! The public sends and receives of a `UdpSocket`. `net/datagram/` and `net/call.rs` make the
//! system calls.

use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll, ready};

use socket2::SockAddr;

use super::UdpSocket;
use crate::driver::Direction;
use crate::net::address::inet_addr;
use crate::net::address::lookup_host::resolve_one;
use crate::net::address::to_socket_addrs::ToSocketAddrs;
use crate::net::call::{peek_once, receive_once, send_once};
use crate::net::datagram::{peek_from_once, receive_from_once, send_to_once};

impl UdpSocket {
    /// Sends one datagram to the peer named by [`connect`](UdpSocket::connect), and waits until
    /// there is room. Returns its length.
    ///
    /// # Errors
    /// `NotConnected` or `DestinationAddressRequired` if no peer was named; `ConnectionRefused` if
    /// the peer refused an earlier datagram; EMSGSIZE if the datagram is too long; other errors of
    /// `send(2)`.
    ///
    /// # Cancel safety
    /// Safe: a future that is dropped before it is ready has sent nothing.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use heist::net::UdpSocket;
    /// # let sender = UdpSocket::bind("127.0.0.1:0").await?;
    /// # let receiver = UdpSocket::bind("127.0.0.1:0").await?;
    /// sender.connect(receiver.local_addr()?).await?;
    /// assert_eq!(sender.send(b"ping").await?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.registration().async_io(Direction::Write, |socket| send_once(socket, buf)).await
    }

    /// Sends one datagram to `target`, and waits until there is room. Returns its length.
    ///
    /// A name is resolved on each call. Of several addresses it takes the first of the family of
    /// this socket.
    ///
    /// # Errors
    /// EMSGSIZE if the datagram is too long; `PermissionDenied` for a broadcast without
    /// [`set_broadcast`](UdpSocket::set_broadcast); the error of the resolver for an unknown name;
    /// other errors of `sendto(2)`.
    ///
    /// # Panics
    /// Panics if called outside of a runtime with a name to look up.
    ///
    /// # Cancel safety
    /// Safe: a future that is dropped before it is ready has sent nothing.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use heist::net::UdpSocket;
    /// # let sender = UdpSocket::bind("127.0.0.1:0").await?;
    /// # let receiver = UdpSocket::bind("127.0.0.1:0").await?;
    /// let target = receiver.local_addr()?;
    /// assert_eq!(sender.send_to(b"ping", target).await?, 4);
    /// // A text works too; a name in it is looked up.
    /// assert_eq!(sender.send_to(b"ping", format!("127.0.0.1:{}", target.port())).await?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send_to<A: ToSocketAddrs>(&self, buf: &[u8], target: A) -> io::Result<usize> {
        let is_ipv4 = || self.local_addr().is_ok_and(|addr| addr.is_ipv4());
        let target = SockAddr::from(resolve_one(target.target(), is_ipv4).await?);
        self.registration().async_io(Direction::Write, |socket| send_to_once(socket, buf, &target)).await
    }

    /// Receives one datagram from the peer named by [`connect`](UdpSocket::connect), and waits
    /// until there is one. Returns its length. If no peer was named, it receives from any sender.
    ///
    /// The part that does not fit into `buf` is lost.
    ///
    /// # Errors
    /// `ConnectionRefused` if the peer refused an earlier datagram of this socket; other errors of
    /// `recv(2)`.
    ///
    /// # Cancel safety
    /// Safe: only the poll that returns a datagram takes it from the socket.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use heist::net::UdpSocket;
    /// # let sender = UdpSocket::bind("127.0.0.1:0").await?;
    /// # let receiver = UdpSocket::bind("127.0.0.1:0").await?;
    /// receiver.connect(sender.local_addr()?).await?;
    /// sender.send_to(b"ping", receiver.local_addr()?).await?;
    /// let mut buf = [0; 1500];
    /// let count = receiver.recv(&mut buf).await?;
    /// assert_eq!(&buf[..count], b"ping");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.registration().async_io(Direction::Read, |socket| receive_once(socket, buf)).await
    }

    /// Receives one datagram, and waits until there is one. Returns its length and its sender.
    ///
    /// The part that does not fit into `buf` is lost.
    ///
    /// # Errors
    /// Returns the errors of `recvfrom(2)`.
    ///
    /// # Cancel safety
    /// Safe: only the poll that returns a datagram takes it from the socket.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use heist::net::UdpSocket;
    /// # let sender = UdpSocket::bind("127.0.0.1:0").await?;
    /// # let receiver = UdpSocket::bind("127.0.0.1:0").await?;
    /// sender.send_to(b"ping", receiver.local_addr()?).await?;
    /// let mut buf = [0; 1500];
    /// let (count, peer) = receiver.recv_from(&mut buf).await?;
    /// assert_eq!((&buf[..count], peer), (&b"ping"[..], sender.local_addr()?));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let received = self.registration().async_io(Direction::Read, |socket| receive_from_once(socket, buf));
        from_inet(received.await?)
    }

    /// Like [`recv`](UdpSocket::recv), but leaves the datagram to be received again.
    ///
    /// # Errors
    /// As [`recv`](UdpSocket::recv).
    ///
    /// # Cancel safety
    /// Safe: nothing is taken.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// # socket.send_to(b"ping", socket.local_addr()?).await?;
    /// let mut buf = [0; 1500];
    /// assert_eq!(socket.peek(&mut buf).await?, 4);
    /// // It is still there.
    /// assert_eq!(socket.recv(&mut buf).await?, 4);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.registration().async_io(Direction::Read, |socket| peek_once(socket, buf)).await
    }

    /// Like [`recv_from`](UdpSocket::recv_from), but leaves the datagram to be received again.
    ///
    /// # Errors
    /// As [`recv_from`](UdpSocket::recv_from).
    ///
    /// # Cancel safety
    /// Safe: nothing is taken.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use heist::net::UdpSocket;
    /// # let sender = UdpSocket::bind("127.0.0.1:0").await?;
    /// # let receiver = UdpSocket::bind("127.0.0.1:0").await?;
    /// sender.send_to(b"ping", receiver.local_addr()?).await?;
    /// let mut buf = [0; 1500];
    /// assert_eq!(receiver.peek_from(&mut buf).await?, (4, sender.local_addr()?));
    /// // It is still there.
    /// assert_eq!(receiver.recv_from(&mut buf).await?, (4, sender.local_addr()?));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let received = self.registration().async_io(Direction::Read, |socket| peek_from_once(socket, buf));
        from_inet(received.await?)
    }

    /// [`send`](UdpSocket::send) without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if there is no room; otherwise as [`send`](UdpSocket::send).
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
    pub fn try_send(&self, buf: &[u8]) -> io::Result<usize> {
        self.registration().try_io(Direction::Write, |socket| send_once(socket, buf))
    }

    /// [`send_to`](UdpSocket::send_to) an address, without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if there is no room; otherwise as [`send_to`](UdpSocket::send_to).
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// # let receiver = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// match socket.try_send_to(b"ping", receiver.local_addr()?) {
    ///     Ok(count) => assert_eq!(count, 4),
    ///     Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => println!("no room"),
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn try_send_to(&self, buf: &[u8], target: SocketAddr) -> io::Result<usize> {
        let target = SockAddr::from(target);
        self.registration().try_io(Direction::Write, |socket| send_to_once(socket, buf, &target))
    }

    /// [`recv`](UdpSocket::recv) without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if no datagram is there; otherwise as [`recv`](UdpSocket::recv).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// let mut buf = [0; 1500];
    /// let error = socket.try_recv(&mut buf).unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    ///
    /// socket.send_to(b"ping", socket.local_addr()?).await?;
    /// socket.readable().await?;
    /// assert_eq!(socket.try_recv(&mut buf)?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.registration().try_io(Direction::Read, |socket| receive_once(socket, buf))
    }

    /// [`recv_from`](UdpSocket::recv_from) without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if no datagram is there; otherwise as [`recv_from`](UdpSocket::recv_from).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// let mut buf = [0; 1500];
    /// let error = socket.try_recv_from(&mut buf).unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    ///
    /// socket.send_to(b"ping", socket.local_addr()?).await?;
    /// socket.readable().await?;
    /// assert_eq!(socket.try_recv_from(&mut buf)?, (4, socket.local_addr()?));
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        from_inet(self.registration().try_io(Direction::Read, |socket| receive_from_once(socket, buf))?)
    }

    /// [`peek`](UdpSocket::peek) without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if no datagram is there; otherwise as [`peek`](UdpSocket::peek).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// let mut buf = [0; 1500];
    /// let error = socket.try_peek(&mut buf).unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    ///
    /// socket.send_to(b"ping", socket.local_addr()?).await?;
    /// socket.readable().await?;
    /// assert_eq!(socket.try_peek(&mut buf)?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.registration().try_io(Direction::Read, |socket| peek_once(socket, buf))
    }

    /// [`peek_from`](UdpSocket::peek_from) without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if no datagram is there; otherwise as [`peek_from`](UdpSocket::peek_from).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// let mut buf = [0; 1500];
    /// let error = socket.try_peek_from(&mut buf).unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    ///
    /// socket.send_to(b"ping", socket.local_addr()?).await?;
    /// socket.readable().await?;
    /// assert_eq!(socket.try_peek_from(&mut buf)?, (4, socket.local_addr()?));
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        from_inet(self.registration().try_io(Direction::Read, |socket| peek_from_once(socket, buf))?)
    }

    /// [`send`](UdpSocket::send) as a poll function. Only the waker of the last caller is woken.
    ///
    /// # Errors
    /// As [`send`](UdpSocket::send).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// # socket.connect(socket.local_addr()?).await?;
    /// use std::future::poll_fn;
    ///
    /// assert_eq!(poll_fn(|cx| socket.poll_send(cx, b"ping")).await?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_send(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.registration().poll_io(Direction::Write, cx, |socket| send_once(socket, buf))
    }

    /// [`send_to`](UdpSocket::send_to) an address, as a poll function. Only the waker of the last
    /// caller is woken.
    ///
    /// # Errors
    /// As [`send_to`](UdpSocket::send_to).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// use std::future::poll_fn;
    ///
    /// let target = socket.local_addr()?;
    /// assert_eq!(poll_fn(|cx| socket.poll_send_to(cx, b"ping", target)).await?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        buf: &[u8],
        target: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        let target = SockAddr::from(target);
        self.registration().poll_io(Direction::Write, cx, |socket| send_to_once(socket, buf, &target))
    }

    /// [`recv`](UdpSocket::recv) as a poll function. Only the waker of the last caller is woken.
    ///
    /// # Errors
    /// As [`recv`](UdpSocket::recv).
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// # socket.send_to(b"ping", socket.local_addr()?).await?;
    /// let mut buf = [0; 1500];
    /// let count = std::future::poll_fn(|cx| socket.poll_recv(cx, &mut buf)).await?;
    /// assert_eq!(&buf[..count], b"ping");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn poll_recv(&self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.registration().poll_io(Direction::Read, cx, |socket| receive_once(socket, buf))
    }

    /// [`recv_from`](UdpSocket::recv_from) as a poll function. Only the waker of the last caller is
    /// woken.
    ///
    /// # Errors
    /// As [`recv_from`](UdpSocket::recv_from).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// # socket.send_to(b"ping", socket.local_addr()?).await?;
    /// use std::future::poll_fn;
    ///
    /// let mut buf = [0; 1500];
    /// let received = poll_fn(|cx| socket.poll_recv_from(cx, &mut buf)).await?;
    /// assert_eq!(received, (4, socket.local_addr()?));
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        let received =
            ready!(self.registration().poll_io(Direction::Read, cx, |socket| receive_from_once(socket, buf)));
        Poll::Ready(from_inet(received?))
    }

    /// [`peek`](UdpSocket::peek) as a poll function. Only the waker of the last caller is woken.
    ///
    /// # Errors
    /// As [`peek`](UdpSocket::peek).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// # socket.send_to(b"ping", socket.local_addr()?).await?;
    /// use std::future::poll_fn;
    ///
    /// let mut buf = [0; 1500];
    /// let received = poll_fn(|cx| socket.poll_peek(cx, &mut buf)).await?;
    /// assert_eq!(received, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_peek(&self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.registration().poll_io(Direction::Read, cx, |socket| peek_once(socket, buf))
    }

    /// [`peek_from`](UdpSocket::peek_from) as a poll function. Only the waker of the last caller is
    /// woken.
    ///
    /// # Errors
    /// As [`peek_from`](UdpSocket::peek_from).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// # socket.send_to(b"ping", socket.local_addr()?).await?;
    /// use std::future::poll_fn;
    ///
    /// let mut buf = [0; 1500];
    /// let received = poll_fn(|cx| socket.poll_peek_from(cx, &mut buf)).await?;
    /// assert_eq!(received, (4, socket.local_addr()?));
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_peek_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        let received =
            ready!(self.registration().poll_io(Direction::Read, cx, |socket| peek_from_once(socket, buf)));
        Poll::Ready(from_inet(received?))
    }
}

fn from_inet((count, addr): (usize, SockAddr)) -> io::Result<(usize, SocketAddr)> {
    Ok((count, inet_addr(&addr)?))
}
