//! Systems without an abstract namespace.

use std::io;
use std::os::unix::net::SocketAddr;

use socket2::SockAddr;

pub(super) const HAS_ABSTRACT_NAMES: bool = false;

pub(super) fn abstract_name(_: &SocketAddr) -> Option<io::Result<SockAddr>> {
    None
}

pub(super) fn from_abstract_name(_: &[u8]) -> Option<SocketAddr> {
    None
}
