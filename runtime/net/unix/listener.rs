//! `UnixListener`: binding and conversions. `net/listener.rs` accepts.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::path::Path;
use std::task::{Context, Poll};

use socket2::{Domain, SockAddr, Socket, Type};

use super::SocketAddr;
use super::stream::{Unix, UnixStream};
use crate::driver::Registration;
use crate::net::address::unix::address_of;
use crate::net::binding::Retry;
use crate::net::listener::Listener;
use crate::system::{socket, unix_address};

/// A Unix socket that listens for connections.
///
/// Dropping it does not remove its path: remove the file before the next bind, or bind an abstract
/// name. At most 1024 connections wait to be accepted.
///
/// # Examples
/// ```
/// # fn main() -> std::io::Result<()> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("echo.sock");
/// # heist::runtime::Runtime::new()?.block_on(async {
/// use heist::net::{UnixListener, UnixStream};
///
/// let listener = UnixListener::bind(&path)?;
/// let client = UnixStream::connect(&path).await?;
/// let (stream, _peer) = listener.accept().await?;
/// println!("user {} has connected", stream.peer_cred()?.uid());
/// # Ok(())
/// # })
/// # }
/// ```
pub struct UnixListener {
    listener: Listener<Unix>,
}

impl UnixListener {
    /// Listens at `path` and creates a file there; a path that begins with a zero byte is an
    /// abstract name. Up to 1024 connections wait to be accepted; the system may allow fewer.
    ///
    /// # Errors
    /// `AddrInUse` if the path exists, even if no socket listens at it any more: remove it first.
    /// `NotFound` if its directory does not exist, `PermissionDenied`, `InvalidInput` if it is too
    /// long.
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
    /// # use heist::net::{UnixListener, UnixStream};
    /// let listener = UnixListener::bind(&path)?;
    /// let client = UnixStream::connect(&path).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<UnixListener> {
        UnixListener::bind_to(&address_of(path.as_ref())?)
    }

    /// [`bind`](UnixListener::bind) to an address of std, including abstract ones.
    ///
    /// On io_uring it blocks for up to 0.1 s if a socket that this process has just dropped has the
    /// abstract address still.
    ///
    /// # Errors
    /// As [`bind`](UnixListener::bind); `InvalidInput` for an unnamed address.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # if cfg!(target_os = "linux") {
    /// use std::os::linux::net::SocketAddrExt;
    /// use heist::net::unix::{SocketAddr, UnixListener};
    ///
    /// let name = format!("heist-example-{}", std::process::id());
    /// let listener = UnixListener::bind_addr(&SocketAddr::from_abstract_name(name)?)?;
    /// # drop(listener);
    /// # }
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    #[track_caller]
    pub fn bind_addr(addr: &SocketAddr) -> io::Result<UnixListener> {
        UnixListener::bind_to(&unix_address::from_std(addr)?)
    }

    #[track_caller]
    pub(super) fn over(registration: Registration) -> UnixListener {
        UnixListener { listener: Listener::over(registration) }
    }

    #[track_caller]
    fn bind_to(addr: &SockAddr) -> io::Result<UnixListener> {
        let retry = Retry::of_unix(addr);
        let outcome = UnixListener::bind_once(addr);
        if retry.has_waited_after(&outcome) { UnixListener::bind_once(addr) } else { outcome }
    }

    #[track_caller]
    fn bind_once(addr: &SockAddr) -> io::Result<UnixListener> {
        let socket = socket::nonblocking(Domain::UNIX, Type::STREAM, None)?;
        Ok(UnixListener { listener: Listener::bind(socket, addr)? })
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
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// # use heist::net::{UnixListener, UnixStream};
    /// let listener = std::os::unix::net::UnixListener::bind(&path)?;
    /// let listener = UnixListener::from_std(listener)?;
    /// let client = UnixStream::connect(&path).await?;
    /// let (_server, _peer) = listener.accept().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn from_std(listener: std::os::unix::net::UnixListener) -> io::Result<UnixListener> {
        Ok(UnixListener { listener: Listener::over(Registration::new(Socket::from(listener))?) })
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
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// # use heist::net::{UnixListener, UnixStream};
    /// let listener = UnixListener::bind(&path)?;
    /// let listener: std::os::unix::net::UnixListener = listener.into_std()?;
    /// assert_eq!(listener.local_addr()?.as_pathname(), Some(&*path));
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_std(self) -> io::Result<std::os::unix::net::UnixListener> {
        Ok(self.listener.into_socket()?.into())
    }

    /// Waits for a connection, and returns it with the address of its peer, which is unnamed unless
    /// the peer has bound one.
    ///
    /// Any number of tasks may wait at the same time; each connection goes to one of them. If the
    /// path of a listener is removed, it still accepts the connections that were queued, and then
    /// waits for others that cannot come.
    ///
    /// The connection belongs to the runtime of the task that gets it; outside of a runtime it
    /// belongs to that of the listener.
    ///
    /// # Errors
    /// If the process or the machine has no descriptor or memory left (EMFILE, ENFILE, ENOBUFS,
    /// ENOMEM), the error is returned after a pause of 10 ms. The pause doubles for each further
    /// such error in a row, up to 128 ms. The connection stays queued. Other errors are the
    /// permanent ones of `accept(2)`.
    ///
    /// # Cancel safety
    /// Safe: only the poll that returns a connection takes it; until then it stays queued for the
    /// next call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// # use heist::net::{UnixListener, UnixStream};
    /// let listener = UnixListener::bind(&path)?;
    /// let client = UnixStream::connect(&path).await?;
    /// let (_server, peer) = listener.accept().await?;
    /// assert!(peer.is_unnamed());
    /// # Ok(())
    /// # }
    /// ```
    pub fn accept(&self) -> impl Future<Output = io::Result<(UnixStream, SocketAddr)>> {
        self.listener.accept()
    }

    /// [`accept`](UnixListener::accept) as a poll function. Only the waker of the last caller is
    /// woken.
    ///
    /// # Errors
    /// As [`accept`](UnixListener::accept), with the same pause before the error.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// # use heist::net::{UnixListener, UnixStream};
    /// let listener = UnixListener::bind(&path)?;
    /// let client = UnixStream::connect(&path).await?;
    /// let (_server, _peer) = std::future::poll_fn(|cx| listener.poll_accept(cx)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(UnixStream, SocketAddr)>> {
        self.listener.poll_accept(cx)
    }

    /// Returns the address that this listens at.
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// # use heist::net::{UnixListener, UnixStream};
    /// let listener = UnixListener::bind(&path)?;
    /// assert_eq!(listener.local_addr()?.as_pathname(), Some(&*path));
    /// # Ok(())
    /// # }
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
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
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// # use heist::net::{UnixListener, UnixStream};
    /// let listener = UnixListener::bind(&path)?;
    /// assert!(listener.take_error()?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.listener.take_error()
    }
}

