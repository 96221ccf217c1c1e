//! Construction of a scheduler from its parts.

use std::sync::{Arc, Weak};

use crate::blocking::Pool;
use crate::driver::Driver;
use crate::queue::deque::{Owner, Stealer};
use crate::scheduler::identity::Identity;
use crate::scheduler::seat::{PinnedQueue, Seat};
use crate::scheduler::shared::SharedScheduler;
use crate::scheduler::stand_ins::StandIns;
use crate::scheduler::worker::Worker;
use crate::task::Runnable;
use crate::time::Timers;

/// A scheduler before its workers run.
pub(crate) struct Parts {
    pub(crate) shared: Arc<SharedScheduler>,
    pub(crate) workers: Vec<Worker>,
}

/// Builds the scheduler for `driver`'s workers.
pub(crate) fn build(
    driver: Arc<Driver>,
    workers_count: usize,
    blocking: Pool,
    stand_ins: StandIns,
    identity: Identity,
) -> Parts {
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
        SharedScheduler::new(stealers, driver, timers, blocking, stand_ins, identity)
    });
    let workers = owners
        .into_iter()
        .enumerate()
        .map(|(index, owner)| {
            let seat = Seat::new(shared.identity().is_observed());
            shared.seats.lock().push(seat.clone());
            let pinned = PinnedQueue::new(seat);
            pinned.move_to(Some(index));
            Worker::new(index, owner, shared.clone(), pinned)
        })
        .collect();
    Parts { shared, workers }
}
