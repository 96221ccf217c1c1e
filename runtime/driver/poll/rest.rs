//! Orders that are placed after a pause, where a poller has no edges, because an event that it
//! would report at once is of no use [no-spin].

use std::time::{Duration, Instant};

use crate::driver::Direction;
use crate::driver::readiness::ORDER_REST;
use crate::driver::slots::SlotId;

/// Sorted by their ends, because all pauses have the same length. There are few: only sockets with
/// futile events and a waiter.
#[derive(Debug)]
pub(super) struct Rests(Vec<Rest>);

#[derive(Debug)]
struct Rest {
    end: Instant,
    slot: SlotId,
    direction: Direction,
}

impl Rests {
    pub(super) const fn new() -> Rests {
        Rests(Vec::new())
    }

    pub(super) fn begin(&mut self, slot: SlotId, direction: Direction) {
        self.end(slot, direction);
        self.0.push(Rest { end: Instant::now() + ORDER_REST, slot, direction });
    }

    pub(super) fn end(&mut self, slot: SlotId, direction: Direction) {
        self.0.retain(|rest| (rest.slot, rest.direction) != (slot, direction));
    }

    pub(super) fn has(&self, slot: SlotId, direction: Direction) -> bool {
        self.0.iter().any(|rest| (rest.slot, rest.direction) == (slot, direction))
    }

    /// The time until the first of them ends.
    pub(super) fn left(&self) -> Option<Duration> {
        self.0.first().map(|rest| rest.end.saturating_duration_since(Instant::now()))
    }

    /// Removes the pauses that are over and returns their slots.
    pub(super) fn take_over(&mut self) -> Vec<SlotId> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let now = Instant::now();
        let over_count = self.0.partition_point(|rest| rest.end <= now);
        self.0.drain(..over_count).map(|rest| rest.slot).collect()
    }
}
