//! The lookout: a thread that runs no task and serves the runtime when no worker can.
//!
//! A sentinel is an idle worker. When every worker is in a poll there is no sentinel, and one poll
//! that never ends would stop all other tasks. An example is a loop over another crate's channel
//! that is always ready and takes nothing from the budget.
//!
//! So a worker that begins to run tasks while no sentinel is on duty calls the lookout. The lookout
//! looks every [`TICK`] while no sentinel watches. If a worker has not come round for [`STALL`], it
//! takes over the worker's tasks, completions, unsubmitted operations and due timers, as a sentinel
//! does. If no worker has, it also makes a thread of the [`reserve`](super::reserve) run them.
//! `DESIGN.md` explains the thread's life and the rejected designs.

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

/// The time between two looks while every worker comes round. A look costs about 30 µs of CPU.
const TICK: Duration = Duration::from_millis(50);
/// The lookout serves a worker that has not come round for this long. A sentinel waits much less,
/// because a thread costs more than a look, and because a machine that is busy with other things
/// keeps workers from their cores for as long.
const STALL: Duration = Duration::from_millis(50);
/// The time between two looks while only the lookout and the reserve serve the runtime.
const RELIEF_TICK: Duration = Duration::from_millis(1);
/// The same while some worker still comes round and serves itself.
const PARTIAL_TICK: Duration = Duration::from_millis(5);
/// The reserve is dismissed when a worker has come round at every look for this long.
const CALM: Duration = Duration::from_millis(100);
/// The number of looks without a stuck or unwatched worker after which the lookout sleeps until it
/// is called.
const QUIET_LOOKS_COUNT: u32 = 4;
/// The largest number of threads in the reserve. Each of them may get stuck as well.
const RESERVE_COUNT_MAX: usize = 64;

/// The callback for the time when every worker is stuck. Its argument is where the polled tasks
/// were spawned.
pub(crate) type Report = dyn Fn(Vec<&'static std::panic::Location<'static>>) + Send + Sync;

/// Tracks whether the lookout sleeps, and wakes it: `[called]`.
pub(super) struct Call {
    is_asleep: AtomicBool,
    is_closing: Mutex<bool>,
    bell: Condvar,
}

/// The lookout, as workers, handles and the end of a runtime see it.
pub(crate) struct Lookout {
    /// Whether workers call it. False on a current-thread runtime, where no other thread may stand
    /// in.
    is_offered: AtomicBool,
    call: Call,
    thread: Mutex<Option<thread::JoinHandle<()>>>,
    report: Mutex<Option<Arc<Report>>>,
    stalls_count: AtomicU64,
    reserve_count: AtomicUsize,
}

impl Call {
    /// Creates it without a sleeper: calls do nothing until `lie_down`.
    pub(super) fn new() -> Call {
        Call { is_asleep: AtomicBool::new(false), is_closing: Mutex::new(false), bell: Condvar::new() }
    }

    /// Announces that the caller is about to sleep. It looks once more before it does.
    pub(super) fn lie_down(&self) {
        // Ordering: Relaxed, then the fence: [called]. A worker's gate and duty likewise come
        // before its own fence.
        self.is_asleep.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
    }

    /// Takes that back, because the last look found something.
    pub(super) fn get_up(&self) {
        // Ordering: Relaxed, [called]: the lookout is awake and looks again.
        self.is_asleep.store(false, Ordering::Relaxed);
    }

    /// Returns whether the lookout sleeps and could be called. The caller has fenced since it was
    /// counted out.
    #[inline]
    pub(super) fn is_asleep(&self) -> bool {
        // Ordering: Relaxed, [called]: the fence in `Idle::sentinel_to_wake` orders it.
        self.is_asleep.load(Ordering::Relaxed)
    }

    /// Ends the sleep. Returns `false` if another thread did.
    pub(super) fn call(&self) -> bool {
        // Ordering: Relaxed, [called]: the lock below orders it for the sleeper.
        if !self.is_asleep.swap(false, Ordering::Relaxed) {
            return false;
        }
        drop(self.is_closing.lock());
        self.bell.notify_one();
        true
    }

    /// Sleeps until it is called or closed.
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

