//! `AsyncFd`: descriptors of the program, on every back end. Each file is about one behaviour; this one holds what they share.

#![cfg(target_os = "linux")]

#[path = "../support/mod.rs"]
mod support;

mod fifo;
mod kinds;
mod lifecycle;
mod protocol;
mod sockets;
mod unwind;

use std::io;
use std::os::unix::net::UnixStream;

use heist::io::unix::AsyncFd;

pub(crate) use support::wait::{is_pending_once, soon};

/// A registered socket and its peer, both of which do not block.
pub(crate) fn pair() -> (AsyncFd<UnixStream>, UnixStream) {
    let (ours, theirs) = unregistered_pair();
    (AsyncFd::new(ours).unwrap(), theirs)
}

pub(crate) fn unregistered_pair() -> (UnixStream, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    theirs.set_nonblocking(true).unwrap();
    (ours, theirs)
}

pub(crate) fn would_block<T>(result: io::Result<T>) -> bool {
    result.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
}
