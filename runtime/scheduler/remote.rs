//! The part of a worker that other threads may use.

use std::time::{Duration, Instant};

use crossbeam::utils::CachePadded;

use crate::primitive::atomic::{AtomicU64, Ordering};
use crate::queue::deque::{Owner, Stealer};
use crate::queue::injector::Injector;
use crate::queue::slot::LifoSlot;
use crate::scheduler::figures::WorkerFigures;
use crate::scheduler::park::Gate;
use crate::scheduler::polled::PolledCell;
use crate::task::Runnable;

/// A ring's backlog is worth another worker's help if running it takes at least this long. Waking a
/// worker costs both sides some ten microseconds.
const WORTH_SHARING_NANOS: u64 = 200_000;
/// If polls are shorter than this, a backlog must hold more work to be worth sharing, up to five
/// times as much, because fetching a task into another cache costs a microsecond or more.
const DEAR_POLL_NANOS: u64 = 40_000;

/// The part of a worker that other threads may use.
pub(crate) struct Remote {
    stealer: Stealer<Runnable>,
    /// Tasks that did not fit into the ring.
    pub(super) overflow: Injector<Runnable>,
    pub(super) lifo: LifoSlot<Runnable>,
    pub(super) gate: Gate,
    /// When the worker last looked after everything of its own, in nanoseconds since the
    /// scheduler's start.
    checked_in: AtomicU64,
    /// How long a poll of this worker takes, in nanoseconds: a running mean.
    poll_nanos: AtomicU64,
    /// On lines of their own: a sentinel reads the fields above, and the worker writes these at
    /// each look of its own.
    pub(super) figures: CachePadded<WorkerFigures>,
    /// Where the thread that runs the worker has the id of the task that it polls.
    pub(super) polled: PolledCell,
}

impl Remote {
    pub(super) fn new(stealer: Stealer<Runnable>) -> Remote {
        Remote {
            stealer,
            overflow: Injector::new(),
            lifo: LifoSlot::new(),
            gate: Gate::new(),
            checked_in: AtomicU64::new(0),
            // Until a mean is measured, a single task is worth sharing.
            poll_nanos: AtomicU64::new(WORTH_SHARING_NANOS),
            figures: CachePadded::new(WorkerFigures::new()),
            polled: PolledCell::new(),
        }
    }

    /// Returns how many tasks wait in the ring and its overflow. A hint, as the lengths are.
    #[inline]
    pub(super) fn backlog(&self) -> usize {
        self.stealer.len() + self.overflow.len()
    }

    /// Moves half of the waiting tasks, as far as they fit, to `into`, and returns one of them to
    /// run at once. Takes the tasks that have waited longest first.
    pub(super) fn steal(&self, into: &Owner<Runnable>) -> Option<Runnable> {
        self.overflow.pop_share(into, 2).or_else(|| self.stealer.steal_half(into))
    }

    /// Returns whether the backlog is worth another worker's help. A hint, as the lengths are.
    pub(super) fn is_worth_sharing(&self) -> bool {
        self.is_worth_sharing_but(0)
    }

    /// Does the same for all but `kept_count` of the waiting tasks.
    pub(super) fn is_worth_sharing_but(&self, kept_count: usize) -> bool {
        // Ordering: Relaxed: an estimate. If it is too low, a sentinel makes up for it.
        let mean = self.poll_nanos.load(Ordering::Relaxed);
        let backlog = self.backlog().saturating_sub(kept_count) as u64 * mean;
        backlog * mean.clamp(DEAR_POLL_NANOS / 5, DEAR_POLL_NANOS) >= WORTH_SHARING_NANOS * DEAR_POLL_NANOS
    }

    /// Records the time. Only the worker calls this, when it looks after everything of its own.
    pub(super) fn check_in(&self, epoch: Instant, now: Instant) {
        let nanos = now.saturating_duration_since(epoch).as_nanos() as u64;
        // Ordering: Relaxed: a sentinel compares it with the time of a look; it publishes nothing.
        self.checked_in.store(nanos, Ordering::Relaxed);
    }

    pub(super) fn checked_in_at(&self, epoch: Instant) -> Instant {
        // Ordering: Relaxed, as in `check_in`.
        epoch + Duration::from_nanos(self.checked_in.load(Ordering::Relaxed))
    }

    /// Returns how long a poll of this worker takes: a running mean.
    pub(super) fn mean_poll_time(&self) -> Duration {
        // Ordering: Relaxed, as in `is_worth_sharing`.
        Duration::from_nanos(self.poll_nanos.load(Ordering::Relaxed))
    }

    /// Updates the mean poll time with one in nanoseconds. Only the worker calls this.
    pub(super) fn record_mean(&self, mean: u64) {
        // Ordering: Relaxed, as in `is_worth_sharing`.
        let before = self.poll_nanos.load(Ordering::Relaxed);
        let mean = mean.min(1_000_000_000);
        self.poll_nanos.store((before + mean) / 2, Ordering::Relaxed);
    }
}
