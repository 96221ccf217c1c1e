//! The differences between platforms that `net/` need not know: how a socket is made and accepted
//! non-blocking and close-on-exec in one call, how a send is kept from raising SIGPIPE, and what
//! the errors of `accept` mean.

use std::io;

use socket2::{Domain, Protocol, SockAddr, Socket, Type};

/// Flags for every send, so that a closed peer causes the error `BrokenPipe` and never the signal
/// SIGPIPE.
///
/// Apple's sockets have the option SO_NOSIGPIPE instead, which socket2 and std set when they make
/// one. Windows has no SIGPIPE.
#[cfg(all(unix, not(target_vendor = "apple")))]
pub(crate) const SEND_FLAGS: i32 = libc::MSG_NOSIGNAL;
#[cfg(any(not(unix), target_vendor = "apple"))]
pub(crate) const SEND_FLAGS: i32 = 0;

/// The flag of a receive that leaves the bytes in the queue.
#[cfg(unix)]
pub(crate) const PEEK_FLAG: i32 = libc::MSG_PEEK;
#[cfg(windows)]
pub(crate) const PEEK_FLAG: i32 = 2;

/// A new socket, close-on-exec and non-blocking.
#[cfg(any(
    target_os = "android",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "illumos",
    target_os = "linux",
    target_os = "netbsd",
    target_os = "openbsd",
))]
pub(crate) fn nonblocking(domain: Domain, kind: Type, protocol: Option<Protocol>) -> io::Result<Socket> {
    Socket::new(domain, kind.nonblocking(), protocol)
}

/// A new socket, close-on-exec and non-blocking.
#[cfg(not(any(
    target_os = "android",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "illumos",
    target_os = "linux",
    target_os = "netbsd",
    target_os = "openbsd",
)))]
pub(crate) fn nonblocking(domain: Domain, kind: Type, protocol: Option<Protocol>) -> io::Result<Socket> {
    let socket = Socket::new(domain, kind, protocol)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Makes a pipe and returns its ends, the reading one first. Both are close-on-exec and
/// non-blocking from the start. Otherwise a child that another thread starts between two calls
/// would inherit an end, and the other end would never see the last close.
///
/// The driver watches descriptors in the form of sockets. No call that only sockets support is made
/// on them.
#[cfg(any(
    target_os = "android",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "illumos",
    target_os = "linux",
    target_os = "netbsd",
    target_os = "openbsd",
))]
pub(crate) fn pipe() -> io::Result<(Socket, Socket)> {
    use rustix::pipe::{PipeFlags, pipe_with};
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
    Ok((reader.into(), writer.into()))
}

/// Makes a pipe and returns its ends, close-on-exec and non-blocking. No call on these systems does
/// it in one step.
#[cfg(all(
    unix,
    not(any(
        target_os = "android",
        target_os = "dragonfly",
        target_os = "freebsd",
        target_os = "illumos",
        target_os = "linux",
        target_os = "netbsd",
        target_os = "openbsd",
    ))
))]
pub(crate) fn pipe() -> io::Result<(Socket, Socket)> {
    let (reader, writer) = rustix::pipe::pipe()?;
    let (reader, writer) = (Socket::from(reader), Socket::from(writer));
    for end in [&reader, &writer] {
        end.set_cloexec(true)?;
        end.set_nonblocking(true)?;
    }
    Ok((reader, writer))
}

/// Accepts one connection, close-on-exec and non-blocking, in one system call.
#[cfg(any(
    target_os = "android",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "illumos",
    target_os = "linux",
    target_os = "netbsd",
    target_os = "openbsd",
))]
pub(crate) fn accept(listener: &Socket) -> io::Result<(Socket, SockAddr)> {
    listener.accept4(libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK)
}

/// Accepts one connection, close-on-exec and non-blocking.
#[cfg(not(any(
    target_os = "android",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "illumos",
    target_os = "linux",
    target_os = "netbsd",
    target_os = "openbsd",
)))]
pub(crate) fn accept(listener: &Socket) -> io::Result<(Socket, SockAddr)> {
    let (socket, addr) = listener.accept()?;
    socket.set_nonblocking(true)?;
    Ok((socket, addr))
}

/// Whether several sockets may bind one address and share what arrives (`SO_REUSEPORT`).
#[cfg(all(unix, not(any(target_os = "cygwin", target_os = "illumos", target_os = "solaris"))))]
pub(crate) fn reuse_port(socket: &Socket) -> io::Result<bool> {
    socket.reuse_port()
}

/// Lets several sockets bind one address and share what arrives (`SO_REUSEPORT`).
#[cfg(all(unix, not(any(target_os = "cygwin", target_os = "illumos", target_os = "solaris"))))]
pub(crate) fn set_reuse_port(socket: &Socket, reuse: bool) -> io::Result<()> {
    socket.set_reuse_port(reuse)
}

