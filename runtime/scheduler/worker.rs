//! The run loop.

use std::cell::Cell;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use crate::primitive::clock;
use crate::queue::deque::Owner;
use crate::scheduler::current;
use crate::scheduler::pinned::PinnedQueue;
use crate::scheduler::search::Random;
use crate::scheduler::sentinel::Watch;
use crate::scheduler::{Home, Remote, Shared};
use crate::task::{Cause, Runnable, wake_all};

/// Consecutive runs from the LIFO slot before the ring gets its turn.
const LIFO_STREAK_MAX: u32 = 3;
/// How long a worker runs tasks before it looks at the driver, the timers, its mail, the injector and its overflow.
const BUDGET: Duration = Duration::from_micros(150);
/// The clock is read after this many polls at the latest.
const POLLS_BETWEEN_HARVESTS_MAX: u32 = 127;

/// How long a worker with work of its own leaves the injector to one that was woken for it: waking takes some 30 µs.
pub(super) const PATIENCE: Duration = Duration::from_micros(100);

/// What a worker needs while one of its tasks is being polled: tasks that are woken by the poll end up here.
pub(crate) struct Context {
    index: usize,
    home: Arc<Home>,
    queue: Owner<Runnable>,
    /// Pinned tasks that are due.
    pinned: PinnedQueue,
    /// Whether wake-ups are collected: no announcements until the batch is complete.
    is_batching: Cell<bool>,
}

/// A task that is due, and which queue it goes back to when it yields.
pub(super) enum Due {
    Shared(Runnable),
    Pinned(Runnable),
}

/// How many polls fit into the time budget, learnt from how long they took.
struct Pace {
    polls: u32,
    polls_max: u32,
    since: Instant,
}

pub(crate) struct Worker {
    context: Context,
    pace: Pace,
    ticks: u64,
    lifo_streak: u32,
    /// Since when the injector is left to somebody who searches.
    left_since: Option<Instant>,
    /// Whether the idle word counts us as searching.
    pub(super) is_searching: bool,
    /// Whether nothing was run since the last sleep.
    is_fresh: bool,
    pub(super) random: Random,
    pub(super) watch: Watch,
    pub(super) wakers: Vec<Waker>,
}

impl Context {
    pub(crate) fn belongs_to(&self, shared: &Shared) -> bool {
        std::ptr::eq(Arc::as_ptr(self.home.shared()), shared)
    }

    pub(crate) fn home(&self) -> &Arc<Home> {
        &self.home
    }

    pub(crate) fn index(&self) -> usize {
        self.index
    }

    fn shared(&self) -> &Shared {
        self.home.shared()
    }

    fn remote(&self) -> &Remote {
        &self.shared().remotes[self.index]
    }

    /// Takes in a task that was spawned or woken on this worker.
    #[inline]
    pub(crate) fn schedule(&self, task: Runnable, cause: Cause) {
        if self.is_batching.get() {
            return self.push(task);
        }
        match cause {
            Cause::Yielded => {
                self.push(task);
                self.announce_rest();
            }
            Cause::Spawned | Cause::Woken => {
                let Some(displaced) = self.remote().lifo.replace(task) else { return };
                self.push(displaced);
                if self.remote().is_worth_sharing() {
                    self.shared().announce();
                }
            }
        }
    }

    /// Between two polls: says that others could help, if what waits is worth it beside what we run next. Less than that
    /// we run sooner than they could.
    fn announce_rest(&self) {
        let remote = self.remote();
        let takes_from_ring = || remote.lifo.is_empty() && self.pinned.is_empty();
        if remote.is_worth_sharing() && (!takes_from_ring() || remote.is_worth_sharing_but(1)) {
            self.shared().announce();
        }
    }

    /// Takes in a pinned task of this worker.
    pub(crate) fn schedule_pinned(&self, task: Runnable) {
        self.pinned.push(task);
    }

    /// Behind everything that waits. Thieves only take from the overflow, so that it is empty if it seems so to us.
    fn push(&self, task: Runnable) {
        let overflow = &self.remote().overflow;
        if overflow.len() > 0 {
            overflow.push(task);
        } else if let Err(displaced) = self.queue.push(task) {
            overflow.push_batch(displaced);
        }
    }

