//! The kernel marks descriptors as it installs them, so that no fork inherits one in between.

use std::io;
use std::os::fd::OwnedFd;

use rustix::net::RecvFlags;

pub(super) fn receive_flags() -> RecvFlags {
    RecvFlags::CMSG_CLOEXEC
}

pub(super) fn close_on_exec(_: &[OwnedFd]) -> io::Result<()> {
    Ok(())
}
