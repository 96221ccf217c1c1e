//! The lookout: a thread that runs no task, and serves the runtime when no worker is left to do it.
//!
//! A sentinel is a worker with nothing to do. When every worker is in a poll there is none, and a poll that never ends (a
//! loop over a channel that is always ready, and of another crate, which takes nothing from the budget) would stop all the
//! others for ever. So whoever begins to run tasks with no sentinel on duty calls the lookout. It looks every [`TICK`] while
//! nobody else watches. Where a worker has not come round for [`STALL`] it takes over its tasks, completions, orders and due
//! timers, as a sentinel does; where none has, it also sees to it that a thread of the [`reserve`](super::reserve) runs them.
//!
//! The orders of a stuck worker are begun on that worker's own ring, by the lookout's thread: it lives until every driver is
//! closed, for the kernel ends what a thread has begun when the thread ends. It is started by the first call, and sleeps for
//! good while sentinels watch or everybody sleeps.
//!
//! # Rejected
//! - A spare worker with a ring of its own in the place of the reserve. 2026-11-29: each runtime would pay for a ring that is
//!   hardly ever used, and it may get stuck as well. The lookout runs no task, so that it cannot.
//! - Tokio's budget for what is of tokio's: 2026-11-29, its crate sets one only inside its own runtime, by a function that is
//!   not public; to enter a runtime of it does not, and `futures` has none.
//! - A count of wake-ups per poll as the sign that a poll does not end: a channel that is always ready calls no waker.

use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use crate::primitive::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};
use crate::primitive::sync::{Condvar, Mutex, wait};
use crate::primitive::thread;
use crate::queue::deque::{self, Owner};
use crate::scheduler::reserve::Reserve;
use crate::scheduler::{Remote, Shared, current};
use crate::task::{Runnable, quietly, wake_all};

/// Between two looks while every worker comes round. A look costs some 30 µs of CPU.
const TICK: Duration = Duration::from_millis(50);
/// Who has not come round for this long is served by the lookout. Much longer than a sentinel allows: a thread costs more
/// than a look, and a machine that is busy with other things keeps workers from their cores for as long.
const STALL: Duration = Duration::from_millis(50);
/// Between two looks while nobody but the lookout and the reserve serves anything.
const RELIEF_TICK: Duration = Duration::from_millis(1);
/// The same while some worker still comes round, and serves itself.
const PARTIAL_TICK: Duration = Duration::from_millis(5);
/// The reserve goes when a worker has come round at every look for this long.
const CALM: Duration = Duration::from_millis(100);
/// After so many looks that found another watcher, or everybody asleep, the lookout sleeps until it is called.
const QUIET_LOOKS_COUNT: u32 = 4;
/// How many threads of the reserve there are at most, for each of them may get stuck as well.
const RESERVE_COUNT_MAX: usize = 64;

/// What is told when every worker is stuck.
pub(crate) type Report = dyn Fn(Vec<&'static std::panic::Location<'static>>) + Send + Sync;

/// Whether the lookout sleeps, and how it is called, `[called]`.
pub(super) struct Call {
    is_asleep: AtomicBool,
    is_closing: Mutex<bool>,
    bell: Condvar,
}

/// What workers, handles and the end of a runtime know of its lookout.
pub(crate) struct Lookout {
    /// Not where one thread runs everything: no other one may stand in for it.
    is_offered: AtomicBool,
    call: Call,
    thread: Mutex<Option<thread::JoinHandle<()>>>,
    report: Mutex<Option<Arc<Report>>>,
    stalls_count: AtomicU64,
    reserve_count: AtomicUsize,
}

impl Call {
    /// Nobody is there to be called, until somebody lies down.
    pub(super) fn new() -> Call {
        Call { is_asleep: AtomicBool::new(false), is_closing: Mutex::new(false), bell: Condvar::new() }
    }

    /// The caller looks once more before it sleeps.
    pub(super) fn lie_down(&self) {
        // Ordering: Relaxed, then the fence: [called] as a worker's gate and duty stand before its fence.
        self.is_asleep.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
    }

    /// Its last look found something.
    pub(super) fn get_up(&self) {
        // Ordering: Relaxed, [called]: it is awake, and looks again.
        self.is_asleep.store(false, Ordering::Relaxed);
    }

    /// Whether nobody watches who could be called. The caller has fenced since it was counted out.
    #[inline]
    pub(super) fn is_asleep(&self) -> bool {
        // Ordering: Relaxed, [called]: the fence in `Idle::sentinel_to_wake` orders it.
        self.is_asleep.load(Ordering::Relaxed)
    }

