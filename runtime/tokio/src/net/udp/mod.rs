//! UDP sockets.

mod datagrams;
mod options;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::task::{Context, Poll};

use super::ToSocketAddrs;
use crate::context;
use crate::io::{Interest, Ready};

/// A UDP socket.
pub struct UdpSocket {
    inner: heist::net::UdpSocket,
}

impl UnwindSafe for UdpSocket {}
impl RefUnwindSafe for UdpSocket {}

/// Making sockets.
impl UdpSocket {
    fn over(inner: heist::net::UdpSocket) -> UdpSocket {
        UdpSocket { inner }
    }

    /// Binds a socket to the first of the addresses at which that is possible.
    pub async fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<UdpSocket> {
        context::io()?;
        heist::net::UdpSocket::bind(addr).await.map(UdpSocket::over)
    }

    /// Takes a socket of std, which the caller has made non-blocking. Panics outside of a runtime.
    #[track_caller]
    pub fn from_std(socket: std::net::UdpSocket) -> io::Result<UdpSocket> {
        context::io()?;
        heist::net::UdpSocket::from_std(socket).map(UdpSocket::over)
    }

    /// Gives the socket to std. It stays non-blocking.
    pub fn into_std(self) -> io::Result<std::net::UdpSocket> {
        self.inner.into_std()
    }

    /// Returns the address that the socket is bound to.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    /// Returns the address that the socket is connected to.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.inner.peer_addr()
    }

    /// Connects the socket: it sends to this address, and receives from no other.
    pub async fn connect<A: ToSocketAddrs>(&self, addr: A) -> io::Result<()> {
        self.inner.connect(addr).await
    }
}

/// Readiness.
impl UdpSocket {
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

impl TryFrom<std::net::UdpSocket> for UdpSocket {
    type Error = io::Error;

    fn try_from(stream: std::net::UdpSocket) -> Result<Self, Self::Error> {
        UdpSocket::from_std(stream)
    }
}

impl fmt::Debug for UdpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

#[cfg(unix)]
mod unix {
    use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

    use super::UdpSocket;

    impl AsFd for UdpSocket {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.inner.as_fd()
        }
    }

    impl AsRawFd for UdpSocket {
        fn as_raw_fd(&self) -> RawFd {
            self.inner.as_raw_fd()
        }
    }
}

#[cfg(windows)]
mod windows {
    use std::os::windows::io::{AsRawSocket, AsSocket, BorrowedSocket, RawSocket};

    use super::UdpSocket;

    impl AsSocket for UdpSocket {
        fn as_socket(&self) -> BorrowedSocket<'_> {
            self.inner.as_socket()
        }
    }

    impl AsRawSocket for UdpSocket {
        fn as_raw_socket(&self) -> RawSocket {
            self.inner.as_raw_socket()
        }
    }
}
