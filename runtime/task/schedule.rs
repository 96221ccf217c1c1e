//! The interface between a task and its scheduler.

use super::cause::Cause;
use super::layout::Header;
use super::runnable::Runnable;

/// The scheduler of a task. It is stored in the task, so it is a handle, for example an `Arc`. It
/// is dropped with the task's memory, on the thread that gives up the last reference.
pub(crate) trait Schedule: Send + Sync + 'static {
    /// Takes the right to run `task` to the queue it is served from. Called on any thread, also
    /// inside another task's poll, so it must not run anything itself. A pinned task has to be
    /// routed to its home, and must neither be run nor dropped elsewhere. Must not panic.
    fn schedule(&self, task: Runnable, cause: Cause);

    /// Removes a complete task from the list that it was bound to, if any. Called once per task, by
    /// its runner. Must not panic.
    fn release(&self, task: &Header);
}
