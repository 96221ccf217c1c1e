//! Descriptors that are close-on-exec and non-blocking from the start.

use std::io;

use socket2::{Domain, Protocol, SockAddr, Socket, Type};

/// A new socket, close-on-exec and non-blocking.
pub(crate) fn nonblocking(domain: Domain, kind: Type, protocol: Option<Protocol>) -> io::Result<Socket> {
    Socket::new(domain, kind.nonblocking(), protocol)
}

/// Makes a pipe and returns its ends, the reading one first. Both are close-on-exec and
/// non-blocking from the start. Otherwise a child that another thread starts between two calls
/// would inherit an end, and the other end would never see the last close.
///
/// The driver watches descriptors in the form of sockets. No call that only sockets support is made
/// on them.
pub(crate) fn pipe() -> io::Result<(Socket, Socket)> {
    use rustix::pipe::{PipeFlags, pipe_with};
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
    Ok((reader.into(), writer.into()))
}

/// Accepts one connection, close-on-exec and non-blocking, in one system call.
pub(crate) fn accept(listener: &Socket) -> io::Result<(Socket, SockAddr)> {
    listener.accept4(libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK)
}
