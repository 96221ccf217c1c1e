//! `UnixStream`: making one, its peer and conversions. `net/stream/` has what it shares with TCP
//! streams.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use socket2::{Domain, SockAddr, Socket, Type};

use super::{SocketAddr, UCred};
use crate::driver::Registration;
use crate::driver::in_runtime;
use crate::net::address::unix::address_of;
use crate::net::pause::Pauses;
use crate::net::stream::byte_stream::ByteStream;
use crate::net::stream::family::{Family, sealed::SealedFamily};
use crate::system::{socket, unix_address};
use crate::time::sleep;

/// A connection between processes of one machine.
///
/// It is made by [`connect`](UnixStream::connect), [`pair`](UnixStream::pair) or
/// [`UnixListener::accept`](super::UnixListener::accept). [`ByteStream`] has its reads and writes,
/// and the ways to share it and to wait for it. Besides bytes it carries open files:
/// `send_with_fds` and `recv_with_fds`.
///
/// # Examples
/// ```
/// # fn main() -> std::io::Result<()> {
/// # heist::runtime::Runtime::new()?.block_on(async {
/// use heist::net::UnixStream;
///
/// let (mut left, mut right) = UnixStream::pair()?;
/// left.write_all(b"hello").await?;
/// drop(left);
///
/// let mut text = String::new();
/// right.read_to_string(&mut text).await?;
/// assert_eq!(text, "hello");
/// # Ok(())
/// # })
/// # }
/// ```
pub type UnixStream = ByteStream<Unix>;

/// The family of [`UnixStream`]. It only names a type and has no values.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// use heist::net::unix::Unix;
/// use heist::net::{ByteStream, UnixStream};
///
/// // Two names of one type.
/// let stream: ByteStream<Unix> = UnixStream::pair()?.0;
/// assert!(stream.peer_addr()?.is_unnamed());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub enum Unix {}

impl Family for Unix {
    type Addr = SocketAddr;
}

impl SealedFamily for Unix {
    const STREAM_NAME: &'static str = "UnixStream";
    const LISTENER_NAME: &'static str = "UnixListener";
    const MAY_SEND_ZERO_COPY: bool = false;
    /// A receive ends at bytes that descriptors came with, and at bytes of another sender.
    const SHORT_IS_ALL: bool = false;

    fn addr(addr: &SockAddr) -> io::Result<SocketAddr> {
        Ok(unix_address::to_std(addr))
    }
}

impl ByteStream<Unix> {
    /// Connects to the listener at `path`; a path that begins with a zero byte is an abstract name.
    ///
    /// While the queue of the listener is full, this tries again: first after 1 ms, then after
    /// twice as long each time, up to 128 ms. The system has no event for room in that queue.
    ///
    /// # Errors
    /// `NotFound` if there is no such path, `ConnectionRefused` if no socket listens there (any
    /// more), `PermissionDenied` if the path may not be written, `InvalidInput` if it is too long.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Cancel safety
    /// Dropping the future closes the socket: no connection was made and no descriptor stays
    /// behind.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// # use heist::net::{UnixListener, UnixStream};
    /// let listener = UnixListener::bind(&path)?;
    /// let stream = UnixStream::connect(&path).await?;
    /// assert_eq!(stream.peer_addr()?.as_pathname(), Some(&*path));
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn connect<P: AsRef<Path>>(path: P) -> impl Future<Output = io::Result<UnixStream>> {
        in_runtime(async move { UnixStream::connect_to(&address_of(path.as_ref())?).await })
    }

    /// [`connect`](UnixStream::connect) to an address of std, including abstract ones.
    ///
    /// # Errors
    /// As [`connect`](UnixStream::connect); `InvalidInput` for an unnamed address.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Cancel safety
    /// As [`connect`](UnixStream::connect).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// # use heist::net::{UnixListener, UnixStream};
    /// let listener = UnixListener::bind(&path)?;
    /// let stream = UnixStream::connect_addr(&listener.local_addr()?).await?;
    /// assert_eq!(stream.peer_addr()?.as_pathname(), Some(&*path));
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn connect_addr(addr: &SocketAddr) -> impl Future<Output = io::Result<UnixStream>> {
        in_runtime(async move { UnixStream::connect_to(&unix_address::from_std(addr)?).await })
    }

