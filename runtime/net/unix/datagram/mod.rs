//! `UnixDatagram`: making one, its addresses and conversions. `datagrams.rs` has its sends and receives, `pooled.rs` those
//! into the runtime's buffers.

mod datagrams;
mod pooled;

use std::fmt;
use std::io;
use std::mem;
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::path::Path;

use socket2::{Domain, SockAddr, Socket, Type};

use super::{SocketAddr, UCred, address_of};
use crate::driver::{Direction, Registration, socket, unix_address};
use crate::net::interest::{self, Interest, Ready};
use crate::primitive::sync::Mutex;
use datagrams::SendRest;

/// A Unix socket for datagrams, which are neither lost nor reordered on their way.
///
/// # Sharing
/// Every method takes `&self`: any number of tasks may send and receive at once through an `Arc`; each datagram goes to
/// one of them. The `poll_*` functions remember one waker per direction: the last caller is woken.
///
/// # Datagrams
/// What does not fit into the buffer of a receive is lost. One that is too long to be sent is an error (EMSGSIZE), and
/// nothing is sent. Empty ones are sent and received like others: `Ok(0)` is no end of anything, unless
/// [`shutdown`](UnixDatagram::shutdown) was called.
///
/// # Example
/// ```
/// # fn main() -> std::io::Result<()> {
/// # let folder = tempfile::tempdir()?;
/// # let (log, other) = (folder.path().join("log"), folder.path().join("other"));
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
    /// Where `poll_send_to` is resting, if it is. `send_to` keeps its rest in its own future.
    rest: SendRest,
    /// [`shutdown`](UnixDatagram::shutdown) has ended receiving `[deaf-end]`.
    is_deaf: Mutex<bool>,
}