    /// Ends the sleep. `false`: somebody else did.
    pub(super) fn call(&self) -> bool {
        // Ordering: Relaxed, [called]: the lock below orders it for the sleeper.
        if !self.is_asleep.swap(false, Ordering::Relaxed) {
            return false;
        }
        drop(self.is_closing.lock());
        self.bell.notify_one();
        true
    }

    /// Sleeps until it is called, or until the end.
    pub(super) fn sleep(&self) {
        let mut is_closing = self.is_closing.lock();
        while !*is_closing && self.is_asleep() {
            is_closing = wait(&self.bell, is_closing);
        }
    }

    fn nap(&self, period: Duration) {
        let is_closing = self.is_closing.lock();
        if !*is_closing {
            drop(self.is_closing.wait_timeout(&self.bell, is_closing, period));
        }
    }

    fn close(&self) {
        *self.is_closing.lock() = true;
        self.bell.notify_one();
    }
}

impl Lookout {
    pub(super) fn new() -> Lookout {
        Lookout {
            is_offered: AtomicBool::new(false),
            call: Call::new(),
            thread: Mutex::new(None),
            report: Mutex::new(None),
            stalls_count: AtomicU64::new(0),
            reserve_count: AtomicUsize::new(0),
        }
    }

    /// From now on workers call it. Its thread is started by the first call.
    pub(crate) fn offer(&self, report: Option<Arc<Report>>) {
        *self.report.lock() = report;
        // Ordering: Relaxed: before any worker's thread begins.
        self.is_offered.store(true, Ordering::Relaxed);
        self.call.lie_down();
    }

    #[inline]
    pub(super) fn is_offered(&self) -> bool {
        // Ordering: Relaxed, as in `offer`.
        self.is_offered.load(Ordering::Relaxed)
    }

    /// How often every worker was stuck at once.
    pub(crate) fn stalls_count(&self) -> u64 {
        // Ordering: Relaxed: a figure.
        self.stalls_count.load(Ordering::Relaxed)
    }

    /// How many threads of the reserve there are.
    pub(crate) fn reserve_count(&self) -> usize {
        // Ordering: Relaxed: a figure.
        self.reserve_count.load(Ordering::Relaxed)
    }

    /// The runtime ends.
    pub(super) fn close(&self) {
        self.call.close();
    }

    /// Waits for the thread, which ends when all workers have.
    pub(crate) fn join(&self) {
        let thread = self.thread.lock().take();
        if let Some(thread) = thread {
            // It ends without a panic: wakers and hooks are called in a way that stops theirs.
            let _ = thread.join();
        }
    }
}

impl Shared {
    pub(crate) fn lookout(&self) -> &Lookout {
        &self.lookout
    }

    /// By whoever begins to run tasks while nobody is on duty: `[called]`.
    #[inline]
    pub(super) fn call_lookout(self: &Arc<Self>) {
        if self.lookout.call.is_asleep() {
            self.wake_lookout();
        }
    }

    #[cold]
    #[inline(never)]
    fn wake_lookout(self: &Arc<Self>) {
        if !self.lookout.call.call() {
            return;
        }
        let mut thread = self.lookout.thread.lock();
        if thread.is_some() || *self.lookout.call.is_closing.lock() {
            return;
        }
        let shared = self.clone();
        let builder = thread::Builder::new().name("heist-lookout".to_owned());
        match builder.spawn(move || Watchman::new(shared).work()) {
            Ok(started) => *thread = Some(started),
            // The next worker that wakes up tries again.
            Err(_) => self.lookout.call.lie_down(),
        }
    }

    /// All of the workers, without the reserve.
    fn workers(&self) -> impl Iterator<Item = (usize, &Remote)> {
        self.remotes.iter().map(|remote| &**remote).enumerate()
    }

    /// Whether someone is awake whom nobody watches.
    fn is_unwatched(&self) -> bool {
        !self.idle.has_sentinel() && self.workers().any(|(_, remote)| !remote.gate.is_closed())
    }
}

/// The life of the lookout's thread.
struct Watchman {
    shared: Arc<Shared>,
    /// Where tasks are put that are taken from a ring, on their way to the injector.
    hands: Owner<Runnable>,
    wakers: Vec<Waker>,
    crew: Vec<Reserve>,
    /// Since when some worker has come round, while there is a reserve.
    calm_since: Option<Instant>,
    quiet_looks: u32,
}

impl Watchman {
    fn new(shared: Arc<Shared>) -> Watchman {
        let (hands, _) = deque::new();
        Watchman { shared, hands, wakers: Vec::new(), crew: Vec::new(), calm_since: None, quiet_looks: 0 }
    }

