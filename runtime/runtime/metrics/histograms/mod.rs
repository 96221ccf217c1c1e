//! Histograms, in runtimes that are observed: of polls and waits in `polls.rs`, of timers in
//! `timers.rs`, of sleeps in `parks.rs`, of what the kernel does in `kernel.rs`, of thefts in
//! `steals.rs`, of closures on the pool in `blocking.rs`.
//!
//! Those of the workers are listed here once, for the text.

mod blocking;
mod kernel;
mod parks;
mod polls;
mod steals;
mod timers;

use std::ops::Range;

use super::RuntimeMetrics;
use crate::task::{Histogram, ObservedWorker, SizeHistogram};

/// A histogram of a worker, for the text.
pub(super) enum WorkerHistogram {
    Times(fn(&ObservedWorker) -> &Histogram),
    Sizes(fn(&ObservedWorker) -> &SizeHistogram),
    /// Times that only a ring has.
    RingTimes(fn(&ObservedWorker) -> &Histogram),
}

use WorkerHistogram::{RingTimes, Sizes, Times};

/// The histograms of workers, as a text has them: name without the prefix `heist_`, meaning, and
/// where it is.
#[rustfmt::skip]
pub(super) static WORKER_HISTOGRAMS: [(&str, &str, WorkerHistogram); 7] = [
    ("worker_poll_seconds", "Lengths of polls of tasks by a worker.", Times(|of| &of.polls)),
    ("worker_schedule_seconds", "Waits of tasks that were due for a worker.", Times(|of| &of.schedules)),
    ("worker_timer_lateness_seconds", "How late timers of a worker fired.", Times(|of| &of.timers)),
    ("worker_park_seconds", "Lengths of sleeps of a worker.", Times(|of| &of.parks)),
    ("worker_batch_size", "Completions or events that a worker got at once.", Sizes(|of| &of.batches)),
    ("worker_steal_size", "Tasks that a worker took from another one at once.", Sizes(|of| &of.steals)),
    ("worker_ring_round_trip_seconds", "From the submission of an operation to a ring until its answer.", RingTimes(|of| &of.operations.round_trips)),
];

impl RuntimeMetrics {
    pub(super) fn observed(&self, worker: usize) -> Option<&ObservedWorker> {
        self.handle.scheduler.shared().observed_worker(worker).map(|observed| &**observed)
    }

    fn is_observed(&self) -> bool {
        self.handle.scheduler.shared().identity().is_observed()
    }

    /// Whether operations have round trips: through a ring.
    pub(super) fn has_rings(&self) -> bool {
        self.handle.driver_name() == "io_uring"
    }

    fn time_count(&self, worker: usize, bucket: usize, of: fn(&ObservedWorker) -> &Histogram) -> u64 {
        self.check_worker(worker);
        let _ = Histogram::range_of(bucket);
        self.observed(worker).map_or(0, |observed| of(observed).count(bucket))
    }

    fn size_count(&self, worker: usize, bucket: usize, of: fn(&ObservedWorker) -> &SizeHistogram) -> u64 {
        self.check_worker(worker);
        let _ = SizeHistogram::span_of(bucket);
        self.observed(worker).map_or(0, |observed| of(observed).count(bucket))
    }

    /// Panics as the figures of workers do, observed or not.
    fn check_worker(&self, worker: usize) {
        let _ = self.handle.scheduler.shared().figures(worker);
    }
}

/// Which sizes a bucket counts: nothing comes in batches of zero.
fn sizes_of(bucket: usize) -> Range<u64> {
    let Range { start, end } = SizeHistogram::span_of(bucket);
    start.max(1)..end
}
