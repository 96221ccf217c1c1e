//! `UnixDatagram`: making one, its addresses and conversions. `datagrams.rs` has its sends and
//! receives, `pooled.rs` its receives into buffers of the runtime, `readiness.rs` waiting for it,
//! `send_rest.rs` the pauses of sends to a full queue.

mod datagrams;
mod pooled;
mod readiness;
mod send_rest;

use std::fmt;
use std::io;
use std::mem;
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::path::Path;

use socket2::{Domain, SockAddr, Socket, Type};

use super::{SocketAddr, UCred};
use crate::driver::Registration;
use crate::net::address::unix::address_of;
use crate::net::binding::Retry;
use crate::primitive::sync::Mutex;
use crate::system::{socket, unix_address};
use send_rest::SendRest;

/// A Unix socket for datagrams, which are neither lost nor reordered on their way.
///
/// # Sharing
/// Every method takes `&self`: any number of tasks may send and receive at the same time through an
/// `Arc`, and each datagram goes to one of them. The `poll_*` functions remember one waker per
/// direction: only the last caller is woken.
///
/// # Datagrams
/// A receive loses the part of a datagram that does not fit into its buffer. A datagram that is too
/// long to be sent is an error (EMSGSIZE), and nothing is sent. Empty datagrams are sent and
/// received like others: `Ok(0)` is not the end of anything, unless
/// [`shutdown`](UnixDatagram::shutdown) was called.
///
/// # Examples
/// ```
/// # fn main() -> std::io::Result<()> {
/// # let directory = tempfile::tempdir()?;
/// # let (log, other) = (directory.path().join("log"), directory.path().join("other"));
/// # heist::runtime::Runtime::new()?.block_on(async {
/// use heist::net::UnixDatagram;
///
/// let server = UnixDatagram::bind(&log)?;
/// let client = UnixDatagram::bind(&other)?;
/// client.send_to(b"a line", &log).await?;
///
/// let mut buf = [0; 1024];
/// let (count, peer) = server.recv_from(&mut buf).await?;
/// assert_eq!(&buf[..count], b"a line");
/// assert_eq!(peer.as_pathname(), Some(other.as_path()));
/// # Ok(())
/// # })
/// # }
/// ```
pub struct UnixDatagram {
    registration: Registration,
    /// The pause of `poll_send_to`, if it is resting. `send_to` keeps its pause in its own future.
    rest: SendRest,
    /// Whether [`shutdown`](UnixDatagram::shutdown) has ended receiving `[deaf-end]`.
    is_deaf: Mutex<bool>,
}

impl UnixDatagram {
    /// Makes a socket at `path` and creates a file there; a path that begins with a zero byte is an
    /// abstract name.
    ///
    /// # Errors
    /// `AddrInUse` if the path exists: remove it first. `NotFound` if its directory does not exist,
    /// `PermissionDenied`, `InvalidInput` if it is too long.
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
    /// # use heist::net::UnixDatagram;
    /// let socket = UnixDatagram::bind(&path)?;
    /// assert_eq!(socket.local_addr()?.as_pathname(), Some(&*path));
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<UnixDatagram> {
        UnixDatagram::bind_to(&address_of(path.as_ref())?)
    }

    /// [`bind`](UnixDatagram::bind) to an address of std, including abstract ones.
    ///
    /// On io_uring it blocks for up to 0.1 s if a socket that this process has just dropped has the
    /// abstract address still.
    ///
    /// # Errors
    /// As [`bind`](UnixDatagram::bind); `InvalidInput` for an unnamed address.
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
    /// # use heist::net::UnixDatagram;
    /// use heist::net::unix::SocketAddr;
    ///
    /// let address = SocketAddr::from_pathname(&path)?;
    /// let socket = UnixDatagram::bind_addr(&address)?;
    /// assert_eq!(socket.local_addr()?.as_pathname(), Some(&*path));
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn bind_addr(addr: &SocketAddr) -> io::Result<UnixDatagram> {
        UnixDatagram::bind_to(&unix_address::from_std(addr)?)
    }

    #[track_caller]
    fn bind_to(addr: &SockAddr) -> io::Result<UnixDatagram> {
        let socket = socket::nonblocking(Domain::UNIX, Type::DGRAM, None)?;
        // First, because without a runtime it panics, and a socket that is bound has a file.
        let registration = Registration::new_nonblocking(socket);
        let retry = Retry::of_unix(addr);
        let outcome = registration.socket().bind(addr);
        if retry.has_waited_after(&outcome) { registration.socket().bind(addr) } else { outcome }?;
        Ok(UnixDatagram::over(registration))
    }

