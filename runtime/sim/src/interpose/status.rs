//! What is known of files: `stat` and its relatives, permissions, times.
//!
//! A program of a world may do everything: permissions are kept, and nobody checks them.
#![expect(unsafe_code, reason = "defines functions of the C library, and writes where their callers ask")]

use std::ffi::{c_char, c_int, c_uint};
use std::mem::MaybeUninit;

use super::files::{Use, enter_at, on_disk};
use super::{enter_for, fail, from_timespec, number_or_fail, real_files, to_timespec};
use crate::kernel::{Attributes, InodeId, Kernel};
use crate::world::{Env, Here};

/// The bytes of a block that `st_blocks` counts.
const BLOCK_BYTES: u64 = 512;
/// What programs should read at a time.
const IO_BYTES: u32 = 4096;
/// `UTIME_NOW` and `UTIME_OMIT`: a time that is set now, and one that stays.
const SET_NOW: i64 = libc::UTIME_NOW;
const LEAVE: i64 = libc::UTIME_OMIT;

/// The inode that a call is about.
fn inode_of(
    kernel: &mut Kernel,
    here: &Here,
    (base, path, flags): (c_int, &[u8], c_int),
    env: &mut Env<'_>,
) -> Result<InodeId, c_int> {
    let host = here.host();
    if path.is_empty() && flags & libc::AT_EMPTY_PATH != 0 {
        return kernel.base(host, base, env);
    }
    let base = kernel.base(host, base, env)?;
    kernel.disk(host, env).find(base, path, flags & libc::AT_SYMLINK_NOFOLLOW == 0)
}

fn attributes(here: &Here, base: c_int, path: &[u8], flags: c_int) -> Result<Attributes, c_int> {
    let host = here.host();
    on_disk(here, "stat", base, |kernel, env| {
        if path.is_empty() && flags & libc::AT_EMPTY_PATH != 0 && base != libc::AT_FDCWD {
            return kernel.attributes_of(host, base, env);
        }
        let inode = inode_of(kernel, here, (base, path, flags), env)?;
        Ok(kernel.disk(host, env).attributes(inode))
    })
}

/// # Safety
///
/// There is place for it.
unsafe fn write_status(result: Result<Attributes, c_int>, place: *mut libc::stat64, device: u64) -> c_int {
    let attributes = match result {
        Ok(attributes) => attributes,
        Err(errno) => return fail(errno),
    };
    let [accessed, modified, changed] =
        [attributes.times.accessed, attributes.times.modified, attributes.times.changed].map(to_timespec);
    // SAFETY: all of its fields are numbers, for which zero is one.
    let mut status: libc::stat64 = unsafe { MaybeUninit::zeroed().assume_init() };
    status.st_dev = device;
    status.st_ino = attributes.inode.0;
    status.st_mode = attributes.mode;
    status.st_nlink = attributes.links_count.into();
    status.st_size = attributes.len as i64;
    status.st_blksize = IO_BYTES as libc::blksize_t;
    status.st_blocks = (attributes.allocated / BLOCK_BYTES) as i64;
    (status.st_atime, status.st_atime_nsec) = (accessed.tv_sec, accessed.tv_nsec);
    (status.st_mtime, status.st_mtime_nsec) = (modified.tv_sec, modified.tv_nsec);
    (status.st_ctime, status.st_ctime_nsec) = (changed.tv_sec, changed.tv_nsec);
    // SAFETY: as the caller promises.
    unsafe { place.write(status) };
    0
}

