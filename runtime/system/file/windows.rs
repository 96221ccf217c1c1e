#![expect(unsafe_code, reason = "std reads into initialised memory only")]
//! Calls that std has for Windows.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::mem::MaybeUninit;
use std::os::windows::fs::FileExt;

use super::Flags;

/// Whether the file is of a kind whose bytes have offsets.
pub(crate) fn has_offsets(file: &File) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.is_file())
}

/// Calls that name an offset move the cursor here. Moves it back: the caller keeps others away.
fn at_offset(mut file: &File, call: impl FnOnce(&File) -> io::Result<usize>) -> io::Result<usize> {
    let before = file.stream_position()?;
    let result = call(file);
    file.seek(SeekFrom::Start(before))?;
    result
}

/// Reads at an offset, or at the kernel's own cursor. Initialises as many bytes as it returns.
pub(crate) fn read_at(
    mut file: &File,
    room: &mut [MaybeUninit<u8>],
    offset: Option<u64>,
) -> io::Result<usize> {
    room.fill(MaybeUninit::new(0));
    // SAFETY: all of it was initialised just now.
    let buf = unsafe { &mut *(std::ptr::from_mut(room) as *mut [u8]) };
    match offset {
        Some(offset) => at_offset(file, |file| file.seek_read(buf, offset)),
        None => file.read(buf),
    }
}

/// Writes at an offset, or at the kernel's own cursor.
pub(crate) fn write_at(mut file: &File, bytes: &[u8], offset: Option<u64>) -> io::Result<usize> {
    match offset {
        Some(offset) => at_offset(file, |file| file.seek_write(bytes, offset)),
        None => file.write(bytes),
    }
}

impl Flags {
    pub(crate) fn of(_file: &File) -> Flags {
        Flags(0)
    }

    pub(crate) fn is_append(self) -> bool {
        false
    }
}
