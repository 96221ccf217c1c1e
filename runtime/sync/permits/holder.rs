//! Which task has a lock.

use crate::primitive::atomic::{AtomicU64, Ordering};
use crate::task::{Id, try_id};

/// The task that has a lock, for dumps. Nothing depends on it.
#[derive(Debug)]
pub(crate) struct Holder {
    task: AtomicU64,
    /// How often the lock was taken.
    takings_count: AtomicU64,
}

impl Holder {
    #[cfg(not(rt_loom))]
    pub(crate) const fn new() -> Holder {
        Holder { task: AtomicU64::new(0), takings_count: AtomicU64::new(0) }
    }

    #[cfg(rt_loom)]
    pub(crate) fn new() -> Holder {
        Holder { task: AtomicU64::new(0), takings_count: AtomicU64::new(0) }
    }

    /// The task of this thread has the lock, or somebody who is no task.
    #[inline]
    pub(crate) fn enter(&self) {
        // Ordering: Relaxed, all three: hints that publish nothing, and who has the lock is the
        // only writer.
        self.task.store(try_id().map_or(0, Id::to_u64), Ordering::Relaxed);
        let taking = self.takings_count.load(Ordering::Relaxed);
        self.takings_count.store(taking.wrapping_add(1), Ordering::Relaxed);
    }

    /// The lock is about to be given back.
    #[inline]
    pub(crate) fn leave(&self) {
        // Ordering: Relaxed, as in `enter`.
        self.task.store(0, Ordering::Relaxed);
    }

    pub(crate) fn task(&self) -> Option<Id> {
        // Ordering: Relaxed, as in `enter`.
        Id::from_u64(self.task.load(Ordering::Relaxed))
    }

    /// The number of the time that the lock was last taken.
    pub(crate) fn taking(&self) -> u64 {
        // Ordering: Relaxed, as in `enter`.
        self.takings_count.load(Ordering::Relaxed)
    }
}
