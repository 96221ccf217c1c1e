//! `UnixSocket`: a Unix socket that is neither connected nor listens, so that it can be bound
//! first.
#![expect(unsafe_code, reason = "takes over a descriptor by its number, as std's traits do")]

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::path::Path;

use socket2::{Domain, Socket, Type};

use super::{UnixDatagram, UnixListener, UnixStream};
use crate::driver::{Registration, in_runtime};
use crate::net::address::unix::address_of;
use crate::net::binding::Retry;
use crate::system::socket;

/// A Unix socket that becomes a [`UnixStream`], a [`UnixListener`] or a [`UnixDatagram`].
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() -> std::io::Result<()> {
/// # let directory = tempfile::tempdir()?;
/// # let (path, own) = (directory.path().join("socket"), directory.path().join("own"));
/// use heist::net::UnixSocket;
///
/// let socket = UnixSocket::new_stream()?;
/// socket.bind(&path)?;
/// let listener = socket.listen(128)?;
///
/// // A client with an address of its own.
/// let socket = UnixSocket::new_stream()?;
/// socket.bind(&own)?;
/// let stream = socket.connect(&path).await?;
/// let (_, peer) = listener.accept().await?;
/// assert_eq!(peer.as_pathname(), Some(&*own));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct UnixSocket {
    socket: Socket,
}

impl UnixSocket {
    /// Makes a socket for a stream or a listener.
    ///
    /// # Errors
    /// Those of the system: no descriptors or no memory are left.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// use heist::net::UnixSocket;
    ///
    /// let socket = UnixSocket::new_stream()?;
    /// socket.bind(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn new_stream() -> io::Result<UnixSocket> {
        Ok(UnixSocket { socket: socket::nonblocking(Domain::UNIX, Type::STREAM, None)? })
    }

    /// Makes a socket for datagrams.
    ///
    /// # Errors
    /// Those of the system: no descriptors or no memory are left.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// use heist::net::UnixSocket;
    ///
    /// let socket = UnixSocket::new_datagram()?;
    /// socket.bind(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn new_datagram() -> io::Result<UnixSocket> {
        Ok(UnixSocket { socket: socket::nonblocking(Domain::UNIX, Type::DGRAM, None)? })
    }

    /// Gives the socket an address: a path, or a name that begins with a zero byte.
    ///
    /// # Errors
    /// `AddrInUse` if the path is there, and as for [`UnixListener::bind`].
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// use heist::net::UnixSocket;
    ///
    /// UnixSocket::new_stream()?.bind(&path)?;
    /// assert!(UnixSocket::new_stream()?.bind(&path).is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn bind(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let addr = address_of(path.as_ref())?;
        let retry = Retry::of_unix(&addr);
        let outcome = self.socket.bind(&addr);
        if retry.has_waited_after(&outcome) { self.socket.bind(&addr) } else { outcome }
    }

    /// Makes a listener of the socket. `backlog` is the most connections that wait to be accepted;
    /// the system may lower it.
    ///
    /// # Errors
    /// An error for a socket for datagrams, and those of the system.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// use heist::net::UnixSocket;
    ///
    /// let socket = UnixSocket::new_stream()?;
    /// socket.bind(&path)?;
    /// let listener = socket.listen(16)?;
    /// assert_eq!(listener.local_addr()?.as_pathname(), Some(&*path));
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn listen(self, backlog: u32) -> io::Result<UnixListener> {
        self.expect(Type::STREAM, "listen cannot be called on a datagram socket")?;
        self.socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
        Ok(UnixListener::over(Registration::new_nonblocking(self.socket)))
    }

    /// Connects to the listener at `path`, as [`UnixStream::connect`] does.
    ///
    /// # Errors
    /// An error for a socket for datagrams, and as for [`UnixStream::connect`].
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Cancel safety
    /// Dropping the future closes the socket.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// use heist::net::UnixSocket;
    ///
    /// let listener = heist::net::UnixListener::bind(&path)?;
    /// let stream = UnixSocket::new_stream()?.connect(&path).await?;
    /// assert_eq!(stream.peer_addr()?.as_pathname(), Some(&*path));
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn connect(self, path: impl AsRef<Path>) -> impl Future<Output = io::Result<UnixStream>> {
        in_runtime(async move {
            self.expect(Type::STREAM, "connect cannot be called on a datagram socket")?;
            UnixStream::connect_socket(self.socket, &address_of(path.as_ref())?).await
        })
    }

    /// Makes a socket for datagrams of it.
    ///
    /// # Errors
    /// An error for a socket for streams.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// use heist::net::UnixSocket;
    ///
    /// let socket = UnixSocket::new_datagram()?;
    /// socket.bind(&path)?;
    /// let receiver = socket.datagram()?;
    /// let sender = UnixSocket::new_datagram()?.datagram()?;
    /// sender.send_to(b"hello", &path).await?;
    /// assert_eq!(receiver.recv(&mut [0; 16]).await?, 5);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn datagram(self) -> io::Result<UnixDatagram> {
        self.expect(Type::DGRAM, "datagram cannot be called on a stream socket")?;
        Ok(UnixDatagram::over(Registration::new_nonblocking(self.socket)))
    }

    fn expect(&self, kind: Type, text: &str) -> io::Result<()> {
        if self.socket.r#type()? == kind { Ok(()) } else { Err(io::Error::other(text)) }
    }
}

impl AsFd for UnixSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl AsRawFd for UnixSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

impl From<UnixSocket> for OwnedFd {
    fn from(socket: UnixSocket) -> OwnedFd {
        socket.socket.into()
    }
}

impl IntoRawFd for UnixSocket {
    fn into_raw_fd(self) -> RawFd {
        self.socket.into_raw_fd()
    }
}

/// The socket must be non-blocking.
impl FromRawFd for UnixSocket {
    unsafe fn from_raw_fd(fd: RawFd) -> UnixSocket {
        // SAFETY: the promise of the caller.
        UnixSocket { socket: unsafe { Socket::from_raw_fd(fd) } }
    }
}
