//! All that a task knows of its scheduler.

use super::layout::Header;
use super::runnable::Runnable;

/// Why a task is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// It is new.
    Spawned,
    /// Somebody woke or aborted it.
    Woken,
    /// It was woken during its own poll: it goes behind everything that is queued.
    Yielded,
}

/// The scheduler of a task. It is stored in the task, so it is a handle such as an `Arc`; it is dropped with
/// the task's memory, on whichever thread gives up the last reference.
pub(crate) trait Schedule: Send + Sync + 'static {
    /// Takes the right to run `task` to where it is served. Called on any thread, also inside another task's
    /// poll, so it must not run anything itself. A pinned task has to be routed to its home: neither run nor
    /// dropped elsewhere. Must not panic.
    fn schedule(&self, task: Runnable, cause: Cause);

    /// The task is complete: removes it from the list that it was bound to, if any. Called once per task, by
    /// its runner. Must not panic.
    fn release(&self, task: &Header);
}
