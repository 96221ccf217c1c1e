#![expect(unsafe_code, reason = "receives into memory that is not initialised yet")]
//! Receives into slices, vectors and the read buffers of other crates, without zeroing memory
//! first.
//!
//! All unsafe code here rests on one property of the system, `[recv-initialises]`; the design of
//! the room defines it.

use std::io;
use std::mem::MaybeUninit;

use socket2::{MaybeUninitSlice, SockAddr, Socket};

use crate::buf::IoBufMut;
use crate::system::socket::PEEK_FLAG;

/// Receives into `buf` and leaves the bytes in the queue of the socket.
pub(super) fn peek(socket: &Socket, buf: &mut [u8]) -> io::Result<usize> {
    socket.recv_with_flags(uninit(buf), PEEK_FLAG)
}

/// Receives one datagram into `buf`, and returns the address of its sender.
pub(super) fn receive_from(socket: &Socket, buf: &mut [u8]) -> io::Result<(usize, SockAddr)> {
    socket.recv_from(uninit(buf))
}

/// Receives one datagram into `buf`, returns the address of its sender, and leaves it in the queue
/// of the socket.
pub(super) fn peek_from(socket: &Socket, buf: &mut [u8]) -> io::Result<(usize, SockAddr)> {
    socket.recv_from_with_flags(uninit(buf), PEEK_FLAG)
}

/// Only for the receives of this file: other code might write bytes that are not initialised.
fn uninit(buf: &mut [u8]) -> &mut [MaybeUninit<u8>] {
    // SAFETY: the layouts are equal, and `[recv-initialises]`: nothing makes a byte of `buf`
    // uninitialised.
    unsafe { &mut *(std::ptr::from_mut(buf) as *mut [MaybeUninit<u8>]) }
}

/// Receives into the spare capacity of `vec`, which must not be empty, and appends the bytes that
/// arrived.
pub(super) fn append(socket: &Socket, vec: &mut Vec<u8>) -> io::Result<usize> {
    let spare = vec.spare_capacity_mut();
    debug_assert!(!spare.is_empty(), "a receive into nothing would look like the end of the stream");
    let count = socket.recv(spare)?;
    // SAFETY: `[recv-initialises]`, and `count` is at most the length of the spare capacity.
    unsafe { vec.set_len(vec.len() + count) };
    Ok(count)
}

/// Receives into the room of an owned buffer, from its beginning, and reports to it how many bytes
/// arrived.
pub(super) fn fill_owned(socket: &Socket, buf: &mut impl IoBufMut) -> io::Result<usize> {
    let (start, room_bytes) = (buf.as_mut_ptr().cast::<MaybeUninit<u8>>(), buf.bytes_total());
    // SAFETY: the trait promises that `room_bytes` bytes may be written there, and the borrow keeps
    // others away.
    let count = socket.recv(unsafe { std::slice::from_raw_parts_mut(start, room_bytes) })?;
    // SAFETY: `[recv-initialises]`, and `count` is at most the length of the room.
    unsafe { buf.set_read(count) };
    Ok(count)
}

/// Receives into the room of owned buffers, one after the other, and reports to each how many bytes
/// arrived in it.
pub(super) fn fill_owned_vectored<B: IoBufMut>(socket: &Socket, bufs: &mut [B]) -> io::Result<usize> {
    let room_of = |buf: &mut B| {
        let (start, room_bytes) = (buf.as_mut_ptr().cast::<MaybeUninit<u8>>(), buf.bytes_total());
        // SAFETY: the trait promises that `room_bytes` bytes may be written there, and no code uses
        // the buffer before they are written.
        MaybeUninitSlice::new(unsafe { std::slice::from_raw_parts_mut(start, room_bytes) })
    };
    let mut rooms: Vec<_> = bufs.iter_mut().map(room_of).collect();
    let (count, _) = socket.recv_vectored(&mut rooms)?;
    // SAFETY: `[recv-initialises]`: one buffer is full before the next one is filled.
    unsafe { set_lengths(bufs, count) };
    Ok(count)
}

/// Reports to owned buffers that no bytes arrived in them.
pub(super) fn leave_empty(bufs: &mut [impl IoBufMut]) {
    // SAFETY: nothing was received.
    unsafe { set_lengths(bufs, 0) };
}

/// # Safety
/// `count` bytes were received into the room of these buffers, one after the other.
unsafe fn set_lengths(bufs: &mut [impl IoBufMut], mut count: usize) {
    for buf in bufs {
        let part_bytes = count.min(buf.bytes_total());
        // SAFETY: the promise of the caller.
        unsafe { buf.set_read(part_bytes) };
        count -= part_bytes;
    }
}

/// Receives one datagram into the room of an owned buffer, reports its length to the buffer, and
/// returns the address of the sender.
pub(super) fn fill_owned_from(socket: &Socket, buf: &mut impl IoBufMut) -> io::Result<(usize, SockAddr)> {
    let (start, room_bytes) = (buf.as_mut_ptr().cast::<MaybeUninit<u8>>(), buf.bytes_total());
    // SAFETY: the trait promises that `room_bytes` bytes may be written there, and the borrow keeps
    // others away.
    let room = unsafe { std::slice::from_raw_parts_mut(start, room_bytes) };
    let (count, sender) = socket.recv_from(room)?;
    // SAFETY: `[recv-initialises]`, and `count` is at most the length of the room.
    unsafe { buf.set_read(count) };
    Ok((count, sender))
}

/// Receives one datagram into the room of an owned buffer, and reports to the buffer how many bytes
/// arrived. Returns how many bytes arrived, whether that was the whole datagram, and the address of
/// the sender.
#[cfg(unix)]
pub(super) fn fill_owned_whole(
    socket: &Socket,
    buf: &mut impl IoBufMut,
) -> io::Result<(usize, bool, SockAddr)> {
    let (start, room_bytes) = (buf.as_mut_ptr().cast::<MaybeUninit<u8>>(), buf.bytes_total());
    // SAFETY: the trait promises that `room_bytes` bytes may be written there, and the borrow keeps
    // others away.
    let room = unsafe { std::slice::from_raw_parts_mut(start, room_bytes) };
    let (count, flags, sender) = socket.recv_from_vectored(&mut [MaybeUninitSlice::new(room)])?;
    // SAFETY: `[recv-initialises]`, and `count` is at most the length of the room.
    unsafe { buf.set_read(count) };
    Ok((count, !flags.is_truncated(), sender))
}

/// Receives into the unfilled part of tokio's buffer, and marks the bytes that arrived as filled.
#[cfg(feature = "tokio-io")]
pub(super) fn fill_tokio(socket: &Socket, buf: &mut tokio::io::ReadBuf<'_>) -> io::Result<usize> {
    // SAFETY: `[recv-initialises]`: nothing makes a byte of it uninitialised.
    let count = socket.recv(unsafe { buf.unfilled_mut() })?;
    // SAFETY: `[recv-initialises]`: the first `count` bytes behind the filled part are written.
    unsafe { buf.assume_init(count) };
    buf.advance(count);
    Ok(count)
}

/// Receives into the unfilled part of hyper's buffer, and marks the bytes that arrived as filled.
#[cfg(feature = "hyper")]
pub(super) fn fill_hyper(socket: &Socket, buf: &mut hyper::rt::ReadBufCursor<'_>) -> io::Result<usize> {
    // SAFETY: `[recv-initialises]`: nothing makes a byte of it uninitialised.
    let count = socket.recv(unsafe { buf.as_mut() })?;
    // SAFETY: `[recv-initialises]`: the first `count` bytes behind the filled part are written.
    unsafe { buf.advance(count) };
    Ok(count)
}
