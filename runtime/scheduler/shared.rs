//! The part of a runtime's scheduler that all of its threads share.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam::utils::CachePadded;

use crate::blocking::Pool;
use crate::driver::Driver;
use crate::primitive::clock;
use crate::primitive::sync::Mutex;
use crate::queue::deque::Stealer;
use crate::queue::injector::Injector;
use crate::scheduler::dumps::Dumps;
use crate::scheduler::figures::WorkerFigures;
use crate::scheduler::identity::Identity;
use crate::scheduler::idle::Idle;
use crate::scheduler::lookout::Lookout;
use crate::scheduler::remote::Remote;
use crate::scheduler::seat::Seat;
use crate::scheduler::shutdown_barrier::ShutdownBarrier;
use crate::scheduler::shutdown_hooks::ShutdownHooks;
use crate::scheduler::shutdown_stage::ShutdownStage;
use crate::scheduler::slack::Slack;
use crate::scheduler::stand_ins::StandIns;
use crate::scheduler::surplus::Surplus;
use crate::scheduler::watchdog::Watchdog;
use crate::task::{Guests, ObservedWorker, OwnedTasks, Runnable, go_aside};
use crate::time::Timers;

/// The part of a runtime's scheduler that all of its threads share.
pub(crate) struct SharedScheduler {
    pub(super) remotes: Box<[CachePadded<Remote>]>,
    pub(super) injector: Injector<Runnable>,
    pub(super) idle: Idle,
    pub(super) surplus: Surplus,
    pub(super) owned: OwnedTasks,
    pub(super) driver: Arc<Driver>,
    pub(super) timers: Arc<Timers>,
    pub(super) blocking: Pool,
    pub(super) shutdown_stage: ShutdownStage,
    pub(super) shutdown_barrier: ShutdownBarrier,
    pub(super) shutdown_hooks: ShutdownHooks,
    pub(super) slack: Slack,
    pub(super) lookout: Lookout,
    pub(super) watchdog: Watchdog,
    pub(super) dumps: Dumps,
    pub(super) stand_ins: StandIns,
    pub(super) identity: Identity,
    /// The seats of all threads that run workers or stand in for them.
    pub(super) seats: Mutex<Vec<Arc<Seat>>>,
    /// The origin of the workers' times.
    pub(super) epoch: Instant,
}

impl SharedScheduler {
    pub(super) fn new(
        stealers: Vec<Stealer<Runnable>>,
        driver: Arc<Driver>,
        timers: Arc<Timers>,
        blocking: Pool,
        stand_ins: StandIns,
        identity: Identity,
    ) -> SharedScheduler {
        let workers_count = stealers.len();
        let owned = OwnedTasks::new(4 * workers_count);
        if let Some(observation) = &identity.observation {
            owned.observe();
            timers.observe(observation);
        }
        SharedScheduler {
            remotes: stealers.into_iter().map(|stealer| CachePadded::new(Remote::new(stealer))).collect(),
            injector: Injector::new(),
            idle: Idle::new(workers_count),
            surplus: Surplus::new(workers_count),
            owned,
            driver,
            timers,
            blocking,
            shutdown_stage: ShutdownStage::new(),
            shutdown_barrier: ShutdownBarrier::new(workers_count),
            shutdown_hooks: ShutdownHooks::new(),
            slack: Slack::new(),
            lookout: Lookout::new(),
            watchdog: Watchdog::new(),
            dumps: Dumps::new(),
            stand_ins,
            identity,
            seats: Mutex::new(Vec::new()),
            epoch: clock::now(),
        }
    }

    pub(crate) fn driver(&self) -> &Arc<Driver> {
        &self.driver
    }

    pub(crate) fn timers(&self) -> &Arc<Timers> {
        &self.timers
    }

    pub(crate) fn shutdown_hooks(&self) -> &ShutdownHooks {
        &self.shutdown_hooks
    }

    pub(crate) fn lookout(&self) -> &Lookout {
        &self.lookout
    }

    pub(crate) fn watchdog(&self) -> &Watchdog {
        &self.watchdog
    }

