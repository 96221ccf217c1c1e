//! The public sends and receives of a `UnixDatagram`. `net/datagram/` and `net/call.rs` make
//! the system calls.

use std::future::Future;
use std::io;
use std::path::Path;
use std::task::{Context, Poll, ready};

use socket2::{SockAddr, Socket};

use super::send_rest::Resting;
use super::{SocketAddr, UnixDatagram};
use crate::driver::Direction;
use crate::net::address::unix::address_of;
use crate::net::call::{self, send_once};
use crate::net::datagram::{self, send_to_once};
use crate::net::pause::Pauses;
use crate::system::unix_address;
use crate::time::sleep;

impl UnixDatagram {
    /// Sends one datagram to the peer of this socket, and waits until there is room. Returns its
    /// length.
    ///
    /// # Errors
    /// `NotConnected` if there is no peer, `ConnectionRefused` or `ConnectionReset` if it is gone,
    /// EMSGSIZE if the datagram is too long; other errors of `send(2)`.
    ///
    /// # Cancel safety
    /// Safe: a future that is dropped before it is ready has sent nothing.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// let (left, right) = heist::net::UnixDatagram::pair()?;
    /// left.send(b"ping").await?;
    /// let mut buf = [0; 64];
    /// let count = right.recv(&mut buf).await?;
    /// assert_eq!(&buf[..count], b"ping");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.registration.async_io(Direction::Write, |socket| send_once(socket, buf)).await
    }

    /// Sends one datagram to the socket at `path`, and waits until there is room. Returns its
    /// length.
    ///
    /// While the queue of that socket is full, this tries again: first after 1 ms, then after twice
    /// as long each time, up to 128 ms. The system has an event only for room in the queue of the
    /// peer. To send much to one socket, [`connect`](UnixDatagram::connect) and
    /// [`send`](UnixDatagram::send) are faster.
    ///
    /// # Errors
    /// `NotFound` if there is no such path, `ConnectionRefused` if it belongs to no open socket
    /// (any more), EMSGSIZE if the datagram is too long, `InvalidInput` if the path is too long;
    /// other errors of `sendto(2)`.
    ///
    /// # Panics
    /// The future panics if it has to wait for room outside of a runtime.
    ///
    /// # Cancel safety
    /// Safe: a future that is dropped before it is ready has sent nothing.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// # use heist::net::UnixDatagram;
    /// let receiver = UnixDatagram::bind(&path)?;
    /// let sender = UnixDatagram::unbound()?;
    /// assert_eq!(sender.send_to(b"ping", &path).await?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send_to<P: AsRef<Path>>(&self, buf: &[u8], path: P) -> io::Result<usize> {
        self.send_to_sockaddr(buf, &address_of(path.as_ref())?).await
    }

    /// [`send_to`](UnixDatagram::send_to) an address of std, including abstract ones.
    ///
    /// # Errors
    /// As [`send_to`](UnixDatagram::send_to); `InvalidInput` for an unnamed address.
    ///
    /// # Panics
    /// As [`send_to`](UnixDatagram::send_to).
    ///
    /// # Cancel safety
    /// Safe: a future that is dropped before it is ready has sent nothing.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// # use heist::net::UnixDatagram;
    /// let receiver = UnixDatagram::bind(&path)?;
    /// let sender = UnixDatagram::unbound()?;
    /// assert_eq!(sender.send_to_addr(b"ping", &receiver.local_addr()?).await?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send_to_addr(&self, buf: &[u8], addr: &SocketAddr) -> io::Result<usize> {
        self.send_to_sockaddr(buf, &unix_address::from_std(addr)?).await
    }

    async fn send_to_sockaddr(&self, buf: &[u8], target: &SockAddr) -> io::Result<usize> {
        let mut pauses = Pauses::new();
        loop {
            let send = |socket: &Socket| send_or_rest(socket, buf, target);
            match self.registration.async_io(Direction::Write, send).await? {
                Some(count) => return Ok(count),
                // [unheard-room]
                None => sleep(pauses.take()).await,
            }
        }
    }

    /// Receives one datagram, and waits until there is one. Returns its length. The part that does
    /// not fit into `buf` is lost.
    ///
    /// # Errors
    /// Returns the errors of `recv(2)`.
    ///
    /// # Cancel safety
    /// Safe: only the poll that returns a datagram takes it from the socket.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (left, right) = heist::net::UnixDatagram::pair()?;
    /// left.send(b"ping").await?;
    /// let mut buf = [0; 64];
    /// let count = right.recv(&mut buf).await?;
    /// assert_eq!(&buf[..count], b"ping");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.registration.async_io(Direction::Read, |socket| self.receive_once(socket, buf)).await
    }

    /// Receives one datagram, and waits until there is one. Returns its length and the address of
    /// its sender, which is unnamed if the sender has bound none. The part that does not fit into
    /// `buf` is lost.
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
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// # use heist::net::UnixDatagram;
    /// let receiver = UnixDatagram::bind(&path)?;
    /// UnixDatagram::unbound()?.send_to(b"ping", &path).await?;
    /// let (count, peer) = receiver.recv_from(&mut [0; 64]).await?;
    /// assert_eq!(count, 4);
    /// assert!(peer.is_unnamed());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.registration.async_io(Direction::Read, |socket| self.receive_from_once(socket, buf)).await
    }

    /// Like [`recv`](UnixDatagram::recv), but leaves the datagram to be received again.
    ///
    /// # Errors
    /// As [`recv`](UnixDatagram::recv).
    ///
    /// # Cancel safety
    /// Safe: nothing is taken.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// let (left, right) = heist::net::UnixDatagram::pair()?;
    /// left.send(b"ping").await?;
    /// let mut buf = [0; 64];
    /// assert_eq!(right.peek(&mut buf).await?, 4);
    /// // It is still there.
    /// assert_eq!(right.recv(&mut buf).await?, 4);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.registration.async_io(Direction::Read, |socket| self.peek_once(socket, buf)).await
    }

    /// Like [`recv_from`](UnixDatagram::recv_from), but leaves the datagram to be received again.
    ///
    /// # Errors
    /// As [`recv_from`](UnixDatagram::recv_from).
    ///
    /// # Cancel safety
    /// Safe: nothing is taken.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (left, right) = heist::net::UnixDatagram::pair()?;
    /// left.send(b"ping").await?;
    /// let mut buf = [0; 64];
    /// assert_eq!(right.peek_from(&mut buf).await?.0, 4);
    /// // It is still there.
    /// assert_eq!(right.recv(&mut buf).await?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.registration.async_io(Direction::Read, |socket| self.peek_from_once(socket, buf)).await
    }

    /// [`send`](UnixDatagram::send) without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if there is no room; otherwise as [`send`](UnixDatagram::send).
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// let (left, right) = heist::net::UnixDatagram::pair()?;
    /// let mut buf = [0; 64];
    /// let error = right.try_recv(&mut buf).unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    ///
    /// left.try_send(b"ping")?;
    /// assert_eq!(right.try_recv(&mut buf)?, 4);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn try_send(&self, buf: &[u8]) -> io::Result<usize> {
        self.registration.try_io(Direction::Write, |socket| send_once(socket, buf))
    }

    /// [`send_to`](UnixDatagram::send_to) without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if there is no room; otherwise as [`send_to`](UnixDatagram::send_to).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// # use heist::net::UnixDatagram;
    /// let receiver = UnixDatagram::bind(&path)?;
    /// let sender = UnixDatagram::unbound()?;
    /// assert_eq!(sender.try_send_to(b"ping", &path)?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_send_to<P: AsRef<Path>>(&self, buf: &[u8], path: P) -> io::Result<usize> {
        let target = address_of(path.as_ref())?;
        let send = |socket: &Socket| send_or_rest(socket, buf, &target);
        self.registration.try_io(Direction::Write, send)?.ok_or(io::ErrorKind::WouldBlock.into())
    }

    /// [`recv`](UnixDatagram::recv) without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if no datagram is there; otherwise as [`recv`](UnixDatagram::recv).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (left, right) = heist::net::UnixDatagram::pair()?;
    /// let mut buf = [0; 64];
    /// let error = right.try_recv(&mut buf).unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    ///
    /// left.send(b"ping").await?;
    /// right.readable().await?;
    /// assert_eq!(right.try_recv(&mut buf)?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.registration.try_io(Direction::Read, |socket| self.receive_once(socket, buf))
    }

    /// [`recv_from`](UnixDatagram::recv_from) without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if no datagram is there; otherwise as [`recv_from`](UnixDatagram::recv_from).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (left, right) = heist::net::UnixDatagram::pair()?;
    /// left.send(b"ping").await?;
    /// right.readable().await?;
    /// let (count, peer) = right.try_recv_from(&mut [0; 64])?;
    /// assert_eq!(count, 4);
    /// assert!(peer.is_unnamed());
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.registration.try_io(Direction::Read, |socket| self.receive_from_once(socket, buf))
    }

    /// [`send`](UnixDatagram::send) as a poll function. Only the waker of the last caller is woken.
    ///
    /// # Errors
    /// As [`send`](UnixDatagram::send).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (left, right) = heist::net::UnixDatagram::pair()?;
    /// assert_eq!(std::future::poll_fn(|cx| left.poll_send(cx, b"ping")).await?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_send(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.registration.poll_io(Direction::Write, cx, |socket| send_once(socket, buf))
    }

    /// [`send_to`](UnixDatagram::send_to) as a poll function. Only the waker of the last caller is
    /// woken.
    ///
    /// # Errors
    /// As [`send_to`](UnixDatagram::send_to).
    ///
    /// # Panics
    /// As [`send_to`](UnixDatagram::send_to).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// # use heist::net::UnixDatagram;
    /// use std::future::poll_fn;
    ///
    /// let receiver = UnixDatagram::bind(&path)?;
    /// let sender = UnixDatagram::unbound()?;
    /// assert_eq!(poll_fn(|cx| sender.poll_send_to(cx, b"ping", &path)).await?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_send_to<P: AsRef<Path>>(
        &self,
        cx: &mut Context<'_>,
        buf: &[u8],
        path: P,
    ) -> Poll<io::Result<usize>> {
        let target = address_of(path.as_ref())?;
        let mut pauses = Pauses::new();
        loop {
            // Taken out of the lock, so that no waker runs under it.
            let resting = self.rest.0.lock().take();
            if let Some(mut rest) = resting {
                if rest.sleep.as_mut().poll(cx).is_pending() {
                    *self.rest.0.lock() = Some(rest);
                    return Poll::Pending;
                }
                pauses = rest.pauses;
            }
            let send = |socket: &Socket| send_or_rest(socket, buf, &target);
            match ready!(self.registration.poll_io(Direction::Write, cx, send))? {
                Some(count) => return Poll::Ready(Ok(count)),
                None => {
                    let sleep = Box::pin(sleep(pauses.take()));
                    *self.rest.0.lock() = Some(Resting { sleep, pauses });
                }
            }
        }
    }

    /// [`recv`](UnixDatagram::recv) as a poll function. Only the waker of the last caller is woken.
    ///
    /// # Errors
    /// As [`recv`](UnixDatagram::recv).
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// let (left, right) = heist::net::UnixDatagram::pair()?;
    /// left.send(b"ping").await?;
    /// let mut buf = [0; 64];
    /// let count = std::future::poll_fn(|cx| right.poll_recv(cx, &mut buf)).await?;
    /// assert_eq!(&buf[..count], b"ping");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn poll_recv(&self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.registration.poll_io(Direction::Read, cx, |socket| self.receive_once(socket, buf))
    }

    /// [`recv_from`](UnixDatagram::recv_from) as a poll function. Only the waker of the last caller
    /// is woken.
    ///
    /// # Errors
    /// As [`recv_from`](UnixDatagram::recv_from).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (left, right) = heist::net::UnixDatagram::pair()?;
    /// use std::future::poll_fn;
    ///
    /// left.send(b"ping").await?;
    /// let mut buf = [0; 64];
    /// let (count, _peer) = poll_fn(|cx| right.poll_recv_from(cx, &mut buf)).await?;
    /// assert_eq!(&buf[..count], b"ping");
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        let receive = |socket: &Socket| self.receive_from_once(socket, buf);
        self.registration.poll_io(Direction::Read, cx, receive)
    }

    fn receive_once(&self, socket: &Socket, buf: &mut [u8]) -> io::Result<usize> {
        self.or_end(call::receive_once(socket, buf), || 0)
    }

    fn receive_from_once(&self, socket: &Socket, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let received = datagram::receive_from_once(socket, buf).map(from_unix);
        self.or_end(received, || (0, unix_address::unnamed()))
    }

    fn peek_once(&self, socket: &Socket, buf: &mut [u8]) -> io::Result<usize> {
        self.or_end(call::peek_once(socket, buf), || 0)
    }

    fn peek_from_once(&self, socket: &Socket, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let received = datagram::peek_from_once(socket, buf).map(from_unix);
        self.or_end(received, || (0, unix_address::unnamed()))
    }
}

/// Sends, or returns `None` if the queue of the receiver is full, or that of this socket. The
/// socket may be writable all the same, so waiting for that would be a busy loop, or last forever
/// `[unheard-room]`.
fn send_or_rest(socket: &Socket, buf: &[u8], target: &SockAddr) -> io::Result<Option<usize>> {
    match send_to_once(socket, buf, target) {
        Ok(count) => Ok(Some(count)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

fn from_unix((count, addr): (usize, SockAddr)) -> (usize, SocketAddr) {
    (count, unix_address::to_std(&addr))
}
