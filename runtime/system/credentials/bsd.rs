#![expect(unsafe_code, reason = "no crate here calls it")]
//! `getpeereid(3)`.

use std::io;
use std::os::fd::AsRawFd as _;

use socket2::Socket;

use super::Credentials;

pub(crate) fn of_peer(socket: &Socket) -> io::Result<Credentials> {
    let (mut uid, mut gid) = (0, 0);
    // SAFETY: both pointers are to live values.
    let result = unsafe { libc::getpeereid(socket.as_raw_fd(), &mut uid, &mut gid) };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(Credentials { uid, gid, pid: None })
}
