//! The lookout: a thread that runs no task and serves the runtime when no worker can.
//!
//! A sentinel is an idle worker. When every worker is in a poll there is no sentinel, and one poll
//! that never ends would stop all other tasks. An example is a loop over another crate's channel
//! that is always ready and takes nothing from the budget.
//!
//! So a worker that begins to run tasks while no sentinel is on duty calls the lookout. The lookout
//! looks every [`TICK`] while no sentinel watches. If a worker has not checked in for [`STALL`], it
//! takes over the worker's tasks, completions, unsubmitted operations and due timers, as a sentinel
//! does. If no worker has, it also makes a thread of the [`reserve`](super::reserve) run them.
//! `DESIGN.md` explains the thread's life and the rejected designs.

use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use crate::primitive::atomic::Ordering;
use crate::primitive::thread;
use crate::queue::deque::{self, Owner};
use crate::scheduler::current;
use crate::scheduler::remote::Remote;
use crate::scheduler::reserve::Reserve;
use crate::scheduler::shared::SharedScheduler;
use crate::task::{Runnable, quietly, wake_all};

/// The time between two looks while every worker checks in. A look costs about 30 µs of CPU.
const TICK: Duration = Duration::from_millis(50);
/// The lookout serves a worker that has not checked in for this long. A sentinel waits much less,
/// because a thread costs more than a look, and because a machine that is busy with other things
/// keeps workers from their cores for as long.
const STALL: Duration = Duration::from_millis(50);
/// The time between two looks while only the lookout and the reserve serve the runtime.
const RELIEF_TICK: Duration = Duration::from_millis(1);
/// The same while some worker still checks in and serves itself.
const PARTIAL_TICK: Duration = Duration::from_millis(5);
/// The reserve is dismissed when a worker has checked in at every look for this long.
const CALM: Duration = Duration::from_millis(100);
/// The number of looks without a stuck or unwatched worker after which the lookout sleeps until it
/// is called.
const QUIET_LOOKS_COUNT: u32 = 4;
/// The largest number of threads in the reserve. Each of them may get stuck as well.
const RESERVE_COUNT_MAX: usize = 64;

impl SharedScheduler {
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
        match builder.spawn(move || LookoutThread::new(shared).work()) {
            Ok(started) => *thread = Some(started),
            // The next worker that wakes up tries again.
            Err(_) => self.lookout.call.announce_sleep(),
        }
    }

    /// Returns whether a worker is awake and no sentinel watches it.
    fn is_unwatched(&self) -> bool {
        !self.idle.has_sentinel() && self.workers().any(|(_, remote)| !remote.gate.is_closed())
    }
}

/// The state of the lookout's thread.
struct LookoutThread {
    shared: Arc<SharedScheduler>,
    /// Holds tasks that were taken from a ring, on their way to the injector.
    hands: Owner<Runnable>,
    wakers: Vec<Waker>,
    reserve_threads: Vec<Reserve>,
    /// Since when, while there is a reserve, some worker has checked in at every look.
    calm_since: Option<Instant>,
    quiet_looks: u32,
}

impl LookoutThread {
    fn new(shared: Arc<SharedScheduler>) -> LookoutThread {
        let (hands, _) = deque::new();
        LookoutThread {
            shared,
            hands,
            wakers: Vec::new(),
            reserve_threads: Vec::new(),
            calm_since: None,
            quiet_looks: 0,
        }
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
            shared.lookout.call.announce_sleep();
            if shared.is_unwatched() {
                shared.lookout.call.cancel_sleep();
            } else {
                shared.lookout.call.sleep();
            }
            self.quiet_looks = 0;
        }
        for thread in self.reserve_threads.drain(..) {
            thread.call_to_the_end();
        }
        // This thread stays until then, because the kernel cancels the operations that it has begun
        // when it ends.
        shared.wait_until_ended(None);
    }

    /// Looks at every worker and serves those that are stuck. Returns the time until the next look.
    fn look(&mut self) -> Duration {
        let shared = self.shared.clone();
        self.reserve_threads.retain_mut(|thread| !thread.is_gone());
        let now = shared.timers.now();
        let is_stuck = |remote: &Remote| {
            let absence = now.saturating_duration_since(remote.checked_in_at(shared.epoch));
            absence >= STALL && !remote.gate.is_closed()
        };
        let stuck: Vec<usize> =
            shared.workers().filter(|(_, remote)| is_stuck(remote)).map(|(index, _)| index).collect();
        let are_all_stuck = stuck.len() == shared.workers_count();
        if are_all_stuck || !shared.idle.has_sentinel() {
            stuck.iter().for_each(|index| self.relieve(*index, now));
        }
        self.adjust_reserve(are_all_stuck, now);
        let is_quiet = stuck.is_empty() && self.reserve_threads.is_empty() && !shared.is_unwatched();
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
            let Some(task) = remote.steal(&self.hands) else { break };
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
    fn adjust_reserve(&mut self, are_all_stuck: bool, now: Instant) {
        if !are_all_stuck {
            let calm_since = *self.calm_since.get_or_insert(now);
            if now.saturating_duration_since(calm_since) >= CALM {
                self.reserve_threads.iter().for_each(Reserve::dismiss);
            }
            return;
        }
        self.calm_since = None;
        let epoch = self.shared.epoch;
        let is_busy = |thread: &Reserve| thread.is_dismissed() || thread.is_stuck(epoch, now, STALL);
        let has_work = self.shared.injector.len() > 0;
        if self.reserve_threads.is_empty() {
            self.report_stall();
        }
        let needs_another =
            self.reserve_threads.is_empty() || has_work && self.reserve_threads.iter().all(is_busy);
        if needs_another && self.reserve_threads.len() < RESERVE_COUNT_MAX {
            self.reserve_threads.extend(Reserve::begin(&self.shared));
        }
        if has_work {
            self.reserve_threads.iter().for_each(Reserve::call);
        }
    }

    /// Reports that every worker is stuck, and which tasks they poll.
    fn report_stall(&self) {
        let lookout = &self.shared.lookout;
        // Ordering: Relaxed: it is only a metric.
        lookout.stalls_count.fetch_add(1, Ordering::Relaxed);
        let report = lookout.report.lock().clone();
        if let Some(report) = report {
            quietly(|| report(self.shared.running_tasks()));
        }
    }
}

impl SharedScheduler {
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
