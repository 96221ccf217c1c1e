//! The readiness word of one direction of one socket: flags, a count and a version.
//!
//! ```text
//! bit 0  READY   the system call may be tried
//! bit 1  ARMED   the back end will report the next event without being asked again
//! bit 2  SHUT    the registration is gone; nothing waits and nothing may be armed
//! bit 3  TRUSTED a call that moved fewer bytes than it was asked for has left nothing
//! bits 4..8      FUTILE, up to 7: orders in a row that ended although the call would still block
//! 8..64  version, raised by every event, so that a clear cannot erase an event it has not seen
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
//! | `claim` | READY, not ARMED | READY off, ARMED | `Claimed::Taken`: the caller owes an operation that ends in an event |
//! | `claim` | READY, ARMED | same | `Claimed::Refused`: a standing order is placed |
//! | `claim` | any other | same | `Claimed::Wait` |
//! | `disarm` | any | ARMED off | arming failed |
//! | `event(last)` | any | READY, version + 1, ARMED off iff `last` | |
//! | `shut` | any | SHUT | |
//! | `trust`, `distrust` | any | TRUSTED on, off | |
//!
//! FUTILE exists because an order that asks for the state may be answered forever by an event that
//! is of no use to the call: the end of what the peer sends, while we wait for room; or an unread
//! queue of errors, while we wait for bytes. After three such answers in a row the next order is a
//! standing one: it reports the state once, and then changes only. Where even that order ends at
//! once, every other order is a pause [no-spin].

use std::time::Duration;

use crate::primitive::atomic::{AtomicU8, AtomicU64, Ordering};

const READY: u64 = 1;
const ARMED: u64 = 1 << 1;
const SHUT: u64 = 1 << 2;
const TRUSTED: u64 = 1 << 3;
const FUTILE_ONE: u64 = 1 << 4;
const FUTILE_MAX: u64 = 7 * FUTILE_ONE;
/// From this count on, an order is a standing one. A single futile event may be a race for one
/// connection or one datagram that another call won.
const FUTILE_STANDING: u64 = 3 * FUTILE_ONE;
const VERSION_ONE: u64 = 1 << VERSION_SHIFT;
const VERSION_SHIFT: u32 = 8;
const FLAGS: u64 = VERSION_ONE - 1;

/// The version at which a direction was seen ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen(u64);

impl Seen {
    /// Whether no event has come yet.
    pub(super) fn is_first(self) -> bool {
        self.0 == 0
    }
}

#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Cleared {
    /// Not ready any more; wait for an event.
    Done,
    /// An event came after the look, or another caller was faster: look again.
    Newer,
}

/// The evidence of a call that would block about the event before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A call has done something since that event.
    Useful,
    /// No call has done anything since that event.
    Futile,
}

/// The pause of `Order::Rest`. With two tries and one standing order in between, a call is tried at
/// most ten times in a second.
pub(super) const ORDER_REST: Duration = Duration::from_millis(200);

/// No call has done anything yet. Not the version of a new side; it is taken for a call at version
/// 255 if none came before that.
const NOTHING_DONE: u8 = u8::MAX;

/// How the back end is to report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Once: the current state, or else the next change.
    Once,
    /// The state once, and every change from then on, until the order is cancelled or the kernel
    /// ends it.
    Standing,
    /// After a pause, whatever the state is.
    Rest,
}

/// Whether the side was claimed for an operation on the ring.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claimed {
    Taken,
    /// It is not ready.
    Wait,
    /// A standing order is placed, and its events would let other writes pass [sends-in-turn].
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

/// The version at which a call last did something. Its low byte is enough, because it is compared
/// with the version of the last event only.
///
/// This is a plain store at each call. Keeping it in the readiness word would need an atomic
/// exchange.
#[derive(Debug)]
pub(super) struct LastUseful(AtomicU8);

impl LastUseful {
    pub(super) fn new() -> LastUseful {
        LastUseful(AtomicU8::new(NOTHING_DONE))
    }

