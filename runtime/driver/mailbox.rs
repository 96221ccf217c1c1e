//! Requests that other threads post to a worker.
//!
//! The owner announces that it is about to sleep, issues a fence, and checks the mailbox. A sender
//! fills the mailbox, issues a fence, and checks whether the owner sleeps. One of the two sees the
//! other [no-lost-message]. So a sender makes a system call only if the owner sleeps.

use std::mem;

use crate::primitive::atomic::{AtomicBool, Ordering, fence};
use crate::primitive::sync::{Mutex, MutexGuard};

#[derive(Debug)]
pub(super) struct Mailbox<T> {
    /// A hint that spares the owner the lock. Changed only with the lock held.
    pending: AtomicBool,
    asleep: AtomicBool,
    messages: Mutex<Messages<T>>,
}

#[derive(Debug)]
struct Messages<T> {
    items: Vec<T>,
    is_closed: bool,
}

#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Posted<T> {
    /// The owner is awake and finds the request at its next harvest.
    Quiet,
    /// The owner may be asleep: ring its doorbell.
    Ring,
    /// The worker has shut down.
    Refused(T),
}

impl<T> Mailbox<T> {
    pub(super) fn new() -> Mailbox<T> {
        let messages = Mutex::new(Messages { items: Vec::new(), is_closed: false });
        Mailbox { pending: AtomicBool::new(false), asleep: AtomicBool::new(false), messages }
    }

    pub(super) fn post(&self, item: T) -> Posted<T> {
        let mut messages = self.messages.lock();
        if messages.is_closed {
            return Posted::Refused(item);
        }
        messages.items.push(item);
        self.announce(messages)
    }

    /// Posts many requests at once. If refused, they are still in `items`.
    pub(super) fn post_batch(&self, items: &mut Vec<T>) -> Posted<()> {
        let mut messages = self.messages.lock();
        if messages.is_closed {
            return Posted::Refused(());
        }
        messages.items.append(items);
        self.announce(messages)
    }

    fn announce<R>(&self, messages: MutexGuard<'_, Messages<T>>) -> Posted<R> {
        // Ordering: Relaxed [no-lost-message]: the fence below orders it before the load of
        // `asleep`.
        self.pending.store(true, Ordering::Relaxed);
        drop(messages);
        // Ordering: SeqCst fence [no-lost-message]: pairs with the one in `fall_asleep`.
        fence(Ordering::SeqCst);
        // Ordering: Relaxed [no-lost-message]: ordered by the fence.
        if self.asleep.load(Ordering::Relaxed) { Posted::Ring } else { Posted::Quiet }
    }

    /// Makes plain loads only. May return `false` while a request is being posted; its sender then
    /// rings.
    pub(super) fn is_pending(&self) -> bool {
        // Ordering: Relaxed [no-lost-message]: the lock in `take` orders the requests themselves.
        self.pending.load(Ordering::Relaxed)
    }

    /// Whether the owner seems to sleep, or to be about to.
    pub(super) fn is_asleep(&self) -> bool {
        // Ordering: Relaxed: a hint; a request that is posted rings if need be.
        self.asleep.load(Ordering::Relaxed)
    }

    /// Makes every later sender ring. The owner must check the mailbox after this call and before
    /// it sleeps.
    pub(super) fn fall_asleep(&self) {
        // Ordering: Relaxed [no-lost-message]: ordered by the fence.
        self.asleep.store(true, Ordering::Relaxed);
        // Ordering: SeqCst fence [no-lost-message]: pairs with the one in `post`.
        fence(Ordering::SeqCst);
    }

    pub(super) fn wake_up(&self) {
        // Ordering: Relaxed [no-lost-message]: a sender that still rings costs one spurious
        // wake-up.
        self.asleep.store(false, Ordering::Relaxed);
    }

    /// Swaps the requests into `into`, which must be empty.
    pub(super) fn take(&self, into: &mut Vec<T>) {
        if !self.is_pending() {
            return;
        }
        let mut messages = self.messages.lock();
        // Ordering: Relaxed [no-lost-message]: changed only under the lock.
        self.pending.store(false, Ordering::Relaxed);
        mem::swap(&mut messages.items, into);
    }

    /// Takes the requests for which `is_wanted` is true and leaves the others. Called by a worker
    /// that reads the mailbox of a stuck one.
    pub(super) fn take_if(&self, is_wanted: impl Fn(&T) -> bool) -> Vec<T> {
        let mut messages = self.messages.lock();
        let (wanted, left) = mem::take(&mut messages.items).into_iter().partition(is_wanted);
        messages.items = left;
        // Ordering: Relaxed [no-lost-message]: changed only under the lock.
        self.pending.store(!messages.items.is_empty(), Ordering::Relaxed);
        wanted
    }

    /// Refuses every later request.
    pub(super) fn close(&self) {
        self.messages.lock().is_closed = true;
    }
}
