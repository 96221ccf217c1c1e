//! `UdpSocket`: making one, its addresses and conversions. `datagrams.rs` has its sends and
//! receives, `segments.rs` those of many datagrams at once, `pooled.rs` its receives into buffers
//! of the runtime, `readiness.rs` waiting for it, `options.rs` its options.

mod datagrams;
mod marks;
mod options;
mod peek;
mod pooled;
mod readiness;
mod segments;

use std::fmt;
use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use super::address::inet_addr;
use super::address::lookup_host::resolve;
use super::address::to_socket_addrs::ToSocketAddrs;
use crate::driver::Registration;
use crate::driver::in_runtime;
use crate::net::binding::bind_when_closed;
use crate::system::socket;

pub use segments::Segments;

/// A UDP socket.
///
/// [`send_to`](UdpSocket::send_to) and [`recv_from`](UdpSocket::recv_from) exchange datagrams with
/// any peer. [`connect`](UdpSocket::connect) names one peer, for [`send`](UdpSocket::send) and
/// [`recv`](UdpSocket::recv).
///
/// # Sharing
/// Every method takes `&self`: any number of tasks may send and receive at the same time through an
/// `Arc`, and each datagram goes to one of them. So there is nothing to split. The `poll_*`
/// functions remember one waker per direction: only the last caller is woken.
///
/// # Datagrams
/// - A datagram arrives whole or not at all. A receive loses the part that does not fit into its
///   buffer; on Windows it returns an error in that case. A buffer of 65,535 bytes is large enough
///   for every datagram.
/// - A datagram that is too long to be sent is an error (EMSGSIZE), and nothing is sent. The limit
///   is 65,507 bytes over IPv4.
/// - Empty datagrams are sent and received like others: `Ok(0)` is not the end of anything.
/// - On a connected socket, the refusal of an earlier datagram (the peer has no socket on that
///   port) is the error `ConnectionRefused` of the next send or receive, once. The socket stays
///   usable.
///
/// # Panics
/// [`bind`](UdpSocket::bind), [`from_std`](UdpSocket::from_std), and name lookups in
/// [`connect`](UdpSocket::connect) and [`send_to`](UdpSocket::send_to) panic if called outside of a
/// runtime. The other methods do not, because a socket remembers the runtime that it was made in.
///
/// # Examples
/// ```
/// # fn main() -> std::io::Result<()> {
/// # heist::runtime::Runtime::new()?.block_on(async {
/// use heist::net::UdpSocket;
///
/// let server = UdpSocket::bind("127.0.0.1:0").await?;
/// let client = UdpSocket::bind("127.0.0.1:0").await?;
/// client.connect(server.local_addr()?).await?;
/// client.send(b"ping").await?;
///
/// let mut buf = [0; 1500];
/// let (count, peer) = server.recv_from(&mut buf).await?;
/// server.send_to(&buf[..count], peer).await?;
/// assert_eq!(client.recv(&mut buf).await?, 4);
/// # Ok(())
/// # })
/// # }
/// ```
pub struct UdpSocket {
    registration: Registration,
}

impl UdpSocket {
    /// Binds to `addr`: to the first of its addresses that can be bound. Port 0 lets the system
    /// choose a port.
    ///
    /// For a socket that only sends, bind to `"0.0.0.0:0"`, or to `"[::]:0"` for IPv6.
    ///
    /// # Errors
    /// The error of the last address tried, such as `AddrInUse` or `PermissionDenied`;
    /// `InvalidInput` if there is no address; the error of the resolver for an unknown name.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Cancel safety
    /// Safe: a dropped future has bound nothing.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use heist::net::UdpSocket;
    ///
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert_ne!(socket.local_addr()?.port(), 0);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn bind<A: ToSocketAddrs>(addr: A) -> impl Future<Output = io::Result<UdpSocket>> {
        in_runtime(async move {
            let mut last_error = None;
            for addr in resolve(addr.target()).await? {
                match bind_when_closed(|| UdpSocket::bind_to(addr)).await {
                    Ok(socket) => return Ok(socket),
                    Err(error) => last_error = Some(error),
                }
            }
            Err(last_error.expect("resolve returns at least one address"))
        })
    }

    #[track_caller]
    fn bind_to(addr: SocketAddr) -> io::Result<UdpSocket> {
        let socket = socket::nonblocking(Domain::for_address(addr), Type::DGRAM, Some(Protocol::UDP))?;
        socket.bind(&SockAddr::from(addr))?;
        Ok(UdpSocket { registration: Registration::new_nonblocking(socket) })
    }

