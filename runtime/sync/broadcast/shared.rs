//! What the handles of the channel share: the ring of slots, and its tail under a lock.

use super::slot::ValueSlot;
use crate::primitive::atomic::{AtomicUsize, Ordering};
use crate::sync::wait_list::{Home, WaitList};
use crate::sync::wait_until::{wait_until, wake_all, wake_all_of};
use std::sync::OnceLock;

/// More receivers than this cannot be.
const RECEIVERS_COUNT_MAX: usize = usize::MAX >> 2;

/// Where the next value goes, and who is there.
pub(super) struct Tail {
    pub(super) position: u64,
    receivers_count: usize,
    /// No sender or no receiver is left.
    is_closed: bool,
}

pub(super) struct RingShared<T> {
    /// Made for the first value.
    ring: OnceLock<Box<[ValueSlot<T>]>>,
    /// A power of two.
    slots_count: usize,
    /// With the receivers that wait for a value.
    tail: WaitList<Tail, ()>,
    senders_count: AtomicUsize,
    weak_count: AtomicUsize,
    abandoned: Abandoned<T>,
}

/// Senders that wait for the end of the receivers.
struct Abandoned<T> {
    list: WaitList<(), ()>,
    of: std::marker::PhantomData<fn() -> T>,
}

impl<T> Home for Abandoned<T> {
    type State = ();
    type Wish = ();

    const NAME: &'static str = "broadcast channel, to close";

    fn wait_list(&self) -> &WaitList<(), ()> {
        &self.list
    }
}

impl<T> Home for RingShared<T> {
    type State = Tail;
    type Wish = ();

    const NAME: &'static str = "broadcast channel";

    fn wait_list(&self) -> &WaitList<Tail, ()> {
        &self.tail
    }
}

/// What a receiver finds at the tail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ahead {
    /// There is a value for it.
    Value,
    /// It has received all, and more may come.
    Nothing,
    /// It has received all.
    End,
    /// So many values were overwritten, and this is the position of the oldest one that is there.
    Lagged { count: u64, next: u64 },
}

impl<T> RingShared<T> {
    pub(super) fn new(slots_count: usize, receivers_count: usize) -> RingShared<T> {
        let tail = Tail { position: 0, receivers_count, is_closed: receivers_count == 0 };
        RingShared {
            ring: OnceLock::new(),
            slots_count,
            tail: WaitList::new(tail),
            senders_count: AtomicUsize::new(1),
            weak_count: AtomicUsize::new(0),
            abandoned: Abandoned { list: WaitList::new(()), of: std::marker::PhantomData },
        }
    }

    /// None before the first value.
    #[inline]
    pub(super) fn slot(&self, position: u64) -> Option<&ValueSlot<T>> {
        let ring = self.ring.get()?;
        ring.get(position as usize & (self.slots_count - 1))
    }

    fn ring(&self) -> &[ValueSlot<T>] {
        self.ring.get_or_init(|| (0..self.slots_count).map(|_| ValueSlot::new()).collect())
    }

    /// Sends a value to all receivers. Returns their number, or the value if there are none.
    pub(super) fn send(&self, value: T) -> Result<usize, T> {
        let mut tail = self.tail.lock();
        let readers_count = tail.receivers_count;
        if readers_count == 0 {
            return Err(value);
        }
        let position = tail.position;
        // A ring too large to allocate panics, and leaves no position without a value.
        let slot = &self.ring()[position as usize & (self.slots_count - 1)];
        tail.position = position.wrapping_add(1);
        let overwritten = slot.write(position, value, readers_count);
        wake_all_of(tail);
        drop(overwritten);
        Ok(readers_count)
    }

    /// What a receiver at `next` finds. The lock is held.
    pub(super) fn ahead(&self, tail: &Tail, next: u64) -> Ahead {
        let behind_count = tail.position.wrapping_sub(next);
        let slots_count = self.slots_count as u64;
        match behind_count {
            0 if tail.is_closed => Ahead::End,
            0 => Ahead::Nothing,
            count if count <= slots_count => Ahead::Value,
            count => {
                Ahead::Lagged { count: count - slots_count, next: tail.position.wrapping_sub(slots_count) }
            }
        }
    }

    pub(super) fn position(&self) -> u64 {
        self.tail.lock().position
    }

    /// How many values not all receivers have received.
    pub(super) fn len(&self) -> usize {
        let tail = self.tail.lock();
        let Some(ring) = self.ring.get() else { return 0 };
        let is_received = |behind_count: usize| {
            let position = tail.position.wrapping_sub(behind_count as u64);
            ring[position as usize & (self.slots_count - 1)].readers_count() == 0
        };
        // Receivers receive in order: whatever is older than a received value was received too.
        let (mut low, mut high) = (0, self.slots_count);
        while low < high {
            let middle = low + (high - low) / 2;
            if is_received(middle + 1) { high = middle } else { low = middle + 1 }
        }
        low
    }

    pub(super) fn receivers_count(&self) -> usize {
        self.tail.lock().receivers_count
    }

    /// Counts a receiver. Returns the position of its first value.
    pub(super) fn add_receiver(&self) -> u64 {
        let mut tail = self.tail.lock();
        assert!(tail.receivers_count < RECEIVERS_COUNT_MAX, "max receivers");
        if tail.receivers_count == 0 {
            // It was closed for want of receivers, or will be when the last sender goes.
            tail.is_closed = false;
        }
        tail.receivers_count += 1;
        tail.position
    }

    /// Returns the position of the first value that the receiver does not have to receive, and
    /// whether it was the last receiver.
    pub(super) fn remove_receiver(&self) -> (u64, bool) {
        let mut tail = self.tail.lock();
        tail.receivers_count -= 1;
        let is_last = tail.receivers_count == 0;
        tail.is_closed |= is_last;
        (tail.position, is_last)
    }

    pub(super) fn wake_abandoned(&self) {
        wake_all(&self.abandoned);
    }

    pub(super) async fn wait_until_abandoned(&self) {
        wait_until(&self.abandoned, || self.tail.lock().is_closed.then_some(())).await;
    }

    pub(super) fn strong_count(&self) -> usize {
        // Ordering: [broadcast-end] Acquire: a receiver that sees no sender finds all values.
        // No mutant: for users; the lock of the tail orders the values.
        self.senders_count.load(Ordering::Acquire)
    }

    pub(super) fn weak_count(&self) -> usize {
        // Ordering: Relaxed: a figure for users.
        self.weak_count.load(Ordering::Relaxed)
    }

    pub(super) fn add_sender(&self) {
        // Ordering: Relaxed: the caller has a sender, so the count does not reach zero.
        self.senders_count.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a sender, unless none is left.
    pub(super) fn revive_sender(&self) -> bool {
        let next = |count: usize| (count > 0).then(|| count + 1);
        // Ordering: Relaxed: the count alone decides.
        self.senders_count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
    }

    pub(super) fn remove_sender(&self) {
        // Ordering: [broadcast-end] Release: the end comes after the values of all senders, which
        // the lock orders for receivers that wait.
        // No mutant: as in `strong_count`.
        if self.senders_count.fetch_sub(1, Ordering::AcqRel) == 1 {
            let mut tail = self.tail.lock();
            tail.is_closed = true;
            wake_all_of(tail);
        }
    }

    pub(super) fn add_weak(&self) {
        // Ordering: Relaxed: a figure for users.
        self.weak_count.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn remove_weak(&self) {
        // Ordering: Relaxed: a figure for users.
        self.weak_count.fetch_sub(1, Ordering::Relaxed);
    }
}
