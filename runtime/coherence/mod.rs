//! The coherence model: how many cache lines move between cores for each operation of a runtime,
//! with 2 to 256 workers. It exists in counting builds (`--cfg rt_count`) only.
//!
//! `DESIGN.md` in this directory explains what is counted. Read the files in this order:
//!
//! - this file: `World`, in which an operation is counted, and `Rendezvous`
//! - `operations.rs`: the operations
//! - `table.rs`: the test that prints the table, and those that show that the count can fail

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::driver::fake::Kernel;
use crate::primitive::count::{Transfers, begin_count, compute, transfers};
use crate::runtime::{Builder, DriverKind, Runtime};

mod operations;
mod table;

/// A runtime on a machine with a core for each worker and each other thread.
struct World {
    runtime: Runtime,
    workers_count: usize,
}

impl World {
    fn new(workers_count: usize) -> World {
        let mut builder = Builder::new_multi_thread();
        let builder = builder.worker_threads(workers_count).driver(DriverKind::Fake);
        World { runtime: builder.build().expect("the fake has no limits"), workers_count }
    }

    fn kernel(&self) -> Arc<Kernel> {
        self.runtime.handle().shared().driver().kernel().clone()
    }

    /// Runs `rounds_count` operations on each worker at once, after a quarter as many that do not
    /// count, and returns what all cores transferred.
    fn on_every_worker<F: Future + Send>(
        &self,
        rounds_count: usize,
        operation: impl Fn(usize) -> F + Clone + Send + 'static,
    ) -> Transfers {
        let meeting = Rendezvous::new(self.workers_count);
        let tasks: Vec<_> = (0..self.workers_count)
            .map(|index| {
                let (meeting, operation) = (meeting.clone(), operation.clone());
                self.runtime.spawn(async move {
                    meeting.wait(0, || ());
                    for _ in 0..rounds_count.div_ceil(4) {
                        operation(index).await;
                    }
                    meeting.wait(1, begin_count);
                    for _ in 0..rounds_count {
                        operation(index).await;
                    }
                    meeting.end()
                })
            })
            .collect();
        let ends = tasks.into_iter().map(|task| self.runtime.block_on(task).expect("it does not panic"));
        ends.flatten().next().expect("one task is the last")
    }
}

/// The longest time between two looks at a meeting, in nanoseconds.
const PAUSE_MAX: u64 = 100_000;

/// Where tasks wait for each other without leaving their workers, so that each has one of its own.
/// Its words are std's: they are no part of the runtime and not counted.
struct Rendezvous {
    expected_count: usize,
    arrived: [AtomicUsize; 2],
    has_begun: [AtomicBool; 2],
    ended: AtomicUsize,
}

impl Rendezvous {
    fn new(expected_count: usize) -> Arc<Rendezvous> {
        Arc::new(Rendezvous {
            expected_count,
            arrived: Default::default(),
            has_begun: Default::default(),
            ended: AtomicUsize::new(0),
        })
    }

    /// Waits for the others. The last one calls `begin` before all go on.
    fn wait(&self, stage: usize, begin: impl FnOnce()) {
        // Ordering: SeqCst, here and below: virtual threads run one at a time.
        if self.arrived[stage].fetch_add(1, Ordering::SeqCst) + 1 == self.expected_count {
            begin();
            self.has_begun[stage].store(true, Ordering::SeqCst);
        }
        // Ordering: as above.
        let mut pause = 500;
        while !self.has_begun[stage].load(Ordering::SeqCst) {
            compute(pause);
            pause = PAUSE_MAX.min(2 * pause);
        }
    }

    fn has_begun(&self, stage: usize) -> bool {
        // Ordering: as above.
        self.has_begun[stage].load(Ordering::SeqCst)
    }

    /// Waits for the others, and returns to the last one what was transferred.
    fn end(&self) -> Option<Transfers> {
        // Ordering: as above.
        let is_last = self.ended.fetch_add(1, Ordering::SeqCst) + 1 == self.expected_count;
        let total = is_last.then(transfers);
        // Ordering: as above.
        let mut pause = 500;
        while self.ended.load(Ordering::SeqCst) < self.expected_count {
            compute(pause);
            pause = PAUSE_MAX.min(2 * pause);
        }
        total
    }
}
