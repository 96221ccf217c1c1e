//! What sockets do differently from platform to platform, so that `net/` need not know: how a socket is made and
//! accepted non-blocking and close-on-exec in one call, how a send is kept from raising SIGPIPE, and what the errors
//! of `accept` mean.

use std::io;

use socket2::{Domain, Protocol, SockAddr, Socket, Type};

/// Flags for every send, so that a closed peer is the error `BrokenPipe` and never the signal SIGPIPE.
///
/// Apple's sockets carry SO_NOSIGPIPE instead, which socket2 and std set when they make one; Windows has no SIGPIPE.
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

/// The ends of a new pipe, the one to read first; close-on-exec and non-blocking from their birth. A child that another thread
/// starts between two calls would inherit one, and the other would never hear of the last close.
///
/// A driver watches descriptors in the form of sockets; no call that only sockets have is made.
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

/// The ends of a new pipe, close-on-exec and non-blocking; no call here does it in one.
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

/// There is no such option here.
#[cfg(not(all(unix, not(any(target_os = "cygwin", target_os = "illumos", target_os = "solaris")))))]
pub(crate) fn reuse_port(_: &Socket) -> io::Result<bool> {
    Ok(false)
}

/// There is no such option here, so that only asking for less is granted.
#[cfg(not(all(unix, not(any(target_os = "cygwin", target_os = "illumos", target_os = "solaris")))))]
pub(crate) fn set_reuse_port(_: &Socket, reuse: bool) -> io::Result<()> {
    if !reuse {
        return Ok(());
    }
    let text = "this system cannot share an address among sockets: it has no SO_REUSEPORT";
    Err(io::Error::new(io::ErrorKind::Unsupported, text))
}

/// Whether an error of `accept` is about the one connection that it took from the queue, so that the listener is as
/// good as before and the next call may succeed.
///
/// EPERM (a firewall rule) and EOPNOTSUPP are listed as such by some manuals and left out here: a seccomp filter
/// and a socket that cannot listen give the same numbers for every call, and a retry would never end.
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

/// The rest of the list, which std gives no kind to.
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

/// Whether a call failed because the process or the machine has no descriptor or memory left: the connection stays
/// in the queue and the listener readable, so that an immediate retry would spin.
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

/// A non-blocking connect goes on in the background after one of these.
pub(super) fn is_in_progress(error: &io::Error) -> bool {
    #[cfg(unix)]
    if error.raw_os_error() == Some(libc::EINPROGRESS) {
        return true;
    }
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

/// A connect before this one is under way, or done.
pub(super) fn has_begun(error: &io::Error) -> bool {
    #[cfg(unix)]
    return matches!(error.raw_os_error(), Some(libc::EALREADY | libc::EISCONN));
    // No back end here begins anything anew.
    #[cfg(not(unix))]
    return error.kind() == io::ErrorKind::AlreadyExists;
}

/// Connected, refused, or not yet.
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
        // Each of these would be returned for ever: retrying them inside accept would hang a worker.
        for code in [libc::EBADF, libc::EINVAL, libc::ENOTSOCK, libc::EPERM, libc::EOPNOTSUPP, libc::EAGAIN] {
            assert!(!is_error_of_one_connection(&os(code)), "{code} ends the call");
            assert!(!is_exhaustion(&os(code)), "{code} is not exhaustion");
        }
    }
}
