//! The gate a thread sleeps behind, and the parker of threads that are not workers.

use futures_task::ArcWake;
use std::sync::Arc;
use std::time::Instant;

use crate::primitive::atomic::{AtomicBool, AtomicU32, Ordering};
use crate::primitive::clock;
use crate::primitive::sync::{Condvar, Mutex, wait};

/// Nobody sleeps and nothing was said.
const OPEN: u32 = 0;
/// The owner sleeps, or is about to: who notifies must ring.
const CLOSED: u32 = 1;
/// Something was said: the owner does not go to sleep.
const NOTIFIED: u32 = 2;

/// Remembers one notification. The owner closes it, sleeps in whatever it likes, and opens it; anybody notifies.
///
/// | state | `close` | `notify` | `open` |
/// |---|---|---|---|
/// | open | closed, sleep | notified | open |
/// | closed | – | notified, ring | open |
/// | notified | open, do not sleep | notified | open |
#[derive(Debug)]
pub(crate) struct Gate {
    state: AtomicU32,
}

impl Gate {
    pub(crate) fn new() -> Self {
        Gate { state: AtomicU32::new(OPEN) }
    }

    /// Whether the owner may sleep now. `false`: it was notified since it last looked.
    #[must_use]
    pub(crate) fn close(&self) -> bool {
        // Ordering: Relaxed: closing publishes nothing, and what a notification published is taken over by the swap that
        // consumes it, here or in `open`, [one-token].
        match self.state.compare_exchange(OPEN, CLOSED, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => true,
            Err(_) => {
                // Ordering: Acquire, [one-token]: pairs with `notify`. A second notification between the two steps is
                // merged, and seen: it came before.
                self.state.swap(OPEN, Ordering::Acquire);
                false
            }
        }
    }

    /// The owner is awake. A notification that came during the sleep is consumed: the owner looks at everything now.
    /// Returns whether there was one.
    pub(crate) fn open(&self) -> bool {
        // Ordering: Acquire, [one-token]: pairs with `notify`.
        self.state.swap(OPEN, Ordering::Acquire) == NOTIFIED
    }

    /// Says that there is something to look at. `true`: the owner sleeps, and the caller must ring its bell.
    #[must_use]
    pub(crate) fn notify(&self) -> bool {
        // Ordering: Release, [one-token]: publishes what the owner is to find. Where several notify, each swap hands on
        // what the one before it published.
        self.state.swap(NOTIFIED, Ordering::Release) == CLOSED
    }

    /// Whether the owner seems to sleep. A hint.
    pub(crate) fn is_closed(&self) -> bool {
        // Ordering: Relaxed, a hint for the sentinel, which looks again.
        self.state.load(Ordering::Relaxed) == CLOSED
    }
}

/// Whether the future that a worker polls beside its tasks was woken. At first it was.
pub(crate) struct Nudge(AtomicBool);

impl Nudge {
    pub(crate) fn new() -> Nudge {
        Nudge(AtomicBool::new(true))
    }

    pub(crate) fn tell(&self) {
        // Ordering: Release, [root-wake]. A swap and no store: where several tell, each hands on what the one before it
        // published.
        self.0.swap(true, Ordering::Release);
    }

    /// Whether it was told since the last call. The poll comes after this, so that a wake during it counts.
    #[must_use]
    #[inline]
    pub(crate) fn take(&self) -> bool {
        // Ordering: Relaxed, [root-wake]: a look that spares most rounds the swap. The unparking makes a late one good.
        if !self.0.load(Ordering::Relaxed) {
            return false;
        }
        // Ordering: Acquire, [root-wake]: pairs with `tell`. A store here would wipe out a wake that came after the look.
        self.0.swap(false, Ordering::Acquire)
    }
}

/// Sleeps on a condition variable: for threads that call `block_on` and have no ring.
pub(crate) struct Parker {
    gate: Gate,
    lock: Mutex<()>,
    bell: Condvar,
}

impl Parker {
    pub(crate) fn new() -> Arc<Parker> {
        Arc::new(Parker { gate: Gate::new(), lock: Mutex::new(()), bell: Condvar::new() })
    }

    /// Sleeps until it is unparked. Returns at once if it was unparked since the last call.
    pub(crate) fn park(&self) {
        let mut guard = self.lock.lock();
        if !self.gate.close() {
            return;
        }
        // Condition variables wake for no reason now and then: the state decides.
        while self.gate.is_closed() {
            guard = wait(&self.bell, guard);
        }
        drop(guard);
        self.gate.open();
    }

    /// As `park`, until `deadline` at most. `false`: it has passed.
    #[must_use]
    pub(crate) fn park_until(&self, deadline: Instant) -> bool {
        let mut guard = self.lock.lock();
        if !self.gate.close() {
            return true;
        }
        let mut is_late = false;
        while self.gate.is_closed() && !is_late {
            let left = deadline.saturating_duration_since(clock::now());
            (guard, _) = self.lock.wait_timeout(&self.bell, guard, left);
            is_late = clock::now() >= deadline;
        }
        drop(guard);
        // A notification that came with the end of the time is lost: nobody polls after it.
        self.gate.open();
        !is_late
    }

    pub(crate) fn unpark(&self) {
        if self.gate.notify() {
            // The sleeper holds the lock from its look at the gate until it waits: taking it once means that it waits
            // by now, and hears the bell.
            drop(self.lock.lock());
            self.bell.notify_one();
        }
    }
}

impl ArcWake for Parker {
    fn wake_by_ref(parker: &Arc<Self>) {
        parker.unpark();
    }
}
