//! The end of a runtime, in order: run the guests' clean-ups (`guests.rs`), close, cancel every
//! task, wait until all are dropped, close the drivers.
//!
//! | stage | `clear` | `reopen` | `begin` | a spawned task |
//! |---|---|---|---|---|
//! | open | clearing | – | closed | is served |
//! | clearing | – | open | closed | is refused |
//! | closed | – | – | closed | is refused |

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::driver::Crop;
use crate::primitive::atomic::{AtomicU32, AtomicUsize, Ordering, fence};
use crate::primitive::clock;
use crate::primitive::sync::{Condvar, Mutex, wait};
use crate::scheduler::idle::Idle;
use crate::scheduler::pinned::Seat;
use crate::scheduler::worker::Worker;
use crate::scheduler::{DRAIN_TIMEOUT, DRAIN_TIMEOUT_MIN, Shared};
use crate::task::OwnedTasks;

const OPEN: u32 = 0;
/// The tasks are cancelled while the workers continue.
const CLEARING: u32 = 1;
const CLOSED: u32 = 2;

/// The stage of a runtime's end, and the tasks for which it does not wait.
pub(crate) struct Closing {
    stage: AtomicU32,
    /// The number of tasks that block in place, each on a thread that has left its worker.
    absent_count: AtomicUsize,
}

impl Closing {
    pub(super) fn new() -> Closing {
        Closing { stage: AtomicU32::new(OPEN), absent_count: AtomicUsize::new(0) }
    }

    /// Called when all tasks are about to be cancelled. The caller locks the list after this and
    /// cancels them.
    pub(super) fn clear(&self) {
        // Ordering: Relaxed, [last-is-told]: as `begin`, for the end of the runtime in the place of
        // a closing worker.
        self.stage.store(CLEARING, Ordering::Relaxed);
    }

    /// Called when no task is left. New tasks may come.
    pub(super) fn reopen(&self) {
        // Ordering: Relaxed, [last-is-told]: the thread that waited for the last task was notified.
        self.stage.store(OPEN, Ordering::Relaxed);
    }

    /// Closes. The caller then unparks every thread that must notice.
    pub(super) fn begin(&self) {
        // Ordering: Relaxed, [no-lost-work]: it publishes only itself; the unparking makes every
        // worker look.
        self.stage.store(CLOSED, Ordering::Relaxed);
    }

    pub(super) fn has_begun(&self) -> bool {
        // Ordering: Relaxed, [no-lost-work], [last-is-told]: no other read depends on it. A worker
        // looks again when it was unparked. A thread that injects has fenced. A thread that empties
        // a list that a closing worker has locked sees everything that this worker saw.
        self.stage() == CLOSED
    }

    fn stage(&self) -> u32 {
        // Ordering: Relaxed, [no-lost-work], [last-is-told]: as in `has_begun`.
        self.stage.load(Ordering::Relaxed)
    }

    /// Called after a task was removed from its list. Returns whether the threads that wait for the
    /// last task must be notified.
    pub(super) fn is_told_of_the_end(&self, owned: &OwnedTasks) -> bool {
        match self.stage() {
            CLOSED => self.has_absent_only(owned),
            // The workers still serve a task that blocks in place, so it is waited for like any
            // other.
            CLEARING => owned.is_empty(),
            _ => false,
        }
    }

    /// Called when a task begins to block in place: closing workers do not wait for it. Returns
    /// `true` if they must be notified.
    #[must_use]
    pub(super) fn step_out(&self) -> bool {
        // Ordering: Relaxed, then the fence, [last-is-told]: it pairs with the one in
        // `Idle::stop_counting`. Either this thread sees the closing, or the closing worker sees
        // the count.
        self.absent_count.fetch_add(1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        self.has_begun()
    }

    /// Called when the task no longer blocks in place: the rest of its poll is waited for like any
    /// other.
    pub(super) fn step_in(&self) {
        // Ordering: Relaxed, [last-is-told]: the task's removal from its list publishes it.
        self.absent_count.fetch_sub(1, Ordering::Relaxed);
    }

    /// Returns whether all remaining tasks block in place.
    pub(super) fn has_absent_only(&self, owned: &OwnedTasks) -> bool {
        // The length is read first. So a task that is counted there and steps in before it ends is
        // not mistaken for another one.
        let left_count = owned.len();
        // Ordering: Relaxed, [last-is-told]; the length was read with Acquire, so this comes after
        // it.
        left_count <= self.absent_count.load(Ordering::Relaxed)
    }
}

/// The point where workers wait for each other at the end.
pub(crate) struct Farewell {
    counts: Mutex<Counts>,
    changed: Condvar,
}

struct Counts {
    /// Workers that may still run or drop a task.
    working: usize,
    /// Workers whose driver is still open.
    open: usize,
    /// Threads that run no worker: they block in place, or wait for a worker to take over.
    loose: usize,
}

impl Farewell {
    pub(super) fn new(workers_count: usize) -> Farewell {
        Farewell {
            counts: Mutex::new(Counts { working: workers_count, open: workers_count, loose: 0 }),
            changed: Condvar::new(),
        }
    }

