//! What the crate `tokio` asks of a driver, and no other code.

use crate::primitive::atomic::{AtomicBool, Ordering};

/// What the threads of a runtime may use, as the crate `tokio` asks for it: heist itself serves
/// both always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// Sockets, pipes, signals and processes.
    pub io: bool,
    /// Sleeps, time limits and intervals.
    pub time: bool,
}

/// What a driver answers to the crate `tokio`.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) allowed: Allowed,
    /// Whether the runtime has begun to end, for those who ask before they begin something.
    has_ended: AtomicBool,
}

impl Standing {
    pub(super) fn new(allowed: Allowed) -> Standing {
        Standing { allowed, has_ended: AtomicBool::new(false) }
    }

    pub(super) fn end(&self) {
        // Ordering: Relaxed. Who reads it too early begins something that fails by itself.
        self.has_ended.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_ended(&self) -> bool {
        // Ordering: Relaxed, as for the store.
        self.has_ended.load(Ordering::Relaxed)
    }
}
