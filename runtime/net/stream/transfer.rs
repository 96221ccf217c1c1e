//! The bytes of a stream socket: one implementation of every read and write, for streams and for
//! their halves.
//!
//! Every call ends in one of the functions `_once` and `_noted`, here or in `net/call.rs`.
//! `read_write.rs` has the public methods, `poll.rs` serves the traits of other crates.

use std::io::{self, IoSlice, IoSliceMut, Read as _};

use socket2::Socket;

use crate::driver::{Direction, Moved, Registration};
use crate::net::call::paid;
use crate::net::receive;
use crate::system::socket::{SEND_FLAGS, sent};

/// The most buffers that one system call takes (`IOV_MAX`). It returns an error for more, so the
/// rest goes to the next call.
pub(super) const VECTORED_COUNT_MAX: usize = 1024;
/// The least room that `read_to_end` offers to a receive, in bytes.
const READ_TO_END_ROOM_BYTES: usize = 4096;
/// The most bytes by which one receive of `read_to_end` grows the vector.
const READ_TO_END_GROWTH_BYTES_MAX: usize = 256 * 1024;

/// Reads once: no byte is taken before the future is ready `[one-call-moves-bytes]`.
pub(super) async fn read(registration: &Registration, buf: &mut [u8]) -> io::Result<usize> {
    if buf.is_empty() {
        return Ok(0);
    }
    registration.transfer(Direction::Read, |socket| receive_noted(socket, buf)).await
}

/// Reads once, into several buffers.
pub(super) async fn read_vectored(
    registration: &Registration,
    bufs: &mut [IoSliceMut<'_>],
) -> io::Result<usize> {
    let Some(bufs) = slices_to_fill(bufs) else {
        return Ok(0);
    };
    registration.async_io(Direction::Read, |socket| receive_vectored_once(socket, bufs)).await
}

/// Fills `buf`.
pub(super) async fn read_exact(registration: &Registration, buf: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buf.len() {
        match read(registration, &mut buf[filled..]).await? {
            0 => return Err(end_came_early(filled, buf.len())),
            count => filled += count,
        }
    }
    Ok(filled)
}

/// Appends everything up to the end of the stream.
pub(super) async fn read_to_end(registration: &Registration, buf: &mut Vec<u8>) -> io::Result<usize> {
    let start_len = buf.len();
    let mut growth = READ_TO_END_ROOM_BYTES;
    loop {
        if buf.capacity() - buf.len() < READ_TO_END_ROOM_BYTES {
            buf.reserve(growth);
            growth = (growth * 2).min(READ_TO_END_GROWTH_BYTES_MAX);
        }
        let append = |socket: &Socket| paid(receive::append(socket, buf));
        if registration.async_io(Direction::Read, append).await? == 0 {
            return Ok(buf.len() - start_len);
        }
    }
}

/// Appends everything up to the end of the stream, if it is UTF-8.
pub(super) async fn read_to_string(registration: &Registration, text: &mut String) -> io::Result<usize> {
    let mut bytes = Vec::new();
    let count = read_to_end(registration, &mut bytes).await?;
    match std::str::from_utf8(&bytes) {
        Ok(read) => text.push_str(read),
        Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
    }
    Ok(count)
}

/// Writes once: no byte is sent before the future is ready `[one-call-moves-bytes]`.
pub(super) async fn write(registration: &Registration, buf: &[u8]) -> io::Result<usize> {
    if buf.is_empty() {
        return Ok(0);
    }
    registration.transfer(Direction::Write, |socket| send_noted(socket, buf)).await
}

/// Writes once, from several buffers.
pub(super) async fn write_vectored(registration: &Registration, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
    let Some(bufs) = slices_to_send(bufs) else {
        return Ok(0);
    };
    registration.async_io(Direction::Write, |socket| send_vectored_once(socket, bufs)).await
}

/// Writes everything.
pub(super) async fn write_all(registration: &Registration, mut buf: &[u8]) -> io::Result<()> {
    while !buf.is_empty() {
        match write(registration, buf).await? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            count => buf = &buf[count..],
        }
    }
    Ok(())
}

/// Writes everything, from several buffers.
pub(super) async fn write_all_vectored(
    registration: &Registration,
    bufs: &mut [IoSlice<'_>],
) -> io::Result<()> {
    while bufs.iter().any(|buf| !buf.is_empty()) {
        match write_vectored(registration, bufs).await? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            count => take_off(bufs, count),
        }
    }
    Ok(())
}

/// Shortens the buffers by the bytes that were written. `IoSlice::advance_slices` would leave
/// finished buffers unchanged, so a caller that drops a call and repeats it would write them twice.
fn take_off(bufs: &mut [IoSlice<'_>], mut count: usize) {
    for buf in bufs {
        if count < buf.len() {
            buf.advance(count);
            return;
        }
        count -= buf.len();
        *buf = IoSlice::new(&[]);
    }
}

/// Returns the buffers to pass to one receive: without empty ones in front, and no more than one
/// call takes. Returns `None` if there is nothing to fill `[empty-is-done]`.
pub(super) fn slices_to_fill<'a, 'b>(bufs: &'a mut [IoSliceMut<'b>]) -> Option<&'a mut [IoSliceMut<'b>]> {
    let start = bufs.iter().position(|buf| !buf.is_empty())?;
    let end = bufs.len().min(start + VECTORED_COUNT_MAX);
    Some(&mut bufs[start..end])
}

/// Returns the buffers to pass to one send: without empty ones in front, and no more than one call
/// takes. Returns `None` if there is nothing to send `[empty-is-done]`.
pub(super) fn slices_to_send<'a, 'b>(bufs: &'a [IoSlice<'b>]) -> Option<&'a [IoSlice<'b>]> {
    let start = bufs.iter().position(|buf| !buf.is_empty())?;
    let end = bufs.len().min(start + VECTORED_COUNT_MAX);
    Some(&bufs[start..end])
}

fn end_came_early(filled: usize, wanted: usize) -> io::Error {
    let text = format!("the stream ended after {filled} of {wanted} bytes");
    io::Error::new(io::ErrorKind::UnexpectedEof, text)
}

/// Receives once; also returns how many bytes `buf` had room for.
pub(super) fn receive_noted(mut socket: &Socket, buf: &mut [u8]) -> io::Result<Moved> {
    Ok(Moved { count: socket.read(buf)?, asked: buf.len() })
}

pub(super) fn receive_vectored_once(mut socket: &Socket, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
    paid(socket.read_vectored(bufs))
}

/// Sends once `[no-sigpipe]`; also returns how many bytes `buf` had.
pub(super) fn send_noted(socket: &Socket, buf: &[u8]) -> io::Result<Moved> {
    Ok(Moved { count: sent(socket.send_with_flags(buf, SEND_FLAGS))?, asked: buf.len() })
}

/// `[no-sigpipe]`.
pub(super) fn send_vectored_once(socket: &Socket, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
    paid(sent(socket.send_vectored_with_flags(bufs, SEND_FLAGS)))
}
