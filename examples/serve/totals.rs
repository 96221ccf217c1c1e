//! What the server counts, and prints when it stops.

use std::fmt;
// The house's own door to atomics is private to the runtime; a program that uses the runtime has std's.
use std::sync::atomic::{AtomicU64, Ordering};

use crate::listing::human_size;

/// One thing that is counted.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, amount: u64) {
        // Ordering: Relaxed, a count publishes nothing; the totals are read for people.
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        // Ordering: Relaxed, as in `add`.
        self.0.load(Ordering::Relaxed)
    }
}

/// Counted since the start, over all connections.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    pub(crate) connections: Counter,
    pub(crate) requests: Counter,
    /// Sent on the wire, headers included.
    pub(crate) bytes: Counter,
    /// Connections closed because the client was silent or stopped reading.
    pub(crate) timeouts: Counter,
    /// Failed accepts, broken connections, malformed requests and answers of class 5xx.
    pub(crate) errors: Counter,
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.bytes.get();
        write!(f, "connections: {}, requests: {}, ", self.connections.get(), self.requests.get())?;
        write!(f, "bytes: {bytes} ({}), ", human_size(bytes))?;
        write!(f, "timeouts: {}, errors: {}", self.timeouts.get(), self.errors.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_name_every_count() {
        let totals = Totals::default();
        totals.connections.add(2);
        totals.requests.add(3);
        totals.bytes.add(2000);
        totals.bytes.add(48);
        totals.timeouts.add(4);
        totals.errors.add(5);
        let text = "connections: 2, requests: 3, bytes: 2048 (2.0 KiB), timeouts: 4, errors: 5";
        assert_eq!(totals.to_string(), text);
    }
}
