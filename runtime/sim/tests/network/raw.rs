//! The calls on sockets that std has no form for.
#![expect(unsafe_code, reason = "calls functions of the C library")]

use std::ffi::c_int;
use std::io::Error;
use std::net::{SocketAddr, SocketAddrV4};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

pub(crate) type Outcome<T> = Result<T, c_int>;

fn checked(answer: isize) -> Outcome<usize> {
    usize::try_from(answer).map_err(|_| Error::last_os_error().raw_os_error().unwrap())
}

/// The name of an error, so that a difference can be read.
pub(crate) fn named<T: std::fmt::Debug>(outcome: Outcome<T>) -> String {
    match outcome {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("{}", Error::from_raw_os_error(error)),
    }
}

pub(crate) fn socket(domain: c_int, kind: c_int) -> Outcome<OwnedFd> {
    // SAFETY: numbers only.
    let fd = checked(unsafe { libc::socket(domain, kind | libc::SOCK_CLOEXEC, 0) } as isize)?;
    // SAFETY: the call has opened it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as c_int) })
}

pub(crate) fn tcp(flags: c_int) -> OwnedFd {
    socket(libc::AF_INET, libc::SOCK_STREAM | flags).unwrap()
}

fn address(address: SocketAddrV4) -> libc::sockaddr_in {
    libc::sockaddr_in {
        sin_family: libc::AF_INET as libc::sa_family_t,
        sin_port: address.port().to_be(),
        sin_addr: libc::in_addr { s_addr: u32::from(*address.ip()).to_be() },
        sin_zero: [0; 8],
    }
}

type TakesAddress = unsafe extern "C" fn(c_int, *const libc::sockaddr, libc::socklen_t) -> c_int;

fn with_address(f: TakesAddress, fd: &impl AsRawFd, to: SocketAddr) -> Outcome<()> {
    let SocketAddr::V4(to) = to else { panic!("the tests use IPv4 here") };
    let to = address(to);
    let len = size_of_val(&to) as libc::socklen_t;
    // SAFETY: the address is there.
    checked(unsafe { f(fd.as_raw_fd(), (&raw const to).cast(), len) } as isize).map(|_| ())
}

pub(crate) fn bind(fd: &impl AsRawFd, to: SocketAddr) -> Outcome<()> {
    with_address(libc::bind, fd, to)
}

pub(crate) fn connect(fd: &impl AsRawFd, to: SocketAddr) -> Outcome<()> {
    with_address(libc::connect, fd, to)
}

pub(crate) fn listen(fd: &impl AsRawFd, backlog: c_int) -> Outcome<()> {
    // SAFETY: numbers only.
    checked(unsafe { libc::listen(fd.as_raw_fd(), backlog) } as isize).map(|_| ())
}

pub(crate) fn accept4(fd: &impl AsRawFd, flags: c_int) -> Outcome<OwnedFd> {
    let nowhere = std::ptr::null_mut();
    // SAFETY: it asks for no address.
    let fd = checked(unsafe { libc::accept4(fd.as_raw_fd(), nowhere, nowhere.cast(), flags) } as isize)?;
    // SAFETY: the call has opened it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as c_int) })
}

pub(crate) fn shutdown(fd: &impl AsRawFd, how: c_int) -> Outcome<()> {
    // SAFETY: numbers only.
    checked(unsafe { libc::shutdown(fd.as_raw_fd(), how) } as isize).map(|_| ())
}

/// The port of a socket, and what `getpeername` says.
pub(crate) fn names(fd: &impl AsRawFd) -> (Outcome<SocketAddr>, Outcome<SocketAddr>) {
    let ask = |f: unsafe extern "C" fn(c_int, *mut libc::sockaddr, *mut libc::socklen_t) -> c_int| {
        let mut name = address(SocketAddrV4::new([0, 0, 0, 0].into(), 0));
        let mut len = size_of_val(&name) as libc::socklen_t;
        // SAFETY: there is place for an address of IPv4.
        checked(unsafe { f(fd.as_raw_fd(), (&raw mut name).cast(), &raw mut len) } as isize)?;
        let ip = u32::from_be(name.sin_addr.s_addr);
        Ok(SocketAddrV4::new(ip.into(), u16::from_be(name.sin_port)).into())
    };
    (ask(libc::getsockname), ask(libc::getpeername))
}

pub(crate) fn send(fd: &impl AsRawFd, bytes: &[u8], flags: c_int) -> Outcome<usize> {
    let flags = flags | libc::MSG_NOSIGNAL;
    // SAFETY: the bytes are there.
    checked(unsafe { libc::send(fd.as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), flags) })
}

pub(crate) fn sendto(fd: &impl AsRawFd, bytes: &[u8], to: SocketAddr) -> Outcome<usize> {
    let SocketAddr::V4(to) = to else { panic!("the tests use IPv4 here") };
    let to = address(to);
    let (len, start) = (size_of_val(&to) as libc::socklen_t, bytes.as_ptr().cast());
    // SAFETY: the bytes and the address are there.
    checked(unsafe { libc::sendto(fd.as_raw_fd(), start, bytes.len(), 0, (&raw const to).cast(), len) })
}

