//! The run loop.

use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use crate::driver::{Crop, Orphan};
use crate::queue::deque::Owner;
use crate::scheduler::current;
use crate::scheduler::handle::Home;
use crate::scheduler::local::{Context, Mode};
use crate::scheduler::paused::PausedClock;
use crate::scheduler::random::Random;
use crate::scheduler::seat::PinnedQueue;
use crate::scheduler::shared::Shared;
use crate::scheduler::watch::Watch;
use crate::task::{Cause, Runnable, wake_all};

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
    context: Context,
    ticks: u64,
    lifo_streak: u32,
    /// Since when this worker leaves the injector to one that searches.
    left_since: Option<Instant>,
    /// Whether the idle word counts this worker as searching.
    pub(super) is_searching: bool,
    /// Whether no task was run since the last sleep.
    pub(super) is_fresh: bool,
    pub(super) random: Random,
    pub(super) watch: Watch,
    pub(super) wakers: Vec<Waker>,
    /// Objects that harvests have left to be dropped.
    pub(super) orphans: Vec<Orphan>,
}

impl Worker {
    pub(super) fn new(
        index: usize,
        queue: Owner<Runnable>,
        shared: Arc<Shared>,
        pinned: PinnedQueue,
    ) -> Worker {
        Worker {
            watch: Watch::new(),
            context: Context::new(index, Home::new(shared), queue, pinned),
            ticks: 0,
            lifo_streak: 0,
            left_since: None,
            is_searching: false,
            is_fresh: true,
            random: Random::new(index),
            wakers: Vec::new(),
            orphans: Vec::new(),
        }
    }

    pub(crate) fn index(&self) -> usize {
        self.context.index()
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        self.context.home().shared()
    }

    pub(crate) fn home(&self) -> &Arc<Home> {
        self.context.home()
    }

    pub(super) fn context(&self) -> &Context {
        &self.context
    }

    pub(super) fn pinned(&self) -> &PinnedQueue {
        &self.context.pinned
    }

    pub(super) fn into_pinned(self) -> PinnedQueue {
        self.context.pinned
    }

    /// Returns whether this thread has left the worker to another one.
    pub(crate) fn is_away(&self) -> bool {
        self.context.mode.get() == Mode::Away
    }

    /// The worker shuts down, and does not leave this thread any more.
    pub(super) fn stay(&self) {
        self.context.mode.set(Mode::Closing);
    }

    pub(super) fn take_in(&self, task: Runnable) {
        self.context.push(task);
    }

    pub(super) fn queue(&self) -> &Owner<Runnable> {
        &self.context.queue
    }

    /// Runs tasks until `done`, called once per round, answers. `None`: another thread took over.
    pub(crate) fn run<T>(&mut self, mut done: impl FnMut() -> Option<T>) -> Option<T> {
        // Cloned once: a clone per round would bounce the count between workers.
        let shared = self.shared().clone();
        loop {
            if let Some(answer) = current::with_worker_set(&self.context, &mut done) {
                return Some(answer);
            }
            if self.context.pace.tick() {
                if self.is_away() {
                    return None;
                }
                self.harvest(&shared);
            }
            match self.next_task().or_else(|| self.search(&shared).map(Due::Shared)) {
                Some(due) => self.run_task(due),
                None => self.park(&shared),
            }
        }
    }

    /// Returns the next task of this worker: LIFO slot, pinned tasks and ring take turns.
    pub(super) fn next_task(&mut self) -> Option<Due> {
        let context = &self.context;
        if self.lifo_streak < LIFO_STREAK_MAX {
            if let Some(task) = context.remote().lifo.take() {
                self.lifo_streak += 1;
                return Some(Due::Shared(task));
            }
        }
        self.lifo_streak = 0;
        let pinned = || context.pinned.pop().map(Due::Pinned);
        let ring = || context.pop().map(Due::Shared);
        let task = if self.ticks % 2 == 0 { pinned().or_else(ring) } else { ring().or_else(pinned) };
        task.or_else(|| context.remote().lifo.take().map(Due::Shared))
    }

    /// When the current budget began.
    pub(super) fn round_began(&self) -> Instant {
        self.context.pace.since.get()
    }

    fn run_task(&mut self, due: Due) {
        self.set_to_work();
        self.ticks += 1;
        self.poll(due);
    }

    /// Polls a task once. If it was woken meanwhile, it goes to the end of its queue.
    pub(super) fn poll(&self, due: Due) {
        let context = &self.context;
        current::with_worker_set(context, || match due {
            Due::Shared(task) => {
                if let Some(again) = task.run_once() {
                    context.schedule(again, Cause::Yielded);
                }
            }
            Due::Pinned(task) => {
                context.is_polling_pinned.set(true);
                if let Some(again) = crate::driver::pinned(|| task.run_once()) {
                    context.schedule_pinned(again);
                }
                context.is_polling_pinned.set(false);
            }
        });
    }

