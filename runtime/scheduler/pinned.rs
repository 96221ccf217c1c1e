//! Tasks that stay on one worker: `!Send` futures.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

use crate::primitive::atomic::{AtomicBool, Ordering};
use crate::primitive::sync::Mutex;
use crate::scheduler::stand_in::{self, Post};
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
        // Ordering: Relaxed: the lock orders the letters, and the unparking that follows publishes the flag, [one-token].
        self.has_mail.store(true, Ordering::Relaxed);
    }

    pub(super) fn take_all(&self, into: &mut VecDeque<T>) {
        // Ordering: Relaxed, as in `post`, [one-token].
        if self.has_mail.load(Ordering::Relaxed) {
            let mut letters = self.letters.lock();
            self.has_mail.store(false, Ordering::Relaxed);
            into.extend(letters.drain(..));
        }
    }
}

/// Pinned tasks of a worker that are due, and whose they are.
pub(super) struct PinnedQueue {
    due: RefCell<VecDeque<Runnable>>,
    /// The thread that the pinned tasks belong to. The worker of a current-thread runtime goes from thread to thread.
    thread: Cell<Option<Id>>,
    /// The runtime ends on another thread than theirs: they stay as they are, for ever.
    is_given_up: Cell<bool>,
}

impl PinnedQueue {
    pub(super) fn new() -> PinnedQueue {
        PinnedQueue {
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

    /// Takes in what came by mail.
    pub(super) fn collect(&self, mailbox: &Mailbox) {
        if !self.is_given_up.get() {
            mailbox.take_all(&mut self.due.borrow_mut());
        }
    }
}

/// Neither run nor dropped: the task and its memory stay, and its scheduler with it.
fn leak(task: Runnable) {
    task.into_raw();
}

impl Worker {
    /// Before this thread runs the worker: whether it may, for there are no pinned tasks, or they are this thread's. Those
    /// that come are its own.
    #[must_use]
    pub(crate) fn settle_pinned(&self) -> bool {
        let (queue, here) = (self.pinned(), this_thread());
        if queue.thread.get() != Some(here) && !self.pinned_tasks().is_empty() {
            return false;
        }
        queue.thread.set(Some(here));
        true
    }

    /// The runtime ends here, and its pinned tasks belong to another thread: they are leaked [pinned-home].
    pub(crate) fn give_pinned_up(&self) {
        self.pinned().is_given_up.set(true);
        // What destructors spawn from here on is ours, and is cancelled.
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

    fn pinned_tasks(&self) -> &OwnedTasks {
        &self.shared().remotes[self.index()].pinned
    }
}

/// What a pinned task holds of its scheduler.
struct Pin {
    home: Arc<Home>,
    place: Place,
}

/// Whose thread a pinned task belongs to.
#[derive(Clone)]
enum Place {
    Worker(usize),
    StandIn(Arc<Post>),
}

impl Pin {
    /// For a task of this thread, if it runs tasks.
    fn here() -> Option<Pin> {
        let of_worker = current::with_worker(|context| {
            let context = context?;
            Some(Pin { home: context.home().clone(), place: Place::Worker(context.index()) })
        });
        of_worker
            .or_else(|| Some(Pin { place: Place::StandIn(stand_in::here()?), home: current::runtime()? }))
    }
}

impl Place {
    fn owned<'a>(&'a self, shared: &'a Shared) -> &'a OwnedTasks {
        match self {
            Place::Worker(index) => &shared.remotes[*index].pinned,
            Place::StandIn(post) => &post.pinned,
        }
    }

    /// [pinned-home]: to our own worker's queue, or by mail from anywhere else.
    fn receive(&self, shared: &Shared, task: Runnable) {
        let index = match self {
            Place::Worker(index) => *index,
            Place::StandIn(post) => return post.receive(task),
        };
        current::with_worker(|context| match context {
            Some(context) if context.belongs_to(shared) && context.index() == index => {
                context.schedule_pinned(task);
            }
            _ => {
                shared.remotes[index].mailbox.post(task);
                shared.unpark(index);
            }
        });
    }
}

impl Schedule for Pin {
    fn schedule(&self, task: Runnable, _cause: Cause) {
        self.place.receive(self.home.shared(), task);
    }

    fn release(&self, task: &Header) {
        let shared = self.home.shared();
        self.place.owned(shared).remove(task);
        shared.tell_if_empty(self.place.owned(shared));
    }
}

/// Spawns a future that need not be `Send` on this thread. `None`: it is no worker, nor does it stand in for one.
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
    let (shared, place) = (pin.home.shared().clone(), pin.place.clone());
    let (runnable, handle) = place.owned(&shared).bind_local(future, pin, id, location);
    if let Some(runnable) = runnable {
        place.receive(&shared, runnable);
    }
    Some(handle)
}
