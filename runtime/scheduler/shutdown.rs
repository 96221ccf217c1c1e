//! The end of a runtime, in order: see the guests off (`guests.rs`), close, cancel every task, wait until all are dropped,
//! close the drivers.
//!
//! | stage | `clear` | `reopen` | `begin` | who spawns |
//! |---|---|---|---|---|
//! | open | clearing | – | closed | is served |
//! | clearing | – | open | closed | is refused |
//! | closed | – | – | closed | is refused |

use std::sync::Arc;
use std::time::Duration;

use crate::driver::Crop;
use crate::primitive::atomic::{AtomicU32, Ordering};
use crate::primitive::clock;
use crate::primitive::sync::{Condvar, Mutex, wait};
use crate::scheduler::idle::Idle;
use crate::scheduler::worker::Worker;
use crate::scheduler::{DRAIN_TIMEOUT, DRAIN_TIMEOUT_MIN, Shared};
use crate::task::OwnedTasks;

const OPEN: u32 = 0;
/// The tasks are cancelled, the workers go on.
const CLEARING: u32 = 1;
const CLOSED: u32 = 2;

/// How far the end of a runtime has come.
pub(crate) struct Closing(AtomicU32);

impl Closing {
    pub(super) fn new() -> Closing {
        Closing(AtomicU32::new(OPEN))
    }

    /// All tasks are about to be cancelled. The list is locked by who cancels them, after this.
    pub(super) fn clear(&self) {
        // Ordering: Relaxed, [last-is-told]: as `begin`, for the end of the runtime in the place of a closing worker.
        self.0.store(CLEARING, Ordering::Relaxed);
    }

    /// No task is left, and some may come.
    pub(super) fn reopen(&self) {
        // Ordering: Relaxed, [last-is-told]: who waited for the last task has been told.
        self.0.store(OPEN, Ordering::Relaxed);
    }

    /// Whoever must hear of it is unparked afterwards.
    pub(super) fn begin(&self) {
        // Ordering: Relaxed, [no-lost-work]: it publishes nothing but itself; the unparking makes every worker look.
        self.0.store(CLOSED, Ordering::Relaxed);
    }

    pub(super) fn has_begun(&self) -> bool {
        // Ordering: Relaxed, [no-lost-work], [last-is-told]: nothing is read for it. A worker looks again when it was
        // unparked; who injects has fenced; and who empties a list that a closing worker has locked sees what that one saw.
        self.0.load(Ordering::Relaxed) == CLOSED
    }

    /// After a task was taken off its list: whether those who wait for the last one must hear of it.
    pub(super) fn is_told_of_the_end(&self, owned: &OwnedTasks) -> bool {
        // Ordering: Relaxed, [last-is-told]: as in `has_begun`.
        self.0.load(Ordering::Relaxed) != OPEN && owned.is_empty()
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

    /// A worker that never began.
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
    /// Cancels every task, where it runs. What is spawned until `reopen` is refused, so that there is a last one.
    pub(super) fn clear(&self) {
        self.closing.clear();
        self.owned.close_and_abort_all();
        self.remotes.iter().for_each(|remote| remote.pinned.close_and_abort_all());
    }

    /// By who has cleared it, when no task is left: the guests' clean-ups may run, and spawn.
    pub(super) fn reopen(&self) {
        self.closing.reopen();
        self.owned.reopen();
        self.remotes.iter().for_each(|remote| remote.pinned.reopen());
    }

    /// Tells the workers to stop. Tasks that are spawned from now on are cancelled at once.
    pub(crate) fn close(&self) {
        self.guests.end();
        self.closing.begin();
        self.unpark_all();
    }

    /// Counts out a worker whose thread could not start.
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
            self.guests.tell_the_end();
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
