//! The readiness word of one direction of one socket: a machine of three flags and a version.
//!
//! ```text
//! bit 0  READY   the system call may be tried
//! bit 1  ARMED   the back end will report the next event without being asked again
//! bit 2  SHUT    the registration is gone; nobody waits and nothing may be armed
//! bit 3  TRUSTED a call that moved fewer bytes than it was asked for has left nothing
//! 4..64  version, raised by every event, so that a clear cannot wipe out news it has not seen
//! ```
//!
//! | transition | from | to | outcome |
//! |---|---|---|---|
//! | `observe` | any | same | `Some(Seen)` iff READY |
//! | `clear(seen)` | READY at the seen version | READY off | `Cleared::Done` |
//! | `clear(seen)` | any other | same | `Cleared::Newer`: look again |
//! | `clear_short(seen)` | TRUSTED, READY at the seen version | READY off | |
//! | `clear_short(seen)` | any other | same | |
//! | `arm` | READY or SHUT | same | `Arm::Ready` |
//! | `arm` | ARMED | same | `Arm::Already` |
//! | `arm` | idle | ARMED | `Arm::Needed`: the caller must arm the back end |
//! | `claim` | READY | READY off, ARMED | `true`: the caller owes an operation that ends in an event |
//! | `claim` | any other | same | `false`: wait |
//! | `disarm` | any | ARMED off | arming failed |
//! | `event(last)` | any | READY, version + 1, ARMED off iff `last` | |
//! | `shut` | any | SHUT | |
//! | `trust`, `distrust` | any | TRUSTED on, off | |

use crate::primitive::atomic::{AtomicU64, Ordering};

const READY: u64 = 1;
const ARMED: u64 = 1 << 1;
const SHUT: u64 = 1 << 2;
const TRUSTED: u64 = 1 << 3;
const VERSION_ONE: u64 = 1 << 4;
const FLAGS: u64 = VERSION_ONE - 1;

/// The version at which a direction was seen ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen(u64);

#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Cleared {
    /// Not ready any more; wait for an event.
    Done,
    /// An event came after the look, or another caller was faster: look again.
    Newer,
}

#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Arm {
    /// There is nothing to wait for.
    Ready,
    /// The next event is already on order.
    Already,
    /// The caller now owes the back end an order, or a `disarm`.
    Needed,
}

#[derive(Debug)]
pub(super) struct Readiness(AtomicU64);

impl Readiness {
    /// Ready: the first system call is always worth a try.
    pub(super) fn new() -> Readiness {
        Readiness(AtomicU64::new(READY))
    }

    #[inline]
    pub(super) fn observe(&self) -> Option<Seen> {
        // Ordering: Acquire pairs with the Release of `event` [event-wakes]: what the waking thread did before is seen.
        let word = self.0.load(Ordering::Acquire);
        if word & READY != 0 { Some(Seen(word & !FLAGS)) } else { None }
    }

    /// The present version, ready or not. Called with the waiters locked: no event raises it meanwhile.
    pub(super) fn version(&self) -> Seen {
        // Ordering: Relaxed [event-empties]: versions change under the same lock.
        Seen(self.0.load(Ordering::Relaxed) & !FLAGS)
    }

    /// After a system call that moved fewer bytes than it was asked for: where that is to be trusted, the next one would
    /// block, so it need not be tried.
    pub(super) fn clear_short(&self, seen: Seen) {
        // Ordering: Relaxed [short-is-all]: who distrusts the side raises its version afterwards, which `clear` looks at.
        if self.0.load(Ordering::Relaxed) & TRUSTED != 0 {
            // Newer is as good: the next call will find out.
            let (Cleared::Done | Cleared::Newer) = self.clear(seen);
        }
    }

    /// From now on short calls tell.
    pub(super) fn trust(&self) {
        // Ordering: Relaxed [short-is-all]: it publishes nothing; without it a call is tried that would block.
        self.0.fetch_or(TRUSTED, Ordering::Relaxed);
    }

