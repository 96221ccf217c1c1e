//! What is counted in a runtime that is observed, beside the records of its tasks: for each worker,
//! and for the blocking pool.

use std::fmt;
use std::sync::Arc;

use super::histogram::{Histogram, SizeHistogram};
use super::operations::{LoggedOperation, ObservedOperations};
#[cfg(all(unix, feature = "console"))]
use super::poll_log::PollLog;

/// What is counted of a worker.
pub(crate) struct ObservedWorker {
    /// Lengths of polls.
    pub(crate) polls: Histogram,
    /// From when a task was due until its poll began.
    pub(crate) schedules: Histogram,
    /// From the tick of a timer until it fired.
    pub(crate) timers: Histogram,
    /// Lengths of sleeps.
    pub(crate) parks: Histogram,
    /// How many completions or events came at once.
    pub(crate) batches: SizeHistogram,
    /// How many tasks it took from another worker at once.
    pub(crate) steals: SizeHistogram,
    /// The operations of its ring.
    pub(crate) operations: ObservedOperations,
    #[cfg(all(unix, feature = "console"))]
    pub(crate) log: PollLog,
}

impl ObservedWorker {
    pub(crate) fn new() -> ObservedWorker {
        ObservedWorker {
            polls: Histogram::new(),
            schedules: Histogram::new(),
            timers: Histogram::new(),
            parks: Histogram::new(),
            batches: SizeHistogram::new(),
            steals: SizeHistogram::new(),
            operations: ObservedOperations::new(),
            #[cfg(all(unix, feature = "console"))]
            log: PollLog::new(),
        }
    }
}

impl ObservedWorker {
    /// The ring submits the operation at this place of its table. `is_wait`: for readiness.
    pub(crate) fn begin_operation(&self, place: usize, kind: &'static str, is_wait: bool) {
        self.operations.begin(place, kind, is_wait);
    }

    /// A standing order has brought an event.
    pub(crate) fn repeat_operation(&self, place: usize) {
        self.operations.repeat(place).into_iter().for_each(|operation| self.log_operation(operation));
    }

    /// The kernel has answered the operation at this place.
    pub(crate) fn end_operation(&self, place: usize) {
        self.operations.end(place).into_iter().for_each(|operation| self.log_operation(operation));
    }

    /// Logs an operation, if somebody traces the worker.
    #[cfg(all(unix, feature = "console"))]
    fn log_operation(&self, operation: LoggedOperation) {
        self.log.note_operation(operation);
    }

    #[cfg(not(all(unix, feature = "console")))]
    #[expect(clippy::unused_self, reason = "as the other one")]
    fn log_operation(&self, _operation: LoggedOperation) {}
}

impl fmt::Debug for ObservedWorker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObservedWorker").finish_non_exhaustive()
    }
}

/// What is counted of the closures of a blocking pool.
pub(crate) struct ObservedPool {
    /// How long they ran.
    pub(crate) runs: Histogram,
    /// How long they waited for a thread.
    pub(crate) waits: Histogram,
}

impl fmt::Debug for ObservedPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObservedPool").finish_non_exhaustive()
    }
}

/// What is counted in a runtime. Its parts count, each what it knows.
#[derive(Debug)]
pub(crate) struct Observation {
    workers: Box<[Arc<ObservedWorker>]>,
    pool: ObservedPool,
}

impl Observation {
    pub(crate) fn new(workers_count: usize) -> Arc<Observation> {
        let workers = (0..workers_count).map(|_| Arc::new(ObservedWorker::new())).collect();
        let pool = ObservedPool { runs: Histogram::new(), waits: Histogram::new() };
        Arc::new(Observation { workers, pool })
    }

    /// What is counted of a worker.
    ///
    /// # Panics
    /// Panics if there is no such worker.
    pub(crate) fn worker(&self, index: usize) -> &Arc<ObservedWorker> {
        &self.workers[index]
    }

    /// What is counted of the blocking pool.
    pub(crate) fn pool(&self) -> &ObservedPool {
        &self.pool
    }
}
