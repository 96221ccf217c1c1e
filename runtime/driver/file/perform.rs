#![expect(unsafe_code, reason = "reads and writes the memory that a request names")]
//! Performs requests as system calls, which block, on a thread of the blocking pool.

use std::fs::{self, Metadata};
use std::io;

use super::descriptor::{self, Descriptor};
use super::request::{Request, StatTarget, Vector};
use crate::system::file;
use crate::system::open::{Attempt, OpenHow};
use crate::system::path::{SystemPath, symlink};

/// The answer to a request.
pub(super) enum Answer {
    /// The number of bytes that were moved, or 0.
    Count(usize),
    Found(Found),
}

/// An answer that is not a number.
#[derive(Debug)]
pub(crate) enum Found {
    /// A file that was opened.
    Opened(Descriptor),
    /// Metadata from std. A ring writes metadata into the memory of the flight instead.
    Metadata(Metadata),
}

/// Performs the request.
///
/// # Safety
///
/// The memory that the request names lives until this returns, nobody else uses it meanwhile, and
/// its bytes are initialised if they are to be written to a file.
pub(super) unsafe fn perform(request: &Request) -> io::Result<Answer> {
    match request {
        Request::Open { path, how, attempt } => open(path, how, *attempt),
        Request::Read { file, room, offset, .. } => {
            // SAFETY: as the caller promises.
            count(unsafe { read(file, room.stretch(), *offset) })
        }
        Request::Write { file, bytes, offset } => {
            // SAFETY: as the caller promises.
            count(unsafe { write(file, bytes.stretch(), *offset) })
        }
        Request::ReadVectored { file, list, offset } => {
            // SAFETY: as the caller promises.
            count(one_by_one(list, *offset, |stretch, offset| unsafe { read(file, stretch, offset) }))
        }
        Request::WriteVectored { file, list, offset } => {
            // SAFETY: as the caller promises.
            count(one_by_one(list, *offset, |stretch, offset| unsafe { write(file, stretch, offset) }))
        }
        Request::Sync { file, is_data_only: true } => done(file.file().sync_data()),
        Request::Sync { file, is_data_only: false } => done(file.file().sync_all()),
        Request::Allocate { file, offset, len } => done(file::allocate(file.file(), *offset, *len)),
        Request::Advise { file, offset, len, advice } => {
            done(file::advise(file.file(), *offset, *len, *advice))
        }
        Request::SetLen { file, len } => done(file.file().set_len(*len)),
        Request::Stat { target, .. } => stat(target).map(|metadata| Answer::Found(Found::Metadata(metadata))),
        Request::Rename { from, to } => done(fs::rename(from.as_path(), to.as_path())),
        Request::Remove { path, is_dir: true } => done(fs::remove_dir(path.as_path())),
        Request::Remove { path, is_dir: false } => done(fs::remove_file(path.as_path())),
        Request::MakeDir { path } => done(fs::create_dir(path.as_path())),
        Request::Symlink { original, link } => done(symlink(original, link)),
        Request::HardLink { original, link } => done(fs::hard_link(original.as_path(), link.as_path())),
        Request::Splice { file, offset, pipe, len } => count(pipe.fill(file.file(), *offset, *len as usize)),
    }
}

fn done(result: io::Result<()>) -> io::Result<Answer> {
    result.map(|()| Answer::Count(0))
}

fn count(result: io::Result<usize>) -> io::Result<Answer> {
    result.map(Answer::Count)
}

fn open(path: &SystemPath, how: &OpenHow, attempt: Attempt) -> io::Result<Answer> {
    let file = how.open(path, attempt)?;
    Ok(Answer::Found(Found::Opened(Descriptor::opened(file, how))))
}

fn stat(target: &StatTarget) -> io::Result<Metadata> {
    match target {
        StatTarget::File(file) => file.file().metadata(),
        StatTarget::Path { path, is_followed: true } => fs::metadata(path.as_path()),
        StatTarget::Path { path, is_followed: false } => fs::symlink_metadata(path.as_path()),
    }
}

/// # Safety
///
/// As for [`perform`].
unsafe fn read(file: &Descriptor, stretch: Vector, offset: u64) -> io::Result<usize> {
    #[cfg(windows)]
    let _held = file.hold_cursor();
    // SAFETY: as the caller promises.
    file::read_at(file.file(), unsafe { stretch.room() }, descriptor::known_offset(offset))
}

/// # Safety
///
/// As for [`perform`].
unsafe fn write(file: &Descriptor, stretch: Vector, offset: u64) -> io::Result<usize> {
    #[cfg(windows)]
    let _held = file.hold_cursor();
    // SAFETY: as the caller promises.
    file::write_at(file.file(), unsafe { stretch.bytes() }, descriptor::known_offset(offset))
}

/// Moves one stretch after the other, up to the first that is moved in part only.
pub(super) fn one_by_one(
    list: &[Vector],
    offset: u64,
    mut call: impl FnMut(Vector, u64) -> io::Result<usize>,
) -> io::Result<usize> {
    let mut total_count = 0;
    for &stretch in list {
        match call(stretch, offset + total_count as u64) {
            Ok(count) => {
                total_count += count;
                if count < stretch.len() {
                    break;
                }
            }
            Err(error) if total_count == 0 => return Err(error),
            Err(_) => break,
        }
    }
    Ok(total_count)
}
