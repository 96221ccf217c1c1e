//! The error of this room.
use std::error::Error;
use std::fmt;
use std::io;

/// The error of [`timeout`](super::timeout()) and [`timeout_at`](super::timeout_at()): the deadline passed before the
/// future completed.
///
/// It turns into an [`io::Error`] of the kind [`io::ErrorKind::TimedOut`], so that `?` works beside I/O.
#[derive(Debug, PartialEq, Eq)]
pub struct Elapsed(());

impl Elapsed {
    pub(super) fn new() -> Self {
        Elapsed(())
    }
}

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("deadline has elapsed")
    }
}

impl Error for Elapsed {}

impl From<Elapsed> for io::Error {
    fn from(elapsed: Elapsed) -> io::Error {
        io::Error::new(io::ErrorKind::TimedOut, elapsed)
    }
}