/// The number of the disk of a host, which no real one has.
fn device_of(here: &Here) -> u64 {
    0xd15c_0000 + u64::from(here.host().0)
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn stat(path: *const c_char, place: *mut libc::stat64) -> c_int {
    // SAFETY: as the caller promises. On 64-bit Linux the two are one.
    unsafe { stat64(path, place) }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn stat64(path: *const c_char, place: *mut libc::stat64) -> c_int {
    // SAFETY: as the caller promises.
    match unsafe { enter_at(libc::AT_FDCWD, path, Use::Reads) } {
        Some((here, path)) => {
            let result = attributes(&here, libc::AT_FDCWD, path, 0);
            // SAFETY: as the caller promises.
            unsafe { write_status(result, place, device_of(&here)) }
        }
        // SAFETY: as the caller promises.
        None => unsafe { real_files::STAT.get()(path, place) },
    }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn lstat(path: *const c_char, place: *mut libc::stat64) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { lstat64(path, place) }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn lstat64(path: *const c_char, place: *mut libc::stat64) -> c_int {
    // SAFETY: as the caller promises.
    match unsafe { enter_at(libc::AT_FDCWD, path, Use::Reads) } {
        Some((here, path)) => {
            let result = attributes(&here, libc::AT_FDCWD, path, libc::AT_SYMLINK_NOFOLLOW);
            // SAFETY: as the caller promises.
            unsafe { write_status(result, place, device_of(&here)) }
        }
        // SAFETY: as the caller promises.
        None => unsafe { real_files::LSTAT.get()(path, place) },
    }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn fstat(number: c_int, place: *mut libc::stat64) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { fstat64(number, place) }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn fstat64(number: c_int, place: *mut libc::stat64) -> c_int {
    let Some(here) = enter_for(number) else {
        // SAFETY: as the caller promises.
        return unsafe { real_files::FSTAT.get()(number, place) };
    };
    let result = attributes(&here, number, &[], libc::AT_EMPTY_PATH);
    // SAFETY: as the caller promises.
    unsafe { write_status(result, place, device_of(&here)) }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn fstatat(
    base: c_int,
    path: *const c_char,
    place: *mut libc::stat64,
    flags: c_int,
) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { fstatat64(base, path, place, flags) }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn fstatat64(
    base: c_int,
    path: *const c_char,
    place: *mut libc::stat64,
    flags: c_int,
) -> c_int {
    // SAFETY: as the caller promises.
    match unsafe { enter_at(base, path, Use::Reads) } {
        Some((here, path)) => {
            let result = attributes(&here, base, path, flags);
            // SAFETY: as the caller promises.
            unsafe { write_status(result, place, device_of(&here)) }
        }
        // SAFETY: as the caller promises.
        None => unsafe { real_files::FSTATAT.get()(base, path, place, flags) },
    }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn statx(
    base: c_int,
    path: *const c_char,
    flags: c_int,
    mask: c_uint,
    place: *mut libc::statx,
) -> c_int {
    // SAFETY: as the caller promises.
    let Some((here, path)) = (unsafe { enter_at(base, path, Use::Reads) }) else {
        // SAFETY: as the caller promises.
        return unsafe { real_files::STATX.get()(base, path, flags, mask, place) };
    };
    let attributes = match attributes(&here, base, path, flags) {
        Ok(attributes) => attributes,
        Err(errno) => return fail(errno),
    };
    let time = |nanos: u64| {
        let time = to_timespec(nanos);
        // SAFETY: all of its fields are numbers, for which zero is one.
        let mut stamp: libc::statx_timestamp = unsafe { MaybeUninit::zeroed().assume_init() };
        (stamp.tv_sec, stamp.tv_nsec) = (time.tv_sec, time.tv_nsec as u32);
        stamp
    };
    // SAFETY: all of its fields are numbers, for which zero is one.
    let mut status: libc::statx = unsafe { MaybeUninit::zeroed().assume_init() };
    status.stx_mask = libc::STATX_BASIC_STATS | libc::STATX_BTIME;
    status.stx_blksize = IO_BYTES;
    status.stx_nlink = attributes.links_count;
    status.stx_mode = attributes.mode as u16;
    status.stx_ino = attributes.inode.0;
    status.stx_size = attributes.len;
    status.stx_blocks = attributes.allocated / BLOCK_BYTES;
    status.stx_atime = time(attributes.times.accessed);
    status.stx_mtime = time(attributes.times.modified);
    status.stx_ctime = time(attributes.times.changed);
    status.stx_btime = time(attributes.times.created);
    let device = device_of(&here);
    (status.stx_dev_major, status.stx_dev_minor) = (libc::major(device), libc::minor(device));
    // SAFETY: as the caller promises.
    unsafe { place.write(status) };
    0
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn access(path: *const c_char, mode: c_int) -> c_int {
    // SAFETY: as the caller promises.
    match unsafe { enter_at(libc::AT_FDCWD, path, Use::Reads) } {
        Some((here, path)) => check_access(&here, libc::AT_FDCWD, path, mode),
        // SAFETY: as the caller promises.
        None => unsafe { real_files::ACCESS.get()(path, mode) },
    }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn faccessat(
    base: c_int,
    path: *const c_char,
    mode: c_int,
    flags: c_int,
) -> c_int {
    // SAFETY: as the caller promises.
    match unsafe { enter_at(base, path, Use::Reads) } {
        Some((here, path)) => check_access(&here, base, path, mode),
        // SAFETY: as the caller promises.
        None => unsafe { real_files::FACCESSAT.get()(base, path, mode, flags) },
    }
}

/// All that is there may be read and written; what nobody may execute cannot be.
fn check_access(here: &Here, base: c_int, path: &[u8], mode: c_int) -> c_int {
    let host = here.host();
    let is_read_only = here.look(|world| {
        let disk = world.kernel.disks.used_by(host);
        disk.is_some_and(|disk| disk.faults.is_read_only)
    });
    number_or_fail(attributes(here, base, path, 0).and_then(|attributes| {
        let may_execute = attributes.mode & 0o111 != 0 || attributes.mode & libc::S_IFMT == libc::S_IFDIR;
        match mode {
            mode if mode & libc::X_OK != 0 && !may_execute => Err(libc::EACCES),
            mode if mode & libc::W_OK != 0 && is_read_only => Err(libc::EROFS),
            _ => Ok(0),
        }
    }))
}

fn set_mode(here: &Here, place: (c_int, &[u8], c_int), mode: libc::mode_t) -> c_int {
    let host = here.host();
    number_or_fail(on_disk(here, "chmod", place.0, |kernel, env| {
        let inode = inode_of(kernel, here, place, env)?;
        kernel.disk(host, env).set_mode(inode, mode).map(|()| 0)
    }))
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn chmod(path: *const c_char, mode: libc::mode_t) -> c_int {
    // SAFETY: as the caller promises.
    match unsafe { enter_at(libc::AT_FDCWD, path, Use::Writes) } {
        Some((here, path)) => set_mode(&here, (libc::AT_FDCWD, path, 0), mode),
        // SAFETY: as the caller promises.
        None => unsafe { real_files::CHMOD.get()(path, mode) },
    }
}

#[unsafe(no_mangle)]
pub(super) extern "C" fn fchmod(number: c_int, mode: libc::mode_t) -> c_int {
    match enter_for(number) {
        Some(here) => set_mode(&here, (number, &[], libc::AT_EMPTY_PATH), mode),
        // SAFETY: it takes numbers.
        None => unsafe { real_files::FCHMOD.get()(number, mode) },
    }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn fchmodat(
    base: c_int,
    path: *const c_char,
    mode: libc::mode_t,
    flags: c_int,
) -> c_int {
    // SAFETY: as the caller promises.
    match unsafe { enter_at(base, path, Use::Writes) } {
        Some(_) if flags & libc::AT_SYMLINK_NOFOLLOW != 0 => fail(libc::EOPNOTSUPP),
        Some((here, path)) => set_mode(&here, (base, path, flags), mode),
        // SAFETY: as the caller promises.
        None => unsafe { real_files::FCHMODAT.get()(base, path, mode, flags) },
    }
}

/// # Safety
///
/// The times are null, or two.
unsafe fn set_times(here: &Here, place: (c_int, &[u8], c_int), times: *const libc::timespec) -> c_int {
    let now = libc::timespec { tv_sec: 0, tv_nsec: SET_NOW };
    let times = if times.is_null() {
        [now, now]
    } else {
        // SAFETY: as the caller promises.
        unsafe { times.cast::<[libc::timespec; 2]>().read() }
    };
    let host = here.host();
    number_or_fail(on_disk(here, "utimens", place.0, |kernel, env| {
        let inode = inode_of(kernel, here, place, env)?;
        let disk = kernel.disk(host, env);
        let mut set = [None; 2];
        for (time, set) in times.iter().zip(&mut set) {
            *set = match time.tv_nsec {
                SET_NOW => Some(disk.now),
                LEAVE => None,
                _ => Some(from_timespec(*time).ok_or(libc::EINVAL)?),
            };
        }
        disk.set_times(inode, set[0], set[1]).map(|()| 0)
    }))
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn futimens(number: c_int, times: *const libc::timespec) -> c_int {
    match enter_for(number) {
        // SAFETY: as the caller promises.
        Some(here) => unsafe { set_times(&here, (number, &[], libc::AT_EMPTY_PATH), times) },
        // SAFETY: as the caller promises.
        None => unsafe { real_files::FUTIMENS.get()(number, times) },
    }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn utimensat(
    base: c_int,
    path: *const c_char,
    times: *const libc::timespec,
    flags: c_int,
) -> c_int {
    // SAFETY: as the caller promises.
    match unsafe { enter_at(base, path, Use::Writes) } {
        Some((here, path)) => {
            let flags = if path.is_empty() { flags | libc::AT_EMPTY_PATH } else { flags };
            // SAFETY: as the caller promises.
            unsafe { set_times(&here, (base, path, flags), times) }
        }
        // SAFETY: as the caller promises.
        None => unsafe { real_files::UTIMENSAT.get()(base, path, times, flags) },
    }
}
