//! What a runtime is called, and which threads may run it.

use crate::task::{Id, this_thread};

/// What a runtime is called, and which threads may run it.
pub(crate) struct Identity {
    /// A number that no other runtime, task or set has.
    pub(crate) number: Id,
    pub(crate) name: Option<String>,
    /// Whether its one worker runs on the threads that call `block_on`.
    pub(crate) is_current_thread: bool,
    /// Whether what its tasks do is counted.
    pub(crate) is_observed: bool,
    /// The thread that a local runtime belongs to.
    pub(crate) local_thread: Option<Id>,
}

impl Identity {
    /// Returns whether tasks of this thread may stay on it, although it may run no worker now:
    /// `None` if it is not a local runtime.
    pub(crate) fn is_local_here(&self) -> Option<bool> {
        self.local_thread.map(|thread| thread == this_thread())
    }
}
