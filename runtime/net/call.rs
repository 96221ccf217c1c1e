//! One system call that moves bytes: what streams and datagrams have in common.
//!
//! Every such call takes of the budget of its task: with `paid`, or with the `Moved` that it
//! returns to the driver. The driver repeats it after a signal. `receive.rs` has the receives that
//! need `unsafe`.

use std::io::{self, Read as _};

use socket2::Socket;

use super::receive;
use crate::buf::PooledBuf;
use crate::system::socket::{SEND_FLAGS, sent};
use crate::task::coop;

/// Takes the bytes that a call has copied from the budget of the task `[large-calls-pay]`.
pub(super) fn paid(copied: io::Result<usize>) -> io::Result<usize> {
    paid_by(copied, |count| *count)
}

/// The same for a call that returns more than the number of bytes.
pub(super) fn paid_by<R>(copied: io::Result<R>, bytes_of: impl Fn(&R) -> usize) -> io::Result<R> {
    copied.inspect(|copied| coop::spend_bytes(bytes_of(copied)))
}

#[inline]
pub(super) fn receive_once(mut socket: &Socket, buf: &mut [u8]) -> io::Result<usize> {
    paid(socket.read(buf))
}

#[inline]
pub(super) fn peek_once(socket: &Socket, buf: &mut [u8]) -> io::Result<usize> {
    paid(receive::peek(socket, buf))
}

/// `[no-sigpipe]`.
#[inline]
pub(super) fn send_once(socket: &Socket, buf: &[u8]) -> io::Result<usize> {
    paid(sent(socket.send_with_flags(buf, SEND_FLAGS)))
}

/// Replaces a buffer without bytes by an empty message, so that a program that keeps the message
/// keeps no buffer.
pub(super) fn without_buffer_if_empty(buf: PooledBuf) -> PooledBuf {
    if buf.is_empty() { PooledBuf::default() } else { buf }
}