    pub(super) fn over(registration: Registration) -> UnixDatagram {
        UnixDatagram { registration, rest: SendRest::none(), is_deaf: Mutex::new(false) }
    }

    /// Makes a socket without an address: it can send, and nobody can answer.
    ///
    /// # Errors
    /// Returns the error of the system call: no descriptors or no memory are left.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("log");
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// # let server = heist::net::UnixDatagram::bind(&path)?;
    /// let client = heist::net::UnixDatagram::unbound()?;
    /// client.connect(&path)?;
    /// client.send(b"a line").await?;
    /// # let mut buf = [0; 64];
    /// # assert_eq!(server.recv(&mut buf).await?, 6);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    #[track_caller]
    pub fn unbound() -> io::Result<UnixDatagram> {
        let socket = socket::nonblocking(Domain::UNIX, Type::DGRAM, None)?;
        Ok(UnixDatagram::over(Registration::new_nonblocking(socket)))
    }

    /// Makes two sockets that are each other's peer, without addresses.
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
    /// let (left, right) = heist::net::UnixDatagram::pair()?;
    /// left.send(b"ping").await?;
    /// assert_eq!(right.recv(&mut [0; 64]).await?, 4);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn pair() -> io::Result<(UnixDatagram, UnixDatagram)> {
        let (left, right) = Socket::pair(Domain::UNIX, Type::DGRAM, None)?;
        Ok((UnixDatagram::over(Registration::new(left)?), UnixDatagram::over(Registration::new(right)?)))
    }

    /// Names the peer: from now on [`send`](UnixDatagram::send) sends to it, and only its datagrams
    /// are received.
    ///
    /// # Errors
    /// `NotFound` if there is no such path, `ConnectionRefused` if it belongs to no open socket
    /// (any more), `PermissionDenied` if the path may not be written or the peer has another peer.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// # use heist::net::UnixDatagram;
    /// let receiver = UnixDatagram::bind(&path)?;
    /// let sender = UnixDatagram::unbound()?;
    /// sender.connect(&path)?;
    /// assert_eq!(sender.send(b"ping").await?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub fn connect<P: AsRef<Path>>(&self, path: P) -> io::Result<()> {
        self.socket().connect(&address_of(path.as_ref())?)
    }

    /// [`connect`](UnixDatagram::connect) to an address of std, including abstract ones.
    ///
    /// # Errors
    /// As [`connect`](UnixDatagram::connect); `InvalidInput` for an unnamed address.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// # use heist::net::UnixDatagram;
    /// let receiver = UnixDatagram::bind(&path)?;
    /// let sender = UnixDatagram::unbound()?;
    /// sender.connect_addr(&receiver.local_addr()?)?;
    /// assert_eq!(sender.send(b"ping").await?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub fn connect_addr(&self, addr: &SocketAddr) -> io::Result<()> {
        self.socket().connect(&unix_address::from_std(addr)?)
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
    /// let (left, right) = std::os::unix::net::UnixDatagram::pair()?;
    /// let left = heist::net::UnixDatagram::from_std(left)?;
    /// left.send(b"ping").await?;
    /// assert_eq!(right.recv(&mut [0; 64])?, 4);
    /// // And back again.
    /// let left = left.into_std()?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    #[track_caller]
    pub fn from_std(socket: std::os::unix::net::UnixDatagram) -> io::Result<UnixDatagram> {
        Ok(UnixDatagram::over(Registration::new(Socket::from(socket))?))
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
    /// let (socket, _peer) = heist::net::UnixDatagram::pair()?;
    /// let socket: std::os::unix::net::UnixDatagram = socket.into_std()?;
    /// assert_eq!(socket.send(b"ping")?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_std(self) -> io::Result<std::os::unix::net::UnixDatagram> {
        Ok(self.registration.into_socket()?.into())
    }

    /// Returns the local address, which is unnamed if none was bound.
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
    /// # use heist::net::UnixDatagram;
    /// let socket = UnixDatagram::bind(&path)?;
    /// assert_eq!(socket.local_addr()?.as_pathname(), Some(&*path));
    /// assert!(UnixDatagram::unbound()?.local_addr()?.is_unnamed());
    /// # Ok(())
    /// # }
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(unix_address::to_std(&self.socket().local_addr()?))
    }

    /// Returns the address of the peer, which is unnamed if the peer has bound none.
    ///
    /// # Errors
    /// `NotConnected` if there is no peer.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// # use heist::net::UnixDatagram;
    /// let receiver = UnixDatagram::bind(&path)?;
    /// let sender = UnixDatagram::unbound()?;
    /// assert!(sender.peer_addr().is_err());
    /// sender.connect(&path)?;
    /// assert_eq!(sender.peer_addr()?.as_pathname(), Some(&*path));
    /// # Ok(())
    /// # }
    /// ```
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(unix_address::to_std(&self.socket().peer_addr()?))
    }

    /// Returns the credentials of the process that made the other end of a
    /// [`pair`](UnixDatagram::pair).
    ///
    /// For sockets that are not a pair, the system decides what this returns: Linux returns ids
    /// that belong to nobody.
    ///
    /// # Errors
    /// Returns the error of the system call; `Unsupported` on systems that heist cannot ask.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, _other) = heist::net::UnixDatagram::pair()?;
    /// // `Unsupported` on systems that heist cannot ask.
    /// if let Ok(peer) = one.peer_cred() {
    ///     println!("user {}, group {}", peer.uid(), peer.gid());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn peer_cred(&self) -> io::Result<UCred> {
        UCred::of(self.socket())
    }

    /// Shuts down receiving, sending, or both.
    ///
    /// Tasks that wait in that direction are woken. A receive returns `Ok(0)` once everything that
    /// was queued is taken; a send is an error, for the peer too.
    ///
    /// # Errors
    /// Returns the error of the system call.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// let (left, right) = heist::net::UnixDatagram::pair()?;
    /// left.send(b"the last").await?;
    /// right.shutdown(std::net::Shutdown::Read)?;
    ///
    /// let mut buf = [0; 64];
    /// assert_eq!(right.recv(&mut buf).await?, 8);
    /// assert_eq!(right.recv(&mut buf).await?, 0);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        if how == Shutdown::Write {
            return self.socket().shutdown(how);
        }
        // Before the call, because the call wakes tasks that then read this flag `[deaf-end]`.
        let was_deaf = mem::replace(&mut *self.is_deaf.lock(), true);
        let result = self.socket().shutdown(how);
        if result.is_err() {
            *self.is_deaf.lock() = was_deaf;
        }
        result
    }

    /// Returns the end if `result` would block and receiving was shut down `[deaf-end]`.
    pub(super) fn or_end<R>(&self, result: io::Result<R>, end: impl FnOnce() -> R) -> io::Result<R> {
        match result {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && *self.is_deaf.lock() => Ok(end()),
            result => result,
        }
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
    /// let (socket, _peer) = heist::net::UnixDatagram::pair()?;
    /// assert!(socket.take_error()?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.socket().take_error()
    }

    pub(super) fn registration(&self) -> &Registration {
        &self.registration
    }

    fn socket(&self) -> &Socket {
        self.registration.socket()
    }
}

