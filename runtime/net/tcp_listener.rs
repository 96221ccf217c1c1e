//! `TcpListener`: binding, options and conversions. `acceptor.rs` accepts.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use super::acceptor::Acceptor;
use super::family::inet_addr;
use super::lookup_host::resolve;
use super::tcp_stream::TcpStream;
use super::to_socket_addrs::ToSocketAddrs;
use crate::driver::in_runtime;
use crate::driver::{Registration, socket};

/// How many connections may wait to be accepted; the system may allow fewer (`net.core.somaxconn`).
const BACKLOG_COUNT: i32 = 1024;
/// A TCP socket that listens for connections.
///
/// # Example
/// ```
/// # fn main() -> std::io::Result<()> {
/// # heist::runtime::Runtime::new()?.block_on(async {
/// use heist::net::TcpListener;
///
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// # let client = heist::net::TcpStream::connect(listener.local_addr()?).await?;
/// let (stream, peer) = listener.accept().await?;
/// assert_eq!(stream.peer_addr()?, peer);
/// # Ok(())
/// # })
/// # }
/// ```
pub struct TcpListener {
    acceptor: Acceptor,
}

impl TcpListener {
    /// Listens on `addr`, the first of its addresses that can be bound. Port 0 lets the system choose one.
    ///
    /// On unix the address may be bound although old connections of it linger (`SO_REUSEADDR`); two listeners can
    /// still not share one.
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
    pub fn bind<A: ToSocketAddrs>(addr: A) -> impl Future<Output = io::Result<TcpListener>> {
        in_runtime(async move {
            let mut last_error = None;
            for addr in resolve(addr.target()).await? {
                match TcpListener::bind_to(addr) {
                    Ok(listener) => return Ok(listener),
                    Err(error) => last_error = Some(error),
                }
            }
            Err(last_error.expect("resolve returns at least one address"))
        })
    }

    #[track_caller]
    fn bind_to(addr: SocketAddr) -> io::Result<TcpListener> {
        let socket = socket::nonblocking(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
        // On Windows the option would let others take the port over.
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        socket.bind(&SockAddr::from(addr))?;
        socket.listen(BACKLOG_COUNT)?;
        Ok(TcpListener::over(Registration::new_nonblocking(socket)))
    }

    /// A socket that listens.
    pub(super) fn over(registration: Registration) -> TcpListener {
        TcpListener { acceptor: Acceptor::over(registration) }
    }

    /// Takes over a listener of std's, which may be blocking: it is made non-blocking here.
    ///
    /// # Errors
    /// If the driver cannot take it, or the system refuses to change its mode.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn from_std(listener: std::net::TcpListener) -> io::Result<TcpListener> {
        Ok(TcpListener::over(Registration::new(Socket::from(listener))?))
    }

    /// Gives the socket back as a listener of std's. It stays non-blocking, as with tokio; call its
    /// `set_nonblocking(false)` to block.
    ///
    /// # Errors
    /// If the driver cannot give it up.
    pub fn into_std(self) -> io::Result<std::net::TcpListener> {
        Ok(self.acceptor.into_socket()?.into())
    }

