#![expect(unsafe_code, reason = "no crate here reads them without trusting that the process id is not zero")]
//! The option `SO_PEERCRED`.

use std::io;
use std::os::fd::AsRawFd as _;

use socket2::Socket;

use super::Credentials;

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