    #[inline]
    pub(super) fn note(&self, seen: Seen) {
        // Ordering: Relaxed [no-spin]: a caller that misses it counts one more event as futile, of
        // three in a row.
        self.0.store((seen.0 >> VERSION_SHIFT) as u8, Ordering::Relaxed);
    }

    /// Whether a call has done something at this version.
    pub(super) fn is_at(&self, seen: Seen) -> bool {
        // Ordering: Relaxed [no-spin], as in `note`. Who only asks whether a wait may end misses
        // nothing but calls of other threads, and asks the kernel then.
        self.0.load(Ordering::Relaxed) == (seen.0 >> VERSION_SHIFT) as u8
    }

    /// A first try that would block is not counted: no event came before it.
    pub(super) fn verdict(&self, seen: Seen) -> Verdict {
        if seen.is_first() || self.is_at(seen) { Verdict::Useful } else { Verdict::Futile }
    }
}

/// The word with READY off and the order that ended counted. A standing order has not ended.
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
    /// A new side is ready, because the first system call is always worth a try.
    pub(super) fn new() -> Readiness {
        Readiness(AtomicU64::new(READY))
    }

    #[inline]
    pub(super) fn observe(&self) -> Option<Seen> {
        // Ordering: Acquire pairs with the Release of `event` [event-wakes]: the caller sees what
        // the waking thread did before.
        let word = self.0.load(Ordering::Acquire);
        if word & READY != 0 { Some(Seen(word & !FLAGS)) } else { None }
    }

    /// The current version, ready or not. Called with the waiters locked, so that no event raises
    /// it in between.
    pub(super) fn version(&self) -> Seen {
        // Ordering: Relaxed [event-empties]: versions change under the same lock.
        Seen(self.0.load(Ordering::Relaxed) & !FLAGS)
    }

    /// Called after a system call that moved fewer bytes than it was asked for. If the side is
    /// trusted, the next call would block, so it need not be tried.
    pub(super) fn clear_short(&self, seen: Seen) {
        // Ordering: Relaxed [short-is-all]: a thread that calls `distrust` raises the version
        // afterwards, and `clear` checks the version.
        if self.0.load(Ordering::Relaxed) & TRUSTED != 0 {
            // Newer is as good: the next call finds out.
            let (Cleared::Done | Cleared::Newer) = self.clear(seen, Verdict::Useful);
        }
    }

    /// From now on a short call means that the next one would block.
    pub(super) fn trust(&self) {
        // Ordering: Relaxed [short-is-all]: it publishes nothing; without it, a call is tried that
        // would block.
        self.0.fetch_or(TRUSTED, Ordering::Relaxed);
    }

    /// From now on a short call means nothing. The event that is the reason comes after this call.
    pub(super) fn distrust(&self) {
        // Ordering: Relaxed [short-is-all]: a look at the version of the event that follows sees
        // this as well.
        self.0.fetch_and(!TRUSTED, Ordering::Relaxed);
    }

    /// Called after a system call that would have blocked.
    pub(super) fn clear(&self, seen: Seen, verdict: Verdict) -> Cleared {
        // Ordering: Relaxed load [event-wakes]: a guess that the exchange below checks.
        let mut word = self.0.load(Ordering::Relaxed);
        loop {
            if word & READY == 0 || word & !FLAGS != seen.0 {
                return Cleared::Newer;
            }
            // Ordering: Relaxed [event-wakes]: clearing publishes nothing; the version check makes
            // a lost event impossible.
            let next = blocked(word, verdict);
            match self.0.compare_exchange_weak(word, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Cleared::Done,
                Err(now) => word = now,
            }
        }
    }

    /// Clears without a look before. Only correct where arming reports a state and not a change
    /// [level-at-arm]. Leaves the word alone if a standing order is placed, because that one
    /// reports changes.
    pub(super) fn clear_level(&self, verdict: Verdict) {
        // Ordering: Relaxed load [level-at-arm]: a guess that the exchange below checks.
        let mut word = self.0.load(Ordering::Relaxed);
        while word & READY != 0 && word & ARMED == 0 {
            let next = blocked(word, verdict);
            // Ordering: Relaxed [level-at-arm]: publishes nothing; a wrong clear costs one order
            // that completes at once.
            match self.0.compare_exchange_weak(word, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => word = now,
            }
        }
    }

    /// Called with the waiters locked, after the waiter has been stored.
    pub(super) fn arm(&self) -> Arm {
        // Ordering: Relaxed [event-wakes]: events come under the same lock, so either this load
        // sees the READY of an event and what came before it, or the event finds the waiter.
        let word = self.0.load(Ordering::Relaxed);
        if word & (READY | SHUT) != 0 {
            return Arm::Ready;
        }
        if word & ARMED != 0 {
            return Arm::Already;
        }
        if word & FUTILE_MAX < FUTILE_STANDING {
            // Ordering: Relaxed [one-order]: a claim under the lock; meanwhile only a late `trust`
            // can change the word.
            self.0.fetch_or(ARMED, Ordering::Relaxed);
            return Arm::Needed(Order::Once);
        }
        self.arm_futile(word)
    }

    /// The last orders were of no use [no-spin]. Called with the waiters locked, on an idle side.
    #[cold]
    fn arm_futile(&self, word: u64) -> Arm {
        let rests = word & FUTILE_MAX == FUTILE_MAX;
        // After a pause comes one more standing order, and then the next pause.
        let used = if rests { 2 * FUTILE_ONE } else { 0 };
        // Ordering: Relaxed [one-order], as in `arm`.
        self.0.fetch_or(ARMED, Ordering::Relaxed);
        // Ordering: Relaxed [no-spin], [short-is-all]: under the lock of every arm, and a side that
        // is not ready is not counted. From here on changes are reported, so a short call may have
        // seen an event that a clear would erase.
        self.0.fetch_and(!TRUSTED, Ordering::Relaxed);
        // Ordering: Relaxed [no-spin], as above.
        self.0.fetch_sub(used, Ordering::Relaxed);
        Arm::Needed(if rests { Order::Rest } else { Order::Standing })
    }

    /// Claims the side for an operation on the ring. The operation counts as the side's order until
    /// it is answered, so no other call tries meanwhile. Called with the waiters locked.
    pub(super) fn claim(&self) -> Claimed {
        // Ordering: Relaxed load [sends-in-turn]: a guess that the exchange below checks.
        let mut word = self.0.load(Ordering::Relaxed);
        while word & READY != 0 {
            if word & ARMED != 0 {
                return Claimed::Refused;
            }
            let next = (word & !READY) | ARMED;
            // Ordering: Relaxed [sends-in-turn]: it publishes nothing, and the caller found the
            // side ready before.
            match self.0.compare_exchange_weak(word, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Claimed::Taken,
                Err(now) => word = now,
            }
        }
        Claimed::Wait
    }

    /// Undoes `arm` because the order could not be placed.
    pub(super) fn disarm(&self) {
        // Ordering: Relaxed [one-order]: the flag is a claim, it publishes nothing.
        self.0.fetch_and(!ARMED, Ordering::Relaxed);
    }

    /// The kernel reported an event. Called with the waiters locked. `last`: the kernel reports no
    /// more events unless asked.
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
        // Ordering: Relaxed [shut-or-ticket]: an order that is placed later sees it, because both
        // hold the waiters' lock.
        self.0.fetch_or(SHUT, Ordering::Relaxed);
    }

    #[cfg(target_os = "linux")]
    pub(super) fn is_shut(&self) -> bool {
        // Ordering: Relaxed [shut-or-ticket]: read under the waiters' lock where it matters.
        // Elsewhere it is a hint that only decides where a descriptor is closed.
        self.0.load(Ordering::Relaxed) & SHUT != 0
    }
}
