//! The word that all senders of a channel change: how many messages were sent so far, how many
//! permits are out, and whether the channel is closed.

use crate::primitive::atomic::{AtomicU64, Ordering};
use std::marker::PhantomData;

/// No message may be sent from now on, except with a permit that is out.
const CLOSED: u64 = 1;
/// The list of those who wait for room is not empty, or is being looked at.
const WAITERS: u64 = 1 << 1;
const PERMIT: u64 = 1 << 2;
const PERMITS_BITS: u32 = 30;
/// More permits than this cannot be out at once.
pub(super) const PERMITS_COUNT_MAX: u32 = (1 << PERMITS_BITS) - 1;

/// The two kinds of channels. They divide the word in different ways.
pub(super) trait Kind: Send + Sync + 'static {
    /// The step of the word for one message.
    const MESSAGE: u64;
}

/// Messages are counted by 32 bits, beside 30 for permits.
#[derive(Debug)]
pub(super) enum Bounded {}

/// Has no permits, and counts messages by 62 bits.
#[derive(Debug)]
pub(super) enum Unbounded {}

impl Kind for Bounded {
    const MESSAGE: u64 = 1 << 32;
}

impl Kind for Unbounded {
    const MESSAGE: u64 = PERMIT;
}

pub(super) struct Word<K>(AtomicU64, PhantomData<K>);

/// The word at one point in time.
#[derive(Debug)]
pub(super) struct WordSeen<K>(u64, PhantomData<K>);

impl<K> Clone for WordSeen<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for WordSeen<K> {}

/// What a claim does to the word.
#[derive(Clone, Copy, Debug)]
pub(super) enum WordClaim {
    /// The next position, for a message.
    Message,
    /// So many permits.
    Permits(u32),
    /// The next position, for a message that a permit allows.
    MessageForPermit,
}

impl<K: Kind> WordSeen<K> {
    fn new(word: u64) -> Self {
        WordSeen(word, PhantomData)
    }

    pub(super) fn is_closed(self) -> bool {
        self.0 & CLOSED != 0
    }

    pub(super) fn has_waiters(self) -> bool {
        self.0 & WAITERS != 0
    }

    /// The position of the next message.
    pub(super) fn position(self) -> u64 {
        self.0 / K::MESSAGE
    }

    /// No message will be sent any more: the channel is closed and no permit is out.
    pub(super) fn is_at_end(self) -> bool {
        self.is_closed() && self.permits_count() == 0
    }

    pub(super) fn permits_count(self) -> u32 {
        // A channel without permits has no bits for them.
        let bits = (K::MESSAGE - 1) & !(CLOSED | WAITERS);
        ((self.0 & bits) / PERMIT) as u32
    }

    /// How many messages and permits count against the capacity, if the receiver has taken the
    /// messages before `head`. Negative if the receiver is further than this word.
    pub(super) fn used_count(self, head: u32) -> i32 {
        (self.position() as u32).wrapping_add(self.permits_count()).wrapping_sub(head) as i32
    }

    fn after(self, claim: WordClaim) -> u64 {
        match claim {
            WordClaim::Message => self.0.wrapping_add(K::MESSAGE),
            WordClaim::Permits(count) => self.0 + u64::from(count) * PERMIT,
            WordClaim::MessageForPermit => self.0.wrapping_add(K::MESSAGE).wrapping_sub(PERMIT),
        }
    }

    /// As it is after the claim.
    pub(super) fn claimed(self, claim: WordClaim) -> Self {
        WordSeen::new(self.after(claim))
    }
}

/// The position after another one. Positions wrap around as their bits in the word do.
pub(super) fn following<K: Kind>(position: u64) -> u64 {
    (position + 1) & (u64::MAX / K::MESSAGE)
}

/// How many positions lie between two.
pub(super) fn distance<K: Kind>(from: u64, to: u64) -> u64 {
    to.wrapping_sub(from) & (u64::MAX / K::MESSAGE)
}

impl<K: Kind> Word<K> {
    pub(super) fn new() -> Self {
        Word(AtomicU64::new(0), PhantomData)
    }

    pub(super) fn load(&self) -> WordSeen<K> {
        // Ordering: [mpsc-block] Acquire: the block of a position is looked for after the
        // position, and is not older than the position's block but one.
        // No mutant: a pointer is mistaken for another when it is 64 blocks old, and no model is
        // that long.
        WordSeen::new(self.0.load(Ordering::Acquire))
    }

    /// Makes a claim if the word is still `seen`.
    pub(super) fn claim(&self, seen: WordSeen<K>, claim: WordClaim) -> bool {
        let next = seen.after(claim);
        // Ordering: [mpsc-block] AcqRel: the claimer has seen the block of its position, and hands
        // that on to those who claim later. [mpsc-room] Relaxed would do for permits.
        // No mutant: as in `load`.
        self.0.compare_exchange_weak(seen.0, next, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// Gives permits back. Returns the word after it.
    pub(super) fn give_back(&self, count: u32) -> WordSeen<K> {
        let step = u64::from(count) * PERMIT;
        // Ordering: [mpsc-room] AcqRel: a waiter that set its flag later sees these permits, and
        // the end of the channel comes after all that its senders did.
        // No mutant: both change one word, and each sees what comes before it there.
        WordSeen::new(self.0.fetch_sub(step, Ordering::AcqRel) - step)
    }

    /// Closes the channel. Returns the word before it.
    pub(super) fn close(&self) -> WordSeen<K> {
        // Ordering: [mpsc-block] AcqRel: the end is put into the block of the last position.
        // No mutant: the party that puts the end there loads the word once more.
        WordSeen::new(self.0.fetch_or(CLOSED, Ordering::AcqRel))
    }

    /// Notes that somebody waits for room. Returns the word after it.
    pub(super) fn set_waiters(&self) -> WordSeen<K> {
        // Ordering: [mpsc-room] AcqRel: a party that gives permits back before this is seen here,
        // and one that does so after it sees the flag.
        // No mutant: as in `give_back`.
        WordSeen::new(self.0.fetch_or(WAITERS, Ordering::AcqRel) | WAITERS)
    }

    /// Notes that nobody waits for room any more.
    pub(super) fn clear_waiters(&self) {
        // Ordering: Relaxed: the flag is a hint to take the lock, under which it is cleared.
        self.0.fetch_and(!WAITERS, Ordering::Relaxed);
    }
}
