//! The kernel does not mark the descriptors that it installs.

use std::io;
use std::os::fd::OwnedFd;

use rustix::net::RecvFlags;

pub(super) fn receive_flags() -> RecvFlags {
    RecvFlags::empty()
}

/// Marks each descriptor, because the kernel cannot do it.
pub(super) fn close_on_exec(fds: &[OwnedFd]) -> io::Result<()> {
    for fd in fds {
        rustix::io::fcntl_setfd(fd, rustix::io::FdFlags::CLOEXEC)?;
    }
    Ok(())
}