    /// Called when a worker has dropped every task that it could reach. If `must_meet`, it waits
    /// until all workers have.
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

    /// Counts a thread of the reserve in: it may run tasks until it is forgotten. Returns `false`
    /// if it is too late.
    fn take_in_one(&self) -> bool {
        let mut counts = self.counts.lock();
        if counts.working == 0 {
            return false;
        }
        counts.working += 1;
        counts.open += 1;
        true
    }

    /// Counts out a worker that never began, or a thread that has no part of the driver.
    pub(super) fn forget_one(&self) {
        self.finish_work(false);
        self.finish();
    }

    /// Counts a thread that begins without a worker, or leaves its worker.
    pub(super) fn count_loose(&self) {
        self.counts.lock().loose += 1;
    }

    /// Counts it out when it ends or takes a worker over.
    pub(super) fn forget_loose(&self) {
        let mut counts = self.counts.lock();
        counts.loose -= 1;
        if counts.loose == 0 {
            self.changed.notify_all();
        }
    }

    /// Waits until `is_over`, at most until `deadline`. Returns whether it is over.
    fn wait_until(&self, is_over: impl Fn(&Counts) -> bool, deadline: Option<Instant>) -> bool {
        let mut counts = self.counts.lock();
        while !is_over(&counts) {
            counts = match deadline {
                None => wait(&self.changed, counts),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(clock::now());
                    if left.is_zero() {
                        return false;
                    }
                    self.counts.wait_timeout(&self.changed, counts, left).0
                }
            };
        }
        true
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
    /// Cancels every task, where it runs. Tasks that are spawned before `reopen` are refused, so
    /// that there is a last one.
    pub(super) fn clear(&self) {
        self.closing.clear();
        self.owned.close_and_abort_all();
        self.for_each_seat(|seat| seat.owned.close_and_abort_all());
    }

    /// Called after `clear`, when no task is left: the guests' clean-ups may run, and spawn.
    pub(super) fn reopen(&self) {
        self.closing.reopen();
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
        self.guests.end();
        self.closing.begin();
        self.unpark_all();
        self.lookout.close();
    }

    /// Counts in a thread of the reserve. Returns `false` if the runtime has ended its tasks.
    pub(super) fn take_in_reserve_thread(&self) -> bool {
        !self.closing.has_begun() && self.farewell.take_in_one()
    }

    /// Counts out a worker whose thread could not start, or a thread of the reserve.
    pub(crate) fn forget_worker(&self) {
        self.farewell.forget_one();
    }

    /// Waits until every worker has ended, at most until `deadline`; `None` waits for ever. Returns
    /// `true` if all have ended.
    pub(crate) fn wait_until_ended(&self, deadline: Option<Instant>) -> bool {
        self.farewell.wait_until(|counts| counts.open == 0, deadline)
    }

    /// Does the same for the threads that have left their workers.
    pub(crate) fn wait_until_returned(&self, deadline: Option<Instant>) -> bool {
        self.farewell.wait_until(|counts| counts.loose == 0, deadline)
    }

    /// Notifies the waiting threads when the last task of a closing runtime is gone.
    pub(super) fn tell_if_empty(&self, owned: &OwnedTasks) {
        if self.closing.is_told_of_the_end(owned) {
            self.unpark_all();
            self.guests.tell_the_end();
        }
    }

    pub(super) fn closing(&self) -> Option<()> {
        self.closing.has_begun().then_some(())
    }
}

impl Worker {
    /// Runs until the runtime has closed, or until another thread has taken the worker over: see
    /// [`is_away`](Self::is_away).
    pub(crate) fn run_until_closed(&mut self) {
        let shared = self.shared().clone();
        self.run(|| shared.closing());
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
            if shared.closing.has_absent_only(&shared.owned) && !self.waits_for_pinned() {
                break;
            }
            self.sleep_while_others_finish(&shared);
        }
        // [drop-order]: until here, futures that are dropped elsewhere may still send cancellations
        // to this driver, if it has anything that could be cancelled.
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
            let crop = Crop::new(&mut self.wakers, &mut self.orphans);
            let outcome = shared.driver.park(index, None, crop);
            gate.open();
            if let Err(error) = outcome {
                eprintln!("heist: the driver failed during shutdown: {error}");
            }
        }
        self.dispatch();
        self.clear_away();
    }
}
