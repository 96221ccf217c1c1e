//! What a worker counts about itself, for the program that watches it.
//!
//! One thread at a time runs a worker, and only that thread writes. Readers may be a turn late:
//! polls are published when the worker looks after everything of its own.

use std::thread::{self, ThreadId};
use std::time::Duration;

use crate::primitive::atomic::{AtomicU64, Ordering};
use crate::primitive::sync::Mutex;

/// A number that one thread at a time writes, and that any thread reads.
pub(crate) struct Figure(AtomicU64);

impl Figure {
    fn new() -> Figure {
        Figure(AtomicU64::new(0))
    }

    #[inline]
    pub(super) fn set(&self, value: u64) {
        // Ordering: Relaxed: figures publish nothing, and have one writer.
        self.0.store(value, Ordering::Relaxed);
    }

    #[inline]
    pub(super) fn add(&self, count: u64) {
        self.set(self.get().wrapping_add(count));
    }

    #[inline]
    pub(crate) fn get(&self) -> u64 {
        // Ordering: Relaxed, as in `set`.
        self.0.load(Ordering::Relaxed)
    }
}

/// The figures of one worker.
pub(crate) struct WorkerFigures {
    /// How often the worker began and ended a sleep: odd while it sleeps.
    pub(crate) sleep_turns: Figure,
    /// Sleeps that began without a task polled since the one before.
    pub(crate) noops: Figure,
    /// How long it was not asleep, in nanoseconds, until its last sleep.
    busy_nanos: Figure,
    pub(crate) polls: Figure,
    /// How often it took tasks of another worker.
    pub(crate) steals: Figure,
    /// How many tasks it took then.
    pub(crate) stolen_tasks: Figure,
    /// How often its ring was full.
    pub(crate) overflows: Figure,
    /// How often one of its tasks had to yield because its budget was spent.
    pub(crate) forced_yields: Figure,
    thread: Mutex<Option<ThreadId>>,
}

impl WorkerFigures {
    pub(super) fn new() -> WorkerFigures {
        WorkerFigures {
            sleep_turns: Figure::new(),
            noops: Figure::new(),
            busy_nanos: Figure::new(),
            polls: Figure::new(),
            steals: Figure::new(),
            stolen_tasks: Figure::new(),
            overflows: Figure::new(),
            forced_yields: Figure::new(),
            thread: Mutex::new(None),
        }
    }

    /// Counts the begin of a sleep. `is_fresh`: no task was run since the last one.
    #[inline]
    pub(super) fn begin_sleep(&self, is_fresh: bool) {
        let turns = self.sleep_turns.get();
        // The first sleep of a worker that had nothing to do yet is no wake-up in vain.
        if is_fresh && turns > 0 {
            self.noops.add(1);
        }
        self.sleep_turns.set(turns + 1);
    }

    /// Counts the end of a sleep.
    #[inline]
    pub(super) fn end_sleep(&self) {
        self.sleep_turns.add(1);
    }

    /// Adds nanoseconds in which the worker was not asleep.
    #[inline]
    pub(super) fn count_busy(&self, nanos: u64) {
        self.busy_nanos.add(nanos);
    }

    /// Returns how long the worker was not asleep.
    pub(crate) fn busy_time(&self) -> Duration {
        Duration::from_nanos(self.busy_nanos.get())
    }

    /// Counts a theft of at least one task.
    pub(super) fn count_steal(&self, tasks_count: u64) {
        self.steals.add(1);
        self.stolen_tasks.add(tasks_count);
    }

    /// Records that this thread runs the worker from now on.
    pub(crate) fn begin_thread(&self) {
        *self.thread.lock() = Some(thread::current().id());
    }

    /// Records that no thread runs the worker.
    pub(crate) fn end_thread(&self) {
        *self.thread.lock() = None;
    }

    /// Returns the thread that runs the worker.
    pub(crate) fn thread(&self) -> Option<ThreadId> {
        *self.thread.lock()
    }
}
