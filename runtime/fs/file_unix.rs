#![expect(unsafe_code, reason = "a descriptor by number is anybody's until its owner says otherwise")]
//! Files from descriptors.

use std::os::fd::{FromRawFd, OwnedFd, RawFd};

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
