//! The state of a thread that runs a worker, and the tasks that stay on it.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;

use crate::primitive::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::primitive::sync::Mutex;
use crate::scheduler::hand_over::HandOver;
use crate::scheduler::park::Parker;
use crate::task::{Id, OwnedTasks, Runnable};

/// Pinned tasks that other threads woke.
pub(super) struct PinnedInbox<T = Runnable> {
    has_tasks: AtomicBool,
    tasks: Mutex<Vec<T>>,
}

impl<T> PinnedInbox<T> {
    pub(super) fn new() -> PinnedInbox<T> {
        PinnedInbox { has_tasks: AtomicBool::new(false), tasks: Mutex::new(Vec::new()) }
    }

    pub(super) fn post(&self, task: T) {
        let mut tasks = self.tasks.lock();
        tasks.push(task);
        // Ordering: Relaxed: the lock orders the list, and the unparking that follows publishes the
        // flag, [one-token].
        self.has_tasks.store(true, Ordering::Relaxed);
    }

    /// Takes all tasks without looking at the flag, which a sender publishes by unparking the
    /// worker that it believes this thread runs.
    pub(super) fn take_all_posted(&self, into: &mut VecDeque<T>) {
        let mut tasks = self.tasks.lock();
        // Ordering: Relaxed: the lock orders the list, [one-token].
        self.has_tasks.store(false, Ordering::Relaxed);
        into.extend(tasks.drain(..));
    }

    /// Makes the thread look, as `post` does, without a task.
    fn mark(&self) {
        let _tasks = self.tasks.lock();
        // Ordering: Relaxed, as in `post`, [one-token].
        self.has_tasks.store(true, Ordering::Relaxed);
    }

    /// Returns whether there may have been something.
    #[inline]
    pub(super) fn take_all(&self, into: &mut VecDeque<T>) -> bool {
        // Ordering: Relaxed, as in `post`, [one-token].
        let has_tasks = self.has_tasks.load(Ordering::Relaxed);
        if has_tasks {
            self.take_all_posted(into);
        }
        has_tasks
    }
}

/// The value of `Seat::worker` for a thread that runs no worker.
const NO_WORKER: usize = usize::MAX;

/// A call that another thread asks for. It runs no code of users.
pub(super) type SeatCall = Box<dyn FnOnce(&Arc<Seat>) -> Option<Runnable> + Send>;

/// The state of a thread that runs a worker. Its pinned tasks stay with it when another thread
/// takes the worker over.
pub(super) struct Seat {
    pub(super) mailbox: PinnedInbox,
    /// Calls for the seat's thread, each of which may return a task to run there.
    calls: Mutex<Vec<SeatCall>>,
    pub(super) owned: OwnedTasks,
    /// The worker that the thread runs.
    worker: AtomicUsize,
    /// Where the thread sleeps while it runs no worker.
    parker: Arc<Parker>,
    /// The worker that the thread must take over next.
    pub(super) offer: Mutex<Option<Arc<HandOver>>>,
}

impl Seat {
    pub(super) fn new(is_observed: bool) -> Arc<Seat> {
        let owned = OwnedTasks::new(1);
        if is_observed {
            owned.observe();
        }
        Arc::new(Seat {
            mailbox: PinnedInbox::new(),
            calls: Mutex::new(Vec::new()),
            owned,
            worker: AtomicUsize::new(NO_WORKER),
            parker: Parker::new(),
            offer: Mutex::new(None),
        })
    }

    /// Returns how many pinned tasks are alive.
    pub(super) fn tasks_count(&self) -> usize {
        self.owned.len()
    }

    /// Asks the seat's thread to make `call`. Its caller unparks the thread.
    pub(super) fn post_call(&self, call: SeatCall) {
        self.calls.lock().push(call);
        self.mailbox.mark();
    }

    /// Takes what other threads have posted. Only the seat's own thread calls this.
    #[inline]
    pub(super) fn collect(self: &Arc<Seat>, due: &mut VecDeque<Runnable>) {
        if self.mailbox.take_all(due) {
            self.answer_calls(due);
        }
    }

    fn answer_calls(self: &Arc<Seat>, due: &mut VecDeque<Runnable>) {
        let calls = std::mem::take(&mut *self.calls.lock());
        due.extend(calls.into_iter().filter_map(|call| call(self)));
    }

    pub(super) fn parker(&self) -> &Arc<Parker> {
        &self.parker
    }

    /// Only the seat's own thread calls this.
    fn set_worker(&self, worker: usize) {
        // Ordering: Relaxed, [pinned-thread]: after this the thread empties its mailbox under the
        // lock. A task that it does not find there was posted under the lock afterwards, and then
        // its sender reads this value.
        self.worker.store(worker, Ordering::Relaxed);
    }

    /// Returns the worker that the thread runs, if it runs one.
    pub(super) fn worker(&self) -> Option<usize> {
        // Ordering: Relaxed, [pinned-thread], as in `set_worker`.
        let worker = self.worker.load(Ordering::Relaxed);
        (worker != NO_WORKER).then_some(worker)
    }
}

/// The pinned tasks of a thread that are due, and the thread that they belong to.
pub(super) struct PinnedQueue {
    pub(super) seat: Arc<Seat>,
    pub(super) due: RefCell<VecDeque<Runnable>>,
    /// The thread that the pinned tasks belong to. The worker of a current-thread runtime moves
    /// from thread to thread.
    pub(super) thread: Cell<Option<Id>>,
    /// Whether the runtime ends on a thread other than theirs: then the tasks stay as they are, for
    /// ever.
    pub(super) is_given_up: Cell<bool>,
}

impl PinnedQueue {
    pub(super) fn new(seat: Arc<Seat>) -> PinnedQueue {
        PinnedQueue {
            seat,
            due: RefCell::new(VecDeque::new()),
            thread: Cell::new(None),
            is_given_up: Cell::new(false),
        }
    }

    pub(super) fn push(&self, task: Runnable) {
        if self.is_given_up.get() {
            leak(task);
        } else {
            self.due.borrow_mut().push_back(task);
        }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.due.borrow().is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.due.borrow().len()
    }

    #[inline]
    pub(super) fn pop(&self) -> Option<Runnable> {
        self.due.borrow_mut().pop_front()
    }

    pub(super) fn seat(&self) -> &Arc<Seat> {
        &self.seat
    }

    /// Takes the tasks in the mailbox.
    pub(super) fn collect(&self) {
        if !self.is_given_up.get() {
            self.seat.collect(&mut self.due.borrow_mut());
        }
    }

    /// Records that the thread runs another worker from now on, or none. Messages follow it.
    pub(super) fn move_to(&self, worker: Option<usize>) {
        self.seat.set_worker(worker.unwrap_or(NO_WORKER));
        self.seat.mailbox.take_all_posted(&mut self.due.borrow_mut());
        self.seat.answer_calls(&mut self.due.borrow_mut());
    }
}

/// Leaks the task: it is neither run nor dropped. Its memory and its scheduler stay.
pub(super) fn leak(task: Runnable) {
    task.into_raw();
}
