//! What happens at a time: the queue that moves the clock.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::threads::ThreadId;
use crate::kernel::KernelEvent;

/// Something that happens at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The time-out of a thread that waits, unless it has one that is later by now.
    Timeout(ThreadId),
    /// Something in the network, or at a host.
    Kernel(KernelEvent),
}

#[derive(Debug, PartialEq, Eq)]
struct Entry {
    at: u64,
    /// Events of one time happen in the order in which they were planned.
    number: u64,
    event: Event,
}

impl Entry {
    /// The time and the number as one, which is one comparison.
    fn place(&self) -> u128 {
        u128::from(self.at) << 64 | u128::from(self.number)
    }
}

impl Ord for Entry {
    /// The earliest entry is the greatest, as a `BinaryHeap` wants it.
    fn cmp(&self, other: &Entry) -> Ordering {
        other.place().cmp(&self.place())
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Entry) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The events to come.
#[derive(Debug, Default)]
pub(crate) struct Events {
    queue: BinaryHeap<Entry>,
    planned_count: u64,
}

impl Events {
    /// Plans an event, in nanoseconds since the beginning of the world.
    pub(crate) fn plan(&mut self, at: u64, event: Event) {
        self.planned_count += 1;
        self.queue.push(Entry { at, number: self.planned_count, event });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// When the next event happens.
    pub(crate) fn next_at(&self) -> Option<u64> {
        self.queue.peek().map(|entry| entry.at)
    }

    /// Takes the next event that is due.
    pub(crate) fn take_due(&mut self, now: u64) -> Option<Event> {
        if self.next_at()? > now {
            return None;
        }
        self.queue.pop().map(|entry| entry.event)
    }
}
