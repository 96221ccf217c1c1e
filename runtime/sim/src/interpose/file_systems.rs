//! What is known of the file system behind a file: `statfs` and `fstatfs`.
#![expect(unsafe_code, reason = "defines functions of the C library, and writes where their callers ask")]

use std::ffi::{c_char, c_int};
use std::mem::MaybeUninit;

use super::files::{Use, enter_at, on_disk};
use super::{enter_for, fail, real_files};
use crate::kernel::FileSystem;

/// The bytes of a block, which is a page.
const BLOCK_BYTES: u64 = 4096;
/// The blocks of a disk without a limit: a terabyte.
const BLOCKS_COUNT: u64 = 1 << 28;
/// The longest name, in bytes.
const NAME_BYTES_MAX: i64 = 255;

/// What a disk has room for, and what it has left, in blocks.
fn room(disk: &FileSystem) -> (u64, u64) {
    let all = disk.faults.capacity.map_or(BLOCKS_COUNT, |bytes| bytes / BLOCK_BYTES);
    (all, all.saturating_sub(disk.used().div_ceil(BLOCK_BYTES)))
}

/// # Safety
///
/// There is place for it.
unsafe fn write_room(found: Result<(u64, u64), c_int>, place: *mut libc::statfs) -> c_int {
    let (all, free) = match found {
        Ok(found) => found,
        Err(error) => return fail(error),
    };
    // SAFETY: all of its fields are numbers, for which zero is one.
    let mut status: libc::statfs = unsafe { MaybeUninit::zeroed().assume_init() };
    status.f_type = libc::EXT4_SUPER_MAGIC;
    status.f_bsize = BLOCK_BYTES as _;
    status.f_frsize = BLOCK_BYTES as _;
    status.f_namelen = NAME_BYTES_MAX as _;
    status.f_blocks = all as _;
    (status.f_bfree, status.f_bavail) = (free as _, free as _);
    // SAFETY: as the caller promises.
    unsafe { place.write(status) };
    0
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn fstatfs(number: c_int, place: *mut libc::statfs) -> c_int {
    let Some(here) = enter_for(number) else {
        // SAFETY: as the caller promises.
        return unsafe { real_files::FSTATFS.get()(number, place) };
    };
    let host = here.host();
    let found = on_disk(&here, "statfs", number, |kernel, env| {
        kernel.file_of(host, number)?;
        Ok(room(kernel.disk(host, env)))
    });
    // SAFETY: as the caller promises.
    unsafe { write_room(found, place) }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn fstatfs64(number: c_int, place: *mut libc::statfs) -> c_int {
    // SAFETY: as the caller promises. On 64-bit Linux the two types are one.
    unsafe { fstatfs(number, place) }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn statfs(path: *const c_char, place: *mut libc::statfs) -> c_int {
    // SAFETY: as the caller promises.
    let Some((here, bytes)) = (unsafe { enter_at(libc::AT_FDCWD, path, Use::Reads) }) else {
        // SAFETY: as the caller promises.
        return unsafe { real_files::STATFS.get()(path, place) };
    };
    let host = here.host();
    let found = on_disk(&here, "statfs", libc::AT_FDCWD, |kernel, env| {
        let disk = kernel.disk(host, env);
        disk.find(disk.current(), bytes, true)?;
        Ok(room(disk))
    });
    // SAFETY: as the caller promises.
    unsafe { write_room(found, place) }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn statfs64(path: *const c_char, place: *mut libc::statfs) -> c_int {
    // SAFETY: as the caller promises. On 64-bit Linux the two types are one.
    unsafe { statfs(path, place) }
}
