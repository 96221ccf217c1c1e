//! Files: how they are opened, and which paths are those of a simulated disk.
//!
//! A world has every path, with one exception: calls that only read and name what the host's disk
//! does not have go to the real system if that is below one of [`SYSTEM_PATHS`], or is the
//! program's own file. So backtraces, certificates and the number of processors are what they are.
#![expect(unsafe_code, reason = "defines functions of the C library, and reads what their callers name")]

use std::ffi::{CStr, c_char, c_int};
use std::os::unix::ffi::OsStringExt;
use std::sync::OnceLock;

use super::{is_simulated, number_or_fail, real_files};
use crate::kernel::Kernel;
use crate::world::{Env, Here, enter};

/// Directories of the real system that programs may read.
const SYSTEM_PATHS: [&[u8]; 7] =
    [b"/proc/", b"/sys/", b"/dev/", b"/lib/", b"/lib64/", b"/usr/", b"/etc/ssl/"];

/// Whether a call changes what is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    Reads,
    Writes,
}

/// The bytes of a path; of none, if the pointer is null.
///
/// # Safety
///
/// It is null, or a C string that outlives `'a`.
pub(super) unsafe fn path_bytes<'a>(path: *const c_char) -> &'a [u8] {
    if path.is_null() {
        return &[];
    }
    // SAFETY: as the caller promises.
    unsafe { CStr::from_ptr(path) }.to_bytes()
}

/// Enters the world of this thread for a call about a path. `None`: it is a real one, or this
/// thread is in no world.
///
/// # Safety
///
/// As for [`path_bytes`].
pub(super) unsafe fn enter_at<'a>(base: c_int, path: *const c_char, to: Use) -> Option<(Here, &'a [u8])> {
    let here = enter()?;
    // SAFETY: as the caller promises.
    let path = unsafe { path_bytes(path) };
    if !path.starts_with(b"/") {
        let is_real = base >= 0 && !is_simulated(base);
        return (!is_real).then_some((here, path));
    }
    let host = here.host();
    let has = |world: &mut crate::world::World| {
        let (kernel, env) = world.kernel_and_env();
        let disk = kernel.disk(host, &env);
        disk.find(disk.current(), path, true).is_ok()
    };
    let is_real = to == Use::Reads && may_be_real(path) && !here.look(has);
    (!is_real).then_some((here, path))
}

fn may_be_real(path: &[u8]) -> bool {
    static PROGRAM: OnceLock<Vec<u8>> = OnceLock::new();
    // `/proc` has a slash behind it if it is looked at as a whole.
    let is_below =
        |directory: &&[u8]| path.starts_with(directory) || path == &directory[..directory.len() - 1];
    SYSTEM_PATHS.iter().any(is_below) || {
        let program = || std::env::current_exe().map(|path| path.into_os_string().into_vec());
        PROGRAM.get_or_init(|| program().unwrap_or_default()) == path
    }
}

/// Makes a call of the disk: it takes as long as a test wants, and happens then.
pub(super) fn on_disk<R>(
    here: &Here,
    call: &'static str,
    number: c_int,
    f: impl FnOnce(&mut Kernel, &mut Env<'_>) -> R,
) -> R {
    take_time(here);
    here.call(call, number as u64, f)
}

/// Waits as long as the disk of this host takes for an operation.
fn take_time(here: &Here) {
    let host = here.host();
    let until = here.look(|world| {
        let (kernel, env) = world.kernel_and_env();
        let disk = kernel.disks.used_by(host)?;
        let delay = disk.faults.draw_delay(env.random);
        (delay > 0).then_some(env.now + delay)
    });
    if let Some(until) = until {
        here.sleep_until(until);
    }
}

/// As [`take_time`], if a descriptor is one of a file.
pub(super) fn take_time_of(here: &Here, number: c_int) {
    let host = here.host();
    if here.look(|world| world.kernel.file_of(host, number).is_ok()) {
        take_time(here);
    }
}

/// What opening a file with these flags does.
pub(super) fn use_of(flags: c_int) -> Use {
    let changes = libc::O_CREAT | libc::O_TRUNC;
    if flags & libc::O_ACCMODE == libc::O_RDONLY && flags & changes == 0 { Use::Reads } else { Use::Writes }
}

pub(super) fn open_in(here: &Here, base: c_int, path: &[u8], flags: c_int, mode: libc::mode_t) -> c_int {
    let host = here.host();
    number_or_fail(on_disk(here, "open", base, |kernel, env| {
        kernel.open_file(host, (base, path), flags, mode, env)
    }))
}

/// In C it is variadic: see `fcntl`.
///
/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn open(path: *const c_char, flags: c_int, mode: libc::mode_t) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { open64(path, flags, mode) }
}

/// In C it is variadic: see `fcntl`.
///
/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn open64(path: *const c_char, flags: c_int, mode: libc::mode_t) -> c_int {
    // SAFETY: as the caller promises.
    match unsafe { enter_at(libc::AT_FDCWD, path, use_of(flags)) } {
        Some((here, path)) => open_in(&here, libc::AT_FDCWD, path, flags, mode),
        // SAFETY: as the caller promises.
        None => unsafe { real_files::OPEN.get()(path, flags, mode) },
    }
}

/// In C it is variadic: see `fcntl`.
///
/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn openat(
    base: c_int,
    path: *const c_char,
    flags: c_int,
    mode: libc::mode_t,
) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { openat64(base, path, flags, mode) }
}

/// In C it is variadic: see `fcntl`.
///
/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn openat64(
    base: c_int,
    path: *const c_char,
    flags: c_int,
    mode: libc::mode_t,
) -> c_int {
    // SAFETY: as the caller promises.
    match unsafe { enter_at(base, path, use_of(flags)) } {
        Some((here, path)) => open_in(&here, base, path, flags, mode),
        // SAFETY: as the caller promises.
        None => unsafe { real_files::OPENAT.get()(base, path, flags, mode) },
    }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn creat(path: *const c_char, mode: libc::mode_t) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { creat64(path, mode) }
}

/// # Safety
///
/// As the function of this name.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn creat64(path: *const c_char, mode: libc::mode_t) -> c_int {
    let flags = libc::O_CREAT | libc::O_WRONLY | libc::O_TRUNC;
    // SAFETY: as the caller promises.
    match unsafe { enter_at(libc::AT_FDCWD, path, Use::Writes) } {
        Some((here, path)) => open_in(&here, libc::AT_FDCWD, path, flags, mode),
        // SAFETY: as the caller promises.
        None => unsafe { real_files::CREAT.get()(path, mode) },
    }
}
