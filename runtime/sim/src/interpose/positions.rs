//! Reads and writes at positions of files.
#![expect(unsafe_code, reason = "defines functions of the C library, and reads and writes what they name")]

use std::ffi::{c_int, c_void};
use std::mem::MaybeUninit;

use super::files::on_disk;
use super::transfer::{SLICES_COUNT_MAX, bytes, gathered, readv, room, rooms, writev};
use super::{answer, enter_for, fail, real_files};
use crate::kernel::{Room, SeekFrom};
use crate::world::Here;

fn read_at(here: &Here, number: c_int, slices: Vec<&mut [MaybeUninit<u8>]>, at: i64) -> isize {
    let mut room = Room::new(slices);
    let (host, at) = (here.host(), u64::try_from(at));
    answer(on_disk(here, "pread", number, |kernel, env| {
        let id = kernel.find(host, number)?;
        kernel.file(id).map_err(|_| libc::ESPIPE)?;
        kernel.read_file(id, Some(at.map_err(|_| libc::EINVAL)?), &mut room, env)
    }))
}

fn write_at(here: &Here, number: c_int, bytes: &[u8], at: i64) -> isize {
    let (host, at) = (here.host(), u64::try_from(at));
    answer(on_disk(here, "pwrite", number, |kernel, env| {
        let id = kernel.find(host, number)?;
        kernel.file(id).map_err(|_| libc::ESPIPE)?;
        kernel.write_file(id, Some(at.map_err(|_| libc::EINVAL)?), bytes, env)
    }))
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn pread(number: c_int, start: *mut c_void, len: usize, at: i64) -> isize {
    // SAFETY: as the caller promises.
    unsafe { pread64(number, start, len, at) }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn pread64(number: c_int, start: *mut c_void, len: usize, at: i64) -> isize {
    match enter_for(number) {
        // SAFETY: as the caller promises.
        Some(here) => read_at(&here, number, vec![unsafe { room(start, len) }], at),
        // SAFETY: as the caller promises.
        None => unsafe { real_files::PREAD.get()(number, start, len, at) },
    }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn pwrite(number: c_int, start: *const c_void, len: usize, at: i64) -> isize {
    // SAFETY: as the caller promises.
    unsafe { pwrite64(number, start, len, at) }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn pwrite64(number: c_int, start: *const c_void, len: usize, at: i64) -> isize {
    match enter_for(number) {
        // SAFETY: as the caller promises.
        Some(here) => write_at(&here, number, unsafe { bytes(start, len) }, at),
        // SAFETY: as the caller promises.
        None => unsafe { real_files::PWRITE.get()(number, start, len, at) },
    }
}

/// How many slices there are. `None`: that is no count.
fn slices_count(count: c_int) -> Option<usize> {
    usize::try_from(count).ok().filter(|_| count <= SLICES_COUNT_MAX)
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn preadv(
    number: c_int,
    slices: *const libc::iovec,
    count: c_int,
    at: i64,
) -> isize {
    // SAFETY: as the caller promises.
    unsafe { preadv64(number, slices, count, at) }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn preadv64(
    number: c_int,
    slices: *const libc::iovec,
    count: c_int,
    at: i64,
) -> isize {
    let Some(here) = enter_for(number) else {
        // SAFETY: as the caller promises.
        return unsafe { real_files::PREADV.get()(number, slices, count, at) };
    };
    match slices_count(count) {
        // SAFETY: as the caller promises.
        Some(count) => read_at(&here, number, unsafe { rooms(slices, count) }, at),
        None => fail(libc::EINVAL) as isize,
    }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn pwritev(
    number: c_int,
    slices: *const libc::iovec,
    count: c_int,
    at: i64,
) -> isize {
    // SAFETY: as the caller promises.
    unsafe { pwritev64(number, slices, count, at) }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn pwritev64(
    number: c_int,
    slices: *const libc::iovec,
    count: c_int,
    at: i64,
) -> isize {
    let Some(here) = enter_for(number) else {
        // SAFETY: as the caller promises.
        return unsafe { real_files::PWRITEV.get()(number, slices, count, at) };
    };
    match slices_count(count) {
        // SAFETY: as the caller promises.
        Some(count) => write_at(&here, number, &unsafe { gathered(slices, count) }, at),
        None => fail(libc::EINVAL) as isize,
    }
}

/// A position of -1 is that of the file. The flags are hints: `RWF_NOWAIT` finds every byte in the
/// page cache. Those that would mean more are refused.
///
/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn preadv2(
    number: c_int,
    slices: *const libc::iovec,
    count: c_int,
    at: i64,
    flags: c_int,
) -> isize {
    let Some(here) = enter_for(number) else {
        // SAFETY: as the caller promises.
        return unsafe { real_files::PREADV2.get()(number, slices, count, at, flags) };
    };
    drop(here);
    match flags & !(libc::RWF_NOWAIT | libc::RWF_HIPRI) {
        // SAFETY: as the caller promises.
        0 if at == -1 => unsafe { readv(number, slices, count) },
        // SAFETY: as the caller promises.
        0 => unsafe { preadv64(number, slices, count, at) },
        _ => fail(libc::EOPNOTSUPP) as isize,
    }
}

/// As [`preadv2`].
///
/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn preadv64v2(
    number: c_int,
    slices: *const libc::iovec,
    count: c_int,
    at: i64,
    flags: c_int,
) -> isize {
    // SAFETY: as the caller promises.
    unsafe { preadv2(number, slices, count, at, flags) }
}

/// As [`preadv2`].
///
/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn pwritev2(
    number: c_int,
    slices: *const libc::iovec,
    count: c_int,
    at: i64,
    flags: c_int,
) -> isize {
    let Some(here) = enter_for(number) else {
        // SAFETY: as the caller promises.
        return unsafe { real_files::PWRITEV2.get()(number, slices, count, at, flags) };
    };
    drop(here);
    match flags & !libc::RWF_HIPRI {
        // SAFETY: as the caller promises.
        0 if at == -1 => unsafe { writev(number, slices, count) },
        // SAFETY: as the caller promises.
        0 => unsafe { pwritev64(number, slices, count, at) },
        _ => fail(libc::EOPNOTSUPP) as isize,
    }
}

/// As [`preadv2`].
///
/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn pwritev64v2(
    number: c_int,
    slices: *const libc::iovec,
    count: c_int,
    at: i64,
    flags: c_int,
) -> isize {
    // SAFETY: as the caller promises.
    unsafe { pwritev2(number, slices, count, at, flags) }
}

#[unsafe(no_mangle)]
pub(super) extern "C" fn lseek(number: c_int, offset: i64, from: c_int) -> i64 {
    lseek64(number, offset, from)
}

#[unsafe(no_mangle)]
pub(super) extern "C" fn lseek64(number: c_int, offset: i64, from: c_int) -> i64 {
    let Some(here) = enter_for(number) else {
        // SAFETY: it takes numbers.
        return unsafe { real_files::LSEEK.get()(number, offset, from) };
    };
    let from = match from {
        libc::SEEK_SET => SeekFrom::Start,
        libc::SEEK_CUR => SeekFrom::Current,
        libc::SEEK_END => SeekFrom::End,
        libc::SEEK_DATA => SeekFrom::Data,
        libc::SEEK_HOLE => SeekFrom::Hole,
        _ => return i64::from(fail(libc::EINVAL)),
    };
    let host = here.host();
    let position =
        here.call("lseek", number as u64, |kernel, env| kernel.seek(host, number, offset, from, env));
    position.map_or_else(|errno| i64::from(fail(errno)), |position| position as i64)
}
