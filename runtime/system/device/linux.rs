//! Options of the socket.

use std::io;

use socket2::Socket;

pub(crate) fn device(socket: &Socket) -> io::Result<Option<Vec<u8>>> {
    socket.device()
}

pub(crate) fn bind_device(socket: &Socket, interface: Option<&[u8]>) -> io::Result<()> {
    socket.bind_device(interface)
}

pub(crate) fn quickack(socket: &Socket) -> io::Result<bool> {
    socket.tcp_quickack()
}

pub(crate) fn set_quickack(socket: &Socket, is_on: bool) -> io::Result<()> {
    socket.set_tcp_quickack(is_on)
}
