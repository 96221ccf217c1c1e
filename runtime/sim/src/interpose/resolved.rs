//! `openat2`: opening a file with a say in how its path is walked.
//!
//! Of what it can be asked, a world has `RESOLVE_NO_SYMLINKS`, `RESOLVE_NO_MAGICLINKS` (there are
//! none) and `RESOLVE_CACHED`: by chance the disk has a name in memory or not. For the rest it says
//! `ENOSYS`, as a system does that is older than the call.
#![expect(unsafe_code, reason = "reads what its caller names")]

use std::ffi::{c_char, c_int, c_long};

use super::files::{enter_at, on_disk, open_in, use_of};
use super::{fail, real};
use crate::kernel::Kernel;
use crate::world::{Env, Here};

/// One open in so many does not find its name in memory.
const FORGOTTEN: u32 = 4;
/// What `resolve` may ask for.
const KNOWN: u64 = libc::RESOLVE_NO_SYMLINKS | libc::RESOLVE_NO_MAGICLINKS | libc::RESOLVE_CACHED;
/// What it may ask for on the real system, besides.
const UNKNOWN: u64 = libc::RESOLVE_NO_XDEV | libc::RESOLVE_BENEATH | libc::RESOLVE_IN_ROOT;

/// The call with its arguments: the directory, the path, a `struct open_how`, and its size.
///
/// # Safety
///
/// They are those of `openat2(2)`.
pub(super) unsafe fn openat2([base, path, how, size]: [usize; 4]) -> c_long {
    let (number, path) = (base as c_int, path as *const c_char);
    if size < size_of::<libc::open_how>() {
        return c_long::from(fail(libc::EINVAL));
    }
    // SAFETY: the caller promises so many bytes; what is behind them is for later systems.
    let wanted = unsafe { (how as *const libc::open_how).read_unaligned() };
    let flags = wanted.flags as c_int;
    // SAFETY: as the caller promises.
    let Some((here, path)) = (unsafe { enter_at(number, path, use_of(flags)) }) else {
        // SAFETY: as the caller promises.
        return unsafe { real::SYSCALL.get()(libc::SYS_openat2, base, path as usize, how, size, 0, 0) };
    };
    if let Err(error) = check(&wanted, flags) {
        return c_long::from(fail(error));
    }
    let is_found =
        on_disk(&here, "resolve", number, |kernel, env| resolve(kernel, &here, (number, path), &wanted, env));
    match is_found {
        Ok(()) => open_in(&here, number, path, flags, wanted.mode as libc::mode_t).into(),
        Err(error) => fail(error).into(),
    }
}

/// What is wrong with the arguments.
fn check(wanted: &libc::open_how, flags: c_int) -> Result<(), c_int> {
    let makes = flags & libc::O_CREAT != 0 || flags & libc::O_TMPFILE == libc::O_TMPFILE;
    if wanted.resolve & !(KNOWN | UNKNOWN) != 0 || (wanted.mode != 0 && !makes) {
        return Err(libc::EINVAL);
    }
    if wanted.resolve & UNKNOWN != 0 {
        return Err(libc::ENOSYS);
    }
    // What changes a directory is never done at once.
    let waits = makes || flags & libc::O_TRUNC != 0;
    if wanted.resolve & libc::RESOLVE_CACHED != 0 && waits { Err(libc::EAGAIN) } else { Ok(()) }
}

/// Whether the path may be walked as it was asked.
fn resolve(
    kernel: &mut Kernel,
    here: &Here,
    (number, path): (c_int, &[u8]),
    wanted: &libc::open_how,
    env: &mut Env<'_>,
) -> Result<(), c_int> {
    let host = here.host();
    let base = kernel.base(host, number, env)?;
    let disk = kernel.disk(host, env);
    if wanted.resolve & libc::RESOLVE_NO_SYMLINKS != 0 {
        let names_link = (libc::O_PATH | libc::O_NOFOLLOW) as u64;
        let spares_last = wanted.flags & names_link == names_link;
        let ends = path.iter().enumerate().filter(|(at, byte)| **byte == b'/' && *at > 0).map(|(at, _)| at);
        for end in ends.chain((!spares_last).then_some(path.len())) {
            // What is missing is for the open itself to report.
            let Ok(inode) = disk.find(base, &path[..end], false) else { break };
            if disk.attributes(inode).mode & libc::S_IFMT == libc::S_IFLNK {
                return Err(libc::ELOOP);
            }
        }
    }
    let is_cached = wanted.resolve & libc::RESOLVE_CACHED == 0 || env.random.u32(..FORGOTTEN) > 0;
    if is_cached { Ok(()) } else { Err(libc::EAGAIN) }
}
