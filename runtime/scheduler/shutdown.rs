//! The end of a runtime, in order: close, cancel every task, wait until all are dropped, close the drivers.

use std::sync::Arc;
use std::time::Duration;

use crate::primitive::atomic::{AtomicBool, Ordering};
use crate::primitive::clock;
use crate::primitive::sync::{Condvar, Mutex, wait};
use crate::scheduler::idle::Idle;
use crate::scheduler::worker::Worker;
use crate::scheduler::{DRAIN_TIMEOUT, DRAIN_TIMEOUT_MIN, Shared};
use crate::task::OwnedTasks;

/// Whether a runtime has begun to close.
pub(crate) struct Closing(AtomicBool);

impl Closing {
    pub(super) fn new() -> Closing {
        Closing(AtomicBool::new(false))
    }

    /// Whoever must hear of it is unparked afterwards.
    pub(super) fn begin(&self) {
        // Ordering: Relaxed, [no-lost-work]: it publishes nothing but itself; the unparking makes every worker look.
        self.0.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_begun(&self) -> bool {
        // Ordering: Relaxed, [no-lost-work], [last-is-told]: nothing is read for it. A worker looks again when it was
        // unparked; who injects has fenced; and who empties a list that a closing worker has locked sees what that one saw.
        self.0.load(Ordering::Relaxed)
    }

    /// After a task was taken off its list: whether those who wait for the last one must hear of it.
    pub(super) fn is_told_of_the_end(&self, owned: &OwnedTasks) -> bool {
        self.has_begun() && owned.is_empty()
    }
}

/// Where workers meet at the end.
pub(crate) struct Farewell {
    counts: Mutex<Counts>,
    changed: Condvar,
}

struct Counts {
    /// Workers that may still run or drop a task.
    working: usize,
    /// Workers whose driver is still open.
    open: usize,
}

impl Farewell {
    pub(super) fn new(workers_count: usize) -> Farewell {
        Farewell {
            counts: Mutex::new(Counts { working: workers_count, open: workers_count }),
            changed: Condvar::new(),
        }
    }

    /// A worker has dropped all that it could reach. `must_meet`: it waits until all have.
    fn finish_work(&self, must_meet: bool) {
        let mut counts = self.counts.lock();
        counts.working -= 1;
        if counts.working == 0 {
            self.changed.notify_all();
        }
        while must_meet && counts.working > 0 {
            counts = wait(&self.changed, counts);
        }
    }

    /// A thread that stands in for workers: it may run tasks until it is forgotten. `false`: too late.
    fn take_in_one(&self) -> bool {
        let mut counts = self.counts.lock();
        if counts.working == 0 {
            return false;
        }
        counts.working += 1;
        counts.open += 1;
        true
    }

    /// A worker that never began, or that has no part of the driver.
    pub(super) fn forget_one(&self) {
        self.finish_work(false);
        self.finish();
    }

    fn finish(&self) {
        let mut counts = self.counts.lock();
        counts.open -= 1;
        if counts.open == 0 {
            self.changed.notify_all();
        }
    }
}

impl Shared {
    /// Tells the workers to stop. Tasks that are spawned from now on are cancelled at once.
    pub(crate) fn close(&self) {
        self.closing.begin();
        self.unpark_all();
        self.lookout.close();
    }

    /// Counts in a thread that stands in for workers. `false`: the runtime has ended its tasks.
    pub(super) fn take_in_stand_in(&self) -> bool {
        !self.closing.has_begun() && self.farewell.take_in_one()
    }

    /// Counts out a worker whose thread could not start, or a stand-in.
    pub(crate) fn forget_worker(&self) {
        self.farewell.forget_one();
    }

    /// Waits until every worker has ended, `timeout` at most; `None` waits for ever. `true`: all have.
    pub(crate) fn wait_until_ended(&self, timeout: Option<Duration>) -> bool {
        let deadline = timeout.and_then(|timeout| clock::now().checked_add(timeout));
        let mut counts = self.farewell.counts.lock();
        while counts.open > 0 {
            counts = match deadline {
                None => wait(&self.farewell.changed, counts),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(clock::now());
                    if left.is_zero() {
                        return false;
                    }
                    self.farewell.counts.wait_timeout(&self.farewell.changed, counts, left).0
                }
            };
        }
        true
    }

    /// When the last task of a closing runtime is gone, those who wait for it must hear of it.
    pub(super) fn tell_if_empty(&self, owned: &OwnedTasks) {
        if self.closing.is_told_of_the_end(owned) {
            self.unpark_all();
        }
    }

    pub(super) fn closing(&self) -> Option<()> {
        self.closing.has_begun().then_some(())
    }
}

impl Worker {
    /// The life of a worker's thread.
    pub(crate) fn run_until_closed(&mut self) {
        let shared = self.shared().clone();
        self.run(|| shared.closing());
        self.shut_down(DRAIN_TIMEOUT);
    }

    /// Drops every task this worker can reach, waits for the others to do so, then closes this worker's driver, which gets
    /// `timeout` at most to take back what the kernel has.
    pub(crate) fn shut_down(&mut self, timeout: Duration) {
        let (shared, index) = (self.shared().clone(), self.index());
        if std::mem::take(&mut self.is_searching) {
            // The last searcher's duty falls away: everybody drains everything now.
            let _ = shared.idle.stop_searching();
        }
        Idle::stop_counting();
        self.inside(|| {
            shared.owned.close_and_shutdown_all(index);
            self.close_pinned();
        });
        loop {
            self.drain();
            if shared.owned.is_empty() && !self.waits_for_pinned() {
                break;
            }
            self.sleep_while_others_finish(&shared);
        }
        // [drop-order]: futures that are dropped elsewhere may still send cancellations to our driver until here, if it has
        // anything that could be cancelled.
        let must_meet = shared.driver.in_flight(index) > 0;
        shared.farewell.finish_work(must_meet);
        self.drain();
        shared.driver.shutdown(index, timeout.clamp(DRAIN_TIMEOUT_MIN, DRAIN_TIMEOUT));
        shared.farewell.finish();
    }

    fn sleep_while_others_finish(&mut self, shared: &Arc<Shared>) {
        let index = self.index();
        let gate = &shared.remotes[index].gate;
        if gate.close() {
            let outcome = shared.driver.park(index, None, &mut self.wakers);
            gate.open();
            if let Err(error) = outcome {
                eprintln!("heist: the driver failed during shutdown: {error}");
            }
        }
        self.dispatch();
    }
}