    /// Waits for a connection and returns it with its peer's address.
    ///
    /// Any number of tasks may wait at once; each connection goes to one of them. A connection that died before it
    /// was accepted is skipped.
    ///
    /// # Errors
    /// When the process or the machine has no descriptor or memory left (EMFILE, ENFILE, ENOBUFS, ENOMEM), the error
    /// is returned after a rest of 10 ms, twice as long each further time in a row, up to 128 ms: the connection is still
    /// queued, and a loop that logs the error and calls `accept` again stays cheap and recovers by itself soon after
    /// descriptors are free. Other errors are those of `accept(2)` that will not pass, such as a socket that is not
    /// listening.
    ///
    /// # Cancel safety
    /// Safe: a connection is taken only by the poll that returns it; until then it stays queued for the next call.
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        admit(self.acceptor.accept().await?)
    }

    /// [`accept`](TcpListener::accept) as a poll function. The last caller's waker is the one that is woken.
    ///
    /// # Errors
    /// As [`accept`](TcpListener::accept), with the same rest before the error.
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        self.acceptor.poll_accept(cx)?.map(admit)
    }

    /// The connections as a stream that never ends, for loops that have no use for the peer's address.
    ///
    /// It goes through [`poll_accept`](TcpListener::poll_accept): one task at a time.
    ///
    /// # Example
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let client = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// use futures::StreamExt;
    ///
    /// let mut connections = listener.incoming();
    /// let stream = connections.next().await.expect("it never ends")?;
    /// # assert_eq!(stream.peer_addr()?, client.local_addr()?);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn incoming(&self) -> TcpListenerIncoming<'_> {
        TcpListenerIncoming { listener: self }
    }

    /// The address this listens on, with the port that the system chose for port 0.
    ///
    /// # Errors
    /// The system's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        inet_addr(&self.acceptor.socket().local_addr()?)
    }

    /// How many hops packets of accepted connections live (`IP_TTL`).
    ///
    /// # Errors
    /// The system's.
    pub fn ttl(&self) -> io::Result<u32> {
        self.acceptor.socket().ttl_v4()
    }

    /// Sets how many hops packets of accepted connections live (`IP_TTL`).
    ///
    /// # Errors
    /// The system's.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.acceptor.socket().set_ttl_v4(ttl)
    }

    /// Takes the pending error of the socket (`SO_ERROR`), if there is one.
    ///
    /// # Errors
    /// If the option cannot be read; the pending error itself is in `Ok(Some(_))`.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.acceptor.socket().take_error()
    }
}

fn admit((socket, peer): (Socket, SockAddr)) -> io::Result<(TcpStream, SocketAddr)> {
    let peer = inet_addr(&peer)?;
    Ok((TcpStream::accepted(socket), peer))
}

/// The connections of a [`TcpListener`] as a stream; see [`TcpListener::incoming`].
#[must_use = "a stream does nothing until it is polled"]
#[derive(Debug)]
pub struct TcpListenerIncoming<'a> {
    listener: &'a TcpListener,
}

impl Stream for TcpListenerIncoming<'_> {
    type Item = io::Result<TcpStream>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<TcpStream>>> {
        let accepted = ready!(self.listener.poll_accept(cx));
        Poll::Ready(Some(accepted.map(|(stream, _)| stream)))
    }
}

impl fmt::Debug for TcpListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpListener").field("socket", self.acceptor.socket()).finish()
    }
}

impl TryFrom<std::net::TcpListener> for TcpListener {
    type Error = io::Error;

    /// The same as [`TcpListener::from_std`].
    #[track_caller]
    fn try_from(listener: std::net::TcpListener) -> io::Result<TcpListener> {
        TcpListener::from_std(listener)
    }
}

impl TryFrom<TcpListener> for std::net::TcpListener {
    type Error = io::Error;

    /// The same as [`TcpListener::into_std`].
    fn try_from(listener: TcpListener) -> io::Result<std::net::TcpListener> {
        listener.into_std()
    }
}

#[cfg(unix)]
mod unix {
    use std::io;
    use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

    use super::TcpListener;

    impl AsFd for TcpListener {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.acceptor.socket().as_fd()
        }
    }

    impl AsRawFd for TcpListener {
        fn as_raw_fd(&self) -> RawFd {
            self.acceptor.socket().as_raw_fd()
        }
    }

    impl TryFrom<OwnedFd> for TcpListener {
        type Error = io::Error;

        /// Takes over a listening TCP socket; see [`TcpListener::from_std`].
        #[track_caller]
        fn try_from(fd: OwnedFd) -> io::Result<TcpListener> {
            TcpListener::from_std(fd.into())
        }
    }

    impl TryFrom<TcpListener> for OwnedFd {
        type Error = io::Error;

        /// Gives the descriptor up; see [`TcpListener::into_std`].
        fn try_from(listener: TcpListener) -> io::Result<OwnedFd> {
            Ok(listener.into_std()?.into())
        }
    }
}

#[cfg(windows)]
mod windows {
    use std::os::windows::io::{AsRawSocket, AsSocket, BorrowedSocket, RawSocket};

    use super::TcpListener;

    impl AsSocket for TcpListener {
        fn as_socket(&self) -> BorrowedSocket<'_> {
            self.acceptor.socket().as_socket()
        }
    }

    impl AsRawSocket for TcpListener {
        fn as_raw_socket(&self) -> RawSocket {
            self.acceptor.socket().as_raw_socket()
        }
    }
}
