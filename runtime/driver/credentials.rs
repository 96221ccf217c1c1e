#![expect(unsafe_code, reason = "no crate here reads them without trusting that the process id is not zero")]
//! The credentials of the peer of a Unix socket.

use std::io;
use std::os::fd::AsRawFd as _;

use socket2::Socket;

/// The peer as it was when it connected, or when the pair was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Credentials {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) pid: Option<i32>,
}

#[cfg(any(target_os = "android", target_os = "linux"))]
pub(crate) fn of_peer(socket: &Socket) -> io::Result<Credentials> {
    let mut found = libc::ucred { pid: 0, uid: 0, gid: 0 };
    let mut found_bytes = libc::socklen_t::try_from(size_of::<libc::ucred>()).expect("a small structure");
    // SAFETY: both pointers are to live values, and the length is that of the first.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            (&raw mut found).cast(),
            &mut found_bytes,
        )
    };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    // Zero: the peer's process has no number in this namespace, or there is no peer.
    Ok(Credentials { uid: found.uid, gid: found.gid, pid: (found.pid != 0).then_some(found.pid) })
}

#[cfg(any(
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_vendor = "apple",
))]
pub(crate) fn of_peer(socket: &Socket) -> io::Result<Credentials> {
    let (mut uid, mut gid) = (0, 0);
    // SAFETY: both pointers are to live values.
    let result = unsafe { libc::getpeereid(socket.as_raw_fd(), &mut uid, &mut gid) };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(Credentials { uid, gid, pid: None })
}

#[cfg(not(any(
    target_os = "android",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "linux",
    target_os = "netbsd",
    target_os = "openbsd",
    target_vendor = "apple",
)))]
pub(crate) fn of_peer(_: &Socket) -> io::Result<Credentials> {
    let text = "heist does not know how to ask this system for the credentials of a peer";
    Err(io::Error::new(io::ErrorKind::Unsupported, text))
}
