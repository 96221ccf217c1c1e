//! Unix sockets for datagrams.

use std::fmt;
use std::io;
use std::net::Shutdown;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::path::Path;
use std::task::{Context, Poll};

use bytes::BufMut;

use super::{SocketAddr, UCred};
use crate::context;
use crate::io::{Interest, ReadBuf, Ready};
use crate::net::fill::{self, Room};

/// A Unix socket for datagrams.
pub struct UnixDatagram {
    inner: heist::net::UnixDatagram,
}

impl UnwindSafe for UnixDatagram {}
impl RefUnwindSafe for UnixDatagram {}

/// Making sockets.
impl UnixDatagram {
    pub(super) fn over(inner: heist::net::UnixDatagram) -> UnixDatagram {
        UnixDatagram { inner }
    }

    /// Binds a socket at `path`. Panics outside of a runtime.
    #[track_caller]
    pub fn bind<P>(path: P) -> io::Result<UnixDatagram>
    where
        P: AsRef<Path>,
    {
        context::io()?;
        heist::net::UnixDatagram::bind(path).map(UnixDatagram::over)
    }

    /// Binds a socket at `addr`. Panics outside of a runtime.
    #[track_caller]
    pub fn bind_addr(addr: &SocketAddr) -> io::Result<UnixDatagram> {
        context::io()?;
        heist::net::UnixDatagram::bind_addr(addr.inner()).map(UnixDatagram::over)
    }

    /// Makes two sockets that are connected to each other. Panics outside of a runtime.
    #[track_caller]
    pub fn pair() -> io::Result<(UnixDatagram, UnixDatagram)> {
        context::io()?;
        let (one, other) = heist::net::UnixDatagram::pair()?;
        Ok((UnixDatagram::over(one), UnixDatagram::over(other)))
    }

    /// Takes a socket of std, which the caller has made non-blocking. Panics outside of a runtime.
    #[track_caller]
    pub fn from_std(datagram: std::os::unix::net::UnixDatagram) -> io::Result<UnixDatagram> {
        context::io()?;
        heist::net::UnixDatagram::from_std(datagram).map(UnixDatagram::over)
    }

    /// Gives the socket to std. It stays non-blocking.
    pub fn into_std(self) -> io::Result<std::os::unix::net::UnixDatagram> {
        self.inner.into_std()
    }

    /// Makes a socket without an address. Panics outside of a runtime.
    #[track_caller]
    pub fn unbound() -> io::Result<UnixDatagram> {
        context::io()?;
        heist::net::UnixDatagram::unbound().map(UnixDatagram::over)
    }

    /// Connects the socket: it sends to the socket at `path`, and receives from no other.
    pub fn connect<P: AsRef<Path>>(&self, path: P) -> io::Result<()> {
        self.inner.connect(path)
    }

    /// Connects the socket: it sends to the socket at `addr`, and receives from no other.
    pub fn connect_addr(&self, addr: &SocketAddr) -> io::Result<()> {
        self.inner.connect_addr(addr.inner())
    }

    /// Returns the address that the socket is bound to.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr().map(SocketAddr::from)
    }

    /// Returns the address that the socket is connected to.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.inner.peer_addr().map(SocketAddr::from)
    }

    /// Takes the error that the socket has stored.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.inner.take_error()
    }

    /// Ends reading, writing or both.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.inner.shutdown(how)
    }

    /// Returns the credentials of the process at the other end.
    pub fn peer_cred(&self) -> io::Result<UCred> {
        self.inner.peer_cred()
    }
}

/// Readiness.
impl UnixDatagram {
    /// Waits until the socket is ready for something of `interest`, and returns for what.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.inner.ready(interest).await
    }

    /// Waits until a datagram can be sent.
    pub async fn writable(&self) -> io::Result<()> {
        self.inner.writable().await
    }

    /// [`writable`](Self::writable) as a poll function.
    pub fn poll_send_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner.poll_send_ready(cx)
    }

    /// Waits until there is a datagram.
    pub async fn readable(&self) -> io::Result<()> {
        self.inner.readable().await
    }

    /// [`readable`](Self::readable) as a poll function.
    pub fn poll_recv_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner.poll_recv_ready(cx)
    }

    /// Calls `f` if the socket may be ready. `WouldBlock` of it means that it was not.
    pub fn try_io<R>(&self, interest: Interest, f: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        self.inner.try_io(interest, f)
    }

    /// Calls `f` until it does not return `WouldBlock`, and waits in between.
    pub async fn async_io<R>(&self, interest: Interest, f: impl FnMut() -> io::Result<R>) -> io::Result<R> {
        self.inner.async_io(interest, f).await
    }
}

