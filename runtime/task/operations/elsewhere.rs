//! Where there are no rings, none has an operation.

use super::super::histogram::Histogram;
#[cfg(all(unix, feature = "console"))]
use super::LoggedOperation;

/// The operations of a worker without a ring.
pub(crate) struct ObservedOperations {
    /// Nothing is ever noted.
    pub(crate) round_trips: Histogram,
}

impl ObservedOperations {
    pub(in crate::task) fn new() -> ObservedOperations {
        ObservedOperations { round_trips: Histogram::new() }
    }

    /// None.
    #[cfg(all(unix, feature = "console"))]
    #[expect(clippy::unused_self, reason = "as the other one")]
    pub(crate) fn under_way(&self) -> Vec<LoggedOperation> {
        Vec::new()
    }
}
