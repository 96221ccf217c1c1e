//! The options as flags of `open(2)`, and the calls that take them.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{self, CWD, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use super::OpenHow;
use crate::system::path::{SystemPath, has_nul};

/// How an open is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// As it was asked for.
    Plain,
    /// With `O_NONBLOCK` added, which the file then has.
    NonBlocking,
}

impl OpenHow {
    /// The flags of `open(2)`, as std makes them.
    pub(crate) fn flags(&self) -> i32 {
        let access = match (self.is_read, self.is_write, self.is_append) {
            (true, false, false) => libc::O_RDONLY,
            (false, true, false) => libc::O_WRONLY,
            (true, true, false) => libc::O_RDWR,
            (false, _, true) => libc::O_WRONLY | libc::O_APPEND,
            (true, _, true) => libc::O_RDWR | libc::O_APPEND,
            (false, false, false) => unreachable!("check() refused it"),
        };
        let creation = match (self.is_create, self.is_truncate, self.is_create_new) {
            (_, _, true) => libc::O_CREAT | libc::O_EXCL,
            (true, true, false) => libc::O_CREAT | libc::O_TRUNC,
            (true, false, false) => libc::O_CREAT,
            (false, true, false) => libc::O_TRUNC,
            (false, false, false) => 0,
        };
        let custom = self.custom_flags & !libc::O_ACCMODE;
        libc::O_CLOEXEC | libc::O_LARGEFILE | access | creation | custom
    }

    /// An open with these flags waits for no peer.
    pub(crate) fn is_nonblocking(&self) -> bool {
        self.custom_flags & (libc::O_NONBLOCK | libc::O_PATH) != 0
    }

    pub(crate) fn is_reader(&self) -> bool {
        self.flags() & libc::O_ACCMODE == libc::O_RDONLY
    }

    /// Whether the kernel can try to open the file from its cache. It supports this for opens that
    /// create no file and truncate none.
    pub(crate) fn may_be_cached(&self) -> bool {
        let flags = self.flags();
        flags & (libc::O_CREAT | libc::O_TRUNC) == 0 && flags & libc::O_TMPFILE != libc::O_TMPFILE
    }

    /// The same options, for a file that exists and is named by a descriptor.
    pub(crate) fn of_existing(mut self) -> OpenHow {
        (self.is_create, self.is_create_new) = (false, false);
        self.custom_flags &= !(libc::O_CREAT | libc::O_EXCL | libc::O_NOFOLLOW);
        self
    }

    /// Opens the file with a system call.
    pub(crate) fn open(&self, path: &SystemPath, attempt: Attempt) -> io::Result<File> {
        let (name, flags) = (path.as_c_str(), OFlags::from_bits_retain(self.flags_for(attempt) as u32));
        until_uninterrupted(|| fs::open(name, flags, Mode::from_raw_mode(self.mode)))
    }

    /// Opens the file if the kernel has all of the path in its cache, and otherwise returns
    /// `EAGAIN`. The file has `O_NONBLOCK` then: without it, this would wait for a peer.
    pub(crate) fn open_cached(&self, path: &Path) -> io::Result<File> {
        let flags = OFlags::from_bits_retain(self.flags_for(Attempt::NonBlocking) as u32);
        // The kernel refuses a mode if nothing is created.
        until_uninterrupted(|| fs::openat2(CWD, path, flags, Mode::empty(), ResolveFlags::CACHED))
    }

    /// Opens only the location in the file system (`O_PATH`), not the file there.
    pub(crate) fn locate(&self, path: &SystemPath) -> io::Result<File> {
        let kept = self.flags() & (libc::O_NOFOLLOW | libc::O_DIRECTORY);
        let flags = OFlags::from_bits_retain((libc::O_PATH | libc::O_CLOEXEC | kept) as u32);
        Ok(fs::open(path.as_c_str(), flags, Mode::empty())?.into())
    }

    /// Removes the flag that an attempt has added.
    pub(crate) fn make_blocking(&self, opened: &File) -> io::Result<()> {
        // The other flags cannot be changed while the file is open.
        let kept = libc::O_APPEND | libc::O_ASYNC | libc::O_DIRECT | libc::O_NOATIME;
        let flags = OFlags::from_bits_retain((self.flags() & kept) as u32);
        Ok(fs::fcntl_setfl(opened, flags)?)
    }

    pub(crate) fn flags_for(&self, attempt: Attempt) -> i32 {
        match attempt {
            Attempt::Plain => self.flags(),
            Attempt::NonBlocking => self.flags() | libc::O_NONBLOCK,
        }
    }
}

/// Returns std's error for a path that contains a zero byte, for the calls below.
pub(crate) fn check_path(path: &Path) -> io::Result<()> {
    if path.as_os_str().as_bytes().contains(&0) { Err(has_nul()) } else { Ok(()) }
}

/// Opens only the location in the file system (`O_PATH`), if the kernel has all of the path in its
/// cache, and otherwise returns `EAGAIN`.
pub(crate) fn locate_cached(path: &Path, is_followed: bool) -> io::Result<File> {
    let follow = if is_followed { OFlags::empty() } else { OFlags::NOFOLLOW };
    let flags = OFlags::PATH | OFlags::CLOEXEC | follow;
    until_uninterrupted(|| fs::openat2(CWD, path, flags, Mode::empty(), ResolveFlags::CACHED))
}

fn until_uninterrupted(mut open: impl FnMut() -> Result<OwnedFd, Errno>) -> io::Result<File> {
    loop {
        match open() {
            Ok(fd) => return Ok(fd.into()),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
