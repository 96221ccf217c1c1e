//! Files and directories for async code, with the names, the results and the errors of [`std::fs`].
//!
//! A worker thread never waits for a disk: the kernel does the work on io_uring where it can, and
//! the blocking pool does it elsewhere.
//!
//! ```
//! # #[heist::main]
//! # async fn main() -> std::io::Result<()> {
//! use heist::fs::{self, File};
//!
//! # let directory = tempfile::tempdir()?;
//! let path = directory.path().join("greeting");
//! fs::write(&path, "hello, disk").await?;
//!
//! let file = File::open(&path).await?;
//! let mut word = [0; 4];
//! file.read_exact_at(&mut word, 7).await?;
//! assert_eq!(&word, b"disk");
//! # Ok(())
//! # }
//! ```
//!
//! # Which call when
//!
//! | to | use |
//! |---|---|
//! | read, write or copy a whole file | [`read`], [`read_to_string`], [`write()`], [`copy`] |
//! | open a file | [`File::open`], [`File::create`], [`OpenOptions`] for everything else |
//! | go through a file from front to back | [`File::read`], [`File::write_all`], [`File::seek`]: at the cursor |
//! | use several parts of a file at once | [`File::read_at`], [`File::write_at`]: at an offset, with `&self` |
//! | move many bytes without copying them | [`File::read_owned_at`], [`File::write_owned_at`]: see [buffers](#which-buffer-when) |
//! | be sure that bytes survive a power cut | [`File::sync_all`], [`File::sync_data`] |
//! | learn about a file | [`metadata()`], [`symlink_metadata`], [`try_exists`], [`canonicalize`], [`read_link`] |
//! | change the tree | [`create_dir_all`], [`rename`], [`remove_file`], [`remove_dir_all`], [`hard_link`], [`symlink`] |
//! | list a directory | [`read_dir()`] |
//!
//! # Errors
//! Each call returns the errors of its twin in [`std::fs`], on every back end. An operation that is
//! cut off by the end of its runtime returns an error.
//!
//! # Panics
//! Every function of this module, and every async method that has to ask the system, panics if
//! called outside of a runtime.
//!
//! # Cancel safety
//! Every future may be dropped. Reads take nothing; calls that change something have happened or
//! not. [A table](#what-a-dropped-call-leaves-behind) has the details for files, clones and pipes.
//!
//! # Platforms and features
//! Everything works on every platform, except that [`symlink`], [`OpenOptions::mode`] and
//! [`OpenOptions::custom_flags`] need Unix and [`File::allocate`] needs Linux or Android. [`File`]
//! implements the traits of `futures-io` with the feature `futures-io` (on by default), and those
//! of tokio with the feature `tokio-io`.
#![doc = include_str!("../../docs/fs.md")]
// How it works inside: `DESIGN.md` of this room.

mod cursor;
mod dir_builder;
#[doc(hidden)]
pub mod facade;
mod file;
mod file_bytes;
mod file_owned;
mod file_std;
mod file_times;
#[cfg(unix)]
mod file_unix;
#[cfg(windows)]
mod file_windows;
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
mod readiness;
mod results;
mod splice;
#[cfg(any(feature = "futures-io", feature = "tokio-io"))]
mod traits;
#[cfg(feature = "futures-io")]
mod traits_futures;
#[cfg(feature = "tokio-io")]
mod traits_tokio;
mod turn;
mod whole;

pub use crate::system::file::Advice;
pub use dir_builder::DirBuilder;
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
pub use std::fs::FileTimes;
pub use whole::{copy, read, read_to_string, write};
