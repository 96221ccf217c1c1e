//! The end of a runtime, in order: run the hooks' clean-ups (`clean_up.rs`), close, cancel every
//! task, wait until all are dropped, close the drivers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::driver::Harvest;
use crate::scheduler::idle::Idle;
use crate::scheduler::seat::Seat;
use crate::scheduler::shared::SharedScheduler;
use crate::scheduler::worker::Worker;
use crate::task::OwnedTasks;

/// How long a shutdown waits for the kernel to release the driver's buffers.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// The shortest such wait, even if the runtime is to end at once: a buffer that the kernel releases
/// immediately must not be leaked.
const DRAIN_TIMEOUT_MIN: Duration = Duration::from_millis(20);

impl SharedScheduler {
    /// Cancels every task, where it runs. Tasks that are spawned before `reopen` are refused, so
    /// that there is a last one.
    pub(super) fn clear(&self) {
        self.shutdown_stage.clear();
        self.owned.close_and_abort_all();
        self.for_each_seat(|seat| seat.owned.close_and_abort_all());
    }

    /// Called after `clear`, when no task is left: the hooks' clean-ups may run, and spawn.
    pub(super) fn reopen(&self) {
        self.shutdown_stage.reopen();
        self.owned.reopen();
        self.for_each_seat(|seat| seat.owned.reopen());
    }

    /// The lock is not held, because a pinned task that is cancelled is posted to its thread.
    fn for_each_seat(&self, f: impl Fn(&Seat)) {
        let seats = self.seats.lock().clone();
        seats.iter().for_each(|seat| f(seat));
    }

    /// Makes the workers stop. Tasks that are spawned from now on are cancelled at once.
    pub(crate) fn close(&self) {
        self.shutdown_hooks.close();
        self.shutdown_stage.begin();
        self.unpark_all();
        self.lookout.close();
        self.watchdog.close();
    }

    /// Counts in a thread of the reserve. Returns `false` if the runtime has ended its tasks.
    pub(super) fn take_in_reserve_thread(&self) -> bool {
        !self.shutdown_stage.has_begun() && self.shutdown_barrier.take_in_one()
    }

    /// Counts out a worker whose thread could not start, or a thread of the reserve.
    pub(crate) fn forget_worker(&self) {
        self.shutdown_barrier.forget_one();
    }

    /// Waits until every worker has ended, at most until `deadline`; `None` waits for ever. Returns
    /// `true` if all have ended.
    pub(crate) fn wait_until_ended(&self, deadline: Option<Instant>) -> bool {
        self.shutdown_barrier.wait_until_ended(deadline)
    }

    /// Does the same for the threads that have left their workers.
    pub(crate) fn wait_until_returned(&self, deadline: Option<Instant>) -> bool {
        self.shutdown_barrier.wait_until_returned(deadline)
    }

    /// Notifies the waiting threads when the last task of a closing runtime is gone.
    pub(super) fn notify_if_empty(&self, owned: &OwnedTasks) {
        if self.shutdown_stage.must_notify_end(owned) {
            self.unpark_all();
            self.shutdown_hooks.wake();
        }
    }

    pub(super) fn closing(&self) -> Option<()> {
        self.shutdown_stage.has_begun().then_some(())
    }
}

impl Worker {
    /// Runs until the runtime has closed, or until another thread has taken the worker over: see
    /// [`is_away`](Self::is_away).
    pub(crate) fn run_until_closed(&mut self) {
        let shared = self.shared().clone();
        self.run(1, || false, || shared.closing());
        if !self.is_away() {
            self.shut_down(DRAIN_TIMEOUT);
        }
    }

    /// Drops every task that this worker can reach, waits until the others have done so, and then
    /// closes this worker's driver. The kernel has at most `timeout` to give back what it holds.
    pub(crate) fn shut_down(&mut self, timeout: Duration) {
        let (shared, index) = (self.shared().clone(), self.index());
        self.stay();
        if std::mem::take(&mut self.is_searching) {
            // The last searcher has no duty here, because every worker drains everything now.
            let _ = shared.idle.stop_searching();
        }
        Idle::stop_counting();
        self.inside(|| {
            shared.owned.close_and_shutdown_all(index);
            self.close_pinned();
        });
        loop {
            self.drain();
            if shared.shutdown_stage.has_absent_only(&shared.owned) && !self.waits_for_pinned() {
                break;
            }
            self.sleep_while_others_finish(&shared);
        }
        // [drop-order]: until here, futures that are dropped elsewhere may still send cancellations
        // to this driver, if it has anything that could be cancelled.
        let must_meet = shared.driver.in_flight(index) > 0;
        shared.shutdown_barrier.finish_work(must_meet);
        self.drain();
        shared.driver.shutdown(index, timeout.clamp(DRAIN_TIMEOUT_MIN, DRAIN_TIMEOUT));
        shared.shutdown_barrier.finish();
    }

    fn sleep_while_others_finish(&mut self, shared: &Arc<SharedScheduler>) {
        let index = self.index();
        let gate = &shared.remotes[index].gate;
        if gate.close() {
            let harvest = Harvest::new(&mut self.wakers, &mut self.leftovers);
            let outcome = shared.driver.park(index, None, harvest);
            gate.open();
            if let Err(error) = outcome {
                eprintln!("heist: the driver failed during shutdown: {error}");
            }
        }
        self.dispatch();
        self.clear_away();
    }
}
