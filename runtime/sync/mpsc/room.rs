//! The room of a bounded channel: how far the receiver is, and who waits for room.

use super::word::{Bounded, PERMITS_COUNT_MAX, WordSeen};
use crate::primitive::atomic::{AtomicU32, AtomicU64, Ordering};
use crate::sync::wait_list::{Home, WaitList};

/// Somebody waits for room: the receiver looks at the list when it has taken a message.
const WAITERS: u64 = 1;
const POSITION: u64 = 2;

/// What a sender waits for, and what it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Permits(u32),
    Closed,
}

/// What a sender finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    Enough,
    TooLittle,
    /// The word is older than the receiver's position.
    Unknown,
}

pub(super) struct Room {
    capacity: usize,
    /// The receiver's position as a sender saw it last. Not newer than the true one.
    seen_head: AtomicU32,
    /// The receiver's position, and the flag that somebody waits.
    head: AtomicU64,
    list: WaitList<(), Wish>,
}

impl Home for Room {
    type State = ();
    type Wish = Wish;

    const NAME: &'static str = "mpsc channel, for room";

    fn wait_list(&self) -> &WaitList<(), Wish> {
        &self.list
    }
}

impl Room {
    pub(super) fn new(capacity: usize) -> Room {
        Room { capacity, seen_head: AtomicU32::new(0), head: AtomicU64::new(0), list: WaitList::new(()) }
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    /// The receiver has taken `count` messages. Returns true if somebody waits for room.
    #[inline]
    pub(super) fn pass(&self, count: u64) -> bool {
        // Ordering: [mpsc-room] AcqRel: one side's change of this word comes first. Either the
        // receiver finds the flag here, or the waiter finds this position.
        // No mutant: both change one word, and each sees what comes before it there.
        self.head.fetch_add(count * POSITION, Ordering::AcqRel) & WAITERS != 0
    }

    /// Somebody is going to wait. Returns the receiver's position.
    pub(super) fn set_waiters(&self) -> u32 {
        // Ordering: [mpsc-room] AcqRel, as in `pass`.
        // No mutant: as there.
        (self.head.fetch_or(WAITERS, Ordering::AcqRel) / POSITION) as u32
    }

    pub(super) fn clear_waiters(&self) {
        // Ordering: Relaxed: the flag makes the receiver take the lock, under which it is cleared.
        self.head.fetch_and(!WAITERS, Ordering::Relaxed);
    }

    fn load_head(&self) -> u32 {
        // Ordering: Relaxed: from an older position a sender would find less room. One that waits
        // has the newest from `set_waiters`.
        (self.head.load(Ordering::Relaxed) / POSITION) as u32
    }

    fn space_from(&self, head: u32, seen: WordSeen<Bounded>, count: u32) -> Space {
        let Ok(used_count) = u32::try_from(seen.used_count(head)) else { return Space::Unknown };
        let limit = u32::try_from(self.capacity).unwrap_or(u32::MAX).min(PERMITS_COUNT_MAX);
        let is_enough = used_count.checked_add(count).is_some_and(|count| count <= limit);
        if is_enough { Space::Enough } else { Space::TooLittle }
    }

    /// Whether there is room for `count` messages or permits more than `seen` has.
    #[inline]
    pub(super) fn space(&self, seen: WordSeen<Bounded>, count: u32) -> Space {
        // Ordering: Relaxed: an older position means less room, and then the true one is looked at.
        let known = self.seen_head.load(Ordering::Relaxed);
        if self.space_from(known, seen, count) == Space::Enough {
            return Space::Enough;
        }
        let head = self.load_head();
        // Ordering: Relaxed, as above.
        self.seen_head.store(head, Ordering::Relaxed);
        self.space_from(head, seen, count)
    }

    /// As `space`, never from an older position.
    pub(super) fn exact_space(&self, seen: WordSeen<Bounded>, count: u32) -> Space {
        self.space_from(self.load_head(), seen, count)
    }

    /// How many messages could be sent at once.
    pub(super) fn free_count(&self, seen: WordSeen<Bounded>) -> usize {
        if seen.has_waiters() {
            return 0;
        }
        let used_count = seen.used_count(self.load_head()).max(0);
        self.capacity.saturating_sub(used_count as usize)
    }
}
