//! The reserve: threads that run waiting tasks while every worker is stuck in a poll.
//!
//! A thread of the reserve is no worker. It has no ring of tasks, which another thread would have
//! to rescue if it got stuck, and no part of the driver. It polls tasks from the injector, and
//! tasks that its polls wake return there. The lookout serves what these polls ask of the driver
//! and the timers. A local task that is spawned in such a poll stays on its thread, which then
//! lives until that task has ended.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::primitive::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::primitive::{clock, thread};
use crate::scheduler::current;
use crate::scheduler::handle::SchedulerHandle;
use crate::scheduler::seat::Seat;
use crate::scheduler::shared::SharedScheduler;
use crate::task::Runnable;

thread::thread_local! {
    static SEAT: RefCell<Option<Arc<Seat>>> = const { RefCell::new(None) };
}

/// The part of a thread of the reserve that other threads may use.
pub(super) struct ReserveThread {
    /// The seat of a thread that runs no worker: its pinned tasks, their mailbox, and where it
    /// sleeps.
    seat: Arc<Seat>,
    /// When its current poll began, in nanoseconds since the scheduler's start. Zero while it polls
    /// nothing.
    began: AtomicU64,
    is_dismissed: AtomicBool,
    has_ended: AtomicBool,
}

/// Returns this thread's seat, if the thread belongs to the reserve.
pub(super) fn here() -> Option<Arc<Seat>> {
    SEAT.try_with(|seat| seat.borrow().clone()).ok().flatten()
}

impl ReserveThread {
    /// Removes the seat, which has no tasks any more.
    fn leave(&self, shared: &SharedScheduler) {
        shared.seats.lock().retain(|seat| !Arc::ptr_eq(seat, &self.seat));
    }

    fn is_dismissed(&self) -> bool {
        // Ordering: Relaxed, [one-token]: the unparking that follows makes the thread look.
        self.is_dismissed.load(Ordering::Relaxed)
    }

    fn poll(&self, shared: &SharedScheduler, task: Runnable) {
        let since_epoch = clock::now().saturating_duration_since(shared.epoch).as_nanos() as u64;
        // Ordering: Relaxed, both: the lookout compares them with the time of a look; they publish
        // nothing.
        self.began.store(since_epoch.max(1), Ordering::Relaxed);
        task.run();
        self.began.store(0, Ordering::Relaxed);
    }

    /// Runs waiting tasks until it is dismissed, and its pinned tasks until they have ended.
    fn work(&self, shared: &SharedScheduler) {
        let mut due = VecDeque::new();
        while shared.closing().is_none() {
            self.seat.collect(&mut due);
            if let Some(task) = due.pop_front() {
                self.poll(shared, task);
            }
            let is_dismissed = self.is_dismissed();
            if is_dismissed && self.seat.owned.is_empty() {
                return;
            }
            match (!is_dismissed).then(|| shared.injector.pop()).flatten() {
                Some(task) => self.poll(shared, task),
                None if due.is_empty() => self.seat.parker().park(),
                None => {}
            }
        }
        self.seat.owned.close_and_shutdown_all(0);
        due.drain(..).for_each(drop);
        while !self.seat.owned.is_empty() {
            self.seat.collect(&mut due);
            if due.is_empty() {
                self.seat.parker().park();
            }
            due.drain(..).for_each(drop);
        }
    }
}

/// A thread of the reserve, as the lookout sees it.
pub(super) struct Reserve {
    post: Arc<ReserveThread>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Reserve {
    /// Starts a thread. Returns `None` if the runtime ends or the system refuses a thread.
    pub(super) fn begin(shared: &Arc<SharedScheduler>) -> Option<Reserve> {
        if !shared.take_in_reserve_thread() {
            return None;
        }
        let post = Arc::new(ReserveThread {
            seat: Seat::new(shared.identity().is_observed()),
            began: AtomicU64::new(0),
            is_dismissed: AtomicBool::new(false),
            has_ended: AtomicBool::new(false),
        });
        let mut builder =
            thread::Builder::new().name(shared.blocking().hooks().name_or(|| "heist-reserve".to_owned()));
        if let Some(bytes) = shared.blocking().stack_size() {
            builder = builder.stack_size(bytes);
        }
        // Before the thread begins, because the end of the runtime wakes every listed seat.
        shared.seats.lock().push(post.seat.clone());
        let (there, handle) = (post.clone(), SchedulerHandle::new(shared.clone()));
        match builder.spawn(move || handle.shared().blocking().hooks().around(|| serve(&handle, there))) {
            Ok(thread) => Some(Reserve { post, thread: Some(thread) }),
            Err(_) => {
                post.leave(shared);
                shared.forget_worker();
                None
            }
        }
    }

    /// Wakes the thread, because a task waits.
    pub(super) fn call(&self) {
        self.post.seat.parker().unpark();
    }

    /// Makes the thread end after its current poll.
    pub(super) fn dismiss(&self) {
        // Ordering: Relaxed, [one-token]: the unparking publishes it.
        if !self.post.is_dismissed.swap(true, Ordering::Relaxed) {
            self.call();
        }
    }

    pub(super) fn is_dismissed(&self) -> bool {
        self.post.is_dismissed()
    }

    /// Returns whether it has polled one task for at least `stall`.
    pub(super) fn is_stuck(&self, epoch: Instant, now: Instant, stall: Duration) -> bool {
        // Ordering: Relaxed, as in `ReserveThread::poll`.
        let began = self.post.began.load(Ordering::Relaxed);
        began != 0 && now.saturating_duration_since(epoch + Duration::from_nanos(began)) >= stall
    }

    /// Returns whether its thread has ended. If so, joins it.
    pub(super) fn is_gone(&mut self) -> bool {
        // Ordering: Relaxed, because the join publishes everything.
        let has_ended = self.post.has_ended.load(Ordering::Relaxed);
        if has_ended {
            self.join();
        }
        has_ended
    }

    /// Waits for the thread, because the runtime ends.
    pub(super) fn call_to_the_end(mut self) {
        self.call();
        self.join();
    }

    fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            // The panics of tasks are caught where they are polled.
            let _ = thread.join();
        }
    }
}

/// Runs a thread of the reserve until it ends.
fn serve(handle: &Arc<SchedulerHandle>, post: Arc<ReserveThread>) {
    let shared = handle.shared();
    shared.count_reserve_thread();
    let _driver = shared.driver().enter();
    let _timers = shared.timers().enter();
    let _runtime = current::enter_runtime(handle.clone());
    let _no_blocking = current::forbid_blocking();
    SEAT.with(|place| place.replace(Some(post.seat.clone())));
    post.work(shared);
    SEAT.with(|place| place.replace(None));
    post.leave(shared);
    shared.discount_reserve_thread();
    // It does not wait for the others, because it has no part of the driver to close.
    shared.forget_worker();
    // Ordering: Relaxed, as in `is_gone`.
    post.has_ended.store(true, Ordering::Relaxed);
}
