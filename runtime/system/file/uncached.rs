#![expect(unsafe_code, reason = "the other system's call is unsafe")]
//! Systems on which no call reports what is in the page cache.

use std::fs::File;
use std::io;

use super::Unsupported;

/// # Safety
/// There are no requirements.
pub(crate) unsafe fn read_now(
    _file: &File,
    _start: *mut u8,
    _len: usize,
    _offset: Option<u64>,
) -> Result<Option<io::Result<usize>>, Unsupported> {
    Err(Unsupported)
}

pub(crate) fn len_in_cache(_file: &File, _offset: u64, _len: u64) -> Result<Option<u64>, Unsupported> {
    Err(Unsupported)
}
