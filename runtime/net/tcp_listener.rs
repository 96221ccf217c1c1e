//! `TcpListener`: binding, accepting, and what to do when accepting fails.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use socket2::{Domain, SockAddr, Socket};

use super::lookup_host::resolve;
use super::tcp_stream::{TcpStream, inet_addr};
use super::to_socket_addrs::ToSocketAddrs;
use crate::driver::{Direction, Registration, socket};
use crate::primitive::sync::Mutex;
use crate::time::{Sleep, sleep};

/// How many connections may wait to be accepted; the system may allow fewer (`net.core.somaxconn`).
const BACKLOG_COUNT: i32 = 1024;
/// How long `accept` rests before it reports that descriptors or memory ran out [accept-rests].
const EXHAUSTED_REST: Duration = Duration::from_millis(10);
/// How many connections in a row may turn out dead before `accept` reports the last one's error.
const DEAD_CONNECTIONS_COUNT_MAX: usize = 64;

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
    registration: Registration,
    /// Where `poll_accept` is resting, if it is. `accept` keeps its rest in its own future.
    rest: Mutex<Option<Rest>>,
}

/// A pause, and the error to report after it.
struct Rest {
    sleep: Pin<Box<Sleep>>,
    error: io::Error,
}

impl Rest {
    fn after(error: io::Error) -> Rest {
        Rest { sleep: Box::pin(sleep(EXHAUSTED_REST)), error }
    }
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
    pub async fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<TcpListener> {
        let mut last_error = None;
        for addr in resolve(addr.target()).await? {
            match TcpListener::bind_to(addr) {
                Ok(listener) => return Ok(listener),
                Err(error) => last_error = Some(error),
            }
        }
        Err(last_error.expect("resolve returns at least one address"))
    }

    fn bind_to(addr: SocketAddr) -> io::Result<TcpListener> {
        let socket = socket::tcp_socket(Domain::for_address(addr))?;
        // On Windows the option would let others take the port over.
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        socket.bind(&SockAddr::from(addr))?;
        socket.listen(BACKLOG_COUNT)?;
        Ok(TcpListener::over(Registration::new_nonblocking(socket)))
    }

    fn over(registration: Registration) -> TcpListener {
        TcpListener { registration, rest: Mutex::new(None) }
    }

    /// Takes over a listener of std's, which may be blocking: it is made non-blocking here.
    ///
    /// # Errors
    /// If the driver cannot take it, or the system refuses to change its mode.
    ///
    /// # Panics
    /// Outside a runtime.
    pub fn from_std(listener: std::net::TcpListener) -> io::Result<TcpListener> {
        Ok(TcpListener::over(Registration::new(Socket::from(listener))?))
    }

    /// Gives the socket back as a listener of std's. It stays non-blocking, as with tokio; call its
    /// `set_nonblocking(false)` to block.
    ///
    /// # Errors
    /// If the driver cannot give it up.
    pub fn into_std(self) -> io::Result<std::net::TcpListener> {
        Ok(self.registration.into_socket()?.into())
    }

    /// Waits for a connection and returns it with its peer's address.
    ///
    /// Any number of tasks may wait at once; each connection goes to one of them. A connection that died before it
    /// was accepted is skipped.
    ///
    /// # Errors
    /// When the process or the machine has no descriptor or memory left (EMFILE, ENFILE, ENOBUFS, ENOMEM), the error
    /// is returned after a rest of 10 ms: the connection is still queued, and a loop that logs the error and calls
    /// `accept` again stays cheap and recovers by itself as soon as descriptors are free. Other errors are those of
    /// `accept(2)` that will not pass, such as a socket that is not listening.
    ///
    /// # Cancel safety
    /// Safe: a connection is taken only by the poll that returns it; until then it stays queued for the next call.
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        match self.registration.async_io(Direction::Read, accept_once).await {
            Ok(connection) => admit(connection),
            Err(error) => {
                if socket::is_exhaustion(&error) {
                    sleep(EXHAUSTED_REST).await;
                }
                Err(error)
            }
        }
    }

    /// [`accept`](TcpListener::accept) as a poll function. The last caller's waker is the one that is woken.
    ///
    /// # Errors
    /// As [`accept`](TcpListener::accept), with the same rest before the error.
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        // Taken out, so that no waker runs under the lock.
        let resting = self.rest.lock().take();
        let mut rest = match resting {
            Some(rest) => rest,
            None => match ready!(self.registration.poll_io(Direction::Read, cx, accept_once)) {
                Ok(connection) => return Poll::Ready(admit(connection)),
                Err(error) if socket::is_exhaustion(&error) => Rest::after(error),
                Err(error) => return Poll::Ready(Err(error)),
            },
        };
        match rest.sleep.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(rest.error)),
            Poll::Pending => {
                *self.rest.lock() = Some(rest);
                Poll::Pending
            }
        }
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
        inet_addr(&self.registration.socket().local_addr()?)
    }

    /// How many hops packets of accepted connections live (`IP_TTL`).
    ///
    /// # Errors
    /// The system's.
    pub fn ttl(&self) -> io::Result<u32> {
        self.registration.socket().ttl_v4()
    }

    /// Sets how many hops packets of accepted connections live (`IP_TTL`).
    ///
    /// # Errors
    /// The system's.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.registration.socket().set_ttl_v4(ttl)
    }

    /// Takes the pending error of the socket (`SO_ERROR`), if there is one.
    ///
    /// # Errors
    /// If the option cannot be read; the pending error itself is in `Ok(Some(_))`.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.registration.socket().take_error()
    }
}

/// One connection from the queue, skipping those that died in it.
///
/// The loop ends: each round takes a connection off the queue, and a flood of dead ones ends it with an error, so
/// that one poll cannot keep a worker.
fn accept_once(listener: &Socket) -> io::Result<(Socket, SockAddr)> {
    let mut dead = 1;
    loop {
        match socket::accept(listener) {
            Err(error) if dead < DEAD_CONNECTIONS_COUNT_MAX && socket::is_error_of_one_connection(&error) => {
                dead += 1;
            }
            result => return result,
        }
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
        f.debug_struct("TcpListener").field("socket", self.registration.socket()).finish()
    }
}

impl TryFrom<std::net::TcpListener> for TcpListener {
    type Error = io::Error;

    /// The same as [`TcpListener::from_std`].
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
            self.registration.socket().as_fd()
        }
    }

    impl AsRawFd for TcpListener {
        fn as_raw_fd(&self) -> RawFd {
            self.registration.socket().as_raw_fd()
        }
    }

    impl TryFrom<OwnedFd> for TcpListener {
        type Error = io::Error;

        /// Takes over a listening TCP socket; see [`TcpListener::from_std`].
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
            self.registration.socket().as_socket()
        }
    }

    impl AsRawSocket for TcpListener {
        fn as_raw_socket(&self) -> RawSocket {
            self.registration.socket().as_raw_socket()
        }
    }
}
