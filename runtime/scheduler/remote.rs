//! The part of a worker that other threads may use.

use std::time::{Duration, Instant};

use crate::primitive::atomic::{AtomicU64, Ordering};
use crate::queue::deque::{Owner, Stealer};
use crate::queue::injector::Injector;
use crate::queue::slot::LifoSlot;
use crate::scheduler::park::Gate;
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
    /// How often the worker began and ended a sleep: odd while it sleeps.
    sleep_turns: AtomicU64,
    /// How long it was not asleep, in nanoseconds, until its last sleep.
    busy_nanos: AtomicU64,
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
            sleep_turns: AtomicU64::new(0),
            busy_nanos: AtomicU64::new(0),
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

    /// Counts the begin or the end of a sleep. Only the worker calls this.
    #[inline]
    pub(super) fn count_sleep_turn(&self) {
        // Ordering: Relaxed: figures that publish nothing, with one writer.
        let turns = self.sleep_turns.load(Ordering::Relaxed);
        self.sleep_turns.store(turns + 1, Ordering::Relaxed);
    }

    /// Adds nanoseconds in which the worker was not asleep. Only the worker calls this.
    #[inline]
    pub(super) fn count_busy(&self, nanos: u64) {
        // Ordering: Relaxed, as in `count_sleep_turn`.
        let before = self.busy_nanos.load(Ordering::Relaxed);
        self.busy_nanos.store(before.wrapping_add(nanos), Ordering::Relaxed);
    }

    /// Returns how often the worker began and ended a sleep.
    pub(super) fn sleep_turns(&self) -> u64 {
        // Ordering: Relaxed, as in `count_sleep_turn`.
        self.sleep_turns.load(Ordering::Relaxed)
    }

    /// Returns how long the worker was not asleep.
    pub(super) fn busy_time(&self) -> Duration {
        // Ordering: Relaxed, as in `count_sleep_turn`.
        Duration::from_nanos(self.busy_nanos.load(Ordering::Relaxed))
    }

    /// Updates the mean poll time with one in nanoseconds. Only the worker calls this.
    pub(super) fn record_mean(&self, mean: u64) {
        // Ordering: Relaxed, as in `is_worth_sharing`.
        let before = self.poll_nanos.load(Ordering::Relaxed);
        let mean = mean.min(1_000_000_000);
        self.poll_nanos.store((before + mean) / 2, Ordering::Relaxed);
    }
}
