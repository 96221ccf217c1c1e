//! Datagrams: one implementation of every send and receive, for UDP and for Unix sockets.
//!
//! A datagram arrives whole or not at all, so each function is one system call
//! `[one-call-moves-bytes]`. Empty datagrams are sent and received like others.

use std::io::{self, Read as _};

use socket2::{SockAddr, Socket};

use super::receive;
use super::transfer::{paid, paid_by};
use crate::system::socket::SEND_FLAGS;

/// `[no-sigpipe]`.
pub(super) fn send_once(socket: &Socket, buf: &[u8]) -> io::Result<usize> {
    paid(|| socket.send_with_flags(buf, SEND_FLAGS))
}

/// `[no-sigpipe]`.
pub(super) fn send_to_once(socket: &Socket, buf: &[u8], target: &SockAddr) -> io::Result<usize> {
    paid(|| socket.send_to_with_flags(buf, target, SEND_FLAGS))
}

pub(super) fn receive_once(mut socket: &Socket, buf: &mut [u8]) -> io::Result<usize> {
    paid(|| socket.read(buf))
}

pub(super) fn receive_from_once(socket: &Socket, buf: &mut [u8]) -> io::Result<(usize, SockAddr)> {
    paid_by(|| receive::receive_from(socket, buf), |(count, _)| *count)
}

pub(super) fn peek_once(socket: &Socket, buf: &mut [u8]) -> io::Result<usize> {
    paid(|| receive::peek(socket, buf))
}

pub(super) fn peek_from_once(socket: &Socket, buf: &mut [u8]) -> io::Result<(usize, SockAddr)> {
    paid_by(|| receive::peek_from(socket, buf), |(count, _)| *count)
}
