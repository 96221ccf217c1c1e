//! Calls that std has for Windows.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::windows::fs::FileExt;

use super::Flags;

/// Whether the file is of a kind whose bytes have offsets.
pub(crate) fn has_offsets(file: &File) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.is_file())
}

/// Reads at an offset, or at the kernel's own cursor.
pub(crate) fn read_at(mut file: &File, buf: &mut [u8], offset: Option<u64>) -> io::Result<usize> {
    if let Some(offset) = offset { file.seek_read(buf, offset) } else { file.read(buf) }
}

/// Writes at an offset, or at the kernel's own cursor.
pub(crate) fn write_at(mut file: &File, bytes: &[u8], offset: Option<u64>) -> io::Result<usize> {
    if let Some(offset) = offset { file.seek_write(bytes, offset) } else { file.write(bytes) }
}

impl Flags {
    pub(crate) fn of(_file: &File) -> Flags {
        Flags(0)
    }

    pub(crate) fn is_append(self) -> bool {
        false
    }
}