/// Datagrams from and to the address that the socket is connected to.
impl UnixDatagram {
    /// Sends a datagram.
    pub async fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.inner.send(buf).await
    }

    /// [`send`](Self::send) as a poll function.
    pub fn poll_send(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.inner.poll_send(cx, buf)
    }

    /// Sends a datagram, or returns `WouldBlock`.
    pub fn try_send(&self, buf: &[u8]) -> io::Result<usize> {
        self.inner.try_send(buf)
    }

    /// Receives a datagram.
    pub async fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.inner.recv(buf).await
    }

    /// [`recv`](Self::recv) as a poll function.
    pub fn poll_recv(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        fill::poll_into(buf, |room| self.inner.poll_recv(cx, room).map_ok(|count| (count, ())))
    }

    /// Receives a datagram, or returns `WouldBlock`.
    pub fn try_recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.inner.try_recv(buf)
    }

    /// Receives a datagram into the room of `buf`, or returns `WouldBlock`.
    pub fn try_recv_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        let mut room = Room::of(buf);
        let count = self.inner.try_recv(room.bytes())?;
        room.advance(count);
        Ok(count)
    }

    /// Receives a datagram into the room of `buf`.
    pub async fn recv_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        let mut room = Room::of(buf);
        let count = self.inner.recv(room.bytes()).await?;
        room.advance(count);
        Ok(count)
    }
}

/// Datagrams to and from any address.
impl UnixDatagram {
    /// Sends a datagram to the socket at `target`.
    pub async fn send_to<P>(&self, buf: &[u8], target: P) -> io::Result<usize>
    where
        P: AsRef<Path>,
    {
        self.inner.send_to(buf, target).await
    }

    /// Sends a datagram to the socket at `target`.
    pub async fn send_to_addr(&self, buf: &[u8], target: &SocketAddr) -> io::Result<usize> {
        self.inner.send_to_addr(buf, target.inner()).await
    }

    /// [`send_to`](Self::send_to) as a poll function.
    pub fn poll_send_to<P>(&self, cx: &mut Context<'_>, buf: &[u8], target: P) -> Poll<io::Result<usize>>
    where
        P: AsRef<Path>,
    {
        self.inner.poll_send_to(cx, buf, target)
    }

    /// Sends a datagram, or returns `WouldBlock`.
    pub fn try_send_to<P>(&self, buf: &[u8], target: P) -> io::Result<usize>
    where
        P: AsRef<Path>,
    {
        self.inner.try_send_to(buf, target)
    }

    /// Receives a datagram, and returns its sender.
    pub async fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.inner.recv_from(buf).await.map(with_sender)
    }

    /// [`recv_from`](Self::recv_from) as a poll function.
    pub fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<SocketAddr>> {
        fill::poll_into(buf, |room| self.inner.poll_recv_from(cx, room)).map_ok(SocketAddr::from)
    }

    /// Receives a datagram and its sender, or returns `WouldBlock`.
    pub fn try_recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.inner.try_recv_from(buf).map(with_sender)
    }

    /// Receives a datagram into the room of `buf`, or returns `WouldBlock`.
    pub fn try_recv_buf_from<B: BufMut>(&self, buf: &mut B) -> io::Result<(usize, SocketAddr)> {
        let mut room = Room::of(buf);
        let (count, sender) = self.inner.try_recv_from(room.bytes())?;
        room.advance(count);
        Ok((count, sender.into()))
    }

    /// Receives a datagram into the room of `buf`, and returns its sender.
    pub async fn recv_buf_from<B: BufMut>(&self, buf: &mut B) -> io::Result<(usize, SocketAddr)> {
        let mut room = Room::of(buf);
        let (count, sender) = self.inner.recv_from(room.bytes()).await?;
        room.advance(count);
        Ok((count, sender.into()))
    }
}

fn with_sender((count, sender): (usize, std::os::unix::net::SocketAddr)) -> (usize, SocketAddr) {
    (count, sender.into())
}

impl TryFrom<std::os::unix::net::UnixDatagram> for UnixDatagram {
    type Error = io::Error;

    fn try_from(stream: std::os::unix::net::UnixDatagram) -> Result<Self, Self::Error> {
        UnixDatagram::from_std(stream)
    }
}

impl fmt::Debug for UnixDatagram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

mod fd {
    use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

    use super::UnixDatagram;

    impl AsFd for UnixDatagram {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.inner.as_fd()
        }
    }

    impl AsRawFd for UnixDatagram {
        fn as_raw_fd(&self) -> RawFd {
            self.inner.as_raw_fd()
        }
    }
}
