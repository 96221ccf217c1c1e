//! `TcpListener`: binding, options and conversions. `net/listener.rs` accepts.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use super::stream::{Tcp, TcpStream};
use crate::driver::{Registration, in_runtime};
use crate::net::address::lookup_host::resolve;
use crate::net::address::to_socket_addrs::ToSocketAddrs;
use crate::net::binding::bind_when_closed;
use crate::net::listener::Listener;
use crate::system::socket;

/// A TCP socket that listens for connections.
///
/// At most 1024 connections wait to be accepted;
/// [`TcpSocket::listen`](crate::net::TcpSocket::listen) takes another number.
///
/// # Examples
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
    listener: Listener<Tcp>,
}

impl TcpListener {
    /// Listens on `addr`: on the first of its addresses that can be bound. Port 0 lets the system
    /// choose a port.
    ///
    /// On Unix the address may be bound although old connections of it linger (`SO_REUSEADDR`). Two
    /// listeners still cannot share one address. Up to 1024 connections wait to be accepted; the
    /// system may allow fewer. [`TcpSocket`](crate::net::TcpSocket) sets both.
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
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// println!("listening on {}", listener.local_addr()?);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    #[track_caller]
    pub fn bind<A: ToSocketAddrs>(addr: A) -> impl Future<Output = io::Result<TcpListener>> {
        in_runtime(async move {
            let mut last_error = None;
            for addr in resolve(addr.target()).await? {
                match bind_when_closed(|| TcpListener::bind_to(addr)).await {
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
        // On Windows the option would let other processes take over the port.
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        Ok(TcpListener { listener: Listener::bind(socket, &SockAddr::from(addr))? })
    }

    /// Wraps a socket that listens.
    pub(super) fn over(registration: Registration) -> TcpListener {
        TcpListener { listener: Listener::over(registration) }
    }

    /// Takes over a listener of std and makes it non-blocking.
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
    /// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// let listener = heist::net::TcpListener::from_std(listener)?;
    /// let client = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// let (stream, _) = listener.accept().await?;
    ///
    /// // And back again.
    /// let listener = listener.into_std()?;
    /// listener.set_nonblocking(false)?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    #[track_caller]
    pub fn from_std(listener: std::net::TcpListener) -> io::Result<TcpListener> {
        Ok(TcpListener::over(Registration::new(Socket::from(listener))?))
    }

    /// Gives the socket back as a listener of std. It stays non-blocking, as in tokio; call
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
    /// use heist::net::TcpListener;
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let address = listener.local_addr()?;
    /// let listener: std::net::TcpListener = listener.into_std()?;
    /// assert_eq!(listener.local_addr()?, address);
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_std(self) -> io::Result<std::net::TcpListener> {
        Ok(self.listener.into_socket()?.into())
    }

    /// Waits for a connection, and returns it with the address of its peer.
    ///
    /// Any number of tasks may wait at the same time; each connection goes to one of them. A
    /// connection that died before it was accepted is skipped.
    ///
    /// The connection belongs to the runtime of the task that gets it; outside of a runtime it
    /// belongs to that of the listener.
    ///
    /// # Errors
    /// If the process or the machine has no descriptor or memory left (EMFILE, ENFILE, ENOBUFS,
    /// ENOMEM), the error is returned after a pause of 10 ms. The pause doubles for each further
    /// such error in a row, up to 128 ms. The connection stays queued, so a loop that logs the
    /// error and calls `accept` again uses little CPU, and recovers soon after descriptors are free
    /// again.
    ///
    /// Other errors are the permanent ones of `accept(2)`, such as a socket that is not listening.
    ///
    /// # Cancel safety
    /// Safe: only the poll that returns a connection takes it; until then it stays queued for the
    /// next call.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn serve(listener: heist::net::TcpListener) {
    /// loop {
    ///     match listener.accept().await {
    ///         Ok((mut stream, _peer)) => {
    ///             heist::spawn(async move { stream.write_all(b"hello\n").await });
    ///         }
    ///         Err(error) => eprintln!("cannot accept: {error}"),
    ///     }
    /// }
    /// # }
    /// ```
    pub fn accept(&self) -> impl Future<Output = io::Result<(TcpStream, SocketAddr)>> {
        self.listener.accept()
    }

    /// [`accept`](TcpListener::accept) as a poll function. Only the waker of the last caller is
    /// woken.
    ///
    /// # Errors
    /// As [`accept`](TcpListener::accept), with the same pause before the error.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let client = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// let (stream, peer) = std::future::poll_fn(|cx| listener.poll_accept(cx)).await?;
    /// # assert_eq!(stream.peer_addr()?, peer);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        self.listener.poll_accept(cx)
    }

    /// Returns the connections as a stream that never ends, for loops that do not need the address
    /// of the peer.
    ///
    /// It uses [`poll_accept`](TcpListener::poll_accept), so only one task at a time may wait in
    /// it.
    ///
    /// # Examples
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

    /// Returns the address that this listens on, with the port that the system chose for port 0.
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// assert_ne!(listener.local_addr()?.port(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Returns how many hops packets of accepted connections live (`IP_TTL`).
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// listener.set_ttl(100)?;
    /// assert_eq!(listener.ttl()?, 100);
    /// # Ok(())
    /// # }
    /// ```
    pub fn ttl(&self) -> io::Result<u32> {
        self.listener.socket().ttl_v4()
    }

    /// Sets how many hops packets of accepted connections live (`IP_TTL`), 1 to 255. The default is
    /// the system's, 64 on Linux.
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// listener.set_ttl(32)?;
    /// assert_eq!(listener.ttl()?, 32);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.listener.socket().set_ttl_v4(ttl)
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
    /// let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// assert!(listener.take_error()?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.listener.take_error()
    }
}

/// The connections of a [`TcpListener`] as a stream.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// use futures::StreamExt;
/// use heist::net::{TcpListener, TcpStream};
///
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let client = TcpStream::connect(listener.local_addr()?).await?;
/// let server = listener.incoming().next().await.expect("the stream has no end")?;
/// assert_eq!(server.peer_addr()?, client.local_addr()?);
/// # Ok(())
/// # }
/// ```
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
        self.listener.fmt(f)
    }
}

impl TryFrom<std::net::TcpListener> for TcpListener {
    type Error = io::Error;

    /// The same as [`TcpListener::from_std`].
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
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
            self.listener.socket().as_fd()
        }
    }

    impl AsRawFd for TcpListener {
        fn as_raw_fd(&self) -> RawFd {
            self.listener.socket().as_raw_fd()
        }
    }

    impl TryFrom<OwnedFd> for TcpListener {
        type Error = io::Error;

        /// Takes over a listening TCP socket; see [`TcpListener::from_std`].
        ///
        /// # Panics
        /// Panics if called outside of a runtime.
        #[track_caller]
        fn try_from(fd: OwnedFd) -> io::Result<TcpListener> {
            TcpListener::from_std(fd.into())
        }
    }

    impl TryFrom<TcpListener> for OwnedFd {
        type Error = io::Error;

        /// Gives up the descriptor; see [`TcpListener::into_std`].
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
            self.listener.socket().as_socket()
        }
    }

    impl AsRawSocket for TcpListener {
        fn as_raw_socket(&self) -> RawSocket {
            self.listener.socket().as_raw_socket()
        }
    }
}
