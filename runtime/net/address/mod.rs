//! Addresses: what a program may write for one, how a name becomes one, and how one of the system
//! becomes one of std.

pub(super) mod lookup_host;
pub(super) mod to_socket_addrs;
#[cfg(unix)]
pub(super) mod unix;

use std::io;
use std::net::SocketAddr;

use socket2::SockAddr;

/// The address of a socket of the internet families (IPv4, IPv6).
pub(super) fn inet_addr(addr: &SockAddr) -> io::Result<SocketAddr> {
    addr.as_socket().ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            "the socket has no internet address: it is of another family",
        )
    })
}
