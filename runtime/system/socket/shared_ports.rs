//! The option `SO_REUSEPORT`.

use std::io;

use socket2::Socket;

/// Whether several sockets may bind one address and share what arrives (`SO_REUSEPORT`).
pub(crate) fn reuse_port(socket: &Socket) -> io::Result<bool> {
    socket.reuse_port()
}

/// Lets several sockets bind one address and share what arrives (`SO_REUSEPORT`).
pub(crate) fn set_reuse_port(socket: &Socket, reuse: bool) -> io::Result<()> {
    socket.set_reuse_port(reuse)
}
