//! The question, put to the kernel's table of mounts.

use std::fs::File;
use std::path::Path;

use super::mounts;

/// Whether this open file is on a server.
pub(crate) fn holds(file: &File) -> bool {
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
pub(crate) fn holds_path(path: &Path) -> bool {
    if mounts::are_all_local() {
        return false;
    }
    // The text does not show where `..` leads.
    let goes_up = path.components().any(|part| part == std::path::Component::ParentDir);
    goes_up || std::path::absolute(path).is_ok_and(|path| mounts::is_remote_path(&path))
}
