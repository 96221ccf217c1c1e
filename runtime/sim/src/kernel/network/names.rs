//! What sockets, their kinds and their addresses are called.

use std::ffi::c_int;
use std::net::SocketAddr;

/// A number of `errno(3)`.
pub(crate) type Errno = c_int;

/// A socket of a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SocketId(pub(crate) u32);

/// It may be readable now, as epoll says it.
pub(super) const CHANGED_IN: u32 = (libc::EPOLLIN | libc::EPOLLRDNORM) as u32;
/// It may be writable now.
pub(super) const CHANGED_OUT: u32 = (libc::EPOLLOUT | libc::EPOLLWRNORM | libc::EPOLLWRBAND) as u32;
/// Anything may be so now.
pub(super) const CHANGED_ANY: u32 = u32::MAX;

/// The family of a socket's addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Inet,
    Inet6,
    Unix,
}

/// What is sent through a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Transport {
    Stream,
    Datagram,
}

/// The address of a socket, as programs see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SocketName {
    Inet(SocketAddr),
    /// The path, or a name that begins with a 0; empty: it has none.
    Unix(Vec<u8>),
}
