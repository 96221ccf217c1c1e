//! The bytes of files: their length, that they are on the disk, who may use them, and copies.
#![expect(unsafe_code, reason = "defines functions of the C library, and reads and writes what they name")]

use std::ffi::{c_char, c_int, c_uint, c_void};

use super::files::{Use, enter_at, on_disk};
use super::{answer, enter_for, fail, is_simulated, number_or_fail, real_files};
use crate::world::{Attempt, Here, WaitKey, enter};

fn sync_of(here: &Here, call: &'static str, number: c_int, is_all: bool) -> c_int {
    let host = here.host();
    number_or_fail(on_disk(here, call, number, |kernel, env| {
        kernel.sync_file(host, number, is_all, env).map(|()| 0)
    }))
}

#[unsafe(no_mangle)]
pub(super) extern "C" fn fsync(number: c_int) -> c_int {
    match enter_for(number) {
        Some(here) => sync_of(&here, "fsync", number, true),
        // SAFETY: it takes a number.
        None => unsafe { real_files::FSYNC.get()(number) },
    }
}

#[unsafe(no_mangle)]
pub(super) extern "C" fn fdatasync(number: c_int) -> c_int {
    match enter_for(number) {
        Some(here) => sync_of(&here, "fdatasync", number, false),
        // SAFETY: it takes a number.
        None => unsafe { real_files::FDATASYNC.get()(number) },
    }
}

#[unsafe(no_mangle)]
pub(super) extern "C" fn syncfs(number: c_int) -> c_int {
    let Some(here) = enter_for(number) else {
        // SAFETY: it takes a number.
        return unsafe { real_files::SYNCFS.get()(number) };
    };
    let host = here.host();
    number_or_fail(on_disk(&here, "syncfs", number, |kernel, env| {
        kernel.file_of(host, number)?;
        kernel.disk(host, env).sync_everything();
        Ok(0)
    }))
}

#[unsafe(no_mangle)]
pub(super) extern "C" fn sync() {
    match enter() {
        Some(here) => {
            let host = here.host();
            on_disk(&here, "sync", 0, |kernel, env| kernel.disk(host, env).sync_everything());
        }
        // SAFETY: it takes nothing.
        None => unsafe { real_files::SYNC.get()() },
    }
}

/// It makes nothing durable, as its manual says.
#[unsafe(no_mangle)]
pub(super) extern "C" fn sync_file_range(number: c_int, at: i64, len: i64, flags: c_uint) -> c_int {
    let Some(here) = enter_for(number) else {
        // SAFETY: it takes numbers.
        return unsafe { real_files::SYNC_FILE_RANGE.get()(number, at, len, flags) };
    };
    let host = here.host();
    number_or_fail(on_disk(&here, "sync_file_range", number, |kernel, _| {
        kernel.file_of(host, number).map(|_| 0)
    }))
}

#[unsafe(no_mangle)]
pub(super) extern "C" fn ftruncate(number: c_int, len: i64) -> c_int {
    ftruncate64(number, len)
}

