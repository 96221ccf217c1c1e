//! `TcpSocket`: a TCP socket that is not connected yet, for options that must be set before.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use super::family::inet_addr;
use super::tcp_listener::TcpListener;
use super::tcp_stream::TcpStream;
use crate::driver::in_runtime;
use crate::driver::{Registration, socket};

/// A TCP socket before it connects or listens.
///
/// [`TcpStream::connect`](super::TcpStream) and [`TcpListener::bind`](super::TcpListener::bind) do for most programs;
/// this is for those that choose a local address, a backlog, or options that matter from the first packet on.
/// `socket2::SockRef::from(&socket)` sets the options that have no method here.
///
/// # Example
/// ```
/// # fn main() -> std::io::Result<()> {
/// # heist::runtime::Runtime::new()?.block_on(async {
/// use heist::net::TcpSocket;
///
/// let socket = TcpSocket::new_v4()?;
/// socket.set_reuseaddr(true)?;
/// socket.bind("127.0.0.1:0".parse().unwrap())?;
/// let listener = socket.listen(128)?;
///
/// let socket = TcpSocket::new_v4()?;
/// socket.set_nodelay(true)?;
/// let stream = socket.connect(listener.local_addr()?).await?;
/// assert!(stream.nodelay()?);
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Debug)]
pub struct TcpSocket {
    socket: Socket,
}

impl TcpSocket {
    /// A socket for IPv4.
    ///
    /// # Errors
    /// The system's: no descriptors or memory are left.
    pub fn new_v4() -> io::Result<TcpSocket> {
        TcpSocket::new(Domain::IPV4)
    }

    /// A socket for IPv6.
    ///
    /// # Errors
    /// The system's: there is no IPv6 here, or no descriptors or memory are left.
    pub fn new_v6() -> io::Result<TcpSocket> {
        TcpSocket::new(Domain::IPV6)
    }

    fn new(domain: Domain) -> io::Result<TcpSocket> {
        let socket = socket::nonblocking(domain, Type::STREAM, Some(Protocol::TCP))?;
        Ok(TcpSocket { socket })
    }

    /// Takes over a socket that std holds as a stream, though it may be neither bound nor connected: one made by socket2,
    /// or inherited. It may be blocking: it is made non-blocking here.
    ///
    /// # Errors
    /// If the system refuses to change its mode.
    pub fn from_std_stream(stream: std::net::TcpStream) -> io::Result<TcpSocket> {
        let socket = Socket::from(stream);
        socket.set_nonblocking(true)?;
        Ok(TcpSocket { socket })
    }

    /// Gives the socket to std, as a stream, though it is not connected. It stays non-blocking.
    pub fn into_std_stream(self) -> std::net::TcpStream {
        self.socket.into()
    }

    /// Binds to a local address. Port 0 lets the system choose one.
    ///
    /// # Errors
    /// The system's, such as `AddrInUse` or `PermissionDenied`.
    pub fn bind(&self, addr: SocketAddr) -> io::Result<()> {
        self.socket.bind(&SockAddr::from(addr))
    }

    /// Connects to `addr`.
    ///
    /// # Errors
    /// Those of [`TcpStream::connect`](super::TcpStream). The socket is closed then.
    ///
    /// # Panics
    /// Outside a runtime.
    ///
    /// # Cancel safety
    /// Dropping the future closes the socket: the attempt is given up and no descriptor stays behind.
    #[track_caller]
    pub fn connect(self, addr: SocketAddr) -> impl Future<Output = io::Result<TcpStream>> {
        in_runtime(async move {
            let registration = Registration::new_nonblocking(self.socket);
            registration.connect(&SockAddr::from(addr)).await?;
            Ok(TcpStream::over(registration))
        })
    }

    /// Listens, with up to `backlog` connections waiting to be accepted; the system may allow fewer
    /// (`net.core.somaxconn`).
    ///
    /// # Errors
    /// The system's, such as `AddrInUse`.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn listen(self, backlog: u32) -> io::Result<TcpListener> {
        self.socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
        Ok(TcpListener::over(Registration::new_nonblocking(self.socket)))
    }

    /// The address this is bound to.
    ///
    /// # Errors
    /// The system's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        inet_addr(&self.socket.local_addr()?)
    }

    /// Takes the pending error of the socket (`SO_ERROR`), if there is one.
    ///
    /// # Errors
    /// If the option cannot be read; the pending error itself is in `Ok(Some(_))`.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.socket.take_error()
    }
}

/// # Options
impl TcpSocket {
    /// Whether an address may be bound although old connections of it linger (`SO_REUSEADDR`).
    ///
    /// # Errors
    /// The system's.
    pub fn reuseaddr(&self) -> io::Result<bool> {
        self.socket.reuse_address()
    }

