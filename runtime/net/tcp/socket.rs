//! `TcpSocket`: a TCP socket that is not connected yet, so that options can be set first.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use super::listener::TcpListener;
use super::stream::TcpStream;
use crate::driver::Registration;
use crate::driver::in_runtime;
use crate::net::address::inet_addr;
use crate::net::binding::bind_now;
use crate::system::socket;

/// A TCP socket before it connects or listens.
///
/// [`TcpStream::connect`](TcpStream) and [`TcpListener::bind`] are enough for most programs. Use
/// this type to choose a local address, a backlog, or options that matter from the first packet on.
/// `socket2::SockRef::from(&socket)` sets the options that have no method here.
///
/// # Examples
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
    /// Makes a socket for IPv4.
    ///
    /// # Errors
    /// Returns the error of the system call: no descriptors or no memory are left.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::net::TcpSocket;
    ///
    /// let socket = TcpSocket::new_v4()?;
    /// socket.bind("127.0.0.1:0".parse().unwrap())?;
    /// let listener = socket.listen(128)?;
    /// assert!(listener.local_addr()?.is_ipv4());
    /// # Ok(())
    /// # }
    /// ```
    pub fn new_v4() -> io::Result<TcpSocket> {
        TcpSocket::new(Domain::IPV4)
    }

    /// Makes a socket for IPv6.
    ///
    /// # Errors
    /// Returns the error of the system call: there is no IPv6, or no descriptors or no memory are
    /// left.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::net::TcpSocket;
    ///
    /// // Some machines have no IPv6.
    /// if let Ok(socket) = TcpSocket::new_v6() {
    ///     socket.set_nodelay(true)?;
    ///     assert!(socket.nodelay()?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn new_v6() -> io::Result<TcpSocket> {
        TcpSocket::new(Domain::IPV6)
    }

    pub(super) fn as_socket(&self) -> &Socket {
        &self.socket
    }

    #[cfg(unix)]
    pub(super) fn into_socket(self) -> Socket {
        self.socket
    }

    #[cfg(unix)]
    pub(super) fn of_socket(socket: Socket) -> TcpSocket {
        TcpSocket { socket }
    }

    fn new(domain: Domain) -> io::Result<TcpSocket> {
        let socket = socket::nonblocking(domain, Type::STREAM, Some(Protocol::TCP))?;
        Ok(TcpSocket { socket })
    }

    /// Takes over a socket that std holds as a stream, although it may be neither bound nor
    /// connected: for example one made by socket2, or an inherited one. It is made non-blocking.
    ///
    /// # Errors
    /// Returns an error if the system refuses to make the socket non-blocking.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// use heist::net::TcpSocket;
    /// use socket2::{Domain, Socket, Type};
    ///
    /// let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    /// let socket = TcpSocket::from_std_stream(socket.into())?;
    /// let stream = socket.connect(listener.local_addr()?).await?;
    /// # assert_eq!(stream.peer_addr()?, listener.local_addr()?);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn from_std_stream(stream: std::net::TcpStream) -> io::Result<TcpSocket> {
        let socket = Socket::from(stream);
        socket.set_nonblocking(true)?;
        Ok(TcpSocket { socket })
    }

    /// Returns the socket as a std stream, although it is not connected. It stays non-blocking. See
    /// [`from_std_stream`](TcpSocket::from_std_stream) for the opposite.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = heist::net::TcpSocket::new_v4()?;
    /// let stream: std::net::TcpStream = socket.into_std_stream();
    /// assert!(stream.peer_addr().is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_std_stream(self) -> std::net::TcpStream {
        self.socket.into()
    }

    /// Binds to a local address. Port 0 lets the system choose a port.
    ///
    /// On io_uring it blocks for up to 0.1 s if a socket that this process has just dropped has the
    /// address still.
    ///
    /// # Errors
    /// Returns the error of the system call, such as `AddrInUse` or `PermissionDenied`.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = heist::net::TcpSocket::new_v4()?;
    /// socket.bind("127.0.0.1:0".parse().unwrap())?;
    /// assert_ne!(socket.local_addr()?.port(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn bind(&self, addr: SocketAddr) -> io::Result<()> {
        bind_now(|| self.socket.bind(&SockAddr::from(addr)))
    }

    /// Connects to `addr`.
    ///
    /// # Errors
    /// As [`TcpStream::connect`](crate::net::TcpStream). After an error the socket is closed.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Cancel safety
    /// Dropping the future closes the socket: the attempt ends and no descriptor stays behind.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::net::{TcpListener, TcpSocket};
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpSocket::new_v4()?.connect(listener.local_addr()?).await?;
    /// assert_eq!(stream.peer_addr()?, listener.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn connect(self, addr: SocketAddr) -> impl Future<Output = io::Result<TcpStream>> {
        in_runtime(async move {
            let registration = Registration::new_nonblocking(self.socket);
            registration.connect(|| SockAddr::from(addr)).await?;
            Ok(TcpStream::over(registration))
        })
    }

    /// Listens. Up to `backlog` connections wait to be accepted; the system may allow fewer
    /// (`net.core.somaxconn`).
    ///
    /// # Errors
    /// Returns the error of the system call, such as `AddrInUse`.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::net::{TcpSocket, TcpStream};
    ///
    /// let socket = TcpSocket::new_v4()?;
    /// socket.bind("127.0.0.1:0".parse().unwrap())?;
    /// let listener = socket.listen(1024)?;
    /// let client = TcpStream::connect(listener.local_addr()?).await?;
    /// let (_server, peer) = listener.accept().await?;
    /// assert_eq!(peer, client.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn listen(self, backlog: u32) -> io::Result<TcpListener> {
        bind_now(|| self.socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX)))?;
        Ok(TcpListener::over(Registration::new_nonblocking(self.socket)))
    }

    /// Returns the address that this socket is bound to.
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = heist::net::TcpSocket::new_v4()?;
    /// socket.bind("127.0.0.1:0".parse().unwrap())?;
    /// assert!(socket.local_addr()?.ip().is_loopback());
    /// # Ok(())
    /// # }
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        inet_addr(&self.socket.local_addr()?)
    }

    /// Takes the pending error of the socket (`SO_ERROR`) and returns it, if there is one.
    ///
    /// # Errors
    /// Returns an error if the option cannot be read. The pending error itself is in `Ok(Some(_))`.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = heist::net::TcpSocket::new_v4()?;
    /// assert!(socket.take_error()?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.socket.take_error()
    }
}

