//! Files and folders for async code, with the names, the results and the errors of `std::fs`.
//!
//! How it works inside stands in `DESIGN.md` of this room.

mod cursor;
mod file;
mod file_bytes;
mod file_owned;
mod lanes;
mod metadata;
#[cfg(unix)]
mod metadata_unix;
#[cfg(test)]
mod models;
mod nonblocking;
mod notice;
mod open_options;
mod parts;
mod paths;
mod read_dir;
#[cfg(any(feature = "futures-io", feature = "tokio-io"))]
mod traits;
#[cfg(feature = "futures-io")]
mod traits_futures;
#[cfg(feature = "tokio-io")]
mod traits_tokio;
mod whole;
mod work;

pub use crate::driver::file::Advice;
pub use file::File;
pub use metadata::{FileType, Metadata};
pub use open_options::OpenOptions;
#[cfg(unix)]
pub use paths::symlink;
pub use paths::{
    canonicalize, create_dir, create_dir_all, hard_link, metadata, read_link, remove_dir, remove_dir_all,
    remove_file, rename, set_permissions, symlink_metadata, try_exists,
};
pub use read_dir::{DirEntry, ReadDir, read_dir};
pub use whole::{copy, read, read_to_string, write};
