//! The options with which a file is opened: std's as data, and their conversion to the kernel's on
//! Linux and to std's elsewhere.

use std::io;

use super::file::DIRECT_FLAG;

cfg_if! {
    if #[linux] {
        mod linux;
        pub(crate) use linux::{Attempt, check_path, locate_cached};
    } else {
        mod elsewhere;
        pub(crate) use elsewhere::Attempt;
    }
}

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
    /// The permissions of a file that is created.
    #[cfg(unix)]
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
            #[cfg(unix)]
            mode: 0o666,
        }
    }

    pub(crate) fn reading() -> OpenHow {
        OpenHow { is_read: true, ..OpenHow::new() }
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

    /// Bypasses the page cache: every operation goes to the disk, and none is tried at once.
    pub(crate) fn is_direct(&self) -> bool {
        self.custom_flags & DIRECT_FLAG != 0
    }
}
