//! Tasks that stay on one thread: `!Send` futures.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

use crate::primitive::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::primitive::sync::Mutex;
use crate::scheduler::park::Parker;
use crate::scheduler::reserve;
use crate::scheduler::stand_in::HandOver;
use crate::scheduler::worker::Worker;
use crate::scheduler::{Home, Shared, current};
use crate::task::{Cause, Header, Id, JoinHandle, OwnedTasks, Runnable, Schedule, this_thread};

/// Pinned tasks that other threads woke.
pub(super) struct Mailbox<T = Runnable> {
    has_mail: AtomicBool,
    letters: Mutex<Vec<T>>,
}

impl<T> Mailbox<T> {
    pub(super) fn new() -> Mailbox<T> {
        Mailbox { has_mail: AtomicBool::new(false), letters: Mutex::new(Vec::new()) }
    }

    pub(super) fn post(&self, task: T) {
        let mut letters = self.letters.lock();
        letters.push(task);
        // Ordering: Relaxed: the lock orders the list, and the unparking that follows publishes the
        // flag, [one-token].
        self.has_mail.store(true, Ordering::Relaxed);
    }

    /// Takes all tasks without looking at the flag, which a sender publishes by unparking the
    /// worker that it believes this thread runs.
    pub(super) fn take_all_posted(&self, into: &mut VecDeque<T>) {
        let mut letters = self.letters.lock();
        // Ordering: Relaxed: the lock orders the list, [one-token].
        self.has_mail.store(false, Ordering::Relaxed);
        into.extend(letters.drain(..));
    }

    #[inline]
    pub(super) fn take_all(&self, into: &mut VecDeque<T>) {
        // Ordering: Relaxed, as in `post`, [one-token].
        if self.has_mail.load(Ordering::Relaxed) {
            self.take_all_posted(into);
        }
    }
}

/// The value of `Seat::worker` for a thread that runs no worker.
const NO_WORKER: usize = usize::MAX;

/// The state of a thread that runs a worker. Its pinned tasks stay with it when another thread
/// takes the worker over.
pub(super) struct Seat {
    pub(super) mailbox: Mailbox,
    pub(super) owned: OwnedTasks,
    /// The worker that the thread runs.
    worker: AtomicUsize,
    /// Where the thread sleeps while it runs no worker.
    parker: Arc<Parker>,
    /// The worker that the thread must take over next.
    pub(super) offer: Mutex<Option<Arc<HandOver>>>,
}

impl Seat {
    pub(super) fn new() -> Arc<Seat> {
        Arc::new(Seat {
            mailbox: Mailbox::new(),
            owned: OwnedTasks::new(1),
            worker: AtomicUsize::new(NO_WORKER),
            parker: Parker::new(),
            offer: Mutex::new(None),
        })
    }

    /// Returns how many pinned tasks are alive.
    pub(super) fn tasks_count(&self) -> usize {
        self.owned.len()
    }

    pub(super) fn parker(&self) -> &Arc<Parker> {
        &self.parker
    }

    /// Only the seat's own thread calls this.
    fn set_worker(&self, worker: usize) {
        // Ordering: Relaxed, [pinned-home]: after this the thread empties its mailbox under the
        // lock. A task that it does not find there was posted under the lock afterwards, and then
        // its sender reads this value.
        self.worker.store(worker, Ordering::Relaxed);
    }

    /// Sends a pinned task to its thread.
    fn post(&self, task: Runnable, shared: &Shared) {
        self.mailbox.post(task);
        // Ordering: Relaxed, [pinned-home], as in `set_worker`.
        match self.worker.load(Ordering::Relaxed) {
            NO_WORKER => self.parker.unpark(),
            worker => shared.unpark(worker),
        }
    }
}

/// The pinned tasks of a thread that are due, and the thread that they belong to.
pub(super) struct PinnedQueue {
    seat: Arc<Seat>,
    due: RefCell<VecDeque<Runnable>>,
    /// The thread that the pinned tasks belong to. The worker of a current-thread runtime moves
    /// from thread to thread.
    thread: Cell<Option<Id>>,
    /// Whether the runtime ends on a thread other than theirs: then the tasks stay as they are, for
    /// ever.
    is_given_up: Cell<bool>,
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

    pub(super) fn is_empty(&self) -> bool {
        self.due.borrow().is_empty()
    }

