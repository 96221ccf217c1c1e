//! The errors of operations that were not performed.

use std::error::Error;
use std::fmt;
use std::io;

use crate::task::JoinError;

/// Turns a failed call on the blocking pool into an `io::Error`. Only a dropped future aborts such
/// a call, so a cancellation seen here means that the runtime has shut down.
pub(crate) fn of_pool(error: JoinError) -> io::Error {
    if error.is_cancelled() { closed() } else { io::Error::other(error) }
}

/// The kernel broke off an operation that was not cancelled and that has had no effect
/// [undone-begins-anew].
#[derive(Debug)]
struct Undone;

impl fmt::Display for Undone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the operation was broken off before it did anything; begin it anew")
    }
}

impl Error for Undone {}

#[cfg(target_os = "linux")]
pub(super) fn undone() -> io::Error {
    io::Error::new(io::ErrorKind::Interrupted, Undone)
}

pub(super) fn is_undone(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<Undone>())
}

/// The kernel had no thread for an operation that has to wait, and could start none, because a
/// limit on processes is reached. Or the error is the file's own.
pub(super) fn is_unthreaded(error: &io::Error) -> bool {
    #[cfg(target_os = "linux")]
    {
        error.raw_os_error() == Some(libc::ECANCELED)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = error;
        false
    }
}

/// The runtime that served an operation has shut down.
struct ClosedDriver;

impl fmt::Debug for ClosedDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for ClosedDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the heist runtime that served this has shut down; open sockets and files in the one that is running",
        )
    }
}

impl Error for ClosedDriver {}

/// The error of an operation whose worker has shut down.
pub(super) fn closed() -> io::Error {
    io::Error::other(ClosedDriver)
}

pub(crate) fn is_closed(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<ClosedDriver>())
}