    /// From now on they do not. The event that says why comes after this.
    pub(super) fn distrust(&self) {
        // Ordering: Relaxed [short-is-all]: a look at the version of the event that follows sees this as well.
        self.0.fetch_and(!TRUSTED, Ordering::Relaxed);
    }

    /// After a system call that would have blocked.
    pub(super) fn clear(&self, seen: Seen) -> Cleared {
        // Ordering: Relaxed load [event-wakes]: a guess that the exchange below checks.
        let mut word = self.0.load(Ordering::Relaxed);
        loop {
            if word & READY == 0 || word & !FLAGS != seen.0 {
                return Cleared::Newer;
            }
            // Ordering: Relaxed [event-wakes]: clearing publishes nothing; the version makes a lost event impossible.
            match self.0.compare_exchange_weak(word, word & !READY, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Cleared::Done,
                Err(now) => word = now,
            }
        }
    }

    /// Without a look before: only where arming reports a state and not a change [level-at-arm].
    pub(super) fn clear_level(&self) {
        // Ordering: Relaxed [level-at-arm]: publishes nothing; a wrong clear costs one order that completes at once.
        self.0.fetch_and(!READY, Ordering::Relaxed);
    }

    /// Called with the waiters locked, after the waiter has been put in its place.
    pub(super) fn arm(&self) -> Arm {
        // Ordering: Relaxed [event-wakes]: events come under the same lock, so either this sees the READY of an event and
        // what came before it, or the event finds the waiter.
        let word = self.0.load(Ordering::Relaxed);
        if word & (READY | SHUT) != 0 {
            return Arm::Ready;
        }
        if word & ARMED != 0 {
            return Arm::Already;
        }
        // Ordering: Relaxed [one-order]: a claim under the lock; only READY can change meanwhile, and only to off.
        self.0.fetch_or(ARMED, Ordering::Relaxed);
        Arm::Needed
    }

    /// Takes the side for an operation on the ring, which is its order until it is answered: nobody else tries meanwhile.
    /// Called with the waiters locked.
    #[must_use]
    pub(super) fn claim(&self) -> bool {
        // Ordering: Relaxed load [sends-in-turn]: a guess that the exchange below checks.
        let mut word = self.0.load(Ordering::Relaxed);
        while word & READY != 0 {
            debug_assert!(word & ARMED == 0, "a ring's order ends with the event that makes its side ready");
            let next = (word & !READY) | ARMED;
            // Ordering: Relaxed [sends-in-turn]: it publishes nothing, and a look that found the side ready came before.
            match self.0.compare_exchange_weak(word, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
        false
    }

    /// The order could not be placed.
    pub(super) fn disarm(&self) {
        // Ordering: Relaxed [one-order]: the flag is a claim, it publishes nothing.
        self.0.fetch_and(!ARMED, Ordering::Relaxed);
    }

    /// The kernel reported something; the waiters are locked. `last`: it will not report again unless asked.
    pub(super) fn event(&self, last: bool) {
        // Ordering: Relaxed load [event-wakes]: a guess that the exchange below checks.
        let mut word = self.0.load(Ordering::Relaxed);
        loop {
            let kept = if last { word & !ARMED } else { word };
            let next = (kept | READY).wrapping_add(VERSION_ONE);
            // Ordering: Release [event-wakes]: pairs with `observe`.
            match self.0.compare_exchange_weak(word, next, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => word = now,
            }
        }
    }

    pub(super) fn is_armed(&self) -> bool {
        // Ordering: Relaxed [one-order]: read under the lock that orders every arm.
        self.0.load(Ordering::Relaxed) & ARMED != 0
    }

    pub(super) fn shut(&self) {
        // Ordering: Relaxed [shut-or-ticket]: an order that is placed later sees it, for both hold the waiters' lock.
        self.0.fetch_or(SHUT, Ordering::Relaxed);
    }

    pub(super) fn is_shut(&self) -> bool {
        // Ordering: Relaxed [shut-or-ticket]: under the waiters' lock where it matters; elsewhere a hint, which only says
        // where a descriptor had better be closed.
        self.0.load(Ordering::Relaxed) & SHUT != 0
    }
}
