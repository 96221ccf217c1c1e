//! Two options.

use std::io;

use socket2::Socket;

pub(crate) fn tos_v4(socket: &Socket) -> io::Result<u32> {
    socket.tos_v4()
}

pub(crate) fn set_tos_v4(socket: &Socket, tos: u32) -> io::Result<()> {
    socket.set_tos_v4(tos)
}

pub(crate) fn tclass_v6(socket: &Socket) -> io::Result<u32> {
    socket.tclass_v6()
}

pub(crate) fn set_tclass_v6(socket: &Socket, tclass: u32) -> io::Result<()> {
    socket.set_tclass_v6(tclass)
}
