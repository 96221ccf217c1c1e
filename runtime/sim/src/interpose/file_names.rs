//! Names of files: how they are given, taken and changed.
#![expect(unsafe_code, reason = "defines functions of the C library, and reads what their callers name")]

use std::ffi::{c_char, c_int, c_uint};

use super::files::{Use, enter_at, on_disk, path_bytes};
use super::{answer, number_or_fail, real_files};
use crate::kernel::{FileSystem, InodeId};
use crate::world::Here;

/// Makes a call about a path, which begins at the directory `base`.
fn change(
    here: &Here,
    call: &'static str,
    base: c_int,
    f: impl FnOnce(&mut FileSystem, InodeId) -> Result<(), c_int>,
) -> c_int {
    let host = here.host();
    number_or_fail(on_disk(here, call, base, |kernel, env| {
        let base = kernel.base(host, base, env)?;
        f(kernel.disk(host, env), base).map(|()| 0)
    }))
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn mkdir(path: *const c_char, mode: libc::mode_t) -> c_int {
    // SAFETY: as the caller promises.
    match unsafe { enter_at(libc::AT_FDCWD, path, Use::Writes) } {
        Some((here, path)) => {
            change(&here, "mkdir", libc::AT_FDCWD, |disk, base| disk.make_directory(base, path, mode))
        }
        // SAFETY: as the caller promises.
        None => unsafe { real_files::MKDIR.get()(path, mode) },
    }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn mkdirat(base: c_int, path: *const c_char, mode: libc::mode_t) -> c_int {
    // SAFETY: as the caller promises.
    match unsafe { enter_at(base, path, Use::Writes) } {
        Some((here, path)) => {
            change(&here, "mkdir", base, |disk, base| disk.make_directory(base, path, mode))
        }
        // SAFETY: as the caller promises.
        None => unsafe { real_files::MKDIRAT.get()(base, path, mode) },
    }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn rmdir(path: *const c_char) -> c_int {
    // SAFETY: as the caller promises.
    match unsafe { enter_at(libc::AT_FDCWD, path, Use::Writes) } {
        Some((here, path)) => {
            change(&here, "rmdir", libc::AT_FDCWD, |disk, base| disk.remove_directory(base, path))
        }
        // SAFETY: as the caller promises.
        None => unsafe { real_files::RMDIR.get()(path) },
    }
}

/// A path is that of a socket, by the name that the socket was given, or one of the disk.
fn unlink_in(here: &Here, path: &[u8]) -> c_int {
    let host = here.host();
    number_or_fail(on_disk(here, "unlink", libc::AT_FDCWD, |kernel, env| {
        if kernel.network.unlink(host, path) {
            return Ok(0);
        }
        let base = kernel.base(host, libc::AT_FDCWD, env)?;
        kernel.disk(host, env).unlink(base, path).map(|()| 0)
    }))
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn unlink(path: *const c_char) -> c_int {
    // SAFETY: as the caller promises.
    match unsafe { enter_at(libc::AT_FDCWD, path, Use::Writes) } {
        Some((here, path)) => unlink_in(&here, path),
        // SAFETY: as the caller promises.
        None => unsafe { real_files::UNLINK.get()(path) },
    }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn unlinkat(base: c_int, path: *const c_char, flags: c_int) -> c_int {
    // SAFETY: as the caller promises.
    match unsafe { enter_at(base, path, Use::Writes) } {
        Some((here, path)) if flags & libc::AT_REMOVEDIR != 0 => {
            change(&here, "rmdir", base, |disk, base| disk.remove_directory(base, path))
        }
        Some((here, path)) => change(&here, "unlink", base, |disk, base| disk.unlink(base, path)),
        // SAFETY: as the caller promises.
        None => unsafe { real_files::UNLINKAT.get()(base, path, flags) },
    }
}

fn rename_in(here: &Here, from: (c_int, &[u8]), to: (c_int, &[u8]), flags: c_uint) -> c_int {
    let host = here.host();
    number_or_fail(on_disk(here, "rename", from.0, |kernel, env| {
        let (from_base, to_base) = (kernel.base(host, from.0, env)?, kernel.base(host, to.0, env)?);
        kernel.disk(host, env).rename((from_base, from.1), (to_base, to.1), flags).map(|()| 0)
    }))
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn rename(from: *const c_char, to: *const c_char) -> c_int {
    let base = libc::AT_FDCWD;
    // SAFETY: as the caller promises.
    match unsafe { enter_at(base, from, Use::Writes) } {
        // SAFETY: as the caller promises.
        Some((here, from)) => rename_in(&here, (base, from), (base, unsafe { path_bytes(to) }), 0),
        // SAFETY: as the caller promises.
        None => unsafe { real_files::RENAME.get()(from, to) },
    }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn renameat(
    from_base: c_int,
    from: *const c_char,
    to_base: c_int,
    to: *const c_char,
) -> c_int {
    // SAFETY: as the caller promises.
    match unsafe { enter_at(from_base, from, Use::Writes) } {
        // SAFETY: as the caller promises.
        Some((here, from)) => rename_in(&here, (from_base, from), (to_base, unsafe { path_bytes(to) }), 0),
        // SAFETY: as the caller promises.
        None => unsafe { real_files::RENAMEAT.get()(from_base, from, to_base, to) },
    }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn renameat2(
    from_base: c_int,
    from: *const c_char,
    to_base: c_int,
    to: *const c_char,
    flags: c_uint,
) -> c_int {
    // SAFETY: as the caller promises.
    match unsafe { enter_at(from_base, from, Use::Writes) } {
        Some((here, from)) => {
            // SAFETY: as the caller promises.
            let to = unsafe { path_bytes(to) };
            rename_in(&here, (from_base, from), (to_base, to), flags)
        }
        // SAFETY: as the caller promises.
        None => unsafe { real_files::RENAMEAT2.get()(from_base, from, to_base, to, flags) },
    }
}

fn link_in(here: &Here, from: (c_int, &[u8]), to: (c_int, &[u8]), flags: c_int) -> c_int {
    let host = here.host();
    number_or_fail(on_disk(here, "link", from.0, |kernel, env| {
        let (from_base, to_base) = (kernel.base(host, from.0, env)?, kernel.base(host, to.0, env)?);
        let disk = kernel.disk(host, env);
        let inode = if from.1.is_empty() && flags & libc::AT_EMPTY_PATH != 0 {
            from_base
        } else {
            disk.find(from_base, from.1, flags & libc::AT_SYMLINK_FOLLOW != 0)?
        };
        disk.link(inode, to_base, to.1).map(|()| 0)
    }))
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn link(from: *const c_char, to: *const c_char) -> c_int {
    let base = libc::AT_FDCWD;
    // SAFETY: as the caller promises.
    match unsafe { enter_at(base, from, Use::Writes) } {
        // SAFETY: as the caller promises.
        Some((here, from)) => link_in(&here, (base, from), (base, unsafe { path_bytes(to) }), 0),
        // SAFETY: as the caller promises.
        None => unsafe { real_files::LINK.get()(from, to) },
    }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn linkat(
    from_base: c_int,
    from: *const c_char,
    to_base: c_int,
    to: *const c_char,
    flags: c_int,
) -> c_int {
    // SAFETY: as the caller promises.
    match unsafe { enter_at(from_base, from, Use::Writes) } {
        // SAFETY: as the caller promises.
        Some((here, from)) => link_in(&here, (from_base, from), (to_base, unsafe { path_bytes(to) }), flags),
        // SAFETY: as the caller promises.
        None => unsafe { real_files::LINKAT.get()(from_base, from, to_base, to, flags) },
    }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn symlink(target: *const c_char, path: *const c_char) -> c_int {
    // SAFETY: as the caller promises.
    match unsafe { enter_at(libc::AT_FDCWD, path, Use::Writes) } {
        Some((here, path)) => {
            // SAFETY: as the caller promises.
            let target = unsafe { path_bytes(target) };
            change(&here, "symlink", libc::AT_FDCWD, |disk, base| disk.make_symlink(target, base, path))
        }
        // SAFETY: as the caller promises.
        None => unsafe { real_files::SYMLINK.get()(target, path) },
    }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn symlinkat(target: *const c_char, base: c_int, path: *const c_char) -> c_int {
    // SAFETY: as the caller promises.
    match unsafe { enter_at(base, path, Use::Writes) } {
        Some((here, path)) => {
            // SAFETY: as the caller promises.
            let target = unsafe { path_bytes(target) };
            change(&here, "symlink", base, |disk, base| disk.make_symlink(target, base, path))
        }
        // SAFETY: as the caller promises.
        None => unsafe { real_files::SYMLINKAT.get()(target, base, path) },
    }
}

/// # Safety
///
/// There is place for `len` bytes.
unsafe fn read_link(here: &Here, base: c_int, path: &[u8], place: *mut c_char, len: usize) -> isize {
    let host = here.host();
    let target = on_disk(here, "readlink", base, |kernel, env| {
        let base = kernel.base(host, base, env)?;
        kernel.disk(host, env).read_link(base, path)
    });
    let count = target.map(|target| {
        let count = target.len().min(len);
        // SAFETY: as the caller promises.
        unsafe { place.cast::<u8>().copy_from_nonoverlapping(target.as_ptr(), count) };
        count
    });
    answer(if len == 0 { Err(libc::EINVAL) } else { count })
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn readlink(path: *const c_char, place: *mut c_char, len: usize) -> isize {
    // SAFETY: as the caller promises.
    match unsafe { enter_at(libc::AT_FDCWD, path, Use::Reads) } {
        // SAFETY: as the caller promises.
        Some((here, path)) => unsafe { read_link(&here, libc::AT_FDCWD, path, place, len) },
        // SAFETY: as the caller promises.
        None => unsafe { real_files::READLINK.get()(path, place, len) },
    }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn readlinkat(
    base: c_int,
    path: *const c_char,
    place: *mut c_char,
    len: usize,
) -> isize {
    // SAFETY: as the caller promises.
    match unsafe { enter_at(base, path, Use::Reads) } {
        // SAFETY: as the caller promises.
        Some((here, path)) => unsafe { read_link(&here, base, path, place, len) },
        // SAFETY: as the caller promises.
        None => unsafe { real_files::READLINKAT.get()(base, path, place, len) },
    }
}