    /// Names the peer: from now on [`send`](UdpSocket::send) sends to it, and only its datagrams
    /// are received.
    ///
    /// Nothing is sent. A second call names another peer. Of several addresses it takes the first
    /// that the system accepts.
    ///
    /// # Errors
    /// The error of the last address tried; `InvalidInput` if there is no address; the error of the
    /// resolver for an unknown name.
    ///
    /// # Panics
    /// Panics if called outside of a runtime with a name to look up.
    ///
    /// # Cancel safety
    /// Safe: a future that is dropped before it is ready has changed nothing.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use heist::net::UdpSocket;
    /// # let sender = UdpSocket::bind("127.0.0.1:0").await?;
    /// # let receiver = UdpSocket::bind("127.0.0.1:0").await?;
    /// sender.connect(receiver.local_addr()?).await?;
    /// assert_eq!(sender.peer_addr()?, receiver.local_addr()?);
    /// sender.send(b"ping").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn connect<A: ToSocketAddrs>(&self, addr: A) -> io::Result<()> {
        let mut last_error = None;
        for addr in resolve(addr.target()).await? {
            match self.socket().connect(&SockAddr::from(addr)) {
                Ok(()) => return Ok(()),
                Err(error) => last_error = Some(error),
            }
        }
        Err(last_error.expect("resolve returns at least one address"))
    }

    /// Takes over a socket of std and makes it non-blocking.
    ///
    /// # Errors
    /// Returns an error if the driver cannot take the socket, or if the system refuses to make it
    /// non-blocking.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
    /// let socket = heist::net::UdpSocket::from_std(socket)?;
    /// socket.send_to(b"ping", socket.local_addr()?).await?;
    ///
    /// // And back again.
    /// let socket = socket.into_std()?;
    /// socket.set_nonblocking(false)?;
    /// assert_eq!(socket.recv(&mut [0; 64])?, 4);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    #[track_caller]
    pub fn from_std(socket: std::net::UdpSocket) -> io::Result<UdpSocket> {
        Ok(UdpSocket { registration: Registration::new(Socket::from(socket))? })
    }

    /// Gives the socket back as a socket of std. It stays non-blocking, as in tokio; call
    /// `set_nonblocking(false)` on it if it should block.
    ///
    /// # Errors
    /// Returns an error if the driver cannot give the socket up: while an operation is in flight
    /// the descriptor has to be duplicated, and that may fail.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// let address = socket.local_addr()?;
    /// let socket: std::net::UdpSocket = socket.into_std()?;
    /// assert_eq!(socket.local_addr()?, address);
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_std(self) -> io::Result<std::net::UdpSocket> {
        Ok(self.registration.into_socket()?.into())
    }

    /// Returns the local address, with the port that the system chose for port 0.
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// assert!(socket.local_addr()?.ip().is_loopback());
    /// # Ok(())
    /// # }
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        inet_addr(&self.socket().local_addr()?)
    }

    /// Returns the address of the peer named by [`connect`](UdpSocket::connect).
    ///
    /// # Errors
    /// `NotConnected` if no peer was named.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use heist::net::UdpSocket;
    /// # let sender = UdpSocket::bind("127.0.0.1:0").await?;
    /// # let receiver = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert!(sender.peer_addr().is_err());
    /// sender.connect(receiver.local_addr()?).await?;
    /// assert_eq!(sender.peer_addr()?, receiver.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        inet_addr(&self.socket().peer_addr()?)
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
    /// let socket = heist::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// assert!(socket.take_error()?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.socket().take_error()
    }

    fn socket(&self) -> &Socket {
        self.registration.socket()
    }

    pub(super) fn registration(&self) -> &Registration {
        &self.registration
    }
}

impl fmt::Debug for UdpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UdpSocket").field("socket", self.socket()).finish()
    }
}

impl TryFrom<std::net::UdpSocket> for UdpSocket {
    type Error = io::Error;

    /// The same as [`UdpSocket::from_std`].
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    #[track_caller]
    fn try_from(socket: std::net::UdpSocket) -> io::Result<UdpSocket> {
        UdpSocket::from_std(socket)
    }
}

impl TryFrom<UdpSocket> for std::net::UdpSocket {
    type Error = io::Error;

    /// The same as [`UdpSocket::into_std`].
    fn try_from(socket: UdpSocket) -> io::Result<std::net::UdpSocket> {
        socket.into_std()
    }
}

#[cfg(unix)]
mod unix {
    use std::io;
    use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

    use super::UdpSocket;

    impl AsFd for UdpSocket {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.socket().as_fd()
        }
    }

    impl AsRawFd for UdpSocket {
        fn as_raw_fd(&self) -> RawFd {
            self.socket().as_raw_fd()
        }
    }

    impl TryFrom<OwnedFd> for UdpSocket {
        type Error = io::Error;

        /// Takes over a UDP socket; see [`UdpSocket::from_std`].
        ///
        /// # Panics
        /// Panics if called outside of a runtime.
        #[track_caller]
        fn try_from(fd: OwnedFd) -> io::Result<UdpSocket> {
            UdpSocket::from_std(fd.into())
        }
    }

    impl TryFrom<UdpSocket> for OwnedFd {
        type Error = io::Error;

        /// Gives up the descriptor; see [`UdpSocket::into_std`].
        fn try_from(socket: UdpSocket) -> io::Result<OwnedFd> {
            Ok(socket.into_std()?.into())
        }
    }
}

#[cfg(windows)]
mod windows {
    use std::os::windows::io::{AsRawSocket, AsSocket, BorrowedSocket, RawSocket};

    use super::UdpSocket;

    impl AsSocket for UdpSocket {
        fn as_socket(&self) -> BorrowedSocket<'_> {
            self.socket().as_socket()
        }
    }

    impl AsRawSocket for UdpSocket {
        fn as_raw_socket(&self) -> RawSocket {
            self.socket().as_raw_socket()
        }
    }
}
