#![expect(unsafe_code, reason = "std has no name for the flags of a descriptor")]
//! Calls that std has for Unix, and the flags of a descriptor.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, FileTypeExt};

use super::Flags;

/// Whether the file is of a kind whose bytes have offsets.
pub(crate) fn has_offsets(file: &File) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.is_file() || metadata.file_type().is_block_device())
}

/// Reads at an offset, or at the kernel's own cursor.
pub(crate) fn read_at(mut file: &File, buf: &mut [u8], offset: Option<u64>) -> io::Result<usize> {
    if let Some(offset) = offset { file.read_at(buf, offset) } else { file.read(buf) }
}

/// Writes at an offset, or at the kernel's own cursor.
pub(crate) fn write_at(mut file: &File, bytes: &[u8], offset: Option<u64>) -> io::Result<usize> {
    if let Some(offset) = offset { file.write_at(bytes, offset) } else { file.write(bytes) }
}

impl Flags {
    pub(crate) fn of(file: &File) -> Flags {
        // SAFETY: a system call without pointers, on a descriptor that is open.
        let flags = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GETFL) };
        Flags(flags.max(0))
    }

    pub(crate) fn is_append(self) -> bool {
        self.0 & libc::O_APPEND != 0
    }

    pub(crate) fn is_nonblocking(self) -> bool {
        self.0 & libc::O_NONBLOCK != 0
    }
}