    fn work(mut self) {
        // A waker is user's code, and may end a runtime, which must not wait for this thread.
        let _no_blocking = current::forbid_blocking();
        let shared = self.shared.clone();
        while shared.closing().is_none() {
            let period = self.look();
            if self.quiet_looks < QUIET_LOOKS_COUNT {
                shared.lookout.call.nap(period);
                continue;
            }
            shared.lookout.call.lie_down();
            if shared.is_unwatched() {
                shared.lookout.call.get_up();
            } else {
                shared.lookout.call.sleep();
            }
            self.quiet_looks = 0;
        }
        for hired in self.crew.drain(..) {
            hired.call_to_the_end();
        }
        // What this thread has begun in the kernel must not end before.
        shared.wait_until_ended(None);
    }

    /// Looks at every worker and serves those that are stuck. How long until the next look.
    fn look(&mut self) -> Duration {
        let shared = self.shared.clone();
        self.crew.retain_mut(|hired| !hired.is_gone());
        let now = shared.timers.now();
        let is_stuck = |remote: &Remote| {
            let absence = now.saturating_duration_since(remote.came_round_at(shared.epoch));
            absence >= STALL && !remote.gate.is_closed()
        };
        let stuck: Vec<usize> =
            shared.workers().filter(|(_, remote)| is_stuck(remote)).map(|(index, _)| index).collect();
        let are_all_stuck = stuck.len() == shared.workers_count();
        if are_all_stuck || !shared.idle.has_sentinel() {
            stuck.iter().for_each(|index| self.relieve(*index, now));
        }
        self.man(are_all_stuck, now);
        let is_quiet = stuck.is_empty() && self.crew.is_empty() && !shared.is_unwatched();
        self.quiet_looks = if is_quiet { self.quiet_looks + 1 } else { 0 };
        match () {
            () if are_all_stuck => RELIEF_TICK,
            () if !stuck.is_empty() => PARTIAL_TICK,
            () => TICK,
        }
    }

    /// Takes over what a stuck worker cannot serve.
    fn relieve(&mut self, index: usize, now: Instant) {
        let shared = &self.shared;
        let remote = &shared.remotes[index];
        let mut tasks = Vec::new();
        for _ in 0..remote.backlog() {
            let Some(task) = remote.rob(&self.hands) else { break };
            tasks.push(task);
            tasks.extend(std::iter::from_fn(|| self.hands.pop()));
        }
        tasks.extend(remote.lifo.take());
        if !tasks.is_empty() {
            shared.injector.push_batch(tasks);
            shared.announce();
        }
        shared.driver.relieve(index, &mut self.wakers);
        shared.timers.try_fire_due(index, now, &mut self.wakers);
        // On a thread that is no worker: all that wakes goes to the injector.
        wake_all(self.wakers.drain(..));
    }

    /// Sees to it that somebody runs tasks, if no worker does.
    fn man(&mut self, are_all_stuck: bool, now: Instant) {
        if !are_all_stuck {
            let calm_since = *self.calm_since.get_or_insert(now);
            if now.saturating_duration_since(calm_since) >= CALM {
                self.crew.iter().for_each(Reserve::dismiss);
            }
            return;
        }
        self.calm_since = None;
        let epoch = self.shared.epoch;
        let is_busy = |hired: &Reserve| hired.is_dismissed() || hired.is_stuck(epoch, now, STALL);
        let has_work = self.shared.injector.len() > 0;
        if self.crew.is_empty() {
            self.tell();
        }
        let needs_another = self.crew.is_empty() || has_work && self.crew.iter().all(is_busy);
        if needs_another && self.crew.len() < RESERVE_COUNT_MAX {
            self.crew.extend(Reserve::begin(&self.shared));
        }
        if has_work {
            self.crew.iter().for_each(Reserve::call);
        }
    }

    /// Every worker is stuck: says which tasks they poll.
    fn tell(&self) {
        let lookout = &self.shared.lookout;
        // Ordering: Relaxed: a figure.
        lookout.stalls_count.fetch_add(1, Ordering::Relaxed);
        let report = lookout.report.lock().clone();
        if let Some(report) = report {
            quietly(|| report(self.shared.running_tasks()));
        }
    }
}

impl Shared {
    pub(super) fn count_reserve_thread(&self) {
        // Ordering: Relaxed: a figure.
        self.lookout.reserve_count.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn discount_reserve_thread(&self) {
        // Ordering: Relaxed: a figure.
        self.lookout.reserve_count.fetch_sub(1, Ordering::Relaxed);
    }

    /// Where the tasks were spawned that are being polled now.
    fn running_tasks(&self) -> Vec<&'static std::panic::Location<'static>> {
        let mut places = self.owned.running();
        self.seats.lock().iter().for_each(|seat| places.extend(seat.owned.running()));
        places
    }
}
