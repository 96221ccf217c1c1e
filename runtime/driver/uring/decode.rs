//! Decodes completions into results.

use std::io;
use std::ops::RangeInclusive;

use io_uring::cqueue;

use super::encode::{self, Name};

/// The flag in a send's notification which reports that the bytes were copied after all.
const WAS_COPIED: i32 = i32::MIN;

/// A completion entry, decoded.
#[derive(Debug)]
pub(super) struct Cqe {
    pub(super) name: Name,
    result: i32,
    /// No further completion of this operation will come.
    pub(super) is_terminal: bool,
}

pub(super) fn cqe(entry: &cqueue::Entry) -> Cqe {
    let is_notification = cqueue::notif(entry.flags());
    Cqe {
        name: encode::name(entry.user_data()),
        // In a notification the result is a flag, not an errno: 1 for copied.
        result: if is_notification { i32::from(entry.result() & WAS_COPIED != 0) } else { entry.result() },
        is_terminal: !cqueue::more(entry.flags()),
    }
}

/// The kernel has broken the operation off before it had any effect.
#[derive(Debug)]
pub(super) struct Breaking;

/// The kernel's internal codes for a system call that was interrupted and must be made again:
/// `ERESTARTSYS` and similar. They are not meant for programs, but an open on one of the kernel's
/// threads ends with one.
const RESTART: RangeInclusive<i32> = 512..=516;

impl Cqe {
    /// Whether the operation was broken off. `is_cancelling`: a cancel may be the cause. Otherwise
    /// ECANCELED and EINTR are the file's own errors.
    pub(super) fn breaking(&self, is_cancelling: bool) -> Option<Breaking> {
        let errno = -self.result;
        let is_broken = match errno {
            libc::ECANCELED | libc::EINTR => is_cancelling,
            _ => RESTART.contains(&errno),
        };
        is_broken.then_some(Breaking)
    }

    pub(super) fn result(&self) -> io::Result<i32> {
        if self.result >= 0 { Ok(self.result) } else { Err(io::Error::from_raw_os_error(-self.result)) }
    }
}