pub(crate) fn bind_unix(fd: &impl AsRawFd, path: &Path) -> Outcome<()> {
    let mut bytes = (libc::AF_UNIX as libc::sa_family_t).to_ne_bytes().to_vec();
    bytes.extend_from_slice(path.as_os_str().as_bytes());
    bytes.push(0);
    // SAFETY: the address is there.
    checked(
        unsafe { libc::bind(fd.as_raw_fd(), bytes.as_ptr().cast(), bytes.len() as libc::socklen_t) } as isize
    )
    .map(|_| ())
}

pub(crate) fn recv_into(fd: &impl AsRawFd, room: &mut [u8], flags: c_int) -> Outcome<usize> {
    // SAFETY: there is place.
    checked(unsafe { libc::recv(fd.as_raw_fd(), room.as_mut_ptr().cast(), room.len(), flags) })
}

/// What was received, and what the call returned.
pub(crate) fn recv(fd: &impl AsRawFd, len: usize, flags: c_int) -> Outcome<(Vec<u8>, usize)> {
    let mut bytes = vec![0; len];
    // SAFETY: there is place.
    let count = checked(unsafe { libc::recv(fd.as_raw_fd(), bytes.as_mut_ptr().cast(), len, flags) })?;
    bytes.truncate(count);
    Ok((bytes, count))
}

/// Sends the parts as one message.
pub(crate) fn sendmsg(fd: &impl AsRawFd, parts: [&[u8]; 2]) -> Outcome<usize> {
    let mut slices =
        parts.map(|part| libc::iovec { iov_base: part.as_ptr().cast_mut().cast(), iov_len: part.len() });
    // SAFETY: it is numbers and pointers.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    (message.msg_iov, message.msg_iovlen) = (slices.as_mut_ptr(), 2);
    // SAFETY: the bytes are there, and are not written.
    checked(unsafe { libc::sendmsg(fd.as_raw_fd(), &raw const message, libc::MSG_NOSIGNAL) })
}

/// Receives a message into two parts: these, what was returned, the flags, and whether it has a
/// sender.
pub(crate) fn recvmsg(fd: &impl AsRawFd, lens: [usize; 2]) -> Outcome<(Vec<Vec<u8>>, usize, c_int, bool)> {
    let mut parts = lens.map(|len| vec![b'.'; len]);
    let mut slices =
        parts.each_mut().map(|part| libc::iovec { iov_base: part.as_mut_ptr().cast(), iov_len: part.len() });
    let mut name = address(SocketAddrV4::new([0, 0, 0, 0].into(), 0));
    // SAFETY: it is numbers and pointers.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    (message.msg_iov, message.msg_iovlen) = (slices.as_mut_ptr(), 2);
    (message.msg_name, message.msg_namelen) = ((&raw mut name).cast(), size_of_val(&name) as libc::socklen_t);
    // SAFETY: there is place.
    let count = checked(unsafe { libc::recvmsg(fd.as_raw_fd(), &raw mut message, 0) })?;
    Ok((parts.to_vec(), count, message.msg_flags & libc::MSG_TRUNC, message.msg_namelen > 0))
}

pub(crate) fn set(fd: &impl AsRawFd, level: c_int, option: c_int, value: c_int) -> Outcome<()> {
    set_bytes(fd, level, option, &value.to_ne_bytes())
}

pub(crate) fn set_bytes(fd: &impl AsRawFd, level: c_int, option: c_int, value: &[u8]) -> Outcome<()> {
    let len = value.len() as libc::socklen_t;
    // SAFETY: the value is there.
    checked(unsafe { libc::setsockopt(fd.as_raw_fd(), level, option, value.as_ptr().cast(), len) } as isize)
        .map(|_| ())
}

pub(crate) fn get(fd: &impl AsRawFd, level: c_int, option: c_int) -> Outcome<c_int> {
    let (mut value, mut len) = (0_i32, 4);
    let place = (&raw mut value).cast();
    // SAFETY: there is place for a number.
    checked(unsafe { libc::getsockopt(fd.as_raw_fd(), level, option, place, &raw mut len) } as isize)?;
    Ok(value)
}

/// Resets the connection when it is closed.
pub(crate) fn linger_not(fd: &impl AsRawFd) {
    let value = [1, 0].map(c_int::to_ne_bytes).concat();
    set_bytes(fd, libc::SOL_SOCKET, libc::SO_LINGER, &value).unwrap();
}

/// Takes the error of a socket.
pub(crate) fn error(fd: &impl AsRawFd) -> String {
    named(
        get(fd, libc::SOL_SOCKET, libc::SO_ERROR)
            .and_then(|error| if error == 0 { Ok(()) } else { Err(error) }),
    )
}

pub(crate) fn readable_count(fd: &impl AsRawFd) -> Outcome<c_int> {
    let mut count = -1;
    // SAFETY: there is place for a number.
    checked(unsafe { libc::ioctl(fd.as_raw_fd(), libc::FIONREAD, &raw mut count) } as isize)?;
    Ok(count)
}
