//! `TcpStream`: making one, its options and conversions. `net/stream/` has what it shares with
//! Unix streams.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use crate::driver::Registration;
use crate::driver::in_runtime;
use crate::net::address::inet_addr;
use crate::net::address::lookup_host::resolve;
use crate::net::address::to_socket_addrs::ToSocketAddrs;
use crate::net::stream::byte_stream::ByteStream;
use crate::net::stream::family::{Family, sealed::SealedFamily};
use crate::system::socket;

/// A TCP connection.
///
/// It is made by [`connect`](TcpStream::connect) or
/// [`TcpListener::accept`](crate::net::TcpListener::accept). Dropping it closes the connection: the
/// peer reads the end of the stream, or gets a reset if it sent bytes that were never read.
///
/// [`ByteStream`] has its reads and writes, and the ways to share it and to wait for it.
///
/// # Examples
/// ```
/// # fn main() -> std::io::Result<()> {
/// # heist::runtime::Runtime::new()?.block_on(async {
/// use heist::net::{TcpListener, TcpStream};
///
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let mut client = TcpStream::connect(listener.local_addr()?).await?;
/// let (mut server, _) = listener.accept().await?;
///
/// client.write_all(b"hello").await?;
/// drop(client);
///
/// let mut text = String::new();
/// server.read_to_string(&mut text).await?;
/// assert_eq!(text, "hello");
/// # Ok(())
/// # })
/// # }
/// ```
pub type TcpStream = ByteStream<Tcp>;

/// The family of [`TcpStream`]. It only names a type and has no values:
///
/// ```
/// use heist::net::{ByteStream, TcpStream, tcp::Tcp};
///
/// fn is_the_same_type(stream: TcpStream) -> ByteStream<Tcp> {
///     stream
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub enum Tcp {}

impl Family for Tcp {
    type Addr = SocketAddr;
}

impl SealedFamily for Tcp {
    const STREAM_NAME: &'static str = "TcpStream";
    const LISTENER_NAME: &'static str = "TcpListener";
    const MAY_SEND_ZERO_COPY: bool = true;
    const SHORT_IS_ALL: bool = true;

    fn addr(addr: &SockAddr) -> io::Result<SocketAddr> {
        inet_addr(addr)
    }
}

