//! The run loop.

use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use crate::driver::{Harvest, Leftover};
use crate::queue::deque::Owner;
use crate::scheduler::current;
use crate::scheduler::handle::SchedulerHandle;
use crate::scheduler::local::{Local, Mode};
use crate::scheduler::random::Random;
use crate::scheduler::remote::Remote;
use crate::scheduler::seat::PinnedQueue;
use crate::scheduler::shared::SharedScheduler;
use crate::scheduler::watch::Watch;
use crate::task::{Cause, CountedWorker, Hosting, Runnable, take_forced_yields, wake_all};

/// Consecutive runs from the LIFO slot before the ring gets its turn.
const LIFO_STREAK_MAX: u32 = 3;
/// How long a busy worker leaves the injector to a woken one: waking takes about 30 µs.
pub(super) const PATIENCE: Duration = Duration::from_micros(100);

/// A task that is due, and the queue to which it returns when it yields.
pub(super) enum Due {
    Shared(Runnable),
    Pinned(Runnable),
}

/// A worker, which one thread at a time runs.
pub(crate) struct Worker {
    local: Local,
    lifo_streak: u32,
    /// Since when this worker leaves the injector to one that searches.
    left_since: Option<Instant>,
    /// Whether the idle word counts this worker as searching.
    pub(super) is_searching: bool,
    /// Whether no task was run since the last sleep.
    pub(super) is_fresh: bool,
    pub(super) random: Random,
    pub(super) watch: Watch,
    /// Whether something is to be done around each sleep.
    pub(super) is_sleep_watched: bool,
    pub(super) wakers: Vec<Waker>,
    /// Objects that harvests have left to be dropped.
    pub(super) leftovers: Vec<Leftover>,
}

impl Worker {
    pub(super) fn new(
        index: usize,
        queue: Owner<Runnable>,
        shared: Arc<SharedScheduler>,
        pinned: PinnedQueue,
    ) -> Worker {
        let is_sleep_watched = shared.blocking.hooks().watch_sleeps() || shared.identity().is_observed();
        Worker {
            watch: Watch::new(),
            is_sleep_watched,
            local: Local::new(index, SchedulerHandle::new(shared), queue, pinned),
            lifo_streak: 0,
            left_since: None,
            is_searching: false,
            is_fresh: true,
            random: Random::new(index),
            wakers: Vec::new(),
            leftovers: Vec::new(),
        }
    }

    pub(crate) fn index(&self) -> usize {
        self.local.index()
    }

    pub(crate) fn shared(&self) -> &Arc<SharedScheduler> {
        self.local.handle().shared()
    }

    pub(crate) fn handle(&self) -> &Arc<SchedulerHandle> {
        self.local.handle()
    }

    pub(super) fn local(&self) -> &Local {
        &self.local
    }

    pub(super) fn pinned(&self) -> &PinnedQueue {
        &self.local.pinned
    }

    pub(super) fn into_pinned(self) -> PinnedQueue {
        self.local.pinned
    }

    /// Returns whether this thread has left the worker to another one.
    pub(crate) fn is_away(&self) -> bool {
        self.local.is_away()
    }

    /// The worker shuts down, and does not leave this thread any more.
    pub(super) fn stay(&self) {
        self.local.mode.set(Mode::Closing);
    }

    pub(super) fn take_in(&self, task: Runnable) {
        self.local.push(task);
    }

    pub(super) fn queue(&self) -> &Owner<Runnable> {
        &self.local.queue
    }

    /// Runs tasks until `done` answers, which is called after every `interval` polls of tasks. If
    /// it `is_wanted`, it is called before a task that yields runs again, and when no task is due.
    /// `None`: another thread took over.
    pub(crate) fn run<T>(
        &mut self,
        interval: u32,
        is_wanted: impl Fn() -> bool,
        mut done: impl FnMut() -> Option<T>,
    ) -> Option<T> {
        // Cloned once: a clone per round would bounce the count between workers.
        let shared = self.shared().clone();
        let _shown = shared.remotes[self.index()].polled.show();
        let observed = shared.observed_worker(self.index()).cloned();
        let _counted = observed.map(|observed| CountedWorker::begin(self.index(), observed));
        let _hosting = shared.guests().cloned().map(Hosting::begin);
        let mut polls_left = 0;
        loop {
            if polls_left == 0 {
                if let Some(answer) = current::with_worker_set(&self.local, &mut done) {
                    return Some(answer);
                }
                polls_left = interval;
            }
            if self.local.pace.tick() {
                if self.is_away() {
                    return None;
                }
                self.harvest(&shared);
            }
            let due = match self.next_task() {
                // `done` may spawn, so it is called before the search for work of others.
                None if polls_left < interval && is_wanted() => {
                    polls_left = 0;
                    continue;
                }
                None => self.search(&shared).map(Due::Shared),
                own => own,
            };
            let Some(due) = due else {
                self.park(&shared);
                polls_left = 0;
                continue;
            };
            polls_left -= 1;
            if self.run_task(due) && polls_left > 0 && is_wanted() {
                polls_left = polls_left.min(self.polls_before_last());
            }
        }
    }

    /// Begins to count this worker as busy: a thread has taken it.
    pub(crate) fn begin_busy(&self) {
        self.local.pace.resume(self.shared().timers.now());
        // Those of code that this thread ran outside of a worker.
        take_forced_yields();
    }

