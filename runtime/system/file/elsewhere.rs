//! Systems without calls for room on the disk, advice and direct access that this crate knows.

use std::fs::File;
use std::io;

use super::Advice;

/// There is no such flag.
pub(crate) const DIRECT_FLAG: i32 = 0;

/// No call for this exists on all systems.
pub(crate) fn allocate(_file: &File, _offset: u64, _len: u64) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "room on the disk can be reserved on Linux only"))
}

/// The system takes no advice.
pub(crate) fn advise(_file: &File, _offset: u64, _len: u64, _advice: Advice) -> io::Result<()> {
    Ok(())
}
