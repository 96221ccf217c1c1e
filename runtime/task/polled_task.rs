//! The id of the current task of a thread, for other threads.
#![expect(unsafe_code, reason = "reads a word in the storage of another thread")]

use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

use super::id::{self, Id};

/// The id of the current task of the thread that made this, for other threads.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct PolledTask(NonNull<AtomicU64>);

// SAFETY: it only gives access to an atomic, under the condition of `read`.
unsafe impl Send for PolledTask {}

impl PolledTask {
    pub(crate) fn here() -> PolledTask {
        PolledTask(id::with_current(|current| NonNull::from(current)))
    }

    /// # Safety
    /// The thread that made it has not ended, and does not end during the call.
    pub(crate) unsafe fn read(self) -> Option<Id> {
        // SAFETY: the storage of a thread stays until it ends; this word has no destructor.
        let current = unsafe { self.0.as_ref() };
        // Ordering: Relaxed: a hint.
        Id::from_u64(current.load(Ordering::Relaxed))
    }
}
