//! The state word of a channel for one value: what each side has done, and who may touch which of
//! the two places of the cell.
//!
//! The places: `slot` holds the value, or before that the waker of the sender, which waits for the
//! end of the receiver; `receiver_waker` holds the waker of the receiver.

use crate::primitive::atomic::{AtomicU32, Ordering};

/// The slot holds a value. Only together with ENDED.
const SENT: u32 = 1;
/// The sender has ended: it has sent, or was dropped.
const ENDED: u32 = 1 << 1;
/// The sender touches the cell no more.
const SENDER_GONE: u32 = 1 << 2;
/// The receiver wants no value. Never set after ENDED.
const CLOSED: u32 = 1 << 3;
/// The receiver touches the cell no more.
const RECEIVER_GONE: u32 = 1 << 4;
/// The place of the receiver's waker is full.
const RECEIVER_WAITS: u32 = 1 << 5;
/// The slot holds the sender's waker.
const SENDER_WAITS: u32 = 1 << 6;

/// What both sides know of each other.
pub(super) struct OneState(AtomicU32);

/// The word at one point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Snapshot(u32);

/// What the end of the sender leaves it to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SenderEnd {
    /// Nothing: the receiver looks after the rest.
    Left,
    /// It takes the receiver's waker out and calls [`OneState::leave_after_wake`].
    Wake,
    /// The channel is closed, and nothing has changed.
    Refused,
}

/// What closing leaves the receiver to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Closed {
    /// The sender has ended before.
    TooLate,
    /// It drops its own waker if there is one, and wakes the sender's.
    Done { drops_own: bool, wakes_sender: bool },
}

impl Snapshot {
    pub(super) fn is_sent(self) -> bool {
        self.0 & SENT != 0
    }

    pub(super) fn is_closed(self) -> bool {
        self.0 & CLOSED != 0
    }

    /// No value is there, and none will come.
    pub(super) fn is_without_value(self) -> bool {
        self.0 & SENT == 0 && self.0 & (ENDED | CLOSED) != 0
    }

    pub(super) fn receiver_waits(self) -> bool {
        self.0 & RECEIVER_WAITS != 0
    }

    pub(super) fn sender_waits(self) -> bool {
        self.0 & SENDER_WAITS != 0
    }

    fn sender_is_gone(self) -> bool {
        self.0 & SENDER_GONE != 0
    }
}

impl OneState {
    pub(super) fn new() -> OneState {
        OneState(AtomicU32::new(0))
    }

    pub(super) fn load(&self) -> Snapshot {
        // Ordering: [oneshot-value] Acquire: what is seen may be the value.
        Snapshot(self.0.load(Ordering::Acquire))
    }

    /// Changes the word as `next` says, unless that returns None. Returns the word before and
    /// whether it was changed.
    fn change(&self, next: impl Fn(u32) -> Option<u32>) -> (Snapshot, bool) {
        // Ordering: Relaxed for a first guess; the exchange below validates it.
        let mut current = self.0.load(Ordering::Relaxed);
        loop {
            let Some(next) = next(current) else {
                // Ordering: [oneshot-value] Acquire, because the caller acts on what it has seen.
                // No mutant: the callers look once more by `load`.
                let seen = self.0.load(Ordering::Acquire);
                if seen == current {
                    return (Snapshot(seen), false);
                }
                current = seen;
                continue;
            };
            // Ordering: [oneshot-value] AcqRel: each change hands a place over to the other side,
            // or takes one over.
            match self.0.compare_exchange_weak(current, next, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return (Snapshot(current), true),
                Err(actual) => current = actual,
            }
        }
    }

    /// The sender ends with the value that it has put into the slot.
    pub(super) fn send(&self) -> SenderEnd {
        let (before, is_changed) = self.change(|word| {
            if word & CLOSED != 0 {
                return None;
            }
            Some(word | SENT | ENDED | if word & RECEIVER_WAITS == 0 { SENDER_GONE } else { 0 })
        });
        match (is_changed, before.receiver_waits()) {
            (false, _) => SenderEnd::Refused,
            (true, true) => SenderEnd::Wake,
            (true, false) => SenderEnd::Left,
        }
    }