    pub(crate) fn stand_ins(&self) -> &StandIns {
        &self.stand_ins
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Returns how long a worker was not asleep until now.
    #[cfg(all(unix, feature = "console"))]
    pub(crate) fn busy_time_of(&self, worker: usize) -> Duration {
        let remote = &self.remotes[worker];
        let is_awake = remote.polled.task().is_some() && !remote.gate.is_closed();
        // It counts its time when it looks after everything of its own, so not within a poll.
        let since = clock::now().saturating_duration_since(remote.checked_in_at(self.epoch));
        remote.figures.busy_time() + if is_awake { since } else { Duration::ZERO }
    }

    /// Returns what is counted of a worker, if the runtime is observed.
    pub(crate) fn observed_worker(&self, worker: usize) -> Option<&Arc<ObservedWorker>> {
        self.identity.observation.as_ref().map(|observation| observation.worker(worker))
    }

    /// Returns what runs beside the tasks of the lists, if the runtime is observed.
    pub(crate) fn guests(&self) -> Option<&Arc<Guests>> {
        self.identity.observation.as_ref().map(|observation| observation.guests())
    }

    pub(crate) fn blocking(&self) -> &Pool {
        &self.blocking
    }

    pub(crate) fn workers_count(&self) -> usize {
        self.remotes.len()
    }

    /// Returns how many tasks wait for any worker.
    pub(crate) fn injected_count(&self) -> usize {
        self.injector.len()
    }

    /// Returns how many tasks came from threads that are no workers of this runtime.
    pub(crate) fn outsiders_count(&self) -> u64 {
        self.injector.outsiders_count()
    }

    /// Returns what a worker counts about itself.
    ///
    /// # Panics
    /// Panics if there is no such worker.
    pub(crate) fn figures(&self, index: usize) -> &WorkerFigures {
        &self.remotes[index].figures
    }

    /// Returns how many tasks wait in a worker's ring and its overflow.
    ///
    /// # Panics
    /// Panics if there is no such worker.
    pub(crate) fn local_queue_depth(&self, index: usize) -> usize {
        self.remotes[index].backlog()
    }

    /// Returns how long a poll of a worker takes. Until one was counted it is a guess.
    ///
    /// # Panics
    /// Panics if there is no such worker.
    pub(crate) fn mean_poll_time(&self, index: usize) -> Duration {
        self.remotes[index].mean_poll_time()
    }

    /// Returns all workers, without the reserve.
    pub(super) fn workers(&self) -> impl Iterator<Item = (usize, &Remote)> {
        self.remotes.iter().map(|remote| &**remote).enumerate()
    }

    /// Returns every worker but `index`.
    pub(super) fn others(&self, index: usize) -> impl Iterator<Item = (usize, &Remote)> {
        self.workers().filter(move |(other, _)| *other != index)
    }

    /// Returns how many tasks are alive, pinned tasks included.
    pub(crate) fn tasks_count(&self) -> usize {
        self.owned.len() + self.seats.lock().iter().map(|seat| seat.tasks_count()).sum::<usize>()
    }

    /// Queues a task from a thread that is not a worker of this runtime.
    pub(super) fn inject(&self, task: Runnable) {
        self.injector.push_from_outside(task);
        self.announce();
        // Closing workers sleep without being counted. Because of the fences in `announce` and in
        // `Idle::stop_counting`, either this thread sees the closing or the worker sees the task:
        // [no-lost-work].
        if self.shutdown_stage.has_begun() {
            self.unpark_all();
        }
    }

    /// Announces a task that another worker could take.
    #[inline]
    pub(super) fn announce(&self) {
        if let Some(index) = self.idle.worker_to_wake() {
            self.unpark(index);
        }
    }

    /// Announces the backlog of worker `index`, which calls this and has one that is worth sharing.
    #[inline]
    pub(super) fn announce_backlog(&self, index: usize) {
        if let Some(index) = self.surplus.announce(index, &self.idle) {
            self.unpark_between_polls(index);
        }
    }

    /// Wakes worker `index`. It may take some microseconds, which are those of no poll. A call of
    /// its own, because it is rare.
    #[inline(never)]
    fn unpark_between_polls(&self, index: usize) {
        go_aside();
        self.unpark(index);
    }

    /// Returns whether worker `index`, which is listed, has a backlog worth sharing.
    pub(super) fn has_surplus(&self, index: usize) -> bool {
        self.surplus.confirm(index, || self.remotes[index].is_worth_sharing())
    }

    /// Wakes worker `index`, which then looks at everything.
    #[inline]
    pub(crate) fn unpark(&self, index: usize) {
        if self.remotes[index].gate.notify() {
            self.driver.ring_doorbell(index);
        }
    }

    pub(super) fn unpark_all(&self) {
        for index in 0..self.remotes.len() {
            self.unpark(index);
        }
        self.seats.lock().iter().for_each(|seat| seat.parker().unpark());
    }

    /// Returns whether a searcher would find a task. A caller that must not miss one fences first.
    pub(super) fn work_is_visible(&self) -> bool {
        let confirm = |index| self.has_surplus(index).then_some(());
        self.injector.len() > 0 || self.surplus.find(0, confirm).is_some()
    }
}