/// This system has no such option.
#[cfg(not(all(unix, not(any(target_os = "cygwin", target_os = "illumos", target_os = "solaris")))))]
pub(crate) fn reuse_port(_: &Socket) -> io::Result<bool> {
    Ok(false)
}

/// This system has no such option, so only `false` is accepted.
#[cfg(not(all(unix, not(any(target_os = "cygwin", target_os = "illumos", target_os = "solaris")))))]
pub(crate) fn set_reuse_port(_: &Socket, reuse: bool) -> io::Result<()> {
    if !reuse {
        return Ok(());
    }
    let text = "this system cannot share an address among sockets: it has no SO_REUSEPORT";
    Err(io::Error::new(io::ErrorKind::Unsupported, text))
}

/// Whether an error of `accept` concerns only the one connection that it took from the queue, so
/// that the listener still works and the next call may succeed.
///
/// Some manuals list EPERM (a firewall rule) and EOPNOTSUPP as such errors. They are left out here
/// because a seccomp filter and a socket that cannot listen return the same numbers for every call,
/// and a retry would never end.
pub(crate) fn is_error_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{
        ConnectionAborted, ConnectionReset, HostUnreachable, Interrupted, NetworkDown, NetworkUnreachable,
    };
    match error.kind() {
        ConnectionAborted | ConnectionReset | HostUnreachable | Interrupted | NetworkDown
        | NetworkUnreachable => true,
        _ => is_protocol_error(error),
    }
}

/// The other errors of this kind, for which std has no `ErrorKind`.
#[cfg(unix)]
fn is_protocol_error(error: &io::Error) -> bool {
    let code = error.raw_os_error();
    #[cfg(any(target_os = "android", target_os = "linux"))]
    if code == Some(libc::ENONET) {
        return true;
    }
    matches!(code, Some(libc::EPROTO | libc::ENOPROTOOPT | libc::EHOSTDOWN))
}

#[cfg(not(unix))]
fn is_protocol_error(_: &io::Error) -> bool {
    false
}

/// Whether a call failed because the process or the machine has no descriptor or memory left. The
/// connection then stays in the queue and the listener stays readable, so that an immediate retry
/// would spin.
#[cfg(unix)]
pub(crate) fn is_exhaustion(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM))
}

/// Whether a call failed because the process or the machine has no descriptor or memory left.
#[cfg(windows)]
pub(crate) fn is_exhaustion(error: &io::Error) -> bool {
    const WSAEMFILE: i32 = 10024;
    const WSAENOBUFS: i32 = 10055;
    matches!(error.raw_os_error(), Some(WSAEMFILE | WSAENOBUFS))
}

/// Whether a non-blocking connect continues in the background after this error.
pub(super) fn is_in_progress(error: &io::Error) -> bool {
    #[cfg(unix)]
    if error.raw_os_error() == Some(libc::EINPROGRESS) {
        return true;
    }
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

/// Whether an earlier connect is under way, or done.
pub(super) fn has_begun(error: &io::Error) -> bool {
    #[cfg(unix)]
    return matches!(error.raw_os_error(), Some(libc::EALREADY | libc::EISCONN));
    // No back end on these systems starts an operation again.
    #[cfg(not(unix))]
    return error.kind() == io::ErrorKind::AlreadyExists;
}

/// Whether the socket is connected. `WouldBlock` means that it is not connected yet.
pub(super) fn connect_outcome(socket: &Socket) -> io::Result<()> {
    if let Some(error) = socket.take_error()? {
        return Err(error);
    }
    match socket.peer_addr() {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Err(io::ErrorKind::WouldBlock.into()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn errors_of_accept_are_told_apart() {
        let os = io::Error::from_raw_os_error;
        for code in [libc::ECONNABORTED, libc::EPROTO, libc::EINTR, libc::ENETDOWN, libc::EHOSTUNREACH] {
            assert!(is_error_of_one_connection(&os(code)), "{code} is about one connection");
            assert!(!is_exhaustion(&os(code)), "{code} is not exhaustion");
        }
        for code in [libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::ENOMEM] {
            assert!(is_exhaustion(&os(code)), "{code} is exhaustion");
            assert!(!is_error_of_one_connection(&os(code)), "{code} is not about one connection");
        }
        // Each of these would be returned forever: retrying them inside accept would block a
        // worker.
        for code in [libc::EBADF, libc::EINVAL, libc::ENOTSOCK, libc::EPERM, libc::EOPNOTSUPP, libc::EAGAIN] {
            assert!(!is_error_of_one_connection(&os(code)), "{code} ends the call");
            assert!(!is_exhaustion(&os(code)), "{code} is not exhaustion");
        }
    }
}
