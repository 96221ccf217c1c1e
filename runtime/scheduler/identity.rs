//! What a runtime is called, and which threads may run it.

use std::sync::Arc;

use crate::task::{Id, Observation, this_thread};

/// What a runtime is called, and which threads may run it.
pub(crate) struct Identity {
    /// A number that no other runtime, task or set has.
    pub(crate) number: Id,
    pub(crate) name: Option<String>,
    /// Whether its one worker runs on the threads that call `block_on`.
    pub(crate) is_current_thread: bool,
    /// What its tasks and workers do, if that is counted.
    pub(crate) observation: Option<Arc<Observation>>,
    /// The thread that a local runtime belongs to.
    pub(crate) local_thread: Option<Id>,
}

impl Identity {
    /// Of a runtime that is being built. `local_thread` is the thread of a local one.
    pub(crate) fn new(
        name: Option<String>,
        is_current_thread: bool,
        observation: Option<Arc<Observation>>,
        local_thread: Option<Id>,
    ) -> Identity {
        Identity { number: Id::next(), name, is_current_thread, observation, local_thread }
    }

    /// Returns whether what its tasks and workers do is counted.
    pub(crate) fn is_observed(&self) -> bool {
        self.observation.is_some()
    }

    /// Returns whether tasks of this thread may stay on it, although it may run no worker now:
    /// `None` if it is not a local runtime.
    pub(crate) fn is_local_here(&self) -> Option<bool> {
        self.local_thread.map(|thread| thread == this_thread())
    }
}
