//! Which dumps of a runtime are under way.

use std::sync::Arc;

use crate::primitive::atomic::{AtomicUsize, Ordering};
use crate::sync::{Mutex, OwnedMutexGuard};

/// Which dumps of a runtime are under way.
pub(super) struct Dumps {
    count: AtomicUsize,
    /// Whose turn it is: each dump polls tasks, and a task that is due has nothing to say.
    turn: Arc<Mutex<()>>,
}

impl Dumps {
    pub(super) fn new() -> Dumps {
        Dumps { count: AtomicUsize::new(0), turn: Arc::new(Mutex::new(())) }
    }

    /// Waits until no other dump is made.
    pub(super) async fn turn(&self) -> OwnedMutexGuard<()> {
        self.turn.clone().lock_owned().await
    }

    pub(super) fn begin(&self) {
        // Ordering: Relaxed [in-flight-holds-time]: whoever waits for the dump has come after this,
        // on the thread that looks at the clock.
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn end(&self) {
        // Ordering: Relaxed, as in `begin`: the dump was sent before, and its receiver is due.
        self.count.fetch_sub(1, Ordering::Relaxed);
    }

    /// Returns whether a dump is under way, which a paused clock waits for.
    pub(super) fn are_under_way(&self) -> bool {
        // Ordering: Relaxed, as in `begin`.
        self.count.load(Ordering::Relaxed) > 0
    }
}
