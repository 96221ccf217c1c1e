//! The operations of a worker's ring while its runtime is observed: what is under way, and how long
//! it takes.

use super::histogram::Histogram;
use super::nanos::nanos_now;
use crate::primitive::sync::Mutex;

/// An operation that the ring has and the kernel has not answered. Its time is that of
/// `nanos.rs`.
#[derive(Clone, Copy, Debug)]
struct BegunOperation {
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
    pub(super) fn new() -> ObservedOperations {
        ObservedOperations { begun: Mutex::new(Vec::new()), round_trips: Histogram::new() }
    }

    /// The ring submits an operation.
    pub(crate) fn begin(&self, place: usize, is_wait: bool) {
        let began = nanos_now();
        let mut begun = self.begun.lock();
        if begun.len() <= place {
            begun.resize(place + 1, None);
        }
        begun[place] = Some(BegunOperation { is_wait, began });
    }

    /// The ring has its answer. One that was answered before, and has left a buffer with the kernel
    /// since, does nothing.
    pub(crate) fn end(&self, place: usize) {
        let ended = nanos_now();
        let Some(operation) = self.begun.lock().get_mut(place).and_then(Option::take) else { return };
        if !operation.is_wait {
            self.round_trips.note(ended.saturating_sub(operation.began));
        }
    }
}
