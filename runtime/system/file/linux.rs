#![expect(unsafe_code, reason = "std has no names for these calls")]
//! Room on the disk, advice and direct access, as Linux has them.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;

use super::Advice;

/// Bypasses the page cache.
pub(crate) const DIRECT_FLAG: i32 = libc::O_DIRECT;

/// Reserves room, blocking.
pub(crate) fn allocate(file: &File, offset: u64, len: u64) -> io::Result<()> {
    let (offset, len) = (to_off(offset)?, to_off(len)?);
    // SAFETY: a system call without pointers, on a descriptor that is open.
    let result = unsafe { libc::fallocate(file.as_raw_fd(), 0, offset, len) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Passes advice to the kernel, blocking.
pub(crate) fn advise(file: &File, offset: u64, len: u64, advice: Advice) -> io::Result<()> {
    let (offset, len) = (to_off(offset)?, to_off(len)?);
    // SAFETY: a system call without pointers, on a descriptor that is open.
    let errno = unsafe { libc::posix_fadvise(file.as_raw_fd(), offset, len, advice.number()) };
    if errno == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(errno)) }
}

fn to_off(number: u64) -> io::Result<libc::off_t> {
    libc::off_t::try_from(number).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))
}

impl Advice {
    pub(crate) fn number(self) -> i32 {
        match self {
            Advice::Normal => libc::POSIX_FADV_NORMAL,
            Advice::Sequential => libc::POSIX_FADV_SEQUENTIAL,
            Advice::Random => libc::POSIX_FADV_RANDOM,
            Advice::WillNeed => libc::POSIX_FADV_WILLNEED,
            Advice::DontNeed => libc::POSIX_FADV_DONTNEED,
            Advice::NoReuse => libc::POSIX_FADV_NOREUSE,
        }
    }
}