impl UnixDatagram {
    /// A socket at `path`, where a file is made; a path that begins with a zero byte is an abstract name.
    ///
    /// # Errors
    /// `AddrInUse` if the path is there: remove it first. `NotFound` if its folder is not there, `PermissionDenied`,
    /// `InvalidInput` if it is too long.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<UnixDatagram> {
        UnixDatagram::bind_to(&address_of(path.as_ref())?)
    }

    /// [`bind`](UnixDatagram::bind) to an address of std's, abstract ones included.
    ///
    /// # Errors
    /// As [`bind`](UnixDatagram::bind); `InvalidInput` for an unnamed address.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn bind_addr(addr: &SocketAddr) -> io::Result<UnixDatagram> {
        UnixDatagram::bind_to(&unix_address::from_std(addr)?)
    }

    #[track_caller]
    fn bind_to(addr: &SockAddr) -> io::Result<UnixDatagram> {
        let socket = socket::nonblocking(Domain::UNIX, Type::DGRAM, None)?;
        socket.bind(addr)?;
        Ok(UnixDatagram::over(Registration::new_nonblocking(socket)))
    }

    fn over(registration: Registration) -> UnixDatagram {
        UnixDatagram { registration, rest: SendRest::none(), is_deaf: Mutex::new(false) }
    }

    /// A socket without an address: it can send, and nobody can answer.
    ///
    /// # Errors
    /// The system's: no descriptors or memory are left.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn unbound() -> io::Result<UnixDatagram> {
        let socket = socket::nonblocking(Domain::UNIX, Type::DGRAM, None)?;
        Ok(UnixDatagram::over(Registration::new_nonblocking(socket)))
    }

    /// Two sockets that are each other's peer, without an address.
    ///
    /// # Errors
    /// The system's: no descriptors or memory are left.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn pair() -> io::Result<(UnixDatagram, UnixDatagram)> {
        let (left, right) = Socket::pair(Domain::UNIX, Type::DGRAM, None)?;
        Ok((UnixDatagram::over(Registration::new(left)?), UnixDatagram::over(Registration::new(right)?)))
    }

    /// Names the peer: from now on [`send`](UnixDatagram::send) goes there, and only its datagrams are received.
    ///
    /// # Errors
    /// `NotFound` if there is no such path, `ConnectionRefused` if no socket is behind it (any more), `PermissionDenied`
    /// if it may not be written or the peer has another peer.
    pub fn connect<P: AsRef<Path>>(&self, path: P) -> io::Result<()> {
        self.socket().connect(&address_of(path.as_ref())?)
    }

    /// [`connect`](UnixDatagram::connect) to an address of std's, abstract ones included.
    ///
    /// # Errors
    /// As [`connect`](UnixDatagram::connect); `InvalidInput` for an unnamed address.
    pub fn connect_addr(&self, addr: &SocketAddr) -> io::Result<()> {
        self.socket().connect(&unix_address::from_std(addr)?)
    }

    /// Takes over a socket of std's, which may be blocking: it is made non-blocking here.
    ///
    /// # Errors
    /// If the driver cannot take it, or the system refuses to change its mode.
    ///
    /// # Panics
    /// Outside a runtime.
    #[track_caller]
    pub fn from_std(socket: std::os::unix::net::UnixDatagram) -> io::Result<UnixDatagram> {
        Ok(UnixDatagram::over(Registration::new(Socket::from(socket))?))
    }

    /// Gives the socket back as one of std's. It stays non-blocking, as with tokio; call its
    /// `set_nonblocking(false)` to block.
    ///
    /// # Errors
    /// If the driver cannot give it up.
    pub fn into_std(self) -> io::Result<std::os::unix::net::UnixDatagram> {
        Ok(self.registration.into_socket()?.into())
    }

    /// Our address; unnamed if none was bound.
    ///
    /// # Errors
    /// The system's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(unix_address::to_std(&self.socket().local_addr()?))
    }

    /// The address of the peer; unnamed if it has bound none.
    ///
    /// # Errors
    /// `NotConnected` if there is no peer.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(unix_address::to_std(&self.socket().peer_addr()?))
    }

    /// Who made the other end of a [`pair`](UnixDatagram::pair).
    ///
    /// # Errors
    /// The system's; `Unsupported` on systems that heist cannot ask. What it says of sockets that are no pair is up to
    /// the system: Linux gives ids that belong to nobody.
    pub fn peer_cred(&self) -> io::Result<UCred> {
        UCred::of(self.socket())
    }

    /// Shuts down receiving, sending, or both. Whoever waits in that direction is woken: once what was queued is taken,
    /// a receive gives `Ok(0)`; a send is an error, the peer's too.
    ///
    /// # Errors
    /// The system's.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        if how == Shutdown::Write {
            return self.socket().shutdown(how);
        }
        // Before the call, for it wakes those who will ask `[deaf-end]`.
        let was_deaf = mem::replace(&mut *self.is_deaf.lock(), true);
        let result = self.socket().shutdown(how);
        if result.is_err() {
            *self.is_deaf.lock() = was_deaf;
        }
        result
    }

    /// What a receive that would block gives: its end, if receiving was shut down `[deaf-end]`.
    pub(super) fn or_end<R>(&self, result: io::Result<R>, end: impl FnOnce() -> R) -> io::Result<R> {
        match result {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && *self.is_deaf.lock() => Ok(end()),
            result => result,
        }
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

    /// Waits until a receive is likely not to block; see [`ready`](UnixDatagram::ready).
    ///
    /// # Errors
    /// If the driver cannot wait.
    ///
    /// # Cancel safety
    /// Safe: no datagram moves.
    pub async fn readable(&self) -> io::Result<()> {
        self.registration.ready(Direction::Read).await
    }

    /// Waits until a send to the peer is likely not to block; see [`ready`](UnixDatagram::ready).
    ///
    /// # Errors
    /// If the driver cannot wait.
    ///
    /// # Cancel safety
    /// Safe: no datagram moves.
    pub async fn writable(&self) -> io::Result<()> {
        self.registration.ready(Direction::Write).await
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
    #[track_caller]
    fn try_from(fd: OwnedFd) -> io::Result<UnixDatagram> {
        UnixDatagram::from_std(fd.into())
    }
}

impl TryFrom<UnixDatagram> for OwnedFd {
    type Error = io::Error;

    /// Gives the descriptor up; see [`UnixDatagram::into_std`].
    fn try_from(socket: UnixDatagram) -> io::Result<OwnedFd> {
        Ok(socket.into_std()?.into())
    }
}
