//! The counter whose change ends a worker's sleep.
#![expect(unsafe_code, reason = "creating an eventfd")]

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

#[derive(Debug)]
pub(super) struct Doorbell(File);

impl Doorbell {
    pub(super) fn new() -> io::Result<Doorbell> {
        // SAFETY: a system call without pointers.
        let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor is new and nobody else's.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        Ok(Doorbell(File::from(fd)))
    }

    /// The counter is never read: the multishot poll reports every write, and 2^64 writes do not happen.
    pub(super) fn ring(&self) {
        loop {
            match (&self.0).write(&1u64.to_ne_bytes()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // Full: the worker has been rung often enough.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Ok(_) => return,
                Err(error) => panic!("the doorbell's descriptor was closed by somebody else: {error}"),
            }
        }
    }
}

#[cfg(test)]
impl std::os::fd::AsFd for Doorbell {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for Doorbell {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}
