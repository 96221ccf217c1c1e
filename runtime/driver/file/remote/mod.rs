//! Files that another program or machine serves, so that any call on them may wait for it for
//! arbitrarily long.
//!
//! No operation on them goes to a ring. The kernel asks a FUSE server in the middle of
//! `io_uring_enter`, because it takes the file for one that can be polled: the worker then waits
//! with the ring's lock held. Where the server returns too few bytes, the kernel reads the same
//! offset twice. And the kernel's threads that wait for a server cannot be cancelled; eight of them
//! fill a ring. The last close of such a file may wait for the server as well, so a worker never
//! makes it.
//!
//! The table of mounts identifies these files, without asking the server. Symbolic links are not
//! followed: the file that such a link opens is recognised, but the open itself is left to the
//! ring. Without procfs nothing is known.

use std::fs::File;
use std::path::Path;

use crate::driver::orphan::drop_aside;

#[cfg(target_os = "linux")]
mod mounts;

/// Closes the file, on another thread if a server may delay the close.
pub(super) fn close(file: File, is_remote: bool) {
    if is_remote {
        drop_aside(file);
    }
}

/// Whether this open file is on a server.
#[cfg(target_os = "linux")]
pub(super) fn holds(file: &File) -> bool {
    use rustix::fs::{AtFlags, StatxFlags, statx};
    if mounts::are_all_local() {
        return false;
    }
    // Asks for data that the kernel has already, so that no server is asked.
    let flags = AtFlags::EMPTY_PATH | AtFlags::STATX_DONT_SYNC;
    statx(file, c"", flags, StatxFlags::TYPE)
        .is_ok_and(|stat| mounts::is_remote_device(stat.stx_dev_major, stat.stx_dev_minor))
}

/// Whether this path leads to files on a server, as far as its text shows.
#[cfg(target_os = "linux")]
pub(super) fn holds_path(path: &Path) -> bool {
    if mounts::are_all_local() {
        return false;
    }
    // The text does not show where `..` leads.
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
