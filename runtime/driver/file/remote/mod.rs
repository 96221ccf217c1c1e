//! Which files are served by another program or machine, so that any call on them may wait as long as that likes.
//!
//! No operation on them goes to a ring. The kernel asks a FUSE server in the middle of `io_uring_enter`, for it takes the file
//! for one that can be polled: the worker waits with the ring's lock held. It reads the same place twice where the server
//! is short of bytes. And the threads of the kernel's that wait for a server cannot be cancelled; eight of them fill a
//! ring. Their last close may wait for the server as well, so it is never left to a worker.
//!
//! The table of mounts tells, without asking the server. Where a symbolic link leads is not looked up: the file that it opens is
//! recognised, the opening itself is left to the ring. Without procfs nothing is known.

use std::fs::File;
use std::path::Path;

use crate::driver::orphan::drop_aside;

#[cfg(target_os = "linux")]
mod mounts;

/// Closes the file; not here, if a server may keep us waiting.
pub(super) fn close(file: File, is_remote: bool) {
    if is_remote {
        drop_aside(file);
    }
}

/// Is this open file such a one?
#[cfg(target_os = "linux")]
pub(super) fn holds(file: &File) -> bool {
    use rustix::fs::{AtFlags, StatxFlags, statx};
    if mounts::are_all_local() {
        return false;
    }
    // What the kernel knows already: a server is not asked.
    let flags = AtFlags::EMPTY_PATH | AtFlags::STATX_DONT_SYNC;
    statx(file, c"", flags, StatxFlags::TYPE)
        .is_ok_and(|stat| mounts::is_remote_device(stat.stx_dev_major, stat.stx_dev_minor))
}

/// Does this path lead to such files, as far as its text tells?
#[cfg(target_os = "linux")]
pub(super) fn holds_path(path: &Path) -> bool {
    if mounts::are_all_local() {
        return false;
    }
    // Where it goes up, the text does not tell.
    let goes_up = path.components().any(|part| part == std::path::Component::ParentDir);
    goes_up || std::path::absolute(path).is_ok_and(|path| mounts::is_remote_path(&path))
}

#[cfg(not(target_os = "linux"))]
pub(super) fn holds(_file: &File) -> bool {
    false
}

#[cfg(not(target_os = "linux"))]
pub(super) fn holds_path(_path: &Path) -> bool {
    false
}
