//! The gate behind which a thread sleeps, and the parker of threads that are not workers.

use futures_task::ArcWake;
use std::sync::Arc;
use std::time::Instant;

use crate::primitive::atomic::{AtomicBool, AtomicU32, Ordering};
use crate::primitive::clock;
use crate::primitive::sync::{Condvar, Mutex, wait};

/// The owner is awake, and there was no notification.
const OPEN: u32 = 0;
/// The owner sleeps or is about to. A notifier must wake it.
const CLOSED: u32 = 1;
/// There was a notification: the owner does not go to sleep.
const NOTIFIED: u32 = 2;

/// Remembers one notification. The owner closes the gate, sleeps by any means, and opens the gate.
/// Any thread notifies.
///
/// | state | `close` | `notify` | `open` |
/// |---|---|---|---|
/// | open | closed, sleep | notified | open |
/// | closed | – | notified, wake the owner | open |
/// | notified | open, do not sleep | notified | open |
#[derive(Debug)]
pub(crate) struct Gate {
    state: AtomicU32,
}

impl Gate {
    pub(crate) fn new() -> Self {
        Gate { state: AtomicU32::new(OPEN) }
    }

    /// Returns whether the owner may sleep now. Returns `false` if it was notified since its last
    /// look.
    #[must_use]
    pub(crate) fn close(&self) -> bool {
        // Ordering: Relaxed: closing publishes nothing, and the swap that consumes a notification,
        // here or in `open`, acquires what it published, [one-token].
        match self.state.compare_exchange(OPEN, CLOSED, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => true,
            Err(_) => {
                // Ordering: Acquire, [one-token]: pairs with `notify`. A second notification
                // between the two steps is merged with the first and seen, because it came before
                // the swap.
                self.state.swap(OPEN, Ordering::Acquire);
                false
            }
        }
    }

    /// Called by the owner when it is awake. Consumes a notification that came during the sleep,
    /// and returns whether there was one. The owner looks at everything now.
    pub(crate) fn open(&self) -> bool {
        // Ordering: Acquire, [one-token]: pairs with `notify`.
        self.state.swap(OPEN, Ordering::Acquire) == NOTIFIED
    }

    /// Reports that there is something to look at. Returns `true` if the owner sleeps: the caller
    /// must wake it.
    #[must_use]
    pub(crate) fn notify(&self) -> bool {
        // Ordering: Release, [one-token]: publishes everything that the owner must find. If several
        // threads notify, each swap passes on what the previous one published.
        self.state.swap(NOTIFIED, Ordering::Release) == CLOSED
    }

    /// Returns whether the owner seems to sleep. A hint.
    pub(crate) fn is_closed(&self) -> bool {
        // Ordering: Relaxed: a hint for the sentinel, which looks again.
        self.state.load(Ordering::Relaxed) == CLOSED
    }
}

/// Records whether the future that a worker polls beside its tasks was woken. It starts as woken.
pub(crate) struct WakeFlag(AtomicBool);

impl WakeFlag {
    pub(crate) fn new() -> WakeFlag {
        WakeFlag(AtomicBool::new(true))
    }

    pub(crate) fn set(&self) {
        // Ordering: Release, [root-wake]. This is a swap and not a store: if several threads set
        // it, each passes on what the previous one published.
        self.0.swap(true, Ordering::Release);
    }

    /// Returns whether the next `take` would find a wake.
    #[inline]
    pub(crate) fn is_set(&self) -> bool {
        // Ordering: Relaxed, [root-wake]: a hint that hurries a poll, which `take` decides.
        self.0.load(Ordering::Relaxed)
    }

    /// Returns whether the future was woken since the last call. The poll comes after this, so a
    /// wake during the poll counts.
    #[must_use]
    #[inline]
    pub(crate) fn take(&self) -> bool {
        // Ordering: Relaxed, [root-wake]: this look spares most rounds the swap. The unparking that
        // follows a wake makes up for a look that came too early.
        if !self.0.load(Ordering::Relaxed) {
            return false;
        }
        // Ordering: Acquire, [root-wake]: pairs with `set`. A store here would erase a wake that
        // came after the look.
        self.0.swap(false, Ordering::Acquire)
    }
}

/// Sleeps on a condition variable. For threads that call `block_on` and have no ring.
pub(crate) struct Parker {
    gate: Gate,
    lock: Mutex<()>,
    condvar: Condvar,
}

impl Parker {
    pub(crate) fn new() -> Arc<Parker> {
        Arc::new(Parker { gate: Gate::new(), lock: Mutex::new(()), condvar: Condvar::new() })
    }

    /// Sleeps until it is unparked. Returns at once if it was unparked since the last call.
    pub(crate) fn park(&self) {
        let mut guard = self.lock.lock();
        if !self.gate.close() {
            return;
        }
        // Condition variables wake for no reason now and then, so the state decides.
        while self.gate.is_closed() {
            guard = wait(&self.condvar, guard);
        }
        drop(guard);
        self.gate.open();
    }

    /// Like `park`, but at most until `deadline`. Returns `false` if it has passed.
    #[must_use]
    pub(crate) fn park_until(&self, deadline: Instant) -> bool {
        let mut guard = self.lock.lock();
        if !self.gate.close() {
            return true;
        }
        let mut is_late = false;
        while self.gate.is_closed() && !is_late {
            let left = deadline.saturating_duration_since(clock::now());
            (guard, _) = self.lock.wait_timeout(&self.condvar, guard, left);
            is_late = clock::now() >= deadline;
        }
        drop(guard);
        // A notification that came as the time ended is lost: no poll follows.
        self.gate.open();
        !is_late
    }

    pub(crate) fn unpark(&self) {
        if self.gate.notify() {
            // The sleeper holds the lock from its look at the gate until it waits. So once this
            // thread has taken the lock, the sleeper waits and receives the signal.
            drop(self.lock.lock());
            self.condvar.notify_one();
        }
    }
}

impl ArcWake for Parker {
    fn wake_by_ref(parker: &Arc<Self>) {
        parker.unpark();
    }
}