    /// Makes workers call it from now on. The first call starts its thread.
    pub(crate) fn offer(&self, report: Option<Arc<Report>>) {
        *self.report.lock() = report;
        // Ordering: Relaxed, because this happens before any worker's thread begins.
        self.is_offered.store(true, Ordering::Relaxed);
        self.call.lie_down();
    }

    #[inline]
    pub(super) fn is_offered(&self) -> bool {
        // Ordering: Relaxed, as in `offer`.
        self.is_offered.load(Ordering::Relaxed)
    }

    /// Returns how often every worker was stuck at once.
    pub(crate) fn stalls_count(&self) -> u64 {
        // Ordering: Relaxed: it is only a metric.
        self.stalls_count.load(Ordering::Relaxed)
    }

    /// Returns the number of threads in the reserve.
    pub(crate) fn reserve_count(&self) -> usize {
        // Ordering: Relaxed: it is only a metric.
        self.reserve_count.load(Ordering::Relaxed)
    }

    /// Ends the lookout, because the runtime ends.
    pub(super) fn close(&self) {
        self.call.close();
    }

    /// Waits for the thread, which ends when all workers have ended.
    pub(crate) fn join(&self) {
        let thread = self.thread.lock().take();
        if let Some(thread) = thread {
            // It does not panic: it catches the panics of wakers and hooks.
            let _ = thread.join();
        }
    }
}

impl Shared {
    pub(crate) fn lookout(&self) -> &Lookout {
        &self.lookout
    }

    /// Called by a worker that begins to run tasks while no sentinel is on duty: `[called]`.
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

    /// Returns all workers, without the reserve.
    fn workers(&self) -> impl Iterator<Item = (usize, &Remote)> {
        self.remotes.iter().map(|remote| &**remote).enumerate()
    }

    /// Returns whether a worker is awake and no sentinel watches it.
    fn is_unwatched(&self) -> bool {
        !self.idle.has_sentinel() && self.workers().any(|(_, remote)| !remote.gate.is_closed())
    }
}

/// The state of the lookout's thread.
struct Watchman {
    shared: Arc<Shared>,
    /// Holds tasks that were taken from a ring, on their way to the injector.
    hands: Owner<Runnable>,
    wakers: Vec<Waker>,
    crew: Vec<Reserve>,
    /// Since when, while there is a reserve, some worker has come round at every look.
    calm_since: Option<Instant>,
    quiet_looks: u32,
}

impl Watchman {
    fn new(shared: Arc<Shared>) -> Watchman {
        let (hands, _) = deque::new();
        Watchman { shared, hands, wakers: Vec::new(), crew: Vec::new(), calm_since: None, quiet_looks: 0 }
    }

    fn work(mut self) {
        // A waker is user code. It may end a runtime, which must not wait for this thread.
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
        // This thread stays until then, because the kernel cancels the operations that it has begun
        // when it ends.
        shared.wait_until_ended(None);
    }

    /// Looks at every worker and serves those that are stuck. Returns the time until the next look.
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

    /// Takes over everything that a stuck worker cannot serve.
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
        // This thread is no worker, so all tasks that it wakes go to the injector.
        wake_all(self.wakers.drain(..));
    }

    /// Makes the reserve run tasks if no worker does, and dismisses it otherwise.
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

    /// Reports that every worker is stuck, and which tasks they poll.
    fn tell(&self) {
        let lookout = &self.shared.lookout;
        // Ordering: Relaxed: it is only a metric.
        lookout.stalls_count.fetch_add(1, Ordering::Relaxed);
        let report = lookout.report.lock().clone();
        if let Some(report) = report {
            quietly(|| report(self.shared.running_tasks()));
        }
    }
}

impl Shared {
    pub(super) fn count_reserve_thread(&self) {
        // Ordering: Relaxed: it is only a metric.
        self.lookout.reserve_count.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn discount_reserve_thread(&self) {
        // Ordering: Relaxed: it is only a metric.
        self.lookout.reserve_count.fetch_sub(1, Ordering::Relaxed);
    }

    /// Returns where the tasks that are being polled now were spawned.
    fn running_tasks(&self) -> Vec<&'static std::panic::Location<'static>> {
        let mut places = self.owned.running();
        self.seats.lock().iter().for_each(|seat| places.extend(seat.owned.running()));
        places
    }
}