impl fmt::Debug for UnixListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.listener.fmt(f)
    }
}

impl AsFd for UnixListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.listener.socket().as_fd()
    }
}

impl AsRawFd for UnixListener {
    fn as_raw_fd(&self) -> RawFd {
        self.listener.socket().as_raw_fd()
    }
}

impl TryFrom<std::os::unix::net::UnixListener> for UnixListener {
    type Error = io::Error;

    /// The same as [`UnixListener::from_std`].
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    #[track_caller]
    fn try_from(listener: std::os::unix::net::UnixListener) -> io::Result<UnixListener> {
        UnixListener::from_std(listener)
    }
}

impl TryFrom<UnixListener> for std::os::unix::net::UnixListener {
    type Error = io::Error;

    /// The same as [`UnixListener::into_std`].
    fn try_from(listener: UnixListener) -> io::Result<std::os::unix::net::UnixListener> {
        listener.into_std()
    }
}

impl TryFrom<OwnedFd> for UnixListener {
    type Error = io::Error;

    /// Takes over a listening Unix socket; see [`UnixListener::from_std`].
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    #[track_caller]
    fn try_from(fd: OwnedFd) -> io::Result<UnixListener> {
        UnixListener::from_std(fd.into())
    }
}

impl TryFrom<UnixListener> for OwnedFd {
    type Error = io::Error;

    /// Gives up the descriptor; see [`UnixListener::into_std`].
    fn try_from(listener: UnixListener) -> io::Result<OwnedFd> {
        Ok(listener.into_std()?.into())
    }
}
