//! Unix sockets on every back end. Each file is about one behaviour; this one holds what they share.

#![cfg(unix)]

mod cancel;
mod datagram;
mod fds;
mod listener;
#[cfg(target_os = "linux")]
mod process;
mod rests;
mod stream;
#[path = "../support/mod.rs"]
mod support;
mod traits;

use std::path::PathBuf;

use tempfile::TempDir;

pub(crate) use support::wait::{is_pending_once, pattern, soon};

/// A path that nothing is at, in a directory that goes with the first value.
pub(crate) fn free_path() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    (directory, path)
}

/// Two ends of one connection of std's; the first reads the end of it when every copy of the second is closed.
pub(crate) fn pipe() -> (std::os::unix::net::UnixStream, std::os::unix::net::UnixStream) {
    std::os::unix::net::UnixStream::pair().unwrap()
}
