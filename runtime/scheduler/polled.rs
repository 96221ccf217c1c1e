//! Which task a worker polls, for a thread that looks from outside.
#![expect(unsafe_code, reason = "reads a word in the storage of the worker's thread")]

use crate::primitive::sync::Mutex;
use crate::task::{Id, PolledTask};

/// Where the thread that runs a worker has the id of the task that it polls, if a thread runs it.
pub(super) struct PolledCell(Mutex<Option<PolledTask>>);

/// While it lives, other threads see which task this thread polls as its worker.
pub(super) struct ShownTask<'a> {
    cell: &'a PolledCell,
    here: PolledTask,
}

impl PolledCell {
    pub(super) fn new() -> PolledCell {
        PolledCell(Mutex::new(None))
    }

    /// Shows other threads which task this thread polls.
    pub(super) fn show(&self) -> ShownTask<'_> {
        let here = PolledTask::here();
        *self.0.lock() = Some(here);
        ShownTask { cell: self, here }
    }

    /// Returns the task that the worker polls: `Some(None)` if it polls none, and `None` if no
    /// thread runs the worker.
    pub(super) fn task(&self) -> Option<Option<Id>> {
        let polled = self.0.lock();
        // SAFETY: the thread drops its `ShownTask`, for which it needs the lock, before it ends.
        polled.map(|polled| unsafe { polled.read() })
    }
}

impl Drop for ShownTask<'_> {
    fn drop(&mut self) {
        let mut polled = self.cell.0.lock();
        // Unless another thread has taken the worker over.
        if *polled == Some(self.here) {
            *polled = None;
        }
    }
}
