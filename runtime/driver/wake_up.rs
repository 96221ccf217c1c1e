//! The `WakeUp` that wakes a sleeping worker, whether it sleeps in the kernel or on a condition
//! variable.
//!
//! A worker with nothing in flight need not sleep in its ring or poller. It *dozes* on a condition
//! variable instead: waking it then costs no descriptor, no completion and no entry into the ring.
//! The state word records where the worker sleeps:
//!
//! | state | `send` | `consume` | `doze` |
//! |---|---|---|---|
//! | quiet | rung; the caller must end a sleep in the kernel | quiet, returns no | dozing, until struck or timed out |
//! | rung | rung; another thread ends the sleep | quiet, returns yes | returns at once |
//! | dozing | rung; ends the doze | – | – |

use crate::primitive::atomic::{AtomicU32, Ordering};
use crate::primitive::sync::{Condvar, Mutex};

const QUIET: u32 = 0;
const SENT: u32 = 1;
const DOZING: u32 = 2;

/// Whether the worker was rung since it last returned from its sleep.
///
/// Only `park` consumes a ring [ring-ends-park]. A harvest by the owner or by another worker may
/// reap the kernel event that the ring caused, but never consumes the ring itself.
#[derive(Debug)]
pub(super) struct WakeUp {
    state: AtomicU32,
    lock: Mutex<()>,
    condvar: Condvar,
}

impl WakeUp {
    pub(super) fn new() -> WakeUp {
        WakeUp { state: AtomicU32::new(QUIET), lock: Mutex::new(()), condvar: Condvar::new() }
    }

    /// Sends a wake-up. Returns `true` if the caller must now end a sleep in the kernel's queues.
    /// Returns `false` if another thread is about to, or if the owner dozed and has been woken.
    #[must_use]
    pub(super) fn send(&self) -> bool {
        // Ordering: Release [ring-ends-park]: the owner that consumes the ring sees what this
        // thread did before it rang.
        match self.state.swap(SENT, Ordering::Release) {
            QUIET => true,
            DOZING => {
                // The owner holds the lock from its look at the state until it waits. Once this
                // thread has held the lock, the owner is waiting and receives the notification.
                drop(self.lock.lock());
                self.condvar.notify_one();
                false
            }
            _ => false,
        }
    }

    /// Returns `true` if a wake-up was sent: the owner must not sleep, or was woken by the ring.
    pub(super) fn consume(&self) -> bool {
        // Ordering: Acquire [ring-ends-park]: pairs with `send`.
        self.state.swap(QUIET, Ordering::Acquire) == SENT
    }

    #[cfg(all(test, target_os = "linux"))]
    pub(super) fn is_dozing(&self) -> bool {
        // Ordering: Relaxed: a test looks again until it is so.
        self.state.load(Ordering::Relaxed) == DOZING
    }

    /// Sleeps until a wake-up is sent or the time-out ends. May return early. Leaves the ring for
    /// `consume`. Only the owner may call it, when nothing that the kernel could report is in
    /// flight.
    #[cfg(target_os = "linux")]
    pub(super) fn doze(&self, timeout: Option<std::time::Duration>) {
        if timeout.is_some_and(|timeout| timeout.is_zero()) {
            return;
        }
        let guard = self.lock.lock();
        // Ordering: Relaxed [ring-ends-park]: a failure means a ring, which `consume` acquires.
        if self.state.compare_exchange(QUIET, DOZING, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return;
        }
        let guard = match timeout {
            None => crate::primitive::sync::wait(&self.condvar, guard),
            Some(timeout) => match self.condvar.wait_timeout(guard, timeout) {
                Ok((guard, _)) => guard,
                Err(poison) => poison.into_inner().0,
            },
        };
        drop(guard);
        // Ordering: Relaxed [ring-ends-park]: as above. Without a ring, the next striker must again
        // end a sleep in the kernel.
        let _ = self.state.compare_exchange(DOZING, QUIET, Ordering::Relaxed, Ordering::Relaxed);
    }
}
