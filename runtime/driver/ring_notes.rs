//! What an observed ring counts of its operations.

use std::mem;
use std::sync::Arc;

use super::op::Op;
use super::slots::SlotId;
use crate::task::ObservedWorker;

/// What an observed ring counts of its operations.
#[derive(Debug)]
pub(super) struct RingNotes {
    observed: Arc<ObservedWorker>,
    /// The completions of operations since the last look for completions.
    batch: u64,
}

impl RingNotes {
    pub(super) fn new(observed: Arc<ObservedWorker>) -> RingNotes {
        RingNotes { observed, batch: 0 }
    }

    /// The operation goes to the kernel.
    pub(super) fn begin(&self, slot: SlotId, op: &Op) {
        self.observed.begin_operation(slot.place(), op.kind_name(), op.is_wait());
    }

    /// A standing order has brought an event, and waits for the next one.
    pub(super) fn repeat(&mut self, slot: SlotId) {
        self.batch += 1;
        self.observed.repeat_operation(slot.place());
    }

    /// The kernel has answered.
    pub(super) fn end(&mut self, slot: SlotId) {
        self.batch += 1;
        self.observed.end_operation(slot.place());
    }

    /// No more completions are there.
    pub(super) fn end_batch(&mut self) {
        let size = mem::take(&mut self.batch);
        if size > 0 {
            self.observed.batches.note(size);
        }
    }
}
