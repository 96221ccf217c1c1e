//! The name of an operation in flight.

use super::slots::SlotId;

/// Where an operation is in flight: the worker whose table has it, and the slot in that table. It
/// is small because each side of each socket has room for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    worker: u32,
    slot: SlotId,
}

impl Ticket {
    pub(super) fn new(worker: usize, slot: SlotId) -> Ticket {
        Ticket { worker: u32::try_from(worker).expect("fewer workers than that"), slot }
    }

    pub(super) fn worker(self) -> usize {
        self.worker as usize
    }

    pub(super) fn slot(self) -> SlotId {
        self.slot
    }
}
