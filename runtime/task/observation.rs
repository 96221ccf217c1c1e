//! What is counted in a runtime that is observed: of its workers, its blocking pool, and what runs
//! beside its tasks.

use std::fmt;
use std::sync::Arc;

use super::guests::Guests;
use super::histogram::Histogram;
use super::latency::ObservedWorker;

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
    guests: Arc<Guests>,
}

impl Observation {
    pub(crate) fn new(workers_count: usize) -> Arc<Observation> {
        let workers = (0..workers_count).map(|_| Arc::new(ObservedWorker::new())).collect();
        let pool = ObservedPool { runs: Histogram::new(), waits: Histogram::new() };
        Arc::new(Observation { workers, pool, guests: Guests::new() })
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
    /// What runs beside the tasks of the lists.
    pub(crate) fn guests(&self) -> &Arc<Guests> {
        &self.guests
    }
}
