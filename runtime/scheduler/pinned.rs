//! Tasks that stay on one worker: `!Send` futures.

use std::collections::VecDeque;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

use crate::primitive::atomic::{AtomicBool, Ordering};
use crate::primitive::sync::Mutex;
use crate::scheduler::{Home, Shared, current};
use crate::task::{Cause, Header, Id, JoinHandle, OwnedTasks, Runnable, Schedule};

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

/// What a pinned task holds of its scheduler.
struct Pin {
    home: Arc<Home>,
    worker: usize,
}

impl Pin {
    fn owned<'a>(&self, shared: &'a Shared) -> &'a OwnedTasks {
        &shared.remotes[self.worker].pinned
    }
}

impl Schedule for Pin {
    /// [pinned-home]: to our own worker's queue, or by mail from anywhere else.
    fn schedule(&self, task: Runnable, _cause: Cause) {
        let shared = self.home.shared();
        current::with_worker(|context| match context {
            Some(context) if context.belongs_to(shared) && context.index() == self.worker => {
                context.schedule_pinned(task);
            }
            _ => {
                shared.remotes[self.worker].mailbox.post(task);
                shared.unpark(self.worker);
            }
        });
    }

    fn release(&self, task: &Header) {
        let shared = self.home.shared();
        self.owned(shared).remove(task);
        shared.tell_if_empty(self.owned(shared));
    }
}

/// Spawns a future that need not be `Send` on the worker of this thread. `None`: this thread is no worker.
pub(crate) fn spawn_local<F>(
    future: F,
    id: Id,
    location: &'static Location<'static>,
) -> Option<JoinHandle<F::Output>>
where
    F: Future + 'static,
    F::Output: 'static,
{
    let (pin, shared) = current::with_worker(|context| {
        let context = context?;
        let pin = Pin { home: context.home().clone(), worker: context.index() };
        Some((pin, context.home().shared().clone()))
    })?;
    let worker = pin.worker;
    let (runnable, handle) = shared.remotes[worker].pinned.bind_local(future, pin, id, location);
    if let Some(runnable) = runnable {
        current::with_worker(|context| {
            context.expect("a worker stays one while it spawns").schedule_pinned(runnable);
        });
    }
    Some(handle)
}
