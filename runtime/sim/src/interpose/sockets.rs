//! Sockets: how they are opened, named, connected and set.
#![expect(unsafe_code, reason = "defines functions of the C library, and reads and writes what they name")]

use std::ffi::{c_int, c_void};
use std::{ptr, slice};

use super::transfer::{Patience, deadlines, perform};
use super::{enter_for, fail, number_or_fail, real_sockets as real, socket_addresses};
use crate::kernel::network::{Family, Network, SocketId, SocketName, Transport};
use crate::kernel::{Kernel, Object, ObjectId, OpenFile};
use crate::world::{Env, Here, enter};

/// On Linux the flags of sockets are those of files.
const FLAGS: c_int = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
const _: () = assert!(libc::SOCK_NONBLOCK == libc::O_NONBLOCK && libc::SOCK_CLOEXEC == libc::O_CLOEXEC);

/// No type of socket has this number, or a greater one.
const KINDS_COUNT: c_int = 11;

/// Makes a call on the socket of a descriptor that waits for nothing.
fn call<R>(
    here: &Here,
    name: &'static str,
    number: c_int,
    f: impl FnOnce(&mut Network, SocketId, &mut Env<'_>) -> Result<R, c_int>,
) -> Result<R, c_int> {
    let host = here.host();
    here.call(name, u64::from(number as u32), |kernel, env| {
        let socket = kernel.find(host, number).and_then(|id| kernel.socket(id))?;
        kernel.network_call(env, |network, env| f(network, socket, env))
    })
}

#[unsafe(no_mangle)]
pub(super) extern "C" fn socket(domain: c_int, kind: c_int, protocol: c_int) -> c_int {
    let Some(here) = enter() else {
        // SAFETY: it takes numbers.
        return unsafe { real::SOCKET.get()(domain, kind, protocol) };
    };
    let family = match domain {
        libc::AF_INET => Family::Inet,
        libc::AF_INET6 => Family::Inet6,
        libc::AF_UNIX => Family::Unix,
        _ => return fail(libc::EAFNOSUPPORT),
    };
    let (transport, own) = match kind & !FLAGS {
        libc::SOCK_STREAM => (Transport::Stream, libc::IPPROTO_TCP),
        libc::SOCK_DGRAM => (Transport::Datagram, libc::IPPROTO_UDP),
        KINDS_COUNT.. => return fail(libc::EINVAL),
        _ => return fail(libc::ESOCKTNOSUPPORT),
    };
    if protocol != 0 && (protocol != own || family == Family::Unix) {
        return fail(libc::EPROTONOSUPPORT);
    }
    let host = here.host();
    here.call("socket", 0, |kernel, _| kernel.open_socket(host, (family, transport), kind & FLAGS))
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn bind(
    number: c_int,
    address: *const libc::sockaddr,
    len: libc::socklen_t,
) -> c_int {
    let Some(here) = enter_for(number) else {
        // SAFETY: as the caller promises.
        return unsafe { real::BIND.get()(number, address, len) };
    };
    // SAFETY: as the caller promises.
    let name = match unsafe { socket_addresses::read(address, len) } {
        Ok(Some(name)) => name,
        Ok(None) => return fail(libc::EAFNOSUPPORT),
        Err(error) => return fail(error),
    };
    number_or_fail(call(&here, "bind", number, |network, id, env| network.bind(id, name, env)).map(|()| 0))
}

#[unsafe(no_mangle)]
pub(super) extern "C" fn listen(number: c_int, backlog: c_int) -> c_int {
    let Some(here) = enter_for(number) else {
        // SAFETY: it takes numbers.
        return unsafe { real::LISTEN.get()(number, backlog) };
    };
    let outcome = call(&here, "listen", number, |network, id, env| network.listen(id, backlog, env));
    number_or_fail(outcome.map(|()| 0))
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn accept(
    number: c_int,
    address: *mut libc::sockaddr,
    len: *mut libc::socklen_t,
) -> c_int {
    match enter_for(number) {
        // SAFETY: as the caller promises.
        Some(here) => unsafe { accept_with(&here, number, (address, len), 0) },
        // SAFETY: as the caller promises.
        None => unsafe { real::ACCEPT.get()(number, address, len) },
    }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn accept4(
    number: c_int,
    address: *mut libc::sockaddr,
    len: *mut libc::socklen_t,
    flags: c_int,
) -> c_int {
    match enter_for(number) {
        Some(_) if flags & !FLAGS != 0 => fail(libc::EINVAL),
        // SAFETY: as the caller promises.
        Some(here) => unsafe { accept_with(&here, number, (address, len), flags) },
        // SAFETY: as the caller promises.
        None => unsafe { real::ACCEPT4.get()(number, address, len, flags) },
    }
}

/// # Safety
///
/// As for `accept4`.
unsafe fn accept_with(
    here: &Here,
    number: c_int,
    (address, len): (*mut libc::sockaddr, *mut libc::socklen_t),
    flags: c_int,
) -> c_int {
    let (until, _) = deadlines(here, number);
    let host = here.host();
    let outcome = perform(here, "accept", number, (Patience::OfDescriptor, until), |kernel, id, env| {
        kernel.accept(host, id, flags, env)
    });
    number_or_fail(outcome.map(|(accepted, peer)| {
        // SAFETY: as the caller promises.
        unsafe { socket_addresses::write(peer.as_ref(), address, len) };
        accepted
    }))
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn connect(
    number: c_int,
    address: *const libc::sockaddr,
    len: libc::socklen_t,
) -> c_int {
    let Some(here) = enter_for(number) else {
        // SAFETY: as the caller promises.
        return unsafe { real::CONNECT.get()(number, address, len) };
    };
    // SAFETY: as the caller promises.
    let name = match unsafe { socket_addresses::read(address, len) } {
        Ok(name) => name,
        Err(error) => return fail(error),
    };
    let (_, until) = deadlines(&here, number);
    number_or_fail(connect_to(&here, number, name.as_ref(), until).map(|()| 0))
}

fn connect_to(
    here: &Here,
    number: c_int,
    name: Option<&SocketName>,
    until: Option<u64>,
) -> Result<(), c_int> {
    let mut pending = libc::EAGAIN;
    let outcome = perform(here, "connect", number, (Patience::OfDescriptor, until), |kernel, id, env| {
        let socket = kernel.socket(id)?;
        let outcome = kernel.network_call(env, |network, env| network.connect(socket, name.cloned(), env));
        match outcome {
            Err(error @ (libc::EINPROGRESS | libc::EALREADY)) => {
                pending = if pending == libc::EAGAIN { error } else { pending };
                Err(libc::EAGAIN)
            }
            outcome => outcome,
        }
    });
    // To whom does not wait, or no longer, the connection is in progress.
    outcome.map_err(|error| if error == libc::EAGAIN { pending } else { error })
}

#[unsafe(no_mangle)]
pub(super) extern "C" fn shutdown(number: c_int, how: c_int) -> c_int {
    let Some(here) = enter_for(number) else {
        // SAFETY: it takes numbers.
        return unsafe { real::SHUTDOWN.get()(number, how) };
    };
    let host = here.host();
    let outcome = here.call("shutdown", u64::from(number as u32), |kernel, env| {
        let id = kernel.find(host, number)?;
        match kernel.socket(id) {
            Ok(socket) => kernel.network_call(env, |network, env| network.shutdown(socket, how, env)),
            Err(libc::EOPNOTSUPP) => {
                let both = how == libc::SHUT_RDWR;
                kernel.shut(id, both || how == libc::SHUT_RD, both || how == libc::SHUT_WR, env)
            }
            Err(error) => Err(error),
        }
    });
    number_or_fail(outcome.map(|()| 0))
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn getsockname(
    number: c_int,
    address: *mut libc::sockaddr,
    len: *mut libc::socklen_t,
) -> c_int {
    let Some(here) = enter_for(number) else {
        // SAFETY: as the caller promises.
        return unsafe { real::GETSOCKNAME.get()(number, address, len) };
    };
    let name = name_of(&here, "getsockname", number, Network::name);
    // SAFETY: as the caller promises.
    number_or_fail(name.map(|name| unsafe { socket_addresses::write(Some(&name), address, len) }).map(|()| 0))
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn getpeername(
    number: c_int,
    address: *mut libc::sockaddr,
    len: *mut libc::socklen_t,
) -> c_int {
    let Some(here) = enter_for(number) else {
        // SAFETY: as the caller promises.
        return unsafe { real::GETPEERNAME.get()(number, address, len) };
    };
    let name = name_of(&here, "getpeername", number, Network::peer_name);
    // SAFETY: as the caller promises.
    number_or_fail(name.map(|name| unsafe { socket_addresses::write(Some(&name), address, len) }).map(|()| 0))
}

/// The sockets of a pair have no names.
fn name_of(
    here: &Here,
    name: &'static str,
    number: c_int,
    f: impl FnOnce(&Network, SocketId) -> Result<SocketName, c_int>,
) -> Result<SocketName, c_int> {
    match call(here, name, number, |network, id, _| f(network, id)) {
        Err(libc::EOPNOTSUPP) => Ok(SocketName::Unix(Vec::new())),
        outcome => outcome,
    }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn setsockopt(
    number: c_int,
    level: c_int,
    option: c_int,
    value: *const c_void,
    len: libc::socklen_t,
) -> c_int {
    let Some(here) = enter_for(number) else {
        // SAFETY: as the caller promises.
        return unsafe { real::SETSOCKOPT.get()(number, level, option, value, len) };
    };
    if value.is_null() {
        return fail(libc::EFAULT);
    }
    // SAFETY: as the caller promises.
    let value = unsafe { slice::from_raw_parts(value.cast::<u8>(), len as usize) };
    let outcome =
        call(&here, "setsockopt", number, |network, id, _| network.set_option(id, (level, option), value));
    number_or_fail(outcome.map(|()| 0))
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn getsockopt(
    number: c_int,
    level: c_int,
    option: c_int,
    value: *mut c_void,
    len: *mut libc::socklen_t,
) -> c_int {
    let Some(here) = enter_for(number) else {
        // SAFETY: as the caller promises.
        return unsafe { real::GETSOCKOPT.get()(number, level, option, value, len) };
    };
    let host = here.host();
    let outcome = here.call("getsockopt", u64::from(number as u32), |kernel, _| {
        let id = kernel.find(host, number)?;
        if (level, option) == (libc::SOL_SOCKET, libc::SO_PEERCRED) {
            return credentials(kernel, id);
        }
        match kernel.socket(id) {
            Err(libc::EOPNOTSUPP) => option_of_pair(level, option),
            socket => kernel.network.option(socket?, level, option),
        }
    });
    number_or_fail(outcome.map(|bytes| {
        // SAFETY: as the caller promises: there are `len` bytes.
        unsafe {
            let count = bytes.len().min(len.read() as usize);
            ptr::copy_nonoverlapping(bytes.as_ptr(), value.cast(), count);
            len.write(count as libc::socklen_t);
        }
        0
    }))
}

/// Who is at the other end of a Unix socket: always this process.
fn credentials(kernel: &Kernel, id: ObjectId) -> Result<Vec<u8>, c_int> {
    let is_pair = matches!(kernel.objects.get(id), Some(OpenFile { object: Object::UnixEnd(_), .. }));
    let is_unix = is_pair || matches!(kernel.network.name(kernel.socket(id)?)?, SocketName::Unix(_));
    if !is_unix {
        return Err(libc::ENOPROTOOPT);
    }
    // SAFETY: they ask for nothing.
    let (pid, uid, gid) = unsafe { (libc::getpid(), libc::getuid(), libc::getgid()) };
    Ok([pid.to_ne_bytes(), uid.to_ne_bytes(), gid.to_ne_bytes()].concat())
}

/// The options that a socket of a pair has.
fn option_of_pair(level: c_int, option: c_int) -> Result<Vec<u8>, c_int> {
    let value = match (level, option) {
        (libc::SOL_SOCKET, libc::SO_ERROR | libc::SO_PROTOCOL | libc::SO_ACCEPTCONN) => 0,
        (libc::SOL_SOCKET, libc::SO_DOMAIN) => libc::AF_UNIX,
        _ => return Err(libc::ENOPROTOOPT),
    };
    Ok(value.to_ne_bytes().to_vec())
}
