//! The readiness word of one direction of one socket: a machine of flags, a count and a version.
//!
//! ```text
//! bit 0  READY   the system call may be tried
//! bit 1  ARMED   the back end will report the next event without being asked again
//! bit 2  SHUT    the registration is gone; nobody waits and nothing may be armed
//! bit 3  TRUSTED a call that moved fewer bytes than it was asked for has left nothing
//! bits 4..8      FUTILE, up to 7: so many orders in a row have ended, and the call would still block
//! 8..64  version, raised by every event, so that a clear cannot wipe out news it has not seen
//! ```
//!
//! | transition | from | to | outcome |
//! |---|---|---|---|
//! | `observe` | any | same | `Some(Seen)` iff READY |
//! | `clear(seen, Useful)` | READY at the seen version | READY off, FUTILE 0 unless ARMED | `Cleared::Done` |
//! | `clear(seen, Futile)` | READY at the seen version | READY off, FUTILE + 1 unless ARMED | `Cleared::Done` |
//! | `clear(seen, _)` | any other | same | `Cleared::Newer`: look again |
//! | `clear_short(seen)` | TRUSTED, READY at the seen version | as `clear(seen, Useful)` | |
//! | `clear_short(seen)` | any other | same | |
//! | `clear_level(_)` | READY, not ARMED | as `clear` | |
//! | `clear_level(_)` | any other | same | |
//! | `arm` | READY or SHUT | same | `Arm::Ready` |
//! | `arm` | ARMED | same | `Arm::Already` |
//! | `arm` | idle, FUTILE below 3 | ARMED | `Arm::Needed(Order::Once)`: the caller must arm the back end |
//! | `arm` | idle, FUTILE 3 to 6 | ARMED, TRUSTED off | `Arm::Needed(Order::Standing)`, the same |
//! | `arm` | idle, FUTILE 7 | ARMED, TRUSTED off, FUTILE 5 | `Arm::Needed(Order::Rest)`, the same |
//! | `claim` | READY, not ARMED | READY off, ARMED | `Claim::Taken`: the caller owes an operation that ends in an event |
//! | `claim` | READY, ARMED | same | `Claim::Refused`: an order stands |
//! | `claim` | any other | same | `Claim::Wait` |
//! | `disarm` | any | ARMED off | arming failed |
//! | `event(last)` | any | READY, version + 1, ARMED off iff `last` | |
//! | `shut` | any | SHUT | |
//! | `trust`, `distrust` | any | TRUSTED on, off | |
//!
//! Why FUTILE: an order that asks for the state may be answered for ever by what is of no use to the call: the end of what the
//! peer sends, while we wait for room; an unread queue of errors, while we wait for bytes. After three such in a row the
//! next order stands: it tells the state once, and then changes only. Where even that ends at once, every other order
//! is a rest [no-spin].

use std::time::Duration;

use crate::primitive::atomic::{AtomicU8, AtomicU64, Ordering};

const READY: u64 = 1;
const ARMED: u64 = 1 << 1;
const SHUT: u64 = 1 << 2;
const TRUSTED: u64 = 1 << 3;
const FUTILE_ONE: u64 = 1 << 4;
const FUTILE_MAX: u64 = 7 * FUTILE_ONE;
/// From so many on an order stands. A single one may be a race for one connection, or one datagram, that another won.
const FUTILE_STANDING: u64 = 3 * FUTILE_ONE;
const VERSION_ONE: u64 = 1 << VERSION_SHIFT;
const VERSION_SHIFT: u32 = 8;
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

/// What a call that would block says of the event before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A call has done something since.
    Useful,
    /// Nothing could be done.
    Futile,
}

/// The pause of an order that rests: two tries and one order in between that stands, ten times in a second at most.
pub(super) const ORDER_REST: Duration = Duration::from_millis(200);

/// How the back end is to report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Once: the state, or else the next change.
    Once,
    /// The state once, and every change from then on, until it is cancelled or the kernel ends it.
    Standing,
    /// After a pause, whatever the state is.
    Rest,
}

/// Whether the side was taken for an operation on the ring.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    Taken,
    /// It is not ready.
    Wait,
    /// An order stands, and its events would let other writes pass [sends-in-turn].
    Refused,
}

#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Arm {
    /// There is nothing to wait for.
    Ready,
    /// The next event is already on order.
    Already,
    /// The caller now owes the back end an order, or a `disarm`.
    Needed(Order),
}

/// At which version a call has last done something: the end of it, for what is compared is the last event and no older.
///
/// A plain store at each call, and no change of the word, which would be an exchange.
#[derive(Debug)]
pub(super) struct Progress(AtomicU8);

