//! Files and directories.

mod behind;
mod file;
mod file_traits;
mod open_options;
mod paths;
mod read_dir;

pub use file::{File, FileTimes};
pub use heist::fs::DirBuilder;
pub use open_options::OpenOptions;
#[cfg(unix)]
pub use paths::symlink;
pub use paths::{
    canonicalize, copy, create_dir, create_dir_all, hard_link, metadata, read, read_link, read_to_string,
    remove_dir, remove_dir_all, remove_file, rename, set_permissions, symlink_metadata, try_exists, write,
};
pub use read_dir::{DirEntry, ReadDir, read_dir};
