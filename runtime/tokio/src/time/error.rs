//! Errors of time.

use std::error;
use std::fmt;

pub use heist::time::error::Elapsed;

/// An error of timers. No function of this crate returns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Shutdown,
    AtCapacity,
    Invalid,
}

impl Error {
    /// The timer has ended.
    pub fn shutdown() -> Error {
        Error(Kind::Shutdown)
    }

    /// Returns whether the timer has ended.
    pub fn is_shutdown(&self) -> bool {
        self.0 == Kind::Shutdown
    }

    /// The timer has no room.
    pub fn at_capacity() -> Error {
        Error(Kind::AtCapacity)
    }

    /// Returns whether the timer has no room.
    pub fn is_at_capacity(&self) -> bool {
        self.0 == Kind::AtCapacity
    }

    /// The timer is set wrongly.
    pub fn invalid() -> Error {
        Error(Kind::Invalid)
    }

    /// Returns whether the timer is set wrongly.
    pub fn is_invalid(&self) -> bool {
        self.0 == Kind::Invalid
    }
}

impl error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Shutdown => "the runtime of this timer has ended",
            Kind::AtCapacity => "there are too many timers",
            Kind::Invalid => "the duration is too long for a timer",
        })
    }
}
