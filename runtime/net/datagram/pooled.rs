//! Receives of datagrams into buffers that belong to the runtime, for UDP and for Unix sockets.

use std::io;

use socket2::{SockAddr, Socket};

use crate::buf::PooledBuf;
use crate::driver::{Contents, Registration};
use crate::net::call::{paid, paid_by, without_buffer_if_empty};
use crate::net::receive;

pub(in crate::net) fn receive_pooled_once(
    registration: &Registration,
    socket: &Socket,
) -> io::Result<PooledBuf> {
    let mut buf = registration.take_buffer(Contents::Datagram)?;
    paid(receive::fill_owned(socket, &mut buf))?;
    Ok(without_buffer_if_empty(buf))
}

pub(in crate::net) fn receive_from_pooled_once(
    registration: &Registration,
    socket: &Socket,
) -> io::Result<(PooledBuf, SockAddr)> {
    let mut buf = registration.take_buffer(Contents::Datagram)?;
    let (_, sender) = paid_by(receive::fill_owned_from(socket, &mut buf), |(count, _)| *count)?;
    Ok((without_buffer_if_empty(buf), sender))
}

/// The same for datagrams that may be longer than the buffer: such a datagram is an error.
#[cfg(unix)]
pub(in crate::net) fn receive_whole_pooled_once(
    registration: &Registration,
    socket: &Socket,
) -> io::Result<(PooledBuf, SockAddr)> {
    let mut buf = registration.take_buffer(Contents::LocalDatagram)?;
    let (_, is_whole, sender) = paid_by(receive::fill_owned_whole(socket, &mut buf), |(count, ..)| *count)?;
    if is_whole { Ok((without_buffer_if_empty(buf), sender)) } else { Err(cut_off()) }
}

#[cfg(unix)]
fn cut_off() -> io::Error {
    let text = "a datagram was longer than the runtime's buffers (256 KiB) and is lost; \
                receive such with `recv` into a buffer of your own";
    io::Error::new(io::ErrorKind::InvalidData, text)
}
