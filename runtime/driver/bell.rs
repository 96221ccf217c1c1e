//! The bell that ends a worker's sleep: a short one without the kernel's queues, or one in them.
//!
//! A worker for which the kernel has nothing in flight need not sleep in its ring or poller. It *dozes*, on a condition
//! variable: waking it costs no descriptor, no completion and no entry into the ring. The word says which it is:
//!
//! | state | `strike` | `consume` | `doze` |
//! |---|---|---|---|
//! | quiet | rung; noise for a sleep in the queues | quiet, no | dozing, until struck or the time is over |
//! | rung | rung; somebody made the noise | quiet, yes | returns at once |
//! | dozing | rung; ends the doze | – | – |

use crate::primitive::atomic::{AtomicU32, Ordering};
use crate::primitive::sync::{Condvar, Mutex};

const QUIET: u32 = 0;
const RUNG: u32 = 1;
const DOZING: u32 = 2;

/// Whether the worker was rung since it last came back from its sleep.
///
/// Only `park` consumes a ring [ring-ends-park]: a harvest, the owner's or a thief's, may swallow the event that the
/// kernel made of it, but never the ring itself.
#[derive(Debug)]
pub(super) struct Bell {
    state: AtomicU32,
    lock: Mutex<()>,
    struck: Condvar,
}

impl Bell {
    pub(super) fn new() -> Bell {
        Bell { state: AtomicU32::new(QUIET), lock: Mutex::new(()), struck: Condvar::new() }
    }

    /// `true`: the caller must now make the noise that ends a sleep in the kernel's queues. `false`: somebody else is
    /// about to, or the owner dozed and has been woken.
    #[must_use]
    pub(super) fn strike(&self) -> bool {
        // Ordering: Release [ring-ends-park]: what the ringer did before is seen by the owner that consumes the ring.
        match self.state.swap(RUNG, Ordering::Release) {
            QUIET => true,
            DOZING => {
                // The owner holds the lock from its look at the state until it waits: taking it once means that it
                // waits by now, and hears us.
                drop(self.lock.lock());
                self.struck.notify_one();
                false
            }
            _ => false,
        }
    }

    /// `true`: it was rung, so the owner must not sleep, or has been woken for it.
    pub(super) fn consume(&self) -> bool {
        // Ordering: Acquire [ring-ends-park]: pairs with `strike`.
        self.state.swap(QUIET, Ordering::Acquire) == RUNG
    }

    #[cfg(all(test, target_os = "linux"))]
    pub(super) fn is_dozing(&self) -> bool {
        // Ordering: Relaxed: a test looks again until it is.
        self.state.load(Ordering::Relaxed) == DOZING
    }

    /// Sleeps until the bell is struck or the time is over; may return early. A ring is left for `consume`. By the owner
    /// only, when nothing that the kernel could report is in flight.
    #[cfg(any(test, target_os = "linux"))]
    pub(super) fn doze(&self, timeout: Option<std::time::Duration>) {
        if timeout.is_some_and(|timeout| timeout.is_zero()) {
            return;
        }
        let guard = self.lock.lock();
        // Ordering: Relaxed [ring-ends-park]: a failure is a ring, which `consume` takes over.
        if self.state.compare_exchange(QUIET, DOZING, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return;
        }
        let guard = match timeout {
            None => crate::primitive::sync::wait(&self.struck, guard),
            Some(timeout) => match self.struck.wait_timeout(guard, timeout) {
                Ok((guard, _)) => guard,
                Err(poison) => poison.into_inner().0,
            },
        };
        drop(guard);
        // Ordering: Relaxed [ring-ends-park]: as above. Without a ring the next striker must make its noise again.
        let _ = self.state.compare_exchange(DOZING, QUIET, Ordering::Relaxed, Ordering::Relaxed);
    }
}
