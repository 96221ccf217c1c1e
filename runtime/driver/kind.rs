//! The kinds of driver, and their names.

use std::fmt;
use std::str::FromStr;

/// Which interface of the kernel a runtime uses. The default is `Auto`.
///
/// # Examples
/// ```
/// use heist::runtime::{Builder, DriverKind};
///
/// let kind: DriverKind = "poll".parse()?;
/// let runtime = Builder::new_current_thread().driver(kind).build()?;
/// assert_eq!(runtime.block_on(async { 6 * 7 }), 42);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DriverKind {
    /// io_uring if the kernel offers it to this process, else readiness polling. The default.
    #[default]
    Auto,
    /// io_uring. Building the runtime fails with an error that gives the reason if it is not
    /// available.
    Uring,
    /// Readiness polling: epoll, kqueue, event ports or IOCP. Makes no io_uring system call.
    Poll,
    /// Neither. For whole runtimes under an explorer.
    #[cfg(any(rt_loom, rt_shuttle, all(test, rt_count)))]
    Fake,
}

impl fmt::Display for DriverKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            DriverKind::Auto => "auto",
            DriverKind::Uring => "uring",
            DriverKind::Poll => "poll",
            #[cfg(any(rt_loom, rt_shuttle, all(test, rt_count)))]
            DriverKind::Fake => "fake",
        })
    }
}

impl FromStr for DriverKind {
    type Err = UnknownKind;

    /// Parses `auto`, `uring` or `poll`.
    ///
    /// # Errors
    /// Any other word is an error, whose text lists the valid words.
    fn from_str(word: &str) -> Result<DriverKind, UnknownKind> {
        match word {
            "auto" => Ok(DriverKind::Auto),
            "uring" => Ok(DriverKind::Uring),
            "poll" => Ok(DriverKind::Poll),
            other => Err(UnknownKind(other.to_owned())),
        }
    }
}

/// The error of parsing a word that names no driver.
///
/// # Examples
/// ```
/// use heist::runtime::{DriverKind, UnknownDriverKind};
///
/// let error: UnknownDriverKind = "epoll".parse::<DriverKind>().unwrap_err();
/// assert!(error.to_string().contains("auto, uring and poll"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownKind(String);

impl fmt::Display for UnknownKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown driver {:?}; the valid words are auto, uring and poll", self.0)
    }
}

impl std::error::Error for UnknownKind {}