    /// The sender ends without a value. If the channel is closed, it has still to leave.
    pub(super) fn end(&self) -> SenderEnd {
        let (before, is_changed) = self.change(|word| {
            if word & CLOSED != 0 {
                return None;
            }
            Some(word | ENDED | if word & RECEIVER_WAITS == 0 { SENDER_GONE } else { 0 })
        });
        match (is_changed, before.receiver_waits()) {
            (false, _) => SenderEnd::Refused,
            (true, true) => SenderEnd::Wake,
            (true, false) => SenderEnd::Left,
        }
    }

    /// The sender has taken the receiver's waker out, and leaves. Returns true if it has to free
    /// the cell.
    pub(super) fn leave_after_wake(&self) -> bool {
        // Ordering: [oneshot-free] AcqRel: the side that leaves last frees what the other has
        // left.
        // No mutant: what it orders is the end of memory, which loom does not watch.
        let before = self.0.fetch_xor(RECEIVER_WAITS | SENDER_GONE, Ordering::AcqRel);
        before & RECEIVER_GONE != 0
    }

    /// The sender leaves a closed channel. Returns true if it has to free the cell.
    pub(super) fn leave_closed(&self) -> bool {
        // Ordering: [oneshot-free] as above. No mutant: as above.
        let before = self.0.fetch_or(ENDED | SENDER_GONE, Ordering::AcqRel);
        before & RECEIVER_GONE != 0
    }

    /// The receiver leaves. Returns true if it has to free the cell.
    pub(super) fn leave_as_receiver(&self) -> bool {
        if self.load().sender_is_gone() {
            return true;
        }
        // Ordering: [oneshot-free] as above. No mutant: as above.
        let before = self.0.fetch_or(RECEIVER_GONE, Ordering::AcqRel);
        before & SENDER_GONE != 0
    }

    /// Publishes the receiver's waker. Fails if the sender has ended; the waker is the receiver's
    /// then.
    pub(super) fn receiver_waits(&self) -> Result<(), Snapshot> {
        let (before, is_changed) = self.change(|word| (word & ENDED == 0).then_some(word | RECEIVER_WAITS));
        if is_changed { Ok(()) } else { Err(before) }
    }

    /// Takes the receiver's waker back. Fails if the sender has ended, which takes it then.
    pub(super) fn receiver_takes_back(&self) -> Result<(), Snapshot> {
        let (before, is_changed) = self.change(|word| (word & ENDED == 0).then_some(word & !RECEIVER_WAITS));
        if is_changed { Ok(()) } else { Err(before) }
    }

    /// Publishes the sender's waker. Returns false if the channel is closed; the waker is the
    /// sender's then.
    pub(super) fn sender_waits(&self) -> bool {
        self.change(|word| (word & CLOSED == 0).then_some(word | SENDER_WAITS)).1
    }

    /// Takes the sender's waker back. Returns false if the channel is closed: the waker stays for
    /// the receiver.
    pub(super) fn sender_takes_back(&self) -> bool {
        self.change(|word| (word & CLOSED == 0).then_some(word & !SENDER_WAITS)).1
    }

    /// The receiver wants no value. Its own waker is its own again.
    pub(super) fn close(&self) -> Closed {
        let (before, is_changed) =
            self.change(|word| (word & ENDED == 0).then_some((word | CLOSED) & !RECEIVER_WAITS));
        if !is_changed {
            return Closed::TooLate;
        }
        Closed::Done {
            drops_own: before.receiver_waits(),
            wakes_sender: before.sender_waits() && !before.is_closed(),
        }
    }

    /// The word when only one side is left.
    pub(super) fn last(&mut self) -> Snapshot {
        // Ordering: Relaxed: the caller has acquired the other side's end.
        Snapshot(self.0.load(Ordering::Relaxed))
    }
}