impl Progress {
    /// The first try that would block is no news: nothing was reported before it.
    pub(super) fn new() -> Progress {
        Progress(AtomicU8::new(0))
    }

    #[inline]
    pub(super) fn note(&self, seen: Seen) {
        // Ordering: Relaxed [no-spin]: who misses it counts one event more as futile, of three in a row.
        self.0.store((seen.0 >> VERSION_SHIFT) as u8, Ordering::Relaxed);
    }

    pub(super) fn verdict(&self, seen: Seen) -> Verdict {
        // Ordering: Relaxed [no-spin], as in `note`.
        let is_same = self.0.load(Ordering::Relaxed) == (seen.0 >> VERSION_SHIFT) as u8;
        if is_same { Verdict::Useful } else { Verdict::Futile }
    }
}

/// The word with READY off and the order that ended counted. One that stands has not ended.
fn blocked(word: u64, verdict: Verdict) -> u64 {
    let count = word & FUTILE_MAX;
    let count = match verdict {
        _ if word & ARMED != 0 => count,
        Verdict::Useful => 0,
        Verdict::Futile => (count + FUTILE_ONE).min(FUTILE_MAX),
    };
    word & !(READY | FUTILE_MAX) | count
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
            let (Cleared::Done | Cleared::Newer) = self.clear(seen, Verdict::Useful);
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
    pub(super) fn clear(&self, seen: Seen, verdict: Verdict) -> Cleared {
        // Ordering: Relaxed load [event-wakes]: a guess that the exchange below checks.
        let mut word = self.0.load(Ordering::Relaxed);
        loop {
            if word & READY == 0 || word & !FLAGS != seen.0 {
                return Cleared::Newer;
            }
            // Ordering: Relaxed [event-wakes]: clearing publishes nothing; the version makes a lost event impossible.
            let next = blocked(word, verdict);
            match self.0.compare_exchange_weak(word, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Cleared::Done,
                Err(now) => word = now,
            }
        }
    }

    /// Without a look before: only where arming reports a state and not a change [level-at-arm]. An order that stands
    /// reports changes, and leaves the word alone.
    pub(super) fn clear_level(&self, verdict: Verdict) {
        // Ordering: Relaxed load [level-at-arm]: a guess that the exchange below checks.
        let mut word = self.0.load(Ordering::Relaxed);
        while word & READY != 0 && word & ARMED == 0 {
            let next = blocked(word, verdict);
            // Ordering: Relaxed [level-at-arm]: publishes nothing; a wrong clear costs one order that completes at once.
            match self.0.compare_exchange_weak(word, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => word = now,
            }
        }
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
        if word & FUTILE_MAX < FUTILE_STANDING {
            // Ordering: Relaxed [one-order]: a claim under the lock; the word can change meanwhile by a late `trust` only.
            self.0.fetch_or(ARMED, Ordering::Relaxed);
            return Arm::Needed(Order::Once);
        }
        self.arm_futile(word)
    }

    /// What has been reported was of no use [no-spin]. Called with the waiters locked, of an idle side.
    #[cold]
    fn arm_futile(&self, word: u64) -> Arm {
        let rests = word & FUTILE_MAX == FUTILE_MAX;
        // After a rest one more order that stands, and then the next rest.
        let used = if rests { 2 * FUTILE_ONE } else { 0 };
        // Ordering: Relaxed [one-order], as in `arm`.
        self.0.fetch_or(ARMED, Ordering::Relaxed);
        // Ordering: Relaxed [no-spin], [short-is-all]: under the lock of every arm, and a side that is not ready is not
        // counted. Changes are reported from here on, so that a short call may have seen an event that a clear would
        // wipe out.
        self.0.fetch_and(!TRUSTED, Ordering::Relaxed);
        // Ordering: Relaxed [no-spin], as above.
        self.0.fetch_sub(used, Ordering::Relaxed);
        Arm::Needed(if rests { Order::Rest } else { Order::Standing })
    }

    /// Takes the side for an operation on the ring, which is its order until it is answered: nobody else tries meanwhile.
    /// Called with the waiters locked.
    pub(super) fn claim(&self) -> Claim {
        // Ordering: Relaxed load [sends-in-turn]: a guess that the exchange below checks.
        let mut word = self.0.load(Ordering::Relaxed);
        while word & READY != 0 {
            if word & ARMED != 0 {
                return Claim::Refused;
            }
            let next = (word & !READY) | ARMED;
            // Ordering: Relaxed [sends-in-turn]: it publishes nothing, and a look that found the side ready came before.
            match self.0.compare_exchange_weak(word, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Claim::Taken,
                Err(now) => word = now,
            }
        }
        Claim::Wait
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
