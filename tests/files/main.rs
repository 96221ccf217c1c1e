//! Files and directories: the same as `std::fs` on every back end, whatever fails, is dropped or
//! never answers.
#![cfg(unix)]

#[path = "../support/mod.rs"]
mod support;

mod beside;
mod cancel;
mod cursor;
mod direct;
mod faults;
#[cfg(target_os = "linux")]
mod file_server;
mod fixed;
#[cfg(target_os = "linux")]
mod fuse;
mod generator;
mod given_up;
mod like_tokio;
#[cfg(target_os = "linux")]
mod missing;
mod model;
mod owned;
mod panics;
mod special;
mod traits;
mod tree;

use std::path::{Path, PathBuf};

/// A directory of this test's own, on the disk that the sources are on: the system's directory for
/// temporary files may be in memory.
pub(crate) fn directory() -> tempfile::TempDir {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    tempfile::tempdir_in(target).expect("a temporary directory")
}

/// A file with these bytes.
pub(crate) fn file_with(directory: &tempfile::TempDir, bytes: &[u8]) -> PathBuf {
    let path = directory.path().join("file");
    std::fs::write(&path, bytes).expect("a file in the temporary directory");
    path
}

/// Bytes of which every one tells its place.
pub(crate) fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|place| (place as u32).wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect()
}
