//! The point where workers wait for each other at the end.
//!
//! [told-at-the-end]: who waits has counted itself under the lock, so who ends the wait, under the
//! same lock, sees it and notifies. A notification is a system call even if nobody waits, so nobody
//! else makes one.

use std::time::Instant;

use crate::primitive::clock;
use crate::primitive::sync::{Condvar, Mutex, MutexGuard, wait};

/// The point where workers wait for each other at the end.
pub(crate) struct ShutdownBarrier {
    counts: Mutex<BarrierCounts>,
    changed: Condvar,
}

struct BarrierCounts {
    /// Workers that may still run or drop a task.
    working: usize,
    /// Workers whose driver is still open.
    open: usize,
    /// Threads that run no worker: they block in place, or wait for a worker to take over.
    loose: usize,
    /// Workers that wait until nobody works [told-at-the-end].
    meeting: usize,
    /// Threads that wait for the end of the others [told-at-the-end].
    watching: usize,
}

impl ShutdownBarrier {
    pub(super) fn new(workers_count: usize) -> ShutdownBarrier {
        let (working, open) = (workers_count, workers_count);
        let counts = BarrierCounts { working, open, loose: 0, meeting: 0, watching: 0 };
        ShutdownBarrier { counts: Mutex::new(counts), changed: Condvar::new() }
    }

    /// Called when a worker has dropped every task that it could reach. If `must_meet`, it waits
    /// until all workers have.
    pub(super) fn finish_work(&self, must_meet: bool) {
        let mut counts = self.counts.lock();
        counts.working -= 1;
        if counts.working == 0 && counts.meeting > 0 {
            self.changed.notify_all();
        }
        while must_meet && counts.working > 0 {
            counts.meeting += 1;
            counts = wait(&self.changed, counts);
            counts.meeting -= 1;
        }
    }

    /// Counts a thread of the reserve in: it may run tasks until it is forgotten. Returns `false`
    /// if it is too late.
    pub(super) fn take_in_one(&self) -> bool {
        let mut counts = self.counts.lock();
        if counts.working == 0 {
            return false;
        }
        counts.working += 1;
        counts.open += 1;
        true
    }

    /// Counts out a worker that never began, or a thread that has no part of the driver.
    pub(super) fn forget_one(&self) {
        self.finish_work(false);
        self.finish();
    }

    /// Counts a thread that begins without a worker, or leaves its worker.
    pub(super) fn count_loose(&self) {
        self.counts.lock().loose += 1;
    }

    /// Counts it out when it ends or takes a worker over.
    pub(super) fn forget_loose(&self) {
        let mut counts = self.counts.lock();
        counts.loose -= 1;
        self.tell_watchers(counts.loose == 0, counts);
    }

    /// Waits until every worker has closed its driver.
    pub(super) fn wait_until_ended(&self, deadline: Option<Instant>) -> bool {
        self.wait_until(|counts| counts.open == 0, deadline)
    }

    /// Waits until no thread is without a worker.
    pub(super) fn wait_until_returned(&self, deadline: Option<Instant>) -> bool {
        self.wait_until(|counts| counts.loose == 0, deadline)
    }

    /// Waits until `is_over`, at most until `deadline`. Returns whether it is over.
    fn wait_until(&self, is_over: impl Fn(&BarrierCounts) -> bool, deadline: Option<Instant>) -> bool {
        let mut counts = self.counts.lock();
        while !is_over(&counts) {
            counts.watching += 1;
            counts = match deadline {
                None => wait(&self.changed, counts),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(clock::now());
                    if left.is_zero() {
                        counts.watching -= 1;
                        return false;
                    }
                    self.counts.wait_timeout(&self.changed, counts, left).0
                }
            };
            counts.watching -= 1;
        }
        true
    }

    pub(super) fn finish(&self) {
        let mut counts = self.counts.lock();
        counts.open -= 1;
        self.tell_watchers(counts.open == 0, counts);
    }

    /// The lock is released first, so that a thread that wakes up need not wait for it.
    fn tell_watchers(&self, is_over: bool, counts: MutexGuard<'_, BarrierCounts>) {
        let must_notify = is_over && counts.watching > 0;
        drop(counts);
        if must_notify {
            self.changed.notify_all();
        }
    }
}
