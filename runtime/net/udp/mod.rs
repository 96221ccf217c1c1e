//! `UdpSocket`: making one, waiting for it, its addresses and conversions.

mod datagrams;
mod options;
mod segments;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use super::family::inet_addr;
use super::interest::{self, Interest, Ready};
use super::lookup_host::resolve;
use super::to_socket_addrs::ToSocketAddrs;
use crate::driver::in_runtime;
use crate::driver::{Direction, Registration, socket};

pub use segments::Segments;

/// A UDP socket.
///
/// [`send_to`](UdpSocket::send_to) and [`recv_from`](UdpSocket::recv_from) talk to anyone.
/// [`connect`](UdpSocket::connect) names one peer, for [`send`](UdpSocket::send) and [`recv`](UdpSocket::recv).
///
/// # Sharing
/// Every method takes `&self`: any number of tasks may send and receive at once through an `Arc`; each datagram goes to
/// one of them. There is nothing to split. The `poll_*` functions remember one waker per direction: the last caller
/// is woken.
///
/// # Datagrams
/// - A datagram arrives whole or not at all. What does not fit into the buffer of a receive is lost; on Windows
///   the receive is an error then. A buffer of 65,535 bytes is large enough for every one.
/// - One that is too long to be sent is an error (EMSGSIZE), and nothing is sent. 65,507 bytes go over IPv4.
/// - Empty datagrams are sent and received like others: `Ok(0)` is no end of anything.
/// - On a connected socket the peer's refusal of an earlier datagram (no socket on that port) is the error
///   `ConnectionRefused` of the next send or receive, once. The socket stays usable.
///
/// # Example
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
    /// Binds to `addr`, the first of its addresses that can be bound. Port 0 lets the system choose one.
    ///
    /// To only send, bind to `"0.0.0.0:0"`, or to `"[::]:0"` for IPv6.
    ///
    /// # Errors
    /// The error of the last address tried, such as `AddrInUse` or `PermissionDenied`; `InvalidInput` if there is none;
    /// the resolver's error for an unknown name.
    ///
    /// # Panics
    /// Outside a runtime.
    ///
    /// # Cancel safety
    /// Safe: nothing is bound by a future that was dropped.
    #[track_caller]
    pub fn bind<A: ToSocketAddrs>(addr: A) -> impl Future<Output = io::Result<UdpSocket>> {
        in_runtime(async move {
            let mut last_error = None;
            for addr in resolve(addr.target()).await? {
                match UdpSocket::bind_to(addr) {
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

    /// Names the peer: from now on [`send`](UdpSocket::send) goes there, and only its datagrams are received.
    ///
    /// Nothing is sent. It may be called again for another peer. Of several addresses the first that the system
    /// accepts is taken.
    ///
    /// # Errors
    /// The error of the last address tried; `InvalidInput` if there is none; the resolver's error for an unknown name.
    ///
    /// # Cancel safety
    /// Safe: a future dropped before it is ready has changed nothing.
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

    /// Takes over a socket of std's, which may be blocking: it is made non-blocking here.
    ///
    /// # Errors
    /// If the driver cannot take it, or the system refuses to change its mode.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn from_std(socket: std::net::UdpSocket) -> io::Result<UdpSocket> {
        Ok(UdpSocket { registration: Registration::new(Socket::from(socket))? })
    }

    /// Gives the socket back as one of std's. It stays non-blocking, as with tokio; call its
    /// `set_nonblocking(false)` to block.
    ///
    /// # Errors
    /// If the driver cannot give it up.
    pub fn into_std(self) -> io::Result<std::net::UdpSocket> {
        Ok(self.registration.into_socket()?.into())
    }

    /// Our address, with the port that the system chose for port 0.
    ///
    /// # Errors
    /// The system's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        inet_addr(&self.socket().local_addr()?)
    }

    /// The address of the peer named by [`connect`](UdpSocket::connect).
    ///
    /// # Errors
    /// `NotConnected` if there is none.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        inet_addr(&self.socket().peer_addr()?)
    }

    /// Takes the pending error of the socket (`SO_ERROR`), if there is one.
    ///
    /// # Errors
    /// If the option cannot be read; the pending error itself is in `Ok(Some(_))`.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.socket().take_error()
    }

    /// Waits until the socket is ready in one of the directions of `interest`, and says in which.
    ///
    /// Ready means that a `try_` call is worth making: it may still return `WouldBlock`, after which this waits again.
    ///
    /// # Errors
    /// If the driver cannot wait.
    ///
    /// # Cancel safety
    /// Safe: no datagram moves.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        interest::ready(&self.registration, interest).await
    }

    /// Waits until a receive is likely not to block; see [`ready`](UdpSocket::ready).
    ///
    /// # Errors
    /// If the driver cannot wait.
    ///
    /// # Cancel safety
    /// Safe: no datagram moves.
    pub async fn readable(&self) -> io::Result<()> {
        self.registration.ready(Direction::Read).await
    }

    /// Waits until a send is likely not to block; see [`ready`](UdpSocket::ready).
    ///
    /// # Errors
    /// If the driver cannot wait.
    ///
    /// # Cancel safety
    /// Safe: no datagram moves.
    pub async fn writable(&self) -> io::Result<()> {
        self.registration.ready(Direction::Write).await
    }

    /// [`readable`](UdpSocket::readable) as a poll function. The last caller's waker is the one that is woken.
    ///
    /// # Errors
    /// If the driver cannot wait.
    pub fn poll_recv_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.registration.poll_ready(Direction::Read, cx)
    }

    /// [`writable`](UdpSocket::writable) as a poll function. The last caller's waker is the one that is woken.
    ///
    /// # Errors
    /// If the driver cannot wait.
    pub fn poll_send_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.registration.poll_ready(Direction::Write, cx)
    }

    /// Makes a call of the caller's own on this socket, and remembers it if the call would block.
    ///
    /// `f` must use this socket, in a direction of `interest`, and must not block.
    ///
    /// # Errors
    /// Those of `f`; `WouldBlock` without a call if the socket is known not to be ready.
    pub fn try_io<R>(&self, interest: Interest, f: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        self.registration.try_io(interest.direction(), |_| f())
    }

    /// Makes a call of the caller's own on this socket, again and again until it does not return `WouldBlock`, waiting
    /// in between until the socket is ready.
    ///
    /// # Errors
    /// Those of `f` except `WouldBlock`, and those of the driver.
    ///
    /// # Cancel safety
    /// As `f`: between two calls of it nothing is held.
    pub async fn async_io<R>(
        &self,
        interest: Interest,
        mut f: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        self.registration.async_io(interest.direction(), |_| f()).await
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
        #[track_caller]
        fn try_from(fd: OwnedFd) -> io::Result<UdpSocket> {
            UdpSocket::from_std(fd.into())
        }
    }

    impl TryFrom<UdpSocket> for OwnedFd {
        type Error = io::Error;

        /// Gives the descriptor up; see [`UdpSocket::into_std`].
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