    /// Returns the next task of this worker: LIFO slot, pinned tasks and ring take turns.
    pub(super) fn next_task(&mut self) -> Option<Due> {
        let local = &self.local;
        if !local.keeps_order && self.lifo_streak < LIFO_STREAK_MAX {
            if let Some(task) = local.remote().lifo.take() {
                self.lifo_streak += 1;
                return Some(Due::Shared(task));
            }
        }
        self.lifo_streak = 0;
        let pinned = || local.pinned.pop().map(Due::Pinned);
        let ring = || local.pop().map(Due::Shared);
        let task = if local.polls.get() % 2 == 0 { pinned().or_else(ring) } else { ring().or_else(pinned) };
        task.or_else(|| local.remote().lifo.take().map(Due::Shared))
    }

    /// When the current budget began.
    pub(super) fn round_began(&self) -> Instant {
        self.local.pace.since.get()
    }

    /// Returns whether the task yielded.
    fn run_task(&mut self, due: Due) -> bool {
        self.set_to_work();
        self.local.polls.set(self.local.polls.get() + 1);
        self.poll(due)
    }

    /// How many tasks run before the one that was queued last.
    fn polls_before_last(&self) -> u32 {
        let local = &self.local;
        let waiting = local.remote().backlog() + local.pinned.len();
        u32::try_from(waiting.saturating_sub(1)).unwrap_or(u32::MAX)
    }

    /// Polls a task once. If it was woken meanwhile, it goes to the end of its queue: `true`.
    pub(super) fn poll(&self, due: Due) -> bool {
        let local = &self.local;
        current::with_worker_set(local, || match due {
            Due::Shared(task) => {
                let again = task.run_once();
                let has_yielded = again.is_some();
                if let Some(again) = again {
                    local.schedule(again, Cause::Yielded);
                }
                has_yielded
            }
            Due::Pinned(task) => {
                local.is_polling_pinned.set(true);
                let again = crate::driver::pinned(|| task.run_once());
                let has_yielded = again.is_some();
                if let Some(again) = again {
                    local.schedule_pinned(again);
                }
                local.is_polling_pinned.set(false);
                has_yielded
            }
        })
    }

    /// Looks at everything that comes from outside, without blocking.
    fn harvest(&mut self, shared: &SharedScheduler) {
        let index = self.index();
        let now = shared.timers.now();
        self.check_in(now);
        let remote = &*shared.remotes[index];
        self.measure(remote, now);
        self.local.pace.restart(now);
        if !shared.driver.is_quiet(index) {
            let outcome = shared.driver.harvest(index, Harvest::new(&mut self.wakers, &mut self.leftovers));
            Self::expect_driver(outcome);
        }
        self.collect(now);
        remote.overflow.refill(self.queue());
        if !self.leaves_injector(shared, now) {
            if let Some(task) = self.take_share(shared) {
                self.local.push(task);
            }
        }
        self.dispatch();
        self.clear_away();
    }

    /// Returns whether to leave the injector to a searching worker, at most for [`PATIENCE`].
    pub(super) fn leaves_injector(&mut self, shared: &SharedScheduler, now: Instant) -> bool {
        if shared.injector.len() == 0 || !shared.idle.is_searched() {
            self.left_since = None;
            return false;
        }
        now.saturating_duration_since(*self.left_since.get_or_insert(now)) < PATIENCE
    }

    /// Counts the time and the polls since the budget began, and updates the mean poll time that
    /// others see, halfway, as `Pace` does. A new budget must begin at `now`. As a call of its own
    /// it would cost each sleep forty instructions.
    #[inline(always)]
    pub(super) fn measure(&self, remote: &Remote, now: Instant) {
        let pace = &self.local.pace;
        let nanos = pace.nanos_until(now);
        remote.figures.count_busy(nanos);
        self.local.publish_counts(remote);
        if let Some(mean) = pace.mean_poll(nanos) {
            remote.record_mean(mean);
        }
    }

    /// Submits what the loop's thread leaves behind: a dropped socket closes by its cancelled wait.
    pub(crate) fn settle(&mut self) {
        let shared = self.shared().clone();
        self.harvest(&shared);
    }

    /// Collects wake-ups of due timers, and the pinned tasks in the mailbox.
    pub(super) fn collect(&mut self, now: Instant) {
        let (shared, index) = (self.local.handle().shared(), self.index());
        // This round's timers count from `now`: it spares each sleep a look at the clock.
        crate::time::publish_now(now);
        if shared.timers.is_due(index, now) {
            shared.timers.fire_due(index, now, &mut self.wakers);
        }
        self.local.pinned.collect();
    }

    /// Wakes all collected wakers as one batch, then announces the rest once.
    pub(super) fn dispatch(&mut self) {
        if !self.wakers.is_empty() {
            let (local, wakers) = (&self.local, &mut self.wakers);
            let former = local.mode.replace(Mode::Batching);
            current::with_worker_set(local, || wake_all(wakers.drain(..)));
            local.mode.set(former);
        }
        self.local.announce_rest();
    }

    /// Aborts: a failed driver has lost track of memory that the kernel may write to.
    pub(super) fn expect_driver(outcome: std::io::Result<()>) {
        if let Err(error) = outcome {
            eprintln!(
                "heist: the driver failed ({error}); operations in flight cannot be accounted for: aborting"
            );
            std::process::abort();
        }
    }

    /// Drops all waiting tasks at shutdown. Returns `true` if there were any.
    pub(super) fn drain(&mut self) -> bool {
        let mut found = false;
        loop {
            self.collect(self.shared().timers.now());
            self.dispatch();
            let due = self.next_task().or_else(|| self.shared().injector.pop().map(Due::Shared));
            let Some(due) = due else { return found };
            found = true;
            self.poll(due);
        }
    }

    /// Runs `f` with this worker as the thread's worker, so that destructors find their runtime.
    pub(super) fn inside<R>(&self, f: impl FnOnce() -> R) -> R {
        current::with_worker_set(&self.local, f)
    }
}