    async fn connect_to(addr: &SockAddr) -> io::Result<UnixStream> {
        UnixStream::connect_socket(socket::nonblocking(Domain::UNIX, Type::STREAM, None)?, addr).await
    }

    pub(super) async fn connect_socket(socket: Socket, addr: &SockAddr) -> io::Result<UnixStream> {
        let mut pauses = Pauses::new();
        loop {
            match socket.connect(addr) {
                Ok(()) => return Ok(UnixStream::over(Registration::new_nonblocking(socket))),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    // [unheard-room]
                    sleep(pauses.take()).await;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Makes the two ends of one connection, without an address.
    ///
    /// # Errors
    /// Returns the error of the system call: no descriptors or no memory are left.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (mut left, mut right) = heist::net::UnixStream::pair()?;
    /// left.write_all(b"hello").await?;
    /// let mut buf = [0; 5];
    /// right.read_exact(&mut buf).await?;
    /// assert_eq!(&buf, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn pair() -> io::Result<(UnixStream, UnixStream)> {
        let (left, right) = Socket::pair(Domain::UNIX, Type::STREAM, None)?;
        Ok((UnixStream::over(Registration::new(left)?), UnixStream::over(Registration::new(right)?)))
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
    /// use std::io::Read as _;
    ///
    /// let (left, mut right) = std::os::unix::net::UnixStream::pair()?;
    /// let mut left = heist::net::UnixStream::from_std(left)?;
    /// left.write_all(b"ping").await?;
    /// let mut buf = [0; 4];
    /// right.read_exact(&mut buf)?;
    /// assert_eq!(&buf, b"ping");
    /// // And back again.
    /// let left = left.into_std()?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    #[track_caller]
    pub fn from_std(stream: std::os::unix::net::UnixStream) -> io::Result<UnixStream> {
        Ok(UnixStream::over(Registration::new(Socket::from(stream))?))
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
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::io::Write;
    ///
    /// let (stream, _peer) = heist::net::UnixStream::pair()?;
    /// let mut stream: std::os::unix::net::UnixStream = stream.into_std()?;
    /// assert_eq!(stream.write(b"ping")?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_std(self) -> io::Result<std::os::unix::net::UnixStream> {
        Ok(self.into_registration().into_socket()?.into())
    }

    /// Returns the credentials of the process at the other end: the one that called `connect`,
    /// `listen` or `pair`.
    ///
    /// # Errors
    /// Returns the error of the system call; `Unsupported` on systems that heist cannot ask.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, _other) = heist::net::UnixStream::pair()?;
    /// println!("the peer runs as user {}", one.peer_cred()?.uid());
    /// # Ok(())
    /// # }
    /// ```
    pub fn peer_cred(&self) -> io::Result<UCred> {
        UCred::of(self.socket())
    }
}

impl TryFrom<std::os::unix::net::UnixStream> for UnixStream {
    type Error = io::Error;

    /// The same as [`UnixStream::from_std`].
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    #[track_caller]
    fn try_from(stream: std::os::unix::net::UnixStream) -> io::Result<UnixStream> {
        UnixStream::from_std(stream)
    }
}

impl TryFrom<UnixStream> for std::os::unix::net::UnixStream {
    type Error = io::Error;

    /// The same as [`UnixStream::into_std`].
    fn try_from(stream: UnixStream) -> io::Result<std::os::unix::net::UnixStream> {
        stream.into_std()
    }
}

impl TryFrom<OwnedFd> for UnixStream {
    type Error = io::Error;

    /// Takes over a connected Unix socket; see [`UnixStream::from_std`].
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    #[track_caller]
    fn try_from(fd: OwnedFd) -> io::Result<UnixStream> {
        UnixStream::from_std(fd.into())
    }
}

impl TryFrom<UnixStream> for OwnedFd {
    type Error = io::Error;

    /// Gives up the descriptor; see [`UnixStream::into_std`].
    fn try_from(stream: UnixStream) -> io::Result<OwnedFd> {
        Ok(stream.into_std()?.into())
    }
}
