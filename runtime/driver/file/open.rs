//! The options with which a file is opened: std's as data, and their conversion to std's where no
//! ring opens files.

#[cfg(target_os = "linux")]
use std::ffi::CStr;
#[cfg(target_os = "linux")]
use std::fs::File;
#[cfg(not(target_os = "linux"))]
use std::fs::OpenOptions;
use std::io;

#[cfg(target_os = "linux")]
use rustix::fs::{self, Mode, OFlags};
#[cfg(target_os = "linux")]
use rustix::io::Errno;

#[cfg(target_os = "linux")]
use super::{Descriptor, request::Attempt};

#[derive(Clone, Debug)]
pub(crate) struct OpenHow {
    pub(crate) is_read: bool,
    pub(crate) is_write: bool,
    pub(crate) is_append: bool,
    pub(crate) is_truncate: bool,
    pub(crate) is_create: bool,
    pub(crate) is_create_new: bool,
    /// Unix: flags of `open(2)` for which std has no name.
    pub(crate) custom_flags: i32,
    /// Unix: the permissions of a file that is created.
    pub(crate) mode: u32,
}

impl OpenHow {
    pub(crate) fn new() -> OpenHow {
        OpenHow {
            is_read: false,
            is_write: false,
            is_append: false,
            is_truncate: false,
            is_create: false,
            is_create_new: false,
            custom_flags: 0,
            mode: 0o666,
        }
    }

    /// Refuses the combinations that std refuses.
    pub(crate) fn check(&self) -> io::Result<()> {
        let invalid = |text: &str| Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        if !(self.is_read || self.is_write || self.is_append) {
            return invalid("a file is opened to read, write or append, and none of these was asked for");
        }
        let is_creating = self.is_truncate || self.is_create || self.is_create_new;
        if !(self.is_write || self.is_append) && is_creating {
            return invalid("creating or truncating a file needs write or append");
        }
        if self.is_append && self.is_truncate && !self.is_create_new {
            return invalid("append and truncate exclude each other");
        }
        Ok(())
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn to_std(&self) -> OpenOptions {
        let mut options = OpenOptions::new();
        options
            .read(self.is_read)
            .write(self.is_write)
            .append(self.is_append)
            .truncate(self.is_truncate)
            .create(self.is_create)
            .create_new(self.is_create_new);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.custom_flags(self.custom_flags).mode(self.mode);
        }
        options
    }

    /// The flags of `open(2)`, as std makes them.
    #[cfg(target_os = "linux")]
    pub(in crate::driver) fn flags(&self) -> i32 {
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
    #[cfg(target_os = "linux")]
    pub(crate) fn is_nonblocking(&self) -> bool {
        self.custom_flags & (libc::O_NONBLOCK | libc::O_PATH) != 0
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn is_reader(&self) -> bool {
        self.flags() & libc::O_ACCMODE == libc::O_RDONLY
    }

    /// Whether the kernel can try to open the file from its cache. It supports this for opens that
    /// create no file and truncate none.
    #[cfg(target_os = "linux")]
    pub(crate) fn may_be_cached(&self) -> bool {
        let flags = self.flags();
        flags & (libc::O_CREAT | libc::O_TRUNC) == 0 && flags & libc::O_TMPFILE != libc::O_TMPFILE
    }

    /// The same options, for a file that exists and is named by a descriptor.
    #[cfg(target_os = "linux")]
    pub(crate) fn of_existing(mut self) -> OpenHow {
        (self.is_create, self.is_create_new) = (false, false);
        self.custom_flags &= !(libc::O_CREAT | libc::O_EXCL | libc::O_NOFOLLOW);
        self
    }

    /// Opens the file with a system call.
    #[cfg(target_os = "linux")]
    pub(crate) fn open(&self, name: &CStr, attempt: Attempt) -> io::Result<Descriptor> {
        let flags = OFlags::from_bits_retain(self.flags_for(attempt) as u32);
        let mode = Mode::from_raw_mode(self.mode);
        loop {
            match fs::open(name, flags, mode) {
                Ok(fd) => return Ok(Descriptor::new(fd.into(), self.is_append, self.is_direct())),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Opens only the location in the file system (`O_PATH`), not the file there.
    #[cfg(target_os = "linux")]
    pub(crate) fn locate(&self, name: &CStr) -> io::Result<File> {
        let kept = self.flags() & (libc::O_NOFOLLOW | libc::O_DIRECTORY);
        let flags = OFlags::from_bits_retain((libc::O_PATH | libc::O_CLOEXEC | kept) as u32);
        Ok(fs::open(name, flags, Mode::empty())?.into())
    }

    /// Removes the flag that an attempt has added.
    #[cfg(target_os = "linux")]
    pub(crate) fn make_blocking(&self, opened: &Descriptor) -> io::Result<()> {
        // The other flags cannot be changed while the file is open.
        let kept = libc::O_APPEND | libc::O_ASYNC | libc::O_DIRECT | libc::O_NOATIME;
        let flags = OFlags::from_bits_retain((self.flags() & kept) as u32);
        Ok(fs::fcntl_setfl(opened.file(), flags)?)
    }

    #[cfg(target_os = "linux")]
    pub(in crate::driver) fn flags_for(&self, attempt: Attempt) -> i32 {
        match attempt {
            Attempt::Plain | Attempt::Cached => self.flags(),
            Attempt::NonBlocking => self.flags() | libc::O_NONBLOCK,
        }
    }

    /// Bypasses the page cache: every operation goes to the disk, and none is tried at once.
    pub(crate) fn is_direct(&self) -> bool {
        self.custom_flags & super::descriptor::DIRECT_FLAG != 0
    }
}
