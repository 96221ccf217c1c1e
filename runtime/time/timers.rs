//! The timers of one runtime: the interface that the run loop calls.
use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

use crossbeam::utils::CachePadded;

use super::clock::Clock;
use super::wheel::NEVER;
use super::worker_timers::{TimersShared, WorkerTimers};
use crate::primitive::atomic::{AtomicUsize, Ordering};
use crate::primitive::clock;
use crate::task::{Observation, wake_all};

/// A worker's timers on cache lines of their own. The reference counts have a separate line.
pub(super) type WorkerTimersRef = Arc<CachePadded<WorkerTimers>>;

/// All wheels of a runtime, one for each worker.
///
/// Every `now` passed to a method is a reading of [`Timers::now`], which tests can hold still.
pub(crate) struct Timers {
    workers: Box<[WorkerTimersRef]>,
    shared: Arc<TimersShared>,
    /// A counter that picks the worker for a sleep that is first polled outside of the workers.
    foreign_turn: AtomicUsize,
}

impl Timers {
    /// Creates `workers_count` empty wheels; there must be at least one.
    ///
    /// `unpark(index)` is called, with no lock held, after another thread gave that worker an
    /// earlier deadline. It must make the worker's next or current park return, and everything that
    /// happened before the call visible to the worker then. A sleep that outlives the runtime keeps
    /// `unpark` alive, so `unpark` must not own anything that must end with the runtime.
    pub(crate) fn new(workers_count: usize, unpark: Box<dyn Fn(usize) + Send + Sync>) -> Arc<Timers> {
        Self::started_at(clock::now(), workers_count, unpark)
    }

    pub(super) fn started_at(
        start: Instant,
        workers_count: usize,
        unpark: Box<dyn Fn(usize) + Send + Sync>,
    ) -> Arc<Timers> {
        assert!(workers_count > 0, "a runtime has at least one worker");
        let shared = Arc::new(TimersShared { clock: Clock::new(start), unpark });
        let workers = (0..workers_count)
            .map(|index| Arc::new(CachePadded::new(WorkerTimers::new(index, shared.clone()))));
        Arc::new(Timers { workers: workers.collect(), shared, foreign_turn: AtomicUsize::new(0) })
    }

    /// From now on it is counted how late timers fire.
    pub(crate) fn observe(&self, observation: &Observation) {
        for (index, timers) in self.workers.iter().enumerate() {
            timers.observe(observation.worker(index).clone());
        }
    }

    pub(crate) fn workers_count(&self) -> usize {
        self.workers.len()
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// Returns the present, on this runtime's clock.
    #[inline]
    pub(crate) fn now(&self) -> Instant {
        self.shared.clock.now()
    }

    /// Returns whether the worker has anything armed. One plain load.
    #[inline]
    pub(crate) fn has_timers(&self, index: usize) -> bool {
        self.workers[index].next() != NEVER
    }

    /// Returns whether `fire_due` has work at `now`. One plain load if nothing is armed.
    #[inline]
    pub(crate) fn is_due(&self, index: usize, now: Instant) -> bool {
        let next = self.workers[index].next();
        next != NEVER && next <= self.shared.clock.tick_of_now(now)
    }

    /// Returns until when the worker may park: its first deadline, or an earlier instant at which
    /// distant timers must be sorted again. `None` if nothing is armed.
    #[inline]
    pub(crate) fn next_deadline(&self, index: usize) -> Option<Instant> {
        self.shared.clock.instant_of(self.workers[index].next())
    }

    /// Collects the wakers of the worker's sleeps that are due. The caller must wake them without
    /// holding a lock.
    ///
    /// Collects at most 1024 at a time: if there are more, [`Timers::is_due`] stays true, so that
    /// the run loop comes back after it has looked after tasks and I/O.
    pub(crate) fn fire_due(&self, index: usize, now: Instant, wakers: &mut Vec<Waker>) {
        self.workers[index].fire(self.shared.clock.tick_of_now(now), wakers);
    }

    /// Does the same for another worker's sleeps. Returns `false` if that wheel is in use.
    pub(crate) fn try_fire_due(&self, index: usize, now: Instant, wakers: &mut Vec<Waker>) -> bool {
        self.workers[index].try_fire(self.shared.clock.tick_of_now(now), wakers)
    }

    /// Collects everything that is due on all wheels.
    pub(super) fn fire_all_due(&self, wakers: &mut Vec<Waker>) {
        let now = self.now();
        for index in 0..self.workers_count() {
            while self.is_due(index, now) {
                self.fire_due(index, now, wakers);
            }
        }
    }

    /// If the clock is paused: moves it to the worker's first deadline, so that `fire_due` has
    /// work. Does nothing and returns `false` if the clock is running or nothing is armed.
    pub(crate) fn advance_to_next(&self, index: usize) -> bool {
        if !self.shared.clock.is_paused() {
            return false;
        }
        let earliest = self.workers[index].earliest();
        self.shared.clock.instant_of(earliest).is_some_and(|instant| self.shared.clock.advance_to(instant))
    }

    /// Ends time: wakes all sleepers. Every sleep, armed or new, completes at its next poll.
    pub(crate) fn shutdown(&self) {
        let mut wakers = Vec::new();
        self.workers.iter().for_each(|timers| timers.close(&mut wakers));
        // [no-foreign-code] All locks are released.
        wake_all(wakers);
    }

    /// Returns how many sleeps are armed on the worker's wheel.
    pub(crate) fn armed_count(&self, index: usize) -> usize {
        self.workers[index].live_count()
    }

    pub(super) fn is_of(&self, shared: &Arc<TimersShared>) -> bool {
        Arc::ptr_eq(&self.shared, shared)
    }

    pub(super) fn worker(&self, index: usize) -> &WorkerTimersRef {
        &self.workers[index]
    }

    /// Returns the timers of the next worker in turn, for a thread that is not a worker.
    pub(super) fn any_worker(&self) -> &WorkerTimersRef {
        // Ordering: [even-workers] Relaxed: only a fair count is needed; it orders nothing.
        let turn = self.foreign_turn.fetch_add(1, Ordering::Relaxed);
        &self.workers[turn % self.workers.len()]
    }
}
