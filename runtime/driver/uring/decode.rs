//! Completions into results.

use std::io;
use std::ops::RangeInclusive;

use io_uring::cqueue;

use super::encode::{self, Name};

/// What the notification of a send says when the bytes were copied all the same.
const WAS_COPIED: i32 = i32::MIN;

/// A completion entry, read.
#[derive(Debug)]
pub(super) struct Completion {
    pub(super) name: Name,
    result: i32,
    /// No further completion of this operation will come.
    pub(super) is_terminal: bool,
}

pub(super) fn completion(entry: &cqueue::Entry) -> Completion {
    let is_notification = cqueue::notif(entry.flags());
    Completion {
        name: encode::name(entry.user_data()),
        // Of a notification it is a flag, and no errno: 1 for copied.
        result: if is_notification { i32::from(entry.result() & WAS_COPIED != 0) } else { entry.result() },
        is_terminal: !cqueue::more(entry.flags()),
    }
}

/// The kernel has broken the operation off before it did anything.
#[derive(Debug)]
pub(super) struct Breaking;

/// How the kernel tells itself that a system call was interrupted and is to be made again: `ERESTARTSYS` and its like. They are
/// not meant for programs, but an open on a thread of the kernel's ends with one.
const RESTART: RangeInclusive<i32> = 512..=516;

impl Completion {
    /// Whether it was broken off. `is_cancelling`: by a cancel is possible, else that word is the file's own.
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
