//! Unix sockets: streams, listeners, datagrams, and descriptors that travel over them.
//!
//! ```
//! # fn main() -> std::io::Result<()> {
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("echo.sock");
//! use heist::net::{UnixListener, UnixStream};
//!
//! heist::runtime::Runtime::new()?.block_on(async {
//!     let listener = UnixListener::bind(&path)?;
//!     let mut client = UnixStream::connect(&path).await?;
//!     let (mut server, _peer) = listener.accept().await?;
//!
//!     client.write_all(b"hello").await?;
//!     let mut buffer = [0; 5];
//!     server.read_exact(&mut buffer).await?;
//!     assert_eq!(&buffer, b"hello");
//!     std::fs::remove_file(&path)
//! })
//! # }
//! ```
//!
//! # Addresses
//! An address is a path, or on Linux a name in the abstract namespace, which creates no file.
//! Methods that take a path also take such a name: a path that begins with a zero byte, like
//! `"\0chat"`. [`SocketAddr`] is std's.
//!
//! A path stays when its socket is closed, and makes the next bind fail (`AddrInUse`). So remove
//! the path before you bind it, or when you are done. A path has at most 107 bytes on Linux, and
//! 103 on the BSDs and macOS; a longer one is `InvalidInput`. In that case bind a shorter path,
//! such as a relative one.
//!
//! # Descriptors
//! [`UnixStream::send_with_fds`](UnixStream) and the similar methods pass open files to another
//! process. Received descriptors are close-on-exec and have an owner from the first moment. So
//! dropping a [`Received`], or the future that would have returned it, leaks nothing. If
//! descriptors come with bytes that any other call reads, the system closes them.
//!
//! # Errors, cancel safety, panics
//! As in [`net`](super). Calls that make a socket panic if called outside of a runtime. So do
//! [`UnixDatagram::send_to`] and [`UnixDatagram::send_to_addr`] when they have to wait for room in
//! the queue of another socket, because they set a timer.

mod datagram;
mod fds;
mod listener;
mod stream;

use std::io;
use std::path::Path;

use socket2::SockAddr;

use super::family::{Family, sealed::Sealed};
use super::{owned_split, split};
use crate::system::{credentials, unix_address};

pub use std::os::unix::net::SocketAddr;

pub use datagram::UnixDatagram;
pub use fds::Received;
pub use listener::UnixListener;
pub use stream::UnixStream;

/// The family of [`UnixStream`]. It only names a type and has no values; see
/// [`Tcp`](super::tcp::Tcp) for an example.
#[derive(Clone, Copy, Debug)]
pub enum Unix {}

impl Family for Unix {
    type Addr = SocketAddr;
}

impl Sealed for Unix {
    const STREAM_NAME: &'static str = "UnixStream";
    const MAY_SEND_ZERO_COPY: bool = false;
    /// A receive ends at bytes that descriptors came with, and at bytes of another sender.
    const SHORT_IS_ALL: bool = false;

    fn addr(addr: &SockAddr) -> io::Result<SocketAddr> {
        Ok(unix_address::to_std(addr))
    }
}

/// The reading half of [`UnixStream::split`](super::ByteStream::split). That method has an example.
pub type ReadHalf<'a> = split::ReadHalf<'a, Unix>;
/// The writing half of [`UnixStream::split`](super::ByteStream::split).
/// That method has an example. Dropping this half does nothing.
pub type WriteHalf<'a> = split::WriteHalf<'a, Unix>;
/// The reading half of [`UnixStream::into_split`](super::ByteStream::into_split).
/// That method has an example.
pub type OwnedReadHalf = owned_split::OwnedReadHalf<Unix>;
/// The writing half of [`UnixStream::into_split`](super::ByteStream::into_split).
/// That method has an example. Dropping this half shuts down writing.
pub type OwnedWriteHalf = owned_split::OwnedWriteHalf<Unix>;
/// The error of `reunite` if the halves do not belong to one stream. It contains both halves,
/// unchanged. [`tcp::ReuniteError`](super::tcp::ReuniteError) has an example.
pub type ReuniteError = owned_split::ReuniteError<Unix>;

/// The credentials of the process at the other end of a connection, as they were when the
/// connection was made.
///
/// # Examples
/// ```
/// # fn main() -> std::io::Result<()> {
/// # heist::runtime::Runtime::new()?.block_on(async {
/// let (one, _other) = heist::net::UnixStream::pair()?;
/// let peer = one.peer_cred()?;
/// println!("user {}, group {}, process {:?}", peer.uid(), peer.gid(), peer.pid());
/// # if cfg!(target_os = "linux") {
/// assert_eq!(peer.pid(), i32::try_from(std::process::id()).ok());
/// # }
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UCred {
    uid: u32,
    gid: u32,
    pid: Option<i32>,
}

impl UCred {
    /// Returns the user id. See [`UCred`] for an example.
    pub fn uid(&self) -> u32 {
        self.uid
    }

    /// Returns the group id. See [`UCred`] for an example.
    pub fn gid(&self) -> u32 {
        self.gid
    }

    /// Returns the process id. It is `None` on systems other than Linux, and if the process has no
    /// number in our namespace. See [`UCred`] for an example.
    pub fn pid(&self) -> Option<i32> {
        self.pid
    }

    fn of(socket: &socket2::Socket) -> io::Result<UCred> {
        let found = credentials::of_peer(socket)?;
        Ok(UCred { uid: found.uid, gid: found.gid, pid: found.pid })
    }
}

/// Converts a path, or a name in the abstract namespace, to the form of the system.
fn address_of(path: &Path) -> io::Result<SockAddr> {
    if path.as_os_str().is_empty() {
        let text = "the path of the socket is empty; to let the system choose an address, do not bind";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    unix_address::from_path(path)
}
