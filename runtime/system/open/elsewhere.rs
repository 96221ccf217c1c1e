//! The options as std's.

use std::fs::{File, OpenOptions};
use std::io;

use super::OpenHow;
use crate::system::path::SystemPath;

/// How an open is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// As it was asked for.
    Plain,
}

impl OpenHow {
    /// Opens the file with a system call.
    pub(crate) fn open(&self, path: &SystemPath, _attempt: Attempt) -> io::Result<File> {
        self.to_std().open(path.as_path())
    }

    fn to_std(&self) -> OpenOptions {
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
}