    /// Looks at everything that comes from outside, without blocking.
    fn harvest(&mut self, shared: &Shared) {
        let index = self.index();
        let now = shared.timers.now();
        self.come_round(now);
        self.measure(now);
        self.context.pace.restart(now);
        if !shared.driver.is_quiet(index) {
            let outcome = shared.driver.harvest(index, Crop::new(&mut self.wakers, &mut self.orphans));
            Self::expect_driver(outcome);
        }
        self.collect(now);
        shared.remotes[index].overflow.refill(self.queue());
        if !self.leaves_injector(shared, now) {
            if let Some(task) = self.take_share(shared) {
                self.context.push(task);
            }
        }
        self.dispatch();
        self.clear_away();
    }

    /// Returns whether to leave the injector to a searching worker, at most for [`PATIENCE`].
    pub(super) fn leaves_injector(&mut self, shared: &Shared, now: Instant) -> bool {
        if shared.injector.len() == 0 || !shared.idle.is_searched() {
            self.left_since = None;
            return false;
        }
        now.saturating_duration_since(*self.left_since.get_or_insert(now)) < PATIENCE
    }

    /// Updates the mean poll time that others see, halfway, as `Pace` does.
    fn measure(&self, now: Instant) {
        if let Some(mean) = self.context.pace.mean_poll(now) {
            self.context.remote().learn(mean);
        }
    }

    /// Submits the last round's operations before the loop's thread leaves for a while: a dropped
    /// socket closes only when its wait is cancelled.
    pub(crate) fn settle(&mut self) {
        let shared = self.shared().clone();
        self.harvest(&shared);
    }

    /// Sleeps in the driver until a completion, a due timer or an unpark.
    fn park(&mut self, shared: &Shared) {
        let index = self.index();
        self.measure(shared.timers.now());
        shared.idle.park(index, std::mem::take(&mut self.is_searching));
        if shared.work_is_visible() {
            shared.idle.unpark_to_search(index);
            self.is_searching = true;
            return;
        }
        let on_duty = self.watch.begin(shared, index);
        let clock = PausedClock::of(shared, index);
        let timeout = clock.sleep_limit().or_else(|| self.sleep_limit(on_duty));
        let gate = &shared.remotes[index].gate;
        // The notifier left work for the next round, which must not sleep or move the clock.
        let mut is_notified = !gate.close();
        let timeout = if is_notified { Some(Duration::ZERO) } else { timeout };
        let crop = Crop::new(&mut self.wakers, &mut self.orphans);
        let outcome = shared.driver.park_beside(index, self.watch.stuck(), timeout, crop);
        is_notified |= gate.open();
        Self::expect_driver(outcome);
        if on_duty {
            shared.idle.leave_duty();
        }
        self.is_searching = shared.idle.unpark(index);
        self.is_fresh = true;
        if !is_notified && self.wakers.is_empty() && clock.may_advance(shared, index) {
            shared.timers.advance_to_next(index);
        }
        let now = shared.timers.now();
        self.context.pace.resume(now);
        self.collect(now);
        self.look_around(shared, now);
        self.dispatch();
        self.clear_away();
    }

    /// Returns how long to sleep: until the next deadline, or a sentinel's next look.
    fn sleep_limit(&self, on_duty: bool) -> Option<Duration> {
        let shared = self.shared();
        let deadline = shared.timers.next_deadline(self.index());
        let sleep = deadline.map(|deadline| deadline.saturating_duration_since(shared.timers.now()));
        if !on_duty {
            return sleep;
        }
        let period = self.watch.period();
        Some(sleep.map_or(period, |sleep| sleep.min(period)))
    }

    /// Collects wake-ups of due timers, and the pinned tasks in the mailbox.
    fn collect(&mut self, now: Instant) {
        let (shared, index) = (self.context.home().shared(), self.index());
        // This round's timers count from `now`: it spares each sleep a look at the clock.
        crate::time::publish_now(now);
        if shared.timers.is_due(index, now) {
            shared.timers.fire_due(index, now, &mut self.wakers);
        }
        self.context.pinned.collect();
    }

    /// Wakes all collected wakers as one batch, then announces the rest once.
    pub(super) fn dispatch(&mut self) {
        if !self.wakers.is_empty() {
            let (context, wakers) = (&self.context, &mut self.wakers);
            let former = context.mode.replace(Mode::Batching);
            current::with_worker_set(context, || wake_all(wakers.drain(..)));
            context.mode.set(former);
        }
        self.context.announce_rest();
    }

    /// Aborts: a failed driver has lost track of memory that the kernel may write to.
    fn expect_driver(outcome: std::io::Result<()>) {
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
        current::with_worker_set(&self.context, f)
    }
}