    /// Lets an address be bound although old connections of it linger. On Windows it lets others take the port over.
    ///
    /// # Errors
    /// The system's.
    pub fn set_reuseaddr(&self, reuse: bool) -> io::Result<()> {
        self.socket.set_reuse_address(reuse)
    }

    /// Whether several sockets may bind one address and share the connections (`SO_REUSEPORT`).
    ///
    /// # Errors
    /// The system's.
    pub fn reuseport(&self) -> io::Result<bool> {
        socket::reuse_port(&self.socket)
    }

    /// Lets several sockets bind one address and share the connections; each of them must set it.
    ///
    /// # Errors
    /// `Unsupported` where there is no such option: Windows, Solaris, illumos.
    pub fn set_reuseport(&self, reuse: bool) -> io::Result<()> {
        socket::set_reuse_port(&self.socket, reuse)
    }

    /// Whether a silent connection is probed now and then (`SO_KEEPALIVE`).
    ///
    /// # Errors
    /// The system's.
    pub fn keepalive(&self) -> io::Result<bool> {
        self.socket.keepalive()
    }

    /// Probes a silent connection now and then, by the system's times, so that a peer that vanished is found out.
    ///
    /// # Errors
    /// The system's.
    pub fn set_keepalive(&self, keepalive: bool) -> io::Result<()> {
        self.socket.set_keepalive(keepalive)
    }

    /// The size of the receive buffer in bytes (`SO_RCVBUF`); Linux tells twice what was set.
    ///
    /// # Errors
    /// The system's.
    pub fn recv_buffer_size(&self) -> io::Result<u32> {
        self.socket.recv_buffer_size().map(|bytes| u32::try_from(bytes).unwrap_or(u32::MAX))
    }

    /// Sets the size of the receive buffer in bytes. The system may round or limit it.
    ///
    /// # Errors
    /// The system's.
    pub fn set_recv_buffer_size(&self, bytes: u32) -> io::Result<()> {
        self.socket.set_recv_buffer_size(size_of_buffer(bytes))
    }

    /// The size of the send buffer in bytes (`SO_SNDBUF`); Linux tells twice what was set.
    ///
    /// # Errors
    /// The system's.
    pub fn send_buffer_size(&self) -> io::Result<u32> {
        self.socket.send_buffer_size().map(|bytes| u32::try_from(bytes).unwrap_or(u32::MAX))
    }

    /// Sets the size of the send buffer in bytes. The system may round or limit it.
    ///
    /// # Errors
    /// The system's.
    pub fn set_send_buffer_size(&self, bytes: u32) -> io::Result<()> {
        self.socket.set_send_buffer_size(size_of_buffer(bytes))
    }

    /// How long a close keeps trying to send what is still queued (`SO_LINGER`); `None` is the system's way.
    ///
    /// # Errors
    /// The system's.
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        self.socket.linger()
    }

    /// Sets what a close does with bytes that are still queued; see [`TcpStream::set_linger`](super::TcpStream).
    ///
    /// # Errors
    /// The system's.
    pub fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        self.socket.set_linger(linger)
    }

    /// Whether small writes are sent at once (`TCP_NODELAY`).
    ///
    /// # Errors
    /// The system's.
    pub fn nodelay(&self) -> io::Result<bool> {
        self.socket.tcp_nodelay()
    }

    /// Sends small writes at once (`true`), or waits a little to send them together (`false`, the default).
    ///
    /// # Errors
    /// The system's.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.socket.set_tcp_nodelay(nodelay)
    }
}

/// What socket2 takes. The system's option is an `int`, and a larger size would come out negative.
fn size_of_buffer(bytes: u32) -> usize {
    usize::try_from(i32::try_from(bytes).unwrap_or(i32::MAX)).unwrap_or(usize::MAX)
}

#[cfg(unix)]
mod unix {
    use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

    use super::TcpSocket;

    impl AsFd for TcpSocket {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.socket.as_fd()
        }
    }

    impl AsRawFd for TcpSocket {
        fn as_raw_fd(&self) -> RawFd {
            self.socket.as_raw_fd()
        }
    }

    impl From<TcpSocket> for OwnedFd {
        /// Gives the descriptor up; it stays non-blocking.
        fn from(socket: TcpSocket) -> OwnedFd {
            socket.socket.into()
        }
    }
}

#[cfg(windows)]
mod windows {
    use std::os::windows::io::{AsRawSocket, AsSocket, BorrowedSocket, RawSocket};

    use super::TcpSocket;

    impl AsSocket for TcpSocket {
        fn as_socket(&self) -> BorrowedSocket<'_> {
            self.socket.as_socket()
        }
    }

    impl AsRawSocket for TcpSocket {
        fn as_raw_socket(&self) -> RawSocket {
            self.socket.as_raw_socket()
        }
    }
}
