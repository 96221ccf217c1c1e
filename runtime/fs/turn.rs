//! One caller at the cursor.

use super::lanes::{OpNumber, ResultOwner};
use super::readiness::StreamReadiness;

/// One caller's part in the turns at the cursor.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) owner: ResultOwner,
    pub(super) number: Option<OpNumber>,
    pub(super) waiter: Option<usize>,
    pub(super) has_large_buffer: bool,
    /// Of a stream that does not block, while no bytes and no room are available.
    pub(super) readiness: Option<Box<StreamReadiness>>,
}

impl Turn {
    pub(super) fn new(owner: ResultOwner) -> Turn {
        Turn { owner, number: None, waiter: None, has_large_buffer: false, readiness: None }
    }

    /// Whether an operation of this caller may be in flight.
    pub(super) fn is_open(&self) -> bool {
        self.number.is_some() || self.readiness.is_some()
    }

    pub(super) fn keeps_buffer(&self) -> bool {
        self.owner == ResultOwner::Future || !self.has_large_buffer
    }
}
