//! Construction of a scheduler from its parts.

use std::sync::{Arc, Weak};

use crossbeam::utils::CachePadded;

use crate::blocking::Pool;
use crate::driver::Driver;
use crate::primitive::clock;
use crate::primitive::sync::Mutex;
use crate::queue::deque::{Owner, Stealer};
use crate::queue::injector::Injector;
use crate::scheduler::idle::Idle;
use crate::scheduler::lookout::Lookout;
use crate::scheduler::remote::Remote;
use crate::scheduler::seat::{PinnedQueue, Seat};
use crate::scheduler::shared::SharedScheduler;
use crate::scheduler::shutdown_barrier::ShutdownBarrier;
use crate::scheduler::shutdown_hooks::ShutdownHooks;
use crate::scheduler::shutdown_stage::ShutdownStage;
use crate::scheduler::stand_ins::StandIns;
use crate::scheduler::worker::Worker;
use crate::task::{OwnedTasks, Runnable};
use crate::time::Timers;

/// A scheduler before its workers run.
pub(crate) struct Parts {
    pub(crate) shared: Arc<SharedScheduler>,
    pub(crate) workers: Vec<Worker>,
}

/// Builds the scheduler for `driver`'s workers.
pub(crate) fn build(driver: Arc<Driver>, workers_count: usize, blocking: Pool, stand_ins: StandIns) -> Parts {
    let (owners, stealers): (Vec<Owner<Runnable>>, Vec<Stealer<Runnable>>) =
        (0..workers_count).map(|_| crate::queue::deque::new()).unzip();
    let shared = Arc::new_cyclic(|weak: &Weak<SharedScheduler>| {
        let unpark = weak.clone();
        let timers = Timers::new(
            workers_count,
            Box::new(move |index| {
                if let Some(shared) = unpark.upgrade() {
                    shared.unpark(index);
                }
            }),
        );
        SharedScheduler {
            remotes: stealers.into_iter().map(|stealer| CachePadded::new(Remote::new(stealer))).collect(),
            injector: Injector::new(),
            idle: Idle::new(workers_count),
            owned: OwnedTasks::new(4 * workers_count),
            driver,
            timers,
            blocking,
            shutdown_stage: ShutdownStage::new(),
            shutdown_barrier: ShutdownBarrier::new(workers_count),
            shutdown_hooks: ShutdownHooks::new(),
            lookout: Lookout::new(),
            stand_ins,
            seats: Mutex::new(Vec::new()),
            epoch: clock::now(),
        }
    });
    let workers = owners
        .into_iter()
        .enumerate()
        .map(|(index, owner)| {
            let seat = Seat::new();
            shared.seats.lock().push(seat.clone());
            let pinned = PinnedQueue::new(seat);
            pinned.move_to(Some(index));
            Worker::new(index, owner, shared.clone(), pinned)
        })
        .collect();
    Parts { shared, workers }
}
