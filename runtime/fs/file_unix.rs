#![expect(unsafe_code, reason = "a descriptor by number is anybody's until its owner says otherwise")]
//! Files from descriptors, and as descriptors.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use super::file::File;

impl From<OwnedFd> for File {
    fn from(descriptor: OwnedFd) -> File {
        File::from_std(descriptor.into())
    }
}

impl FromRawFd for File {
    unsafe fn from_raw_fd(descriptor: RawFd) -> File {
        // SAFETY: the caller promises that nobody else owns the descriptor.
        File::from(unsafe { OwnedFd::from_raw_fd(descriptor) })
    }
}

impl AsFd for File {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.file().as_fd()
    }
}

impl AsRawFd for File {
    fn as_raw_fd(&self) -> RawFd {
        self.descriptor.file().as_raw_fd()
    }
}