impl ByteStream<Tcp> {
    /// Connects to `addr`. Tries its addresses in order until one answers.
    ///
    /// There is no time limit except that of the system (minutes). Use
    /// [`timeout`](crate::time::timeout) to set one.
    ///
    /// # Errors
    /// The error of the last address tried; `InvalidInput` if there is no address; the error of the
    /// resolver for an unknown name.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Cancel safety
    /// Dropping the future closes the socket: the attempt ends and no descriptor stays behind.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn f() -> std::io::Result<()> {
    /// let stream = heist::net::TcpStream::connect("example.org:80").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn connect<A: ToSocketAddrs>(addr: A) -> impl Future<Output = io::Result<TcpStream>> {
        in_runtime(async move {
            let mut last_error = None;
            for addr in resolve(addr.target()).await? {
                match TcpStream::connect_to(addr).await {
                    Ok(stream) => return Ok(stream),
                    Err(error) => last_error = Some(error),
                }
            }
            Err(last_error.expect("resolve returns at least one address"))
        })
    }

    #[expect(clippy::manual_async_fn, reason = "an `async fn` would hold the address twice")]
    fn connect_to(addr: SocketAddr) -> impl Future<Output = io::Result<TcpStream>> {
        async move {
            let socket = socket::nonblocking(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
            let registration = Registration::new_nonblocking(socket);
            registration.connect(|| SockAddr::from(addr)).await?;
            Ok(TcpStream::over(registration))
        }
    }

    /// Takes over a stream of std and makes it non-blocking.
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
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = std::net::TcpStream::connect(listener.local_addr()?)?;
    /// let mut stream = heist::net::TcpStream::from_std(stream)?;
    /// stream.write_all(b"hello").await?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    #[track_caller]
    pub fn from_std(stream: std::net::TcpStream) -> io::Result<TcpStream> {
        Ok(TcpStream::over(Registration::new(Socket::from(stream))?))
    }

    /// Gives the connection back as a stream of std. It stays non-blocking, as in tokio; call
    /// `set_nonblocking(false)` on it if it should block.
    ///
    /// # Errors
    /// Returns an error if the driver cannot give the socket up: while an operation is in flight
    /// the descriptor has to be duplicated, and that may fail.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// let stream = stream.into_std()?;
    /// stream.set_nonblocking(false)?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn into_std(self) -> io::Result<std::net::TcpStream> {
        Ok(self.into_registration().into_socket()?.into())
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
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// assert!(!stream.nodelay()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn nodelay(&self) -> io::Result<bool> {
        self.socket().tcp_nodelay()
    }

    /// Sends small writes at once (`true`), or waits a little to send several together (`false`,
    /// the default).
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// stream.set_nodelay(true)?;
    /// assert!(stream.nodelay()?);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.socket().set_tcp_nodelay(nodelay)
    }

    /// Returns how many hops packets of this connection live (`IP_TTL`).
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// assert!(stream.ttl()? > 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn ttl(&self) -> io::Result<u32> {
        self.socket().ttl_v4()
    }

    /// Sets how many hops packets of this connection live (`IP_TTL`), 1 to 255. The default is the
    /// system's, 64 on Linux.
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// stream.set_ttl(32)?;
    /// assert_eq!(stream.ttl()?, 32);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.socket().set_ttl_v4(ttl)
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
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// assert_eq!(stream.linger()?, None);
    /// # Ok(())
    /// # }
    /// ```
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        self.socket().linger()
    }

    /// Sets what a close does with bytes that are still queued (`SO_LINGER`).
    ///
    /// `Some(Duration::ZERO)` discards them and resets the connection. Any other `Some` may make
    /// the drop of the stream *block its thread* for up to that time (in whole seconds). Other
    /// workers take over the tasks of that thread and continue; a current-thread runtime stands
    /// still meanwhile. A stream that is dropped with a wait in flight on io_uring is closed by a
    /// separate thread, and blocks no worker. To never block, call [`into_std`](Self::into_std) and
    /// drop the result inside [`spawn_blocking`](crate::task::spawn_blocking).
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = heist::net::TcpStream::connect(listener.local_addr()?).await?;
    /// use std::time::Duration;
    ///
    /// // The drop resets the connection.
    /// stream.set_linger(Some(Duration::ZERO))?;
    /// assert_eq!(stream.linger()?, Some(Duration::ZERO));
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        self.socket().set_linger(linger)
    }
}

impl TryFrom<std::net::TcpStream> for TcpStream {
    type Error = io::Error;

    /// The same as [`TcpStream::from_std`].
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    #[track_caller]
    fn try_from(stream: std::net::TcpStream) -> io::Result<TcpStream> {
        TcpStream::from_std(stream)
    }
}

impl TryFrom<TcpStream> for std::net::TcpStream {
    type Error = io::Error;

    /// The same as [`TcpStream::into_std`].
    fn try_from(stream: TcpStream) -> io::Result<std::net::TcpStream> {
        stream.into_std()
    }
}

#[cfg(unix)]
mod unix {
    use std::io;
    use std::os::fd::OwnedFd;

    use super::TcpStream;

    impl TryFrom<OwnedFd> for TcpStream {
        type Error = io::Error;

        /// Takes over a connected TCP socket; see [`TcpStream::from_std`].
        ///
        /// # Panics
        /// Panics if called outside of a runtime.
        #[track_caller]
        fn try_from(fd: OwnedFd) -> io::Result<TcpStream> {
            TcpStream::from_std(fd.into())
        }
    }

    impl TryFrom<TcpStream> for OwnedFd {
        type Error = io::Error;

        /// Gives up the descriptor; see [`TcpStream::into_std`].
        fn try_from(stream: TcpStream) -> io::Result<OwnedFd> {
            Ok(stream.into_std()?.into())
        }
    }
}