#[unsafe(no_mangle)]
pub(super) extern "C" fn ftruncate64(number: c_int, len: i64) -> c_int {
    let Some(here) = enter_for(number) else {
        // SAFETY: it takes numbers.
        return unsafe { real_files::FTRUNCATE.get()(number, len) };
    };
    let (host, len) = (here.host(), u64::try_from(len));
    number_or_fail(on_disk(&here, "ftruncate", number, |kernel, env| {
        kernel.truncate_file(host, number, len.map_err(|_| libc::EINVAL)?, env).map(|()| 0)
    }))
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn truncate(path: *const c_char, len: i64) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { truncate64(path, len) }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn truncate64(path: *const c_char, len: i64) -> c_int {
    // SAFETY: as the caller promises.
    let Some((here, path)) = (unsafe { enter_at(libc::AT_FDCWD, path, Use::Writes) }) else {
        // SAFETY: as the caller promises.
        return unsafe { real_files::TRUNCATE.get()(path, len) };
    };
    let (host, len) = (here.host(), u64::try_from(len));
    number_or_fail(on_disk(&here, "truncate", 0, |kernel, env| {
        let disk = kernel.disk(host, env);
        let inode = disk.find(disk.current(), path, true)?;
        disk.set_len(inode, len.map_err(|_| libc::EINVAL)?).map(|()| 0)
    }))
}

fn allocate(here: &Here, number: c_int, (at, len): (i64, i64), keeps_len: bool) -> Result<c_int, c_int> {
    let host = here.host();
    let range = u64::try_from(at).ok().zip(u64::try_from(len).ok().filter(|len| *len > 0));
    on_disk(here, "fallocate", number, |kernel, env| {
        let (at, len) = range.ok_or(libc::EINVAL)?;
        kernel.allocate_file(host, number, (at, at + len, keeps_len), env).map(|()| 0)
    })
}

#[unsafe(no_mangle)]
pub(super) extern "C" fn fallocate(number: c_int, mode: c_int, at: i64, len: i64) -> c_int {
    fallocate64(number, mode, at, len)
}

/// Holes and moved ranges are refused, as by file systems that have none.
#[unsafe(no_mangle)]
pub(super) extern "C" fn fallocate64(number: c_int, mode: c_int, at: i64, len: i64) -> c_int {
    match enter_for(number) {
        Some(_) if mode & !libc::FALLOC_FL_KEEP_SIZE != 0 => fail(libc::EOPNOTSUPP),
        Some(here) => number_or_fail(allocate(&here, number, (at, len), mode != 0)),
        // SAFETY: it takes numbers.
        None => unsafe { real_files::FALLOCATE.get()(number, mode, at, len) },
    }
}

#[unsafe(no_mangle)]
pub(super) extern "C" fn posix_fallocate(number: c_int, at: i64, len: i64) -> c_int {
    posix_fallocate64(number, at, len)
}

/// Returns the error.
#[unsafe(no_mangle)]
pub(super) extern "C" fn posix_fallocate64(number: c_int, at: i64, len: i64) -> c_int {
    match enter_for(number) {
        Some(here) => allocate(&here, number, (at, len), false).unwrap_or_else(|errno| errno),
        // SAFETY: it takes numbers.
        None => unsafe { real_files::POSIX_FALLOCATE.get()(number, at, len) },
    }
}

#[unsafe(no_mangle)]
pub(super) extern "C" fn posix_fadvise(number: c_int, at: i64, len: i64, advice: c_int) -> c_int {
    posix_fadvise64(number, at, len, advice)
}

/// A disk of a world needs no advice. Returns the error.
#[unsafe(no_mangle)]
pub(super) extern "C" fn posix_fadvise64(number: c_int, at: i64, len: i64, advice: c_int) -> c_int {
    let Some(here) = enter_for(number) else {
        // SAFETY: it takes numbers.
        return unsafe { real_files::POSIX_FADVISE.get()(number, at, len, advice) };
    };
    let host = here.host();
    here.call("fadvise", number as u64, |kernel, _| match kernel.find(host, number) {
        Ok(id) if kernel.file(id).is_err() => libc::ESPIPE,
        Ok(_) => 0,
        Err(errno) => errno,
    })
}

#[unsafe(no_mangle)]
pub(super) extern "C" fn flock(number: c_int, operation: c_int) -> c_int {
    let Some(here) = enter_for(number) else {
        // SAFETY: it takes numbers.
        return unsafe { real_files::FLOCK.get()(number, operation) };
    };
    let (host, waits) = (here.host(), operation & libc::LOCK_NB == 0);
    let which = number as u64;
    let outcome = here.wait("flock", which, None, |kernel, env| {
        let locked = kernel.find(host, number).and_then(|id| match operation & !libc::LOCK_NB {
            libc::LOCK_UN => kernel.unlock_file(id, env).map(Ok),
            libc::LOCK_SH => kernel.lock_file(id, false, env),
            libc::LOCK_EX => kernel.lock_file(id, true, env),
            _ => Err(libc::EINVAL),
        });
        Attempt::Done(match locked {
            Ok(Ok(())) => Ok(0),
            Ok(Err(owners)) if waits => {
                return Attempt::Wait(owners.into_iter().map(WaitKey::Object).collect());
            }
            Ok(Err(_)) => Err(libc::EWOULDBLOCK),
            Err(errno) => Err(errno),
        })
    });
    number_or_fail(outcome.unwrap_or(Err(libc::EWOULDBLOCK)))
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn mmap(
    address: *mut c_void,
    len: usize,
    protection: c_int,
    flags: c_int,
    number: c_int,
    at: i64,
) -> *mut c_void {
    // SAFETY: as the caller promises.
    unsafe { mmap64(address, len, protection, flags, number, at) }
}

/// A simulated file has no memory that a program could share: `ENODEV`.
///
/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn mmap64(
    address: *mut c_void,
    len: usize,
    protection: c_int,
    flags: c_int,
    number: c_int,
    at: i64,
) -> *mut c_void {
    if is_simulated(number) && flags & libc::MAP_ANONYMOUS == 0 {
        fail(libc::ENODEV);
        return libc::MAP_FAILED;
    }
    // SAFETY: as the caller promises.
    unsafe { real_files::MMAP.get()(address, len, protection, flags, number, at) }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn copy_file_range(
    from: c_int,
    from_at: *mut i64,
    to: c_int,
    to_at: *mut i64,
    len: usize,
    flags: c_uint,
) -> isize {
    if !is_simulated(from) && !is_simulated(to) {
        // SAFETY: as the caller promises.
        return unsafe { real_files::COPY_FILE_RANGE.get()(from, from_at, to, to_at, len, flags) };
    }
    let Some(here) = enter() else { return fail(libc::EBADF) as isize };
    if !is_simulated(from) || !is_simulated(to) {
        return fail(libc::EXDEV) as isize;
    }
    // SAFETY: as the caller promises.
    let positions = unsafe { [from_at.as_ref(), to_at.as_ref()] }.map(|at| at.map(|at| *at as u64));
    let host = here.host();
    let count = on_disk(&here, "copy_file_range", from, |kernel, env| {
        kernel.copy_file(host, (from, positions[0]), (to, positions[1]), len, env)
    });
    if let Ok(count) = count {
        for at in [from_at, to_at] {
            // SAFETY: as the caller promises.
            if let Some(at) = unsafe { at.as_mut() } {
                *at += count as i64;
            }
        }
    }
    answer(count)
}
