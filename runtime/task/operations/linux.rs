//! Where there are rings: operations in flight, and what is counted of them.

use super::super::histogram::Histogram;
use super::super::time_stamp::nanos_now;
use super::LoggedOperation;
use crate::primitive::sync::Mutex;

/// An operation that the ring has and the kernel has not answered.
#[derive(Clone, Copy, Debug)]
struct BegunOperation {
    kind: &'static str,
    /// It waits for a peer, so its length says nothing of the kernel.
    is_wait: bool,
    began: u64,
}

/// The operations of a ring, by their places in its table.
pub(crate) struct ObservedOperations {
    begun: Mutex<Vec<Option<BegunOperation>>>,
    /// From the submission of an operation until its answer was seen. Waits for readiness are not
    /// among them.
    pub(crate) round_trips: Histogram,
}

impl ObservedOperations {
    pub(in crate::task) fn new() -> ObservedOperations {
        ObservedOperations { begun: Mutex::new(Vec::new()), round_trips: Histogram::new() }
    }

    /// The operations that the kernel has not answered.
    #[cfg(all(unix, feature = "console"))]
    pub(crate) fn under_way(&self) -> Vec<LoggedOperation> {
        let logged = |operation: &BegunOperation| {
            let BegunOperation { kind, began, .. } = *operation;
            LoggedOperation { kind, began, ended: None }
        };
        self.begun.lock().iter().flatten().map(logged).collect()
    }

    /// The ring submits an operation.
    pub(in crate::task) fn begin(&self, place: usize, kind: &'static str, is_wait: bool) {
        let began = nanos_now();
        let mut begun = self.begun.lock();
        if begun.len() <= place {
            begun.resize(place + 1, None);
        }
        begun[place] = Some(BegunOperation { kind, is_wait, began });
    }

    /// The ring has its answer. `None`: it was answered before, and has left a buffer with the
    /// kernel since.
    pub(in crate::task) fn end(&self, place: usize) -> Option<LoggedOperation> {
        let ended = nanos_now();
        let BegunOperation { kind, is_wait, began } = self.begun.lock().get_mut(place)?.take()?;
        if !is_wait {
            self.round_trips.note(ended.saturating_sub(began));
        }
        Some(LoggedOperation { kind, began, ended: Some(ended) })
    }

    /// A standing order has brought an event: that wait is over, and the next one begins.
    pub(in crate::task) fn repeat(&self, place: usize) -> Option<LoggedOperation> {
        let ended = nanos_now();
        let mut begun = self.begun.lock();
        let operation = begun.get_mut(place)?.as_mut()?;
        let began = std::mem::replace(&mut operation.began, ended);
        Some(LoggedOperation { kind: operation.kind, began, ended: Some(ended) })
    }
}