/// # Options
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use std::time::Duration;
/// use heist::net::TcpSocket;
///
/// let socket = TcpSocket::new_v4()?;
/// socket.set_reuseaddr(true)?;
/// socket.set_keepalive(true)?;
/// socket.set_recv_buffer_size(1 << 16)?;
/// socket.set_send_buffer_size(1 << 16)?;
/// socket.set_linger(Some(Duration::ZERO))?;
/// socket.set_nodelay(true)?;
///
/// assert!(socket.reuseaddr()? && socket.keepalive()? && socket.nodelay()?);
/// assert_eq!(socket.linger()?, Some(Duration::ZERO));
/// // The system may round sizes, and it may limit them.
/// println!("{} and {} bytes", socket.recv_buffer_size()?, socket.send_buffer_size()?);
/// # Ok(())
/// # }
/// ```
impl TcpSocket {
    /// Returns whether an address may be bound although old connections of it linger
    /// (`SO_REUSEADDR`).
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = heist::net::TcpSocket::new_v4()?;
    /// assert!(!socket.reuseaddr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn reuseaddr(&self) -> io::Result<bool> {
        self.socket.reuse_address()
    }

    /// Lets an address be bound although old connections of it linger. The default is `false`. On
    /// Windows the option lets other processes take over the port.
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = heist::net::TcpSocket::new_v4()?;
    /// socket.set_reuseaddr(true)?;
    /// assert!(socket.reuseaddr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_reuseaddr(&self, reuse: bool) -> io::Result<()> {
        self.socket.set_reuse_address(reuse)
    }

    /// Returns whether several sockets may bind one address and share its connections
    /// (`SO_REUSEPORT`).
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = heist::net::TcpSocket::new_v4()?;
    /// // `Unsupported` on systems without this option.
    /// if let Ok(shared) = socket.reuseport() {
    ///     assert!(!shared);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn reuseport(&self) -> io::Result<bool> {
        socket::reuse_port(&self.socket)
    }

    /// Lets several sockets bind one address and share its connections. Each of these sockets must
    /// set it. The default is `false`.
    ///
    /// # Errors
    /// `Unsupported` on systems without this option: Windows, Cygwin, Solaris, illumos.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// use heist::net::TcpSocket;
    ///
    /// let one = TcpSocket::new_v4()?;
    /// let other = TcpSocket::new_v4()?;
    /// # if cfg!(target_os = "linux") {
    /// one.set_reuseport(true)?;
    /// other.set_reuseport(true)?;
    /// one.bind("127.0.0.1:0".parse().unwrap())?;
    /// other.bind(one.local_addr()?)?;
    /// let (one, other) = (one.listen(128)?, other.listen(128)?);
    /// # }
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn set_reuseport(&self, reuse: bool) -> io::Result<()> {
        socket::set_reuse_port(&self.socket, reuse)
    }

    /// Returns whether the system probes a silent connection now and then (`SO_KEEPALIVE`).
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = heist::net::TcpSocket::new_v4()?;
    /// assert!(!socket.keepalive()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn keepalive(&self) -> io::Result<bool> {
        self.socket.keepalive()
    }

    /// Lets the system probe a silent connection now and then, so that it detects a peer that has
    /// vanished. The default is `false`. The system decides when it probes; on Linux that is first
    /// after two hours.
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = heist::net::TcpSocket::new_v4()?;
    /// socket.set_keepalive(true)?;
    /// assert!(socket.keepalive()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_keepalive(&self, keepalive: bool) -> io::Result<()> {
        self.socket.set_keepalive(keepalive)
    }

    /// Returns the size of the receive buffer in bytes (`SO_RCVBUF`). Linux returns twice the value
    /// that was set.
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = heist::net::TcpSocket::new_v4()?;
    /// println!("{} bytes", socket.recv_buffer_size()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn recv_buffer_size(&self) -> io::Result<u32> {
        self.socket.recv_buffer_size().map(|bytes| u32::try_from(bytes).unwrap_or(u32::MAX))
    }

    /// Sets the size of the receive buffer in bytes. The system may round or limit it; it also
    /// chooses the default.
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = heist::net::TcpSocket::new_v4()?;
    /// socket.set_recv_buffer_size(64 * 1024)?;
    /// assert!(socket.recv_buffer_size()? > 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_recv_buffer_size(&self, bytes: u32) -> io::Result<()> {
        self.socket.set_recv_buffer_size(size_of_buffer(bytes))
    }

    /// Returns the size of the send buffer in bytes (`SO_SNDBUF`). Linux returns twice the value
    /// that was set.
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = heist::net::TcpSocket::new_v4()?;
    /// println!("{} bytes", socket.send_buffer_size()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn send_buffer_size(&self) -> io::Result<u32> {
        self.socket.send_buffer_size().map(|bytes| u32::try_from(bytes).unwrap_or(u32::MAX))
    }

    /// Sets the size of the send buffer in bytes. The system may round or limit it; it also chooses
    /// the default.
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = heist::net::TcpSocket::new_v4()?;
    /// socket.set_send_buffer_size(64 * 1024)?;
    /// assert!(socket.send_buffer_size()? > 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_send_buffer_size(&self, bytes: u32) -> io::Result<()> {
        self.socket.set_send_buffer_size(size_of_buffer(bytes))
    }

    /// Returns how long a close tries to send bytes that are still queued (`SO_LINGER`). `None`,
    /// the default, leaves that to the system, and a close does not wait.
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = heist::net::TcpSocket::new_v4()?;
    /// assert_eq!(socket.linger()?, None);
    /// # Ok(())
    /// # }
    /// ```
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        self.socket.linger()
    }

    /// Sets what a close does with bytes that are still queued; see
    /// [`TcpStream::set_linger`](crate::net::TcpStream).
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = heist::net::TcpSocket::new_v4()?;
    /// use std::time::Duration;
    ///
    /// socket.set_linger(Some(Duration::from_secs(1)))?;
    /// assert_eq!(socket.linger()?, Some(Duration::from_secs(1)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        self.socket.set_linger(linger)
    }

    /// Returns whether small writes are sent at once (`TCP_NODELAY`).
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = heist::net::TcpSocket::new_v4()?;
    /// assert!(!socket.nodelay()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn nodelay(&self) -> io::Result<bool> {
        self.socket.tcp_nodelay()
    }

    /// Sends small writes at once (`true`), or waits a little to send several together (`false`,
    /// the default).
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = heist::net::TcpSocket::new_v4()?;
    /// socket.set_nodelay(true)?;
    /// assert!(socket.nodelay()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.socket.set_tcp_nodelay(nodelay)
    }
}

/// Converts a size to what socket2 takes. The option of the system is an `int`, so a larger size
/// would become negative.
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
        /// Gives up the descriptor; it stays non-blocking.
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
