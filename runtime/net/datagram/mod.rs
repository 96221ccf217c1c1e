//! Datagrams: one implementation of every send and receive with addresses, for UDP and for Unix
//! sockets. Those without an address are in `call.rs`.
//!
//! A datagram arrives whole or not at all, so each function is one system call
//! `[one-call-moves-bytes]`. Empty datagrams are sent and received like others.

pub(super) mod pooled;

use std::io;

use socket2::{SockAddr, Socket};

use super::call::{paid, paid_by};
use super::receive;
use crate::system::socket::SEND_FLAGS;

/// `[no-sigpipe]`.
pub(super) fn send_to_once(socket: &Socket, buf: &[u8], target: &SockAddr) -> io::Result<usize> {
    paid(socket.send_to_with_flags(buf, target, SEND_FLAGS))
}

pub(super) fn receive_from_once(socket: &Socket, buf: &mut [u8]) -> io::Result<(usize, SockAddr)> {
    paid_by(receive::receive_from(socket, buf), |(count, _)| *count)
}

pub(super) fn peek_from_once(socket: &Socket, buf: &mut [u8]) -> io::Result<(usize, SockAddr)> {
    paid_by(receive::peek_from(socket, buf), |(count, _)| *count)
}
