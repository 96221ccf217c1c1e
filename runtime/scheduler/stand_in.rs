//! Threads that take a worker over while its own thread blocks in place.
#![expect(unsafe_code, reason = "a worker's queue goes to another thread, and perhaps back")]

use std::sync::Arc;

use crate::queue::deque::{self, Owner};
use crate::scheduler::current::{self, Blocking};
use crate::scheduler::hand_over::HandOver;
use crate::scheduler::local::{Local, Mode};
use crate::scheduler::seat::{PinnedQueue, Seat};
use crate::scheduler::shared::SharedScheduler;
use crate::scheduler::worker::{Due, Worker};
use crate::task::{Runnable, count_beside_others, is_traced, without_budget};

/// Runs `closure` on this thread. If this thread runs a worker, another thread takes it over.
pub(crate) fn block_in_place<R>(closure: impl FnOnce() -> R) -> R {
    let _absence = current::with_worker(|local| match local {
        None => Absence::of_no_worker(),
        Some(local) => local.step_out(),
    });
    without_budget(closure)
}

/// Exists while a closure blocks in place. Its drop ends that, also when the closure unwinds.
struct Absence {
    /// The worker that this thread has left.
    hand_over: Option<Arc<HandOver>>,
    /// Whether this closure made the worker's task absent, and not one around it.
    is_outermost: bool,
    _blocking: Option<Blocking>,
}

impl Absence {
    fn of_no_worker() -> Absence {
        Absence { hand_over: None, is_outermost: false, _blocking: Some(current::allow_blocking()) }
    }
}

impl Drop for Absence {
    fn drop(&mut self) {
        if self.is_outermost {
            current::with_worker(|local| {
                local.expect("a poll ends on the worker it began on").step_in(self.hand_over.take());
            });
        }
    }
}

/// A dump's looker is one more, around the task that it polls.
fn tasks_in_this_poll() -> usize {
    1 + usize::from(is_traced())
}

impl Local {
    fn step_out(&self) -> Absence {
        if !self.shared().stand_ins.can_come() {
            // No thread would serve the futures that it waits for, so blocking on a future stays
            // forbidden.
            return Absence { hand_over: None, is_outermost: false, _blocking: None };
        }
        let is_polling = matches!(self.mode.get(), Mode::Usual | Mode::Away);
        if self.is_absent.get() || !is_polling {
            return Absence::of_no_worker();
        }
        self.is_absent.set(true);
        let hand_over = if self.mode.get() == Mode::Usual { self.leave() } else { None };
        // Before the closure, and after the worker has moved: closing workers serve no other
        // worker's timers.
        if !self.is_polling_pinned.get() {
            for _task in 0..tasks_in_this_poll() {
                if self.shared().shutdown_stage.step_out() {
                    self.shared().unpark_all();
                }
            }
        }
        Absence { hand_over, is_outermost: true, _blocking: Some(current::allow_blocking()) }
    }

    fn step_in(&self, hand_over: Option<Arc<HandOver>>) {
        self.is_absent.set(false);
        if !self.is_polling_pinned.get() {
            (0..tasks_in_this_poll()).for_each(|_task| self.shared().shutdown_stage.step_in());
        }
        if hand_over.is_some_and(|hand_over| !self.return_to(&hand_over)) {
            // The loop notices after this poll.
            self.pace.hurry();
        }
    }

    /// Gives this worker to another thread. Returns `None` if none is available: the worker stays,
    /// and its waiting tasks are announced to others.
    fn leave(&self) -> Option<Arc<HandOver>> {
        let (index, shared) = (self.index(), self.handle().shared());
        self.publish_counts(self.remote());
        self.mode.set(Mode::Away);
        count_beside_others(true);
        self.pinned.move_to(None);
        shared.driver.leave_worker(index);
        shared.timers.leave_worker(index);
        shared.shutdown_barrier.count_loose();
        // SAFETY: [handed-once] from here on this thread is away, and an away local does not
        // touch its queue. `return_to` ends that only when it holds the other end, which no other
        // thread has used then.
        let queue = unsafe { self.queue.hand_on() };
        let hand_over = HandOver::new(index, queue);
        if shared.stand_ins.offer(&hand_over) || shared.start_stand_in(&hand_over) {
            return Some(hand_over);
        }
        let has_returned = self.return_to(&hand_over);
        debug_assert!(has_returned, "nobody was told of it");
        self.share_all();
        None
    }

    /// Gives all tasks that others may run to the injector: this worker is busy for a while.
    fn share_all(&self) {
        let tasks = std::iter::from_fn(|| self.pop()).chain(self.remote().lifo.take());
        let shared = self.shared();
        shared.injector.push_batch(tasks.collect::<Vec<_>>());
        if shared.injector.len() > 0 {
            shared.announce();
        }
    }

