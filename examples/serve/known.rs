//! Opens what the system finds in memory. Who serves the same files again and again need not leave the worker for them.

use std::fs::{File, Metadata};
use std::path::Path;

/// The regular file at `path`, if no link is on the way and the kernel has every name on it at hand. `None` says nothing
/// about the file: ask again where one may block.
#[cfg(target_os = "linux")]
pub(crate) fn open(path: &Path) -> Option<(File, Metadata)> {
    use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
    let open = |flags| {
        let resolve = ResolveFlags::CACHED | ResolveFlags::NO_SYMLINKS;
        openat2(CWD, path, flags | OFlags::CLOEXEC, Mode::empty(), resolve).ok().map(File::from)
    };
    // Merely opening a pipe would wake its writer, and some devices begin their work. Only this look tells without opening,
    // and without waiting for the disk as `stat` would. Files that are asked for again are open: see `opened.rs`.
    if !open(OFlags::PATH)?.metadata().ok()?.is_file() {
        return None;
    }
    // Should it have become a pipe since, this does not wait.
    let file = open(OFlags::RDONLY | OFlags::NONBLOCK)?;
    let metadata = file.metadata().ok()?;
    metadata.is_file().then_some((file, metadata))
}

/// Only Linux can be asked for no more than it knows.
#[cfg(not(target_os = "linux"))]
pub(crate) fn open(_path: &Path) -> Option<(File, Metadata)> {
    None
}

/// Whether `path` leads to the file that had these metadata, and the file still has them. The file is open, so that its name
/// is in memory.
#[cfg(target_os = "linux")]
pub(crate) fn is_same(path: &Path, known: &Metadata) -> bool {
    use rustix::fs::{AtFlags, CWD, StatxFlags, makedev, statx};
    use std::os::unix::fs::MetadataExt;
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::STATX_DONT_SYNC;
    let Ok(now) = statx(CWD, path, flags, StatxFlags::BASIC_STATS) else { return false };
    // Every change of contents, length, rights or owner also changes `ctime`.
    now.stx_ino == known.ino()
        && makedev(now.stx_dev_major, now.stx_dev_minor) == known.dev()
        && now.stx_size == known.len()
        && (now.stx_mtime.tv_sec, i64::from(now.stx_mtime.tv_nsec)) == (known.mtime(), known.mtime_nsec())
        && (now.stx_ctime.tv_sec, i64::from(now.stx_ctime.tv_nsec)) == (known.ctime(), known.ctime_nsec())
}

/// Whether no other machine or program has to be asked for the file.
#[cfg(target_os = "linux")]
pub(crate) fn is_local(file: &heist::fs::File) -> bool {
    // ext2 to ext4, XFS, Btrfs, F2FS, tmpfs, overlayfs, ZFS, SquashFS, EROFS.
    const KINDS: [u32; 9] = [
        0xef53,
        0x5846_5342,
        0x9123_683e,
        0xf2f5_2010,
        0x0102_1994,
        0x794c_7630,
        0x2fc1_2fc1,
        0x7371_7368,
        0xe0f5_e1e2,
    ];
    rustix::fs::fstatfs(file).is_ok_and(|system| KINDS.contains(&(system.f_type as u32)))
}

/// How many descriptors this process may have.
#[cfg(target_os = "linux")]
pub(crate) fn descriptors_max() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX))
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn is_same(_path: &Path, _known: &Metadata) -> bool {
    false
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn is_local(_file: &heist::fs::File) -> bool {
    false
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn descriptors_max() -> usize {
    0
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::scratch::Scratch;
    use std::io::Read;

    #[test]
    fn a_file_that_was_just_written_is_known() {
        let scratch = Scratch::new();
        drop(scratch.write("x", b"hello"));
        let root = scratch.path().canonicalize().unwrap();
        let (mut file, metadata) = open(&root.join("x")).expect("the kernel has just used this name");
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), metadata.len()), ("hello", 5));
    }

    #[test]
    fn links_directories_pipes_and_nothing_are_left_to_others() {
        let scratch = Scratch::new();
        drop(scratch.write("directory/x", b"hello"));
        let root = scratch.path().canonicalize().unwrap();
        std::os::unix::fs::symlink("directory", root.join("link")).unwrap();
        std::os::unix::fs::symlink("directory/x", root.join("file link")).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, root.join("pipe"), rustix::fs::FileType::Fifo, 0o600.into(), 0)
            .unwrap();
        for name in ["absent", "directory", "link/x", "file link", "pipe", "directory/x/below"] {
            assert!(open(&root.join(name)).is_none(), "{name}");
        }
        assert!(open(&root.join("directory/x")).is_some());
    }
}
