//! What is counted of each worker of a runtime that is observed, beside the records of its tasks.

use std::fmt;

use super::histogram::{Histogram, SizeHistogram};
use super::operations::ObservedOperations;
#[cfg(all(unix, feature = "console"))]
use super::poll_log::PollLog;

/// What is counted of a worker.
pub(crate) struct ObservedWorker {
    /// Lengths of polls.
    pub(crate) polls: Histogram,
    /// From when a task was due until its poll began.
    pub(crate) schedules: Histogram,
    /// From the tick of a timer until it fired.
    pub(crate) timers: Histogram,
    /// Lengths of sleeps.
    pub(crate) parks: Histogram,
    /// How many completions or events came at once.
    pub(crate) batches: SizeHistogram,
    /// How many tasks it took from another worker at once.
    pub(crate) steals: SizeHistogram,
    /// The operations of its ring.
    pub(crate) operations: ObservedOperations,
    #[cfg(all(unix, feature = "console"))]
    pub(crate) log: PollLog,
}

impl ObservedWorker {
    pub(crate) fn new() -> ObservedWorker {
        ObservedWorker {
            polls: Histogram::new(),
            schedules: Histogram::new(),
            timers: Histogram::new(),
            parks: Histogram::new(),
            batches: SizeHistogram::new(),
            steals: SizeHistogram::new(),
            operations: ObservedOperations::new(),
            #[cfg(all(unix, feature = "console"))]
            log: PollLog::new(),
        }
    }
}

cfg_if! {
    if #[linux] {
        /// For its ring.
        impl ObservedWorker {
            /// The ring submits the operation at this place of its table. `is_wait`: for readiness.
            pub(crate) fn begin_operation(&self, place: usize, kind: &'static str, is_wait: bool) {
                self.operations.begin(place, kind, is_wait);
            }

            /// A standing order has brought an event.
            pub(crate) fn repeat_operation(&self, place: usize) {
                self.operations.repeat(place).into_iter().for_each(|operation| self.log_operation(operation));
            }

            /// The kernel has answered the operation at this place.
            pub(crate) fn end_operation(&self, place: usize) {
                self.operations.end(place).into_iter().for_each(|operation| self.log_operation(operation));
            }

            /// Logs an operation, if somebody traces the worker.
            #[cfg(all(unix, feature = "console"))]
            fn log_operation(&self, operation: super::operations::LoggedOperation) {
                self.log.note_operation(operation);
            }

            #[cfg(not(all(unix, feature = "console")))]
            #[expect(clippy::unused_self, reason = "as the other one")]
            fn log_operation(&self, _operation: super::operations::LoggedOperation) {}
        }
    } else {
    }
}

impl fmt::Debug for ObservedWorker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObservedWorker").finish_non_exhaustive()
    }
}
