//! Descriptors that a second call makes close-on-exec or non-blocking.

use std::io;

use socket2::{Domain, Protocol, SockAddr, Socket, Type};

/// A new socket, close-on-exec and non-blocking.
pub(crate) fn nonblocking(domain: Domain, kind: Type, protocol: Option<Protocol>) -> io::Result<Socket> {
    let socket = Socket::new(domain, kind, protocol)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Makes a pipe and returns its ends, close-on-exec and non-blocking. No call on these systems does
/// it in one step.
#[cfg(unix)]
pub(crate) fn pipe() -> io::Result<(Socket, Socket)> {
    let (reader, writer) = rustix::pipe::pipe()?;
    let (reader, writer) = (Socket::from(reader), Socket::from(writer));
    for end in [&reader, &writer] {
        end.set_cloexec(true)?;
        end.set_nonblocking(true)?;
    }
    Ok((reader, writer))
}

/// Accepts one connection, close-on-exec and non-blocking.
pub(crate) fn accept(listener: &Socket) -> io::Result<(Socket, SockAddr)> {
    let (socket, addr) = listener.accept()?;
    socket.set_nonblocking(true)?;
    Ok((socket, addr))
}
