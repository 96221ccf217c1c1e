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

/// To whom a driver answers, and what.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) allowed: Allowed,
    /// Whether the runtime has begun to end, for those who ask before they begin something.
    has_ended: AtomicBool,
    /// The process that made it.
    owner: u32,
}

impl Standing {
    pub(super) fn new(allowed: Allowed) -> Standing {
        Standing { allowed, has_ended: AtomicBool::new(false), owner: std::process::id() }
    }

    /// Whether this is the process that made the driver. A forked child may not use it: it has
    /// neither rings nor the threads that would release the locks that they held.
    pub(super) fn is_ours(&self) -> bool {
        std::process::id() == self.owner
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