    /// Makes this thread run the worker again, unless another thread took it. Returns whether it
    /// did.
    fn return_to(&self, hand_over: &HandOver) -> bool {
        let Some(queue) = hand_over.take() else { return false };
        let (index, shared) = (self.index(), self.shared());
        self.queue.take_back(queue);
        let outcome = shared.driver.come_back(index);
        outcome.expect("nobody else was bound, and the worker has not shut down");
        shared.timers.come_back(index);
        self.pinned.move_to(Some(index));
        self.mode.set(Mode::Usual);
        count_beside_others(false);
        shared.shutdown_barrier.forget_loose();
        true
    }
}

impl SharedScheduler {
    /// Starts a thread that runs the worker. Returns `false` if there are enough, or if the system
    /// refuses a thread: the worker stays where it is.
    fn start_stand_in(self: &Arc<Self>, hand_over: &Arc<HandOver>) -> bool {
        let Some(builder) = self.stand_ins.begin_start() else { return false };
        let seat = Seat::new(self.identity().is_observed());
        *seat.offer.lock() = Some(hand_over.clone());
        // Before the thread begins, because the end of the runtime wakes every listed seat.
        self.seats.lock().push(seat.clone());
        self.shutdown_barrier.count_loose();
        let (there, its) = (self.clone(), seat.clone());
        match builder
            .spawn(move || there.blocking.clone().hooks().around(|| Worker::absent(there, its).live()))
        {
            Ok(thread) => {
                self.stand_ins.add(thread);
                true
            }
            Err(_) => {
                self.shutdown_barrier.forget_loose();
                self.seats.lock().retain(|other| !Arc::ptr_eq(other, &seat));
                self.stand_ins.cancel_start();
                false
            }
        }
    }
}

impl Worker {
    /// Creates the state of a thread that will run a worker and has none yet.
    fn absent(shared: Arc<SharedScheduler>, seat: Arc<Seat>) -> Worker {
        let (queue, _stealer) = deque::new();
        let worker = Worker::new(0, queue, shared, PinnedQueue::new(seat));
        worker.local().mode.set(Mode::Away);
        worker
    }

    /// Runs a thread that runs workers, until the runtime ends.
    pub(crate) fn live(mut self) {
        loop {
            if self.is_away() {
                match self.wait_for_worker() {
                    Some(worker) => self = worker,
                    None => return,
                }
            }
            self.run_bound();
            if !self.is_away() {
                return;
            }
        }
    }

    fn run_bound(&mut self) {
        let (index, handle) = (self.index(), self.handle().clone());
        let shared = handle.shared().clone();
        let driver = shared.driver.bind_worker(index);
        let _driver = driver.expect("nobody else takes this worker's part of the driver, and it is open");
        let _timers = shared.timers.bind_worker(index);
        let _runtime = current::enter_runtime(handle);
        let _no_blocking = current::forbid_blocking();
        shared.figures(index).begin_thread();
        self.run_until_closed();
        if !self.is_away() {
            shared.figures(index).end_thread();
        }
    }

    /// Runs the pinned tasks of this thread until it gets a worker to run. Returns `None` if the
    /// runtime has ended.
    fn wait_for_worker(mut self) -> Option<Worker> {
        let shared = self.shared().clone();
        let (_driver, _timers) = (shared.driver.enter(), shared.timers.enter());
        let _runtime = current::enter_runtime(self.handle().clone());
        let _no_blocking = current::forbid_blocking();
        let seat = self.pinned().seat().clone();
        loop {
            let offer = seat.offer.lock().take();
            if let Some((index, queue)) = offer.and_then(|offer| Some((offer.index, offer.take()?))) {
                shared.shutdown_barrier.forget_loose();
                return Some(self.become_worker(index, queue));
            }
            if shared.shutdown_stage.has_begun() {
                self.end_without_worker(&shared);
                shared.shutdown_barrier.forget_loose();
                return None;
            }
            self.pinned().collect();
            if let Some(task) = self.pinned().pop() {
                self.poll(Due::Pinned(task));
                continue;
            }
            shared.stand_ins.add_idle(&seat);
            seat.parker().park();
            shared.stand_ins.remove_idle(&seat);
        }
    }

    fn become_worker(self, index: usize, queue: Owner<Runnable>) -> Worker {
        let shared = self.shared().clone();
        let pinned = self.into_pinned();
        pinned.move_to(Some(index));
        Worker::new(index, queue, shared, pinned)
    }

    /// Called when the runtime ends and this thread has no worker. Drops its pinned tasks, and the
    /// tasks that no worker will take.
    fn end_without_worker(&mut self, shared: &SharedScheduler) {
        self.inside(|| self.close_pinned());
        loop {
            self.pinned().collect();
            while let Some(task) = self.pinned().pop() {
                self.poll(Due::Pinned(task));
            }
            if !self.waits_for_pinned() {
                break;
            }
            self.pinned().seat().parker().park();
        }
        // The workers may have ended before this thread's task was put there.
        while let Some(task) = shared.injector.pop() {
            self.poll(Due::Shared(task));
        }
    }
}