    pub(super) fn pop(&self) -> Option<Runnable> {
        self.due.borrow_mut().pop_front()
    }

    pub(super) fn seat(&self) -> &Arc<Seat> {
        &self.seat
    }

    /// Takes the tasks in the mailbox.
    pub(super) fn collect(&self) {
        if !self.is_given_up.get() {
            self.seat.mailbox.take_all(&mut self.due.borrow_mut());
        }
    }

    /// Records that the thread runs another worker from now on, or none. Messages follow it.
    pub(super) fn move_to(&self, worker: Option<usize>) {
        self.seat.set_worker(worker.unwrap_or(NO_WORKER));
        self.seat.mailbox.take_all_posted(&mut self.due.borrow_mut());
    }
}

/// Leaks the task: it is neither run nor dropped. Its memory and its scheduler stay.
fn leak(task: Runnable) {
    task.into_raw();
}

impl Worker {
    /// Called before this thread runs the worker. Returns whether it may: there are no pinned
    /// tasks, or they belong to this thread. New pinned tasks belong to this thread.
    #[must_use]
    pub(crate) fn settle_pinned(&self) -> bool {
        let (queue, here) = (self.pinned(), this_thread());
        if queue.thread.get() != Some(here) && !self.pinned_tasks().is_empty() {
            return false;
        }
        queue.thread.set(Some(here));
        true
    }

    /// Leaks the pinned tasks, because the runtime ends here and they belong to another thread:
    /// [pinned-home].
    pub(crate) fn give_pinned_up(&self) {
        self.pinned().is_given_up.set(true);
        // Tasks that destructors spawn from now on belong to this thread and are cancelled.
        self.pinned_tasks().close();
        self.pinned().due.take().into_iter().for_each(leak);
    }

    pub(super) fn close_pinned(&self) {
        if !self.pinned().is_given_up.get() {
            self.pinned_tasks().close_and_shutdown_all(0);
        }
    }

    pub(super) fn waits_for_pinned(&self) -> bool {
        !self.pinned().is_given_up.get() && !self.pinned_tasks().is_empty()
    }

    /// Returns whether there are pinned tasks, whichever thread they belong to.
    pub(crate) fn has_pinned(&self) -> bool {
        !self.pinned_tasks().is_empty()
    }

    fn pinned_tasks(&self) -> &OwnedTasks {
        &self.pinned().seat.owned
    }
}

/// The reference to its scheduler that a pinned task holds.
struct Pin {
    home: Arc<Home>,
    seat: Arc<Seat>,
}

impl Pin {
    /// Creates the reference for a task of this thread, if the thread runs tasks.
    fn here() -> Option<Pin> {
        let of_worker = current::with_worker(|context| {
            let context = context?;
            Some(Pin { home: context.home().clone(), seat: context.seat().clone() })
        });
        of_worker.or_else(|| Some(Pin { seat: reserve::here()?, home: current::runtime()? }))
    }

    /// [pinned-home]: queues the task on this thread if it belongs here, or posts it to its thread.
    fn send_home(seat: &Arc<Seat>, shared: &Shared, task: Runnable) {
        current::with_worker(|context| match context {
            Some(context) if Arc::ptr_eq(context.seat(), seat) => context.schedule_pinned(task),
            _ => seat.post(task, shared),
        });
    }
}

impl Schedule for Pin {
    fn schedule(&self, task: Runnable, _cause: Cause) {
        Pin::send_home(&self.seat, self.home.shared(), task);
    }

    fn release(&self, task: &Header) {
        let shared = self.home.shared();
        self.seat.owned.remove(task);
        shared.tell_if_empty(&self.seat.owned);
    }
}

/// Spawns a future that need not be `Send` on this thread. Returns `None` if the thread runs no
/// worker and is not in the reserve.
pub(crate) fn spawn_local<F>(
    future: F,
    id: Id,
    location: &'static Location<'static>,
) -> Option<JoinHandle<F::Output>>
where
    F: Future + 'static,
    F::Output: 'static,
{
    let pin = Pin::here()?;
    let (shared, seat) = (pin.home.shared().clone(), pin.seat.clone());
    let (runnable, handle) = seat.owned.bind_local(future, pin, id, location);
    if let Some(runnable) = runnable {
        Pin::send_home(&seat, &shared, runnable);
    }
    Some(handle)
}
