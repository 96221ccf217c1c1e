//! One system call that moves bytes: what streams and datagrams have in common.
//!
//! Every such call is repeated after a signal, and takes of the budget of its task: `paid` does
//! both. `receive.rs` has the receives that need `unsafe`.

use std::io::{self, Read as _};

use socket2::Socket;

use super::receive;
use crate::buf::PooledBuf;
use crate::system::socket::SEND_FLAGS;
use crate::task::coop;

/// Repeats a call for as long as signals interrupt it.
fn uninterrupted<R>(mut call: impl FnMut() -> io::Result<R>) -> io::Result<R> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Makes a call that copies bytes, and takes them from the budget of the task `[large-calls-pay]`.
pub(super) fn paid(call: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    paid_by(call, |count| *count)
}

/// The same for a call that returns more than the number of bytes.
pub(super) fn paid_by<R>(
    call: impl FnMut() -> io::Result<R>,
    bytes_of: impl Fn(&R) -> usize,
) -> io::Result<R> {
    uninterrupted(call).inspect(|moved| coop::spend_bytes(bytes_of(moved)))
}

#[inline]
pub(super) fn receive_once(mut socket: &Socket, buf: &mut [u8]) -> io::Result<usize> {
    paid(|| socket.read(buf))
}

#[inline]
pub(super) fn peek_once(socket: &Socket, buf: &mut [u8]) -> io::Result<usize> {
    paid(|| receive::peek(socket, buf))
}

/// `[no-sigpipe]`.
#[inline]
pub(super) fn send_once(socket: &Socket, buf: &[u8]) -> io::Result<usize> {
    paid(|| socket.send_with_flags(buf, SEND_FLAGS))
}

/// Replaces a buffer without bytes by an empty message, so that a program that keeps the message
/// keeps no buffer.
pub(super) fn without_buffer_if_empty(buf: PooledBuf) -> PooledBuf {
    if buf.is_empty() { PooledBuf::default() } else { buf }
}
