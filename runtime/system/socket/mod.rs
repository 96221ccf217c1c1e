//! The differences between platforms that `net/` need not know: how a socket is made and accepted
//! non-blocking and close-on-exec in one call, how a send is kept from raising SIGPIPE, and what
//! the errors of `accept` mean.

use std::io;

use socket2::{Socket, Type};

cfg_if! {
    if #[made_with_flags] {
        mod one_call;
        use one_call as made;
    } else {
        mod two_calls;
        use two_calls as made;
    }
}

#[cfg(unix)]
pub(crate) use made::pipe;
pub(crate) use made::{accept, nonblocking};

cfg_if! {
    if #[shares_ports] {
        mod shared_ports;
        use shared_ports as ports;
    } else {
        mod own_ports;
        use own_ports as ports;
    }
}

pub(crate) use ports::{reuse_port, set_reuse_port};

cfg_if! {
    if #[knows_listeners] {
        mod asked_listener;
        use asked_listener as listener;
    } else {
        mod guessed_listener;
        use guessed_listener as listener;
    }
}

pub(crate) use listener::is_listener;

/// Flags for every send, so that a closed peer causes the error `BrokenPipe` and never the signal
/// SIGPIPE.
///
/// Apple's sockets have the option SO_NOSIGPIPE instead, which socket2 and std set when they make
/// one. Windows has no SIGPIPE.
pub(crate) const SEND_FLAGS: i32 = NO_SIGPIPE;

cfg_if! {
    if #[send_flag_stops_sigpipe] {
        const NO_SIGPIPE: i32 = libc::MSG_NOSIGNAL;
    } else {
        const NO_SIGPIPE: i32 = 0;
    }
}

/// The result of a send: the error `BrokenPipe` everywhere if the socket was shut down for it.
#[cfg(unix)]
#[inline]
pub(crate) fn sent(result: io::Result<usize>) -> io::Result<usize> {
    result
}

/// The result of a send: the error `BrokenPipe` everywhere if the socket was shut down for it.
#[cfg(windows)]
pub(crate) fn sent(result: io::Result<usize>) -> io::Result<usize> {
    const WSAESHUTDOWN: i32 = 10058;
    match result {
        Err(error) if error.raw_os_error() == Some(WSAESHUTDOWN) => {
            Err(io::Error::new(io::ErrorKind::BrokenPipe, error))
        }
        result => result,
    }
}

/// The flag of a receive that leaves the bytes in the queue.
#[cfg(unix)]
pub(crate) const PEEK_FLAG: i32 = libc::MSG_PEEK;
#[cfg(windows)]
pub(crate) const PEEK_FLAG: i32 = 2;

/// Whether others find it by its name while it is open, although no peer is connected: it listens,
/// takes datagrams, or is no socket but a pipe, whose path they open.
pub(crate) fn is_found_by_name(socket: &Socket) -> bool {
    match socket.r#type() {
        Ok(Type::DGRAM) | Err(_) => true,
        Ok(_) => is_listener(socket),
    }
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
        NotConnected,
    };
    match error.kind() {
        ConnectionAborted | ConnectionReset | HostUnreachable | Interrupted | NetworkDown
        | NetworkUnreachable | NotConnected => true,
        _ => is_protocol_error(error),
    }
}

/// The other errors of this kind, for which std has no `ErrorKind`.
#[cfg(unix)]
fn is_protocol_error(error: &io::Error) -> bool {
    let Some(code) = error.raw_os_error() else { return false };
    matches!(code, libc::EPROTO | libc::ENOPROTOOPT | libc::EHOSTDOWN) || NO_NETWORK.contains(&code)
}

cfg_if! {
    if #[linux_kernel] {
        const NO_NETWORK: [i32; 1] = [libc::ENONET];
    } else {
        #[cfg(unix)]
        const NO_NETWORK: [i32; 0] = [];
    }
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
pub(crate) fn is_in_progress(error: &io::Error) -> bool {
    #[cfg(unix)]
    if error.raw_os_error() == Some(libc::EINPROGRESS) {
        return true;
    }
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

/// Whether an earlier connect is under way, or done.
pub(crate) fn has_begun(error: &io::Error) -> bool {
    #[cfg(unix)]
    return matches!(error.raw_os_error(), Some(libc::EALREADY | libc::EISCONN));
    // No back end on these systems starts an operation again.
    #[cfg(not(unix))]
    return error.kind() == io::ErrorKind::AlreadyExists;
}

/// Whether the socket is connected. `WouldBlock` means that it is not connected yet.
pub(crate) fn connect_outcome(socket: &Socket) -> io::Result<()> {
    if let Some(error) = socket.take_error()? {
        return Err(error);
    }
    match socket.peer_addr() {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Err(io::ErrorKind::WouldBlock.into()),
        Err(error) => Err(error),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn made_and_accepted_descriptors_are_close_on_exec_do_not_block_and_only_one_listens() {
        use socket2::{Domain, Type};
        use std::net::{Ipv4Addr, SocketAddr};

        let (reader, writer) = pipe().unwrap();
        let listener = nonblocking(Domain::IPV4, Type::STREAM, None).unwrap();
        listener.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
        listener.listen(1).unwrap();
        let client = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        client.connect(&listener.local_addr().unwrap()).unwrap();
        let accepted = loop {
            match accept(&listener) {
                Ok((socket, _)) => break socket,
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
            }
        };
        let listening = [&listener, &client, &accepted].map(is_listener);
        assert_eq!(listening, [true, false, false]);
        for made in [reader, writer, listener, accepted] {
            let flags = rustix::io::fcntl_getfd(&made).unwrap();
            assert!(flags.contains(rustix::io::FdFlags::CLOEXEC), "{made:?} is close-on-exec");
            assert!(made.nonblocking().unwrap(), "{made:?} does not block");
        }
    }

    #[test]
    fn errors_of_accept_are_distinguished() {
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