    /// The task that has waited longest in our ring; if that is empty, some of its overflow come back to it.
    fn pop(&self) -> Option<Runnable> {
        self.queue.pop().or_else(|| self.remote().overflow.pop_share(&self.queue, 1))
    }

    /// Gives everything that others may run to the injector: this worker will be away for a while.
    pub(crate) fn hand_over(&self) {
        let tasks = std::iter::from_fn(|| self.pop()).chain(self.remote().lifo.take());
        let shared = self.shared();
        shared.injector.push_batch(tasks.collect::<Vec<_>>());
        if shared.injector.len() > 0 {
            shared.announce();
        }
    }
}

impl Pace {
    fn new() -> Pace {
        Pace { polls: 0, polls_max: 1, since: clock::now() }
    }

    /// Counts a poll. `true`: the budget may be spent.
    #[inline]
    fn tick(&mut self) -> bool {
        self.polls += 1;
        self.polls > self.polls_max
    }

    /// The mean length of the polls since the last call, if there were any.
    fn mean_poll(&self, now: Instant) -> Option<Duration> {
        (self.polls > 0).then(|| now.saturating_duration_since(self.since) / self.polls)
    }

    /// Starts a new budget at `now`. The next count follows the last one's pace, halfway, so that one long poll does not
    /// make the loop look at the clock all the time, nor one burst of short ones make it blind.
    fn restart(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.since).as_nanos().max(1);
        let fitting = BUDGET.as_nanos() * u128::from(self.polls) / elapsed;
        let fitting = fitting.clamp(1, u128::from(POLLS_BETWEEN_HARVESTS_MAX)) as u32;
        self.polls_max = (self.polls_max + fitting).div_ceil(2);
        self.polls = 0;
        self.since = now;
    }

    /// Starts a new budget after a sleep: how long it took says nothing about the polls.
    fn resume(&mut self, now: Instant) {
        self.polls = 0;
        self.since = now;
    }
}

impl Worker {
    pub(crate) fn new(index: usize, queue: Owner<Runnable>, shared: Arc<Shared>) -> Worker {
        Worker {
            watch: Watch::new(),
            context: Context {
                index,
                home: Home::new(shared),
                queue,
                pinned: PinnedQueue::new(),
                is_batching: Cell::new(false),
            },
            pace: Pace::new(),
            ticks: 0,
            lifo_streak: 0,
            left_since: None,
            is_searching: false,
            is_fresh: true,
            random: Random::new(index),
            wakers: Vec::new(),
        }
    }

    pub(crate) fn index(&self) -> usize {
        self.context.index
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        self.context.home.shared()
    }

    pub(crate) fn home(&self) -> &Arc<Home> {
        &self.context.home
    }

    pub(super) fn pinned(&self) -> &PinnedQueue {
        &self.context.pinned
    }

    pub(super) fn take_in(&self, task: Runnable) {
        self.context.push(task);
    }

    pub(super) fn queue(&self) -> &Owner<Runnable> {
        &self.context.queue
    }

    /// Runs tasks until `done` has an answer, which is asked once per round.
    pub(crate) fn run<T>(&mut self, mut done: impl FnMut() -> Option<T>) -> T {
        // Counted once: a clone per round would bounce the count between the workers.
        let shared = self.shared().clone();
        loop {
            if let Some(answer) = current::with_worker_set(&self.context, &mut done) {
                return answer;
            }
            if self.pace.tick() {
                self.harvest(&shared);
            }
            match self.next_task().or_else(|| self.search(&shared).map(Due::Shared)) {
                Some(due) => self.run_task(due),
                None => self.park(&shared),
            }
        }
    }

    /// The next task of our own: LIFO slot, pinned tasks and ring, each in its turn.
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

    fn run_task(&mut self, due: Due) {
        if self.is_searching {
            self.stop_searching();
        }
        if self.is_fresh {
            self.is_fresh = false;
            // Not before: sentinels would take each other's looks for work, and never rest.
            self.come_round(self.pace.since);
            self.post_sentinel();
        }
        self.ticks += 1;
        self.poll(due);
    }

    /// Polls a task once. If it was woken meanwhile it goes behind everything that waits where it came from.
    pub(super) fn poll(&self, due: Due) {
        let context = &self.context;
        current::with_worker_set(context, || match due {
            Due::Shared(task) => {
                if let Some(again) = task.run_once() {
                    context.schedule(again, Cause::Yielded);
                }
            }
            Due::Pinned(task) => {
                if let Some(again) = crate::driver::pinned(|| task.run_once()) {
                    context.schedule_pinned(again);
                }
            }
        });
    }

