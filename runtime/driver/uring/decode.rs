//! Completions into results.

use std::io;

use io_uring::cqueue;

use super::encode::{self, Name};

/// A completion entry, read.
#[derive(Debug)]
pub(super) struct Completion {
    pub(super) name: Name,
    result: i32,
    /// No further completion of this operation will come.
    pub(super) is_terminal: bool,
}

pub(super) fn completion(entry: &cqueue::Entry) -> Completion {
    Completion {
        name: encode::name(entry.user_data()),
        result: entry.result(),
        is_terminal: !cqueue::more(entry.flags()),
    }
}

impl Completion {
    pub(super) fn result(&self) -> io::Result<i32> {
        if self.result >= 0 { Ok(self.result) } else { Err(io::Error::from_raw_os_error(-self.result)) }
    }
}