impl fmt::Debug for UnixDatagram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnixDatagram").field("socket", self.socket()).finish()
    }
}

impl AsFd for UnixDatagram {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket().as_fd()
    }
}

impl AsRawFd for UnixDatagram {
    fn as_raw_fd(&self) -> RawFd {
        self.socket().as_raw_fd()
    }
}

impl TryFrom<std::os::unix::net::UnixDatagram> for UnixDatagram {
    type Error = io::Error;

    /// The same as [`UnixDatagram::from_std`].
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    #[track_caller]
    fn try_from(socket: std::os::unix::net::UnixDatagram) -> io::Result<UnixDatagram> {
        UnixDatagram::from_std(socket)
    }
}

impl TryFrom<UnixDatagram> for std::os::unix::net::UnixDatagram {
    type Error = io::Error;

    /// The same as [`UnixDatagram::into_std`].
    fn try_from(socket: UnixDatagram) -> io::Result<std::os::unix::net::UnixDatagram> {
        socket.into_std()
    }
}

impl TryFrom<OwnedFd> for UnixDatagram {
    type Error = io::Error;

    /// Takes over a Unix socket for datagrams; see [`UnixDatagram::from_std`].
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    #[track_caller]
    fn try_from(fd: OwnedFd) -> io::Result<UnixDatagram> {
        UnixDatagram::from_std(fd.into())
    }
}

impl TryFrom<UnixDatagram> for OwnedFd {
    type Error = io::Error;

    /// Gives up the descriptor; see [`UnixDatagram::into_std`].
    fn try_from(socket: UnixDatagram) -> io::Result<OwnedFd> {
        Ok(socket.into_std()?.into())
    }
}
