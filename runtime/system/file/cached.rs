#![expect(unsafe_code, reason = "a read that std has no name for")]
//! Reads from the page cache.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;

use super::Unsupported;

/// Copies bytes from the page cache, from an offset or from the kernel's own cursor. None: they are
/// not there.
///
/// # Safety
/// `len` bytes from `start` on may be written.
#[inline]
pub(crate) unsafe fn read_now(
    file: &File,
    start: *mut u8,
    len: usize,
    offset: Option<u64>,
) -> Result<Option<io::Result<usize>>, Unsupported> {
    // -1 stands for the descriptor's own position here.
    let Ok(offset) = offset.map_or(Ok(-1), libc::off_t::try_from) else { return Ok(None) };
    let vector = libc::iovec { iov_base: start.cast(), iov_len: len };
    loop {
        // SAFETY: one stretch of memory that may be written, as the caller promises.
        let count =
            unsafe { libc::preadv2(file.as_raw_fd(), &raw const vector, 1, offset, libc::RWF_NOWAIT) };
        if let Ok(count) = usize::try_from(count) {
            return Ok(Some(Ok(count)));
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::EINTR) => {}
            Some(libc::EAGAIN | libc::EINVAL) => return Ok(None),
            Some(libc::EOPNOTSUPP | libc::ENOSYS) => return Err(Unsupported),
            _ => return Ok(Some(Err(error))),
        }
    }
}
