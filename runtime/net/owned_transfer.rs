//! The bytes of a stream socket, in buffers that are handed over: one implementation for streams
//! and for their halves.

use std::io::{self, IoSlice};

use super::receive;
use super::transfer::{self, VECTORED_COUNT_MAX};
use crate::buf::{IoBuf, IoBufMut, bytes_of};
use crate::driver::send::{End, Extent};
use crate::driver::{Direction, Moved, Registration};

/// Reads once: no byte is taken before the future is ready `[one-call-moves-bytes]`.
pub(super) async fn read<B: IoBufMut>(registration: &Registration, mut buf: B) -> (io::Result<usize>, B) {
    let room_bytes = buf.bytes_total();
    if room_bytes == 0 {
        return (Ok(0), buf);
    }
    let receive = |socket: &_| {
        let count = transfer::paid(|| receive::fill_owned(socket, &mut buf))?;
        Ok(Moved { count, asked: room_bytes })
    };
    let result = registration.transfer(Direction::Read, receive).await;
    (result, buf)
}

/// Reads once, into several buffers.
pub(super) async fn read_vectored<B: IoBufMut>(
    registration: &Registration,
    mut bufs: Vec<B>,
) -> (io::Result<usize>, Vec<B>) {
    let Some(start) = bufs.iter().position(|buf| buf.bytes_total() > 0) else {
        return (Ok(0), bufs);
    };
    let end = bufs.len().min(start + VECTORED_COUNT_MAX);
    let rooms = &mut bufs[start..end];
    let receive = |socket: &_| transfer::paid(|| receive::fill_owned_vectored(socket, rooms));
    let result = registration.async_io(Direction::Read, receive).await;
    if result.is_ok() {
        receive::leave_empty(&mut bufs[end..]);
    }
    (result, bufs)
}

/// Writes once: no byte is sent before the future is ready `[one-call-moves-bytes]`.
pub(super) async fn write<B: IoBuf>(registration: &Registration, buf: B) -> (io::Result<usize>, B) {
    let result = transfer::write(registration, bytes_of(&buf)).await;
    (result, buf)
}

/// Writes everything.
pub(super) async fn write_all<B: IoBuf>(registration: &Registration, buf: B) -> (io::Result<()>, B) {
    let result = transfer::write_all(registration, bytes_of(&buf)).await;
    (result, buf)
}

/// Writes once, from several buffers.
pub(super) async fn write_vectored<B: IoBuf>(
    registration: &Registration,
    bufs: Vec<B>,
) -> (io::Result<usize>, Vec<B>) {
    let slices: Vec<_> = bufs.iter().map(|buf| IoSlice::new(bytes_of(buf))).collect();
    let result = transfer::write_vectored(registration, &slices).await;
    drop(slices);
    (result, bufs)
}

/// Writes everything, from several buffers.
pub(super) async fn write_all_vectored<B: IoBuf>(
    registration: &Registration,
    bufs: Vec<B>,
) -> (io::Result<()>, Vec<B>) {
    let mut slices: Vec<_> = bufs.iter().map(|buf| IoSlice::new(bytes_of(buf))).collect();
    let result = transfer::write_all_vectored(registration, &mut slices).await;
    drop(slices);
    (result, bufs)
}

/// Writes once, without copying if the kernel can do that.
pub(super) async fn write_zero_copy<B: IoBuf>(registration: &Registration, buf: B) -> (io::Result<usize>, B) {
    if !registration.offers_zero_copy() {
        return write(registration, buf).await;
    }
    let sent = registration.send_zero_copy(buf, Extent::Part).await;
    let buf = given_back(sent.buf);
    match sent.end {
        End::Taken => (Ok(sent.sent_bytes), buf),
        End::Refused => write(registration, buf).await,
        End::Failed(error) => (Err(error), buf),
    }
}

/// Writes everything, without copying as far as the kernel can do that.
pub(super) async fn write_all_zero_copy<B: IoBuf>(
    registration: &Registration,
    buf: B,
) -> (io::Result<()>, B) {
    if !registration.offers_zero_copy() {
        return write_all(registration, buf).await;
    }
    let sent = registration.send_zero_copy(buf, Extent::All).await;
    let buf = given_back(sent.buf);
    match sent.end {
        End::Taken => (Ok(()), buf),
        End::Refused => {
            let result = transfer::write_all(registration, &bytes_of(&buf)[sent.sent_bytes..]).await;
            (result, buf)
        }
        End::Failed(error) => (Err(error), buf),
    }
}

/// Gives a buffer back to its owner.
///
/// # Panics
/// Panics if the runtime is gone and the kernel still has the buffer: then it cannot be given back.
fn given_back<B>(buf: Option<B>) -> B {
    buf.expect("the heist runtime has ended before this write, and the kernel still reads its buffer")
}
