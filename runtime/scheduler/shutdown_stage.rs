//! The stage of a runtime's end, and the tasks for which it does not wait.
//!
//! | stage | `clear` | `reopen` | `begin` | a spawned task |
//! |---|---|---|---|---|
//! | open | clearing | – | closed | is served |
//! | clearing | – | open | closed | is refused |
//! | closed | – | – | closed | is refused |

use crate::primitive::atomic::{AtomicU32, AtomicUsize, Ordering, fence};
use crate::task::OwnedTasks;

const OPEN: u32 = 0;
/// The tasks are cancelled while the workers continue.
const CLEARING: u32 = 1;
const CLOSED: u32 = 2;

/// The stage of a runtime's end, and the tasks for which it does not wait.
pub(crate) struct ShutdownStage {
    stage: AtomicU32,
    /// The number of tasks that block in place, each on a thread that has left its worker.
    absent_count: AtomicUsize,
}

impl ShutdownStage {
    pub(super) fn new() -> ShutdownStage {
        ShutdownStage { stage: AtomicU32::new(OPEN), absent_count: AtomicUsize::new(0) }
    }

    /// Called when all tasks are about to be cancelled. The caller locks the list after this and
    /// cancels them.
    pub(super) fn clear(&self) {
        // Ordering: Relaxed, [last-is-notified]: as `begin`, for the end of the runtime in the
        // place of a closing worker.
        self.stage.store(CLEARING, Ordering::Relaxed);
    }

    /// Called when no task is left. New tasks may come.
    pub(super) fn reopen(&self) {
        // Ordering: Relaxed, [last-is-notified]: the thread that waited for the last task was
        // notified.
        self.stage.store(OPEN, Ordering::Relaxed);
    }

    /// Closes. The caller then unparks every thread that must notice.
    pub(super) fn begin(&self) {
        // Ordering: Relaxed, [no-lost-work]: it publishes only itself; the unparking makes every
        // worker look.
        self.stage.store(CLOSED, Ordering::Relaxed);
    }

    pub(super) fn has_begun(&self) -> bool {
        // Ordering: Relaxed, [no-lost-work], [last-is-notified]: no other read depends on it. A
        // worker looks again when it was unparked. A thread that injects has fenced. A thread that
        // empties a list that a closing worker has locked sees everything that this worker saw.
        self.stage() == CLOSED
    }

    fn stage(&self) -> u32 {
        // Ordering: Relaxed, [no-lost-work], [last-is-notified]: as in `has_begun`.
        self.stage.load(Ordering::Relaxed)
    }

    /// Called after a task was removed from its list. Returns whether the threads that wait for the
    /// last task must be notified.
    pub(super) fn must_notify_end(&self, owned: &OwnedTasks) -> bool {
        match self.stage() {
            CLOSED => self.has_absent_only(owned),
            // The workers still serve a task that blocks in place, so it is waited for like any
            // other.
            CLEARING => owned.is_empty(),
            _ => false,
        }
    }

    /// Called when a task begins to block in place: closing workers do not wait for it. Returns
    /// `true` if they must be notified.
    #[must_use]
    pub(super) fn step_out(&self) -> bool {
        // Ordering: Relaxed, then the fence, [last-is-notified]: it pairs with the one in
        // `Idle::stop_counting`. Either this thread sees the closing, or the closing worker sees
        // the count.
        self.absent_count.fetch_add(1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        self.has_begun()
    }

    /// Called when the task no longer blocks in place: the rest of its poll is waited for like any
    /// other.
    pub(super) fn step_in(&self) {
        // Ordering: Relaxed, [last-is-notified]: the task's removal from its list publishes it.
        self.absent_count.fetch_sub(1, Ordering::Relaxed);
    }

    /// Returns whether all remaining tasks block in place.
    pub(super) fn has_absent_only(&self, owned: &OwnedTasks) -> bool {
        // The length is read first. So a task that is counted there and steps in before it ends is
        // not mistaken for another one.
        let left_count = owned.len();
        // Ordering: Relaxed, [last-is-notified]; the length was read with Acquire, so this comes
        // after it.
        left_count <= self.absent_count.load(Ordering::Relaxed)
    }
}