    /// Looks at everything that comes from outside, without blocking.
    fn harvest(&mut self, shared: &Shared) {
        let index = self.index();
        let now = shared.timers.now();
        self.come_round(now);
        self.measure(now);
        self.pace.restart(now);
        if !shared.driver.is_quiet(index) {
            let outcome = shared.driver.harvest(index, &mut self.wakers);
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
    }

    /// Whether the injector is left to somebody who is on the way to it, for [`PATIENCE`] at most.
    pub(super) fn leaves_injector(&mut self, shared: &Shared, now: Instant) -> bool {
        if shared.injector.len() == 0 || !shared.idle.is_searched() {
            self.left_since = None;
            return false;
        }
        now.saturating_duration_since(*self.left_since.get_or_insert(now)) < PATIENCE
    }

    /// Tells the others how long our tasks take, halfway, as `Pace` does.
    fn measure(&self, now: Instant) {
        if let Some(mean) = self.pace.mean_poll(now) {
            self.context.remote().learn(mean);
        }
    }

    /// Tells the kernel what the last round asked for, before the loop's thread goes away for a while: a socket that was
    /// dropped closes only when its wait is cancelled.
    pub(crate) fn settle(&mut self) {
        let shared = self.shared().clone();
        self.harvest(&shared);
    }

    /// Sleeps in the driver until something of ours completes, a timer is due, or somebody unparks us.
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
        let is_paused = shared.timers.clock().is_paused() && shared.timers.has_timers(index);
        let timeout = if is_paused { Some(Duration::ZERO) } else { self.sleep_limit(on_duty) };
        let gate = &shared.remotes[index].gate;
        // Notified: whoever did it left something for the next round, which may not sleep nor move the clock.
        let is_notified = !gate.close();
        let timeout = if is_notified { Some(Duration::ZERO) } else { timeout };
        let outcome = shared.driver.park_beside(index, self.watch.stuck(), timeout, &mut self.wakers);
        gate.open();
        Self::expect_driver(outcome);
        if on_duty {
            shared.idle.leave_duty();
        }
        self.is_searching = shared.idle.unpark(index);
        self.is_fresh = true;
        if is_paused && !is_notified && self.wakers.is_empty() {
            // Only where a test has paused the clock: with nothing left to do, time itself moves on.
            shared.timers.advance_to_next(index);
        }
        let now = shared.timers.now();
        self.pace.resume(now);
        self.collect(now);
        self.look_around(shared, now);
        self.dispatch();
    }

    /// How long the sleep may last: until the next deadline, or the next look of a sentinel.
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

    /// Collects wake-ups of due timers, and the pinned tasks that came by mail.
    fn collect(&mut self, now: Instant) {
        let (shared, index) = (self.context.home.shared(), self.index());
        // What is armed during this round may reckon from here: it spares each sleep a look at the clock.
        crate::time::publish_now(now);
        if shared.timers.is_due(index, now) {
            shared.timers.fire_due(index, now, &mut self.wakers);
        }
        self.context.pinned.collect(&shared.remotes[index].mailbox);
    }

    /// Wakes what was collected as one batch, then announces it once if there is more than we run at once.
    pub(super) fn dispatch(&mut self) {
        if !self.wakers.is_empty() {
            let (context, wakers) = (&self.context, &mut self.wakers);
            context.is_batching.set(true);
            current::with_worker_set(context, || wake_all(wakers.drain(..)));
            context.is_batching.set(false);
        }
        self.context.announce_rest();
    }

    /// A driver that fails has lost track of what the kernel may write to: going on would not be sound.
    fn expect_driver(outcome: std::io::Result<()>) {
        if let Err(error) = outcome {
            eprintln!(
                "heist: the driver failed ({error}); operations in flight cannot be accounted for: aborting"
            );
            std::process::abort();
        }
    }

    /// At shutdown: drops everything that waits here. `true` if there was something.
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

    /// Runs `f` with this worker as the thread's worker, so that what it drops finds its runtime.
    pub(super) fn inside<R>(&self, f: impl FnOnce() -> R) -> R {
        current::with_worker_set(&self.context, f)
    }
}
