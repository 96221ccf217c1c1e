//! TCP sockets before they connect or listen.

use std::io;
use std::net::SocketAddr;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::time::Duration;

use socket2::SockRef;

use super::listener::TcpListener;
use super::stream::TcpStream;
use crate::context;

/// A TCP socket that is neither connected nor listening, for setting options.
#[derive(Debug)]
pub struct TcpSocket {
    inner: heist::net::TcpSocket,
}

impl UnwindSafe for TcpSocket {}
impl RefUnwindSafe for TcpSocket {}

impl TcpSocket {
    /// Makes a socket for IPv4.
    pub fn new_v4() -> io::Result<TcpSocket> {
        heist::net::TcpSocket::new_v4().map(|inner| TcpSocket { inner })
    }

    /// Makes a socket for IPv6.
    pub fn new_v6() -> io::Result<TcpSocket> {
        heist::net::TcpSocket::new_v6().map(|inner| TcpSocket { inner })
    }

    /// Sets the option `SO_KEEPALIVE`.
    pub fn set_keepalive(&self, keepalive: bool) -> io::Result<()> {
        self.inner.set_keepalive(keepalive)
    }

    /// Returns the option `SO_KEEPALIVE`.
    pub fn keepalive(&self) -> io::Result<bool> {
        self.inner.keepalive()
    }

    /// Sets the option `SO_REUSEADDR`.
    pub fn set_reuseaddr(&self, reuseaddr: bool) -> io::Result<()> {
        self.inner.set_reuseaddr(reuseaddr)
    }

    /// Returns the option `SO_REUSEADDR`.
    pub fn reuseaddr(&self) -> io::Result<bool> {
        self.inner.reuseaddr()
    }

    /// Sets the option `SO_REUSEPORT`.
    #[cfg(all(unix, not(target_os = "solaris"), not(target_os = "illumos"), not(target_os = "cygwin")))]
    pub fn set_reuseport(&self, reuseport: bool) -> io::Result<()> {
        self.inner.set_reuseport(reuseport)
    }

    /// Returns the option `SO_REUSEPORT`.
    #[cfg(all(unix, not(target_os = "solaris"), not(target_os = "illumos"), not(target_os = "cygwin")))]
    pub fn reuseport(&self) -> io::Result<bool> {
        self.inner.reuseport()
    }

    /// Sets the size of the send buffer, in bytes.
    pub fn set_send_buffer_size(&self, size: u32) -> io::Result<()> {
        self.inner.set_send_buffer_size(size)
    }

    /// Returns the size of the send buffer, in bytes.
    pub fn send_buffer_size(&self) -> io::Result<u32> {
        self.inner.send_buffer_size()
    }

    /// Sets the size of the receive buffer, in bytes.
    pub fn set_recv_buffer_size(&self, size: u32) -> io::Result<()> {
        self.inner.set_recv_buffer_size(size)
    }

    /// Returns the size of the receive buffer, in bytes.
    pub fn recv_buffer_size(&self) -> io::Result<u32> {
        self.inner.recv_buffer_size()
    }

    /// Sets the option `SO_LINGER`.
    #[deprecated = "a drop that waits for the peer blocks the thread; use `set_zero_linger`"]
    pub fn set_linger(&self, dur: Option<Duration>) -> io::Result<()> {
        self.inner.set_linger(dur)
    }

    /// Makes the drop of the connection reset it.
    pub fn set_zero_linger(&self) -> io::Result<()> {
        self.inner.set_linger(Some(Duration::ZERO))
    }

    /// Returns the option `SO_LINGER`.
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        self.inner.linger()
    }

    /// Sets the option `TCP_NODELAY`.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.inner.set_nodelay(nodelay)
    }

    /// Returns the option `TCP_NODELAY`.
    pub fn nodelay(&self) -> io::Result<bool> {
        self.inner.nodelay()
    }

    /// Returns the option `IPV6_TCLASS`.
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple", target_os = "freebsd"))]
    pub fn tclass_v6(&self) -> io::Result<u32> {
        SockRef::from(&self.inner).tclass_v6()
    }

    /// Sets the option `IPV6_TCLASS`.
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple", target_os = "freebsd"))]
    pub fn set_tclass_v6(&self, tclass: u32) -> io::Result<()> {
        SockRef::from(&self.inner).set_tclass_v6(tclass)
    }

    /// Returns the option `IP_TOS`.
    pub fn tos_v4(&self) -> io::Result<u32> {
        SockRef::from(&self.inner).tos_v4()
    }

    /// Returns the option `IP_TOS`.
    #[deprecated = "renamed to `tos_v4`"]
    #[doc(hidden)]
    pub fn tos(&self) -> io::Result<u32> {
        self.tos_v4()
    }

    /// Sets the option `IP_TOS`.
    pub fn set_tos_v4(&self, tos: u32) -> io::Result<()> {
        SockRef::from(&self.inner).set_tos_v4(tos)
    }

    /// Sets the option `IP_TOS`.
    #[deprecated = "renamed to `set_tos_v4`"]
    #[doc(hidden)]
    pub fn set_tos(&self, tos: u32) -> io::Result<()> {
        self.set_tos_v4(tos)
    }

    /// Returns the option `SO_BINDTODEVICE`.
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    pub fn device(&self) -> io::Result<Option<Vec<u8>>> {
        SockRef::from(&self.inner).device()
    }

    /// Sets the option `SO_BINDTODEVICE`.
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    pub fn bind_device(&self, interface: Option<&[u8]>) -> io::Result<()> {
        SockRef::from(&self.inner).bind_device(interface)
    }

    /// Returns the address that the socket is bound to.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    /// Takes the error that the socket has stored.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.inner.take_error()
    }

    /// Binds the socket to an address.
    pub fn bind(&self, addr: SocketAddr) -> io::Result<()> {
        self.inner.bind(addr)
    }

    /// Connects the socket.
    pub async fn connect(self, addr: SocketAddr) -> io::Result<TcpStream> {
        context::io()?;
        self.inner.connect(addr).await.map(TcpStream::over)
    }

    /// Listens, with a queue for `backlog` connections. Panics outside of a runtime.
    #[track_caller]
    pub fn listen(self, backlog: u32) -> io::Result<TcpListener> {
        context::io()?;
        self.inner.listen(backlog).map(TcpListener::over)
    }

    /// Takes a socket of std, which is not connected and which the caller has made non-blocking.
    pub fn from_std_stream(std_stream: std::net::TcpStream) -> TcpSocket {
        let inner = heist::net::TcpSocket::from_std_stream(std_stream);
        TcpSocket { inner: inner.expect("the descriptor is open") }
    }
}

#[cfg(unix)]
mod unix {
    #![expect(unsafe_code, reason = "the caller of `from_raw_fd` promises that the descriptor is its own")]

    use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, RawFd};

    use super::TcpSocket;

    impl AsFd for TcpSocket {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.inner.as_fd()
        }
    }

    impl AsRawFd for TcpSocket {
        fn as_raw_fd(&self) -> RawFd {
            self.inner.as_raw_fd()
        }
    }

    impl FromRawFd for TcpSocket {
        unsafe fn from_raw_fd(fd: RawFd) -> TcpSocket {
            // SAFETY: the promise of the caller.
            TcpSocket::from_std_stream(unsafe { std::net::TcpStream::from_raw_fd(fd) })
        }
    }

    impl IntoRawFd for TcpSocket {
        fn into_raw_fd(self) -> RawFd {
            self.inner.into_std_stream().into_raw_fd()
        }
    }
}
