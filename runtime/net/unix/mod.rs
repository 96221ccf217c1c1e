//! Unix sockets: streams, listeners, datagrams, and descriptors that travel over them.
//!
//! # Addresses
//! An address is a path, or on Linux a name in the abstract namespace, which leaves no file behind. Where a method takes
//! a path, a path that begins with a zero byte is such a name: `"\0chat"`. [`SocketAddr`] is std's.
//!
//! A path stays when its socket is closed, and is in the way of the next bind (`AddrInUse`): who binds a path removes it
//! first, or at the end. A path is at most 107 bytes long on Linux, 103 on the BSDs and macOS; a longer one is
//! `InvalidInput`. Bind a shorter one, such as a relative one.
//!
//! # Descriptors
//! [`UnixStream::send_with_fds`](UnixStream) and its like pass open files to another process. What is received is
//! close-on-exec and owned from the first moment: dropping a [`Received`], or giving up the future that would have
//! returned it, leaks nothing. Descriptors that come with bytes which are read by any other call are closed by the system.

mod datagram;
mod fds;
mod listener;
mod stream;

use std::io;
use std::path::Path;

use socket2::SockAddr;

use super::family::{Family, sealed::Sealed};
use super::{owned_split, split};
use crate::driver::{credentials, unix_address};

pub use std::os::unix::net::SocketAddr;

pub use datagram::UnixDatagram;
pub use fds::Received;
pub use listener::UnixListener;
pub use stream::UnixStream;

/// The family of [`UnixStream`].
#[derive(Clone, Copy, Debug)]
pub enum Unix {}

impl Family for Unix {
    type Addr = SocketAddr;
}

impl Sealed for Unix {
    const STREAM_NAME: &'static str = "UnixStream";
    const MAY_SEND_ZERO_COPY: bool = false;
    /// A receive ends where descriptors came with the bytes, and where the sender is another.
    const SHORT_IS_ALL: bool = false;

    fn addr(addr: &SockAddr) -> io::Result<SocketAddr> {
        Ok(unix_address::to_std(addr))
    }
}

/// The half that reads, of [`UnixStream::split`](super::ByteStream::split).
pub type ReadHalf<'a> = split::ReadHalf<'a, Unix>;
/// The half that writes, of [`UnixStream::split`](super::ByteStream::split).
pub type WriteHalf<'a> = split::WriteHalf<'a, Unix>;
/// The half that reads, of [`UnixStream::into_split`](super::ByteStream::into_split).
pub type OwnedReadHalf = owned_split::OwnedReadHalf<Unix>;
/// The half that writes, of [`UnixStream::into_split`](super::ByteStream::into_split).
pub type OwnedWriteHalf = owned_split::OwnedWriteHalf<Unix>;
/// The halves given to `reunite` are not of one stream. They are in here, unharmed.
pub type ReuniteError = owned_split::ReuniteError<Unix>;

/// Who is at the other end of a connection, as it was when the connection was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UCred {
    uid: u32,
    gid: u32,
    pid: Option<i32>,
}

impl UCred {
    /// The user id.
    pub fn uid(&self) -> u32 {
        self.uid
    }

    /// The group id.
    pub fn gid(&self) -> u32 {
        self.gid
    }

    /// The process id; none on systems other than Linux, and none if it has no number in our namespace.
    pub fn pid(&self) -> Option<i32> {
        self.pid
    }

    fn of(socket: &socket2::Socket) -> io::Result<UCred> {
        let found = credentials::of_peer(socket)?;
        Ok(UCred { uid: found.uid, gid: found.gid, pid: found.pid })
    }
}

/// The system's form of a path, or of a name in the abstract namespace.
fn address_of(path: &Path) -> io::Result<SockAddr> {
    if path.as_os_str().is_empty() {
        let text = "the path of the socket is empty; to let the system choose an address, do not bind";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    unix_address::from_path(path)
}
