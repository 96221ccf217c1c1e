//! Systems that neither segment UDP datagrams nor join them.

use std::io;

use socket2::{SockAddr, Socket};

use super::ReceivedSegments;

pub(super) fn send(_: &Socket, _: &[u8], _: usize, _: Option<&SockAddr>) -> Option<io::Result<usize>> {
    None
}

/// None: receive one datagram as always.
pub(crate) fn receive(_: &Socket, _: &mut [u8]) -> Option<io::Result<ReceivedSegments>> {
    None
}

pub(crate) fn set_joined(_: &Socket, _: bool) -> io::Result<()> {
    let text = "this system cannot join UDP datagrams; receive them one by one";
    Err(io::Error::new(io::ErrorKind::Unsupported, text))
}
