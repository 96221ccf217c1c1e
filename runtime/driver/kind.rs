//! Which engine a driver is made of, and its names.

use std::fmt;
use std::str::FromStr;

/// The engine that talks to the kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// io_uring where the kernel offers it to this process, else readiness polling. The default.
    #[default]
    Auto,
    /// io_uring, or an error that says why not.
    Uring,
    /// Readiness polling: epoll, kqueue, event ports or IOCP. No io_uring system call is made.
    Poll,
    /// Neither: for whole runtimes under shuttle.
    #[cfg(all(test, rt_shuttle))]
    Fake,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Kind::Auto => "auto",
            Kind::Uring => "uring",
            Kind::Poll => "poll",
            #[cfg(all(test, rt_shuttle))]
            Kind::Fake => "fake",
        })
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;

    /// Reads `auto`, `uring` or `poll`.
    ///
    /// # Errors
    /// Any other word; the error lists the valid ones.
    fn from_str(word: &str) -> Result<Kind, UnknownKind> {
        match word {
            "auto" => Ok(Kind::Auto),
            "uring" => Ok(Kind::Uring),
            "poll" => Ok(Kind::Poll),
            other => Err(UnknownKind(other.to_owned())),
        }
    }
}

/// A word that names no driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownKind(String);

impl fmt::Display for UnknownKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown driver {:?}; the valid words are auto, uring and poll", self.0)
    }
}

impl std::error::Error for UnknownKind {}
