//! What has been done so far: counters that every room adds to.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// The things that are counted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Count {
    /// Connections that a client has opened.
    Connections,
    /// Messages that came back as they were sent.
    Messages,
    /// Datagrams that arrived as they were sent.
    Datagrams,
    /// Operations and tasks that were dropped before they were ready.
    Cancels,
    /// Connections that ended with a reset.
    Resets,
    /// Reads of files that were compared with the model.
    Reads,
    /// Writes of files.
    Writes,
    /// Files that were renamed, compared as a whole and removed.
    Files,
    /// Panics that reached the one who waits for them.
    Panics,
    /// Runtimes that were made and dropped.
    Runtimes,
    /// Operations that such a runtime, told to end soon, did not get back from the kernel in time.
    Unreturned,
    /// Child processes whose end was seen.
    Processes,
    /// Batches of signals that were noticed.
    Signals,
    /// Long polls and bursts of computing.
    Hogs,
    /// Calls that were refused while there were no descriptors.
    Shortages,
}

const NAMES: [&str; 15] = [
    "connections",
    "messages",
    "datagrams",
    "cancels",
    "resets",
    "reads",
    "writes",
    "files",
    "panics",
    "runtimes",
    "unreturned",
    "processes",
    "signals",
    "hogs",
    "shortages",
];

/// All counters, shared by all rooms.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    counts: [AtomicU64; NAMES.len()],
}

impl Ledger {
    /// Counts one more.
    pub(crate) fn add(&self, count: Count) {
        self.add_many(count, 1);
    }

    /// Counts as many more.
    pub(crate) fn add_many(&self, count: Count, more: u64) {
        // Ordering: a figure for people; it orders nothing.
        self.counts[count as usize].fetch_add(more, Ordering::Relaxed);
    }

    /// The number so far.
    pub(crate) fn of(&self, count: Count) -> u64 {
        // Ordering: a figure for people; it orders nothing.
        self.counts[count as usize].load(Ordering::Relaxed)
    }

    /// The kinds of which nothing has been done.
    pub(crate) fn missing(&self, required: &[Count]) -> Vec<&'static str> {
        // Ordering: read after every task has been joined.
        let is_zero = |count: &&Count| self.counts[**count as usize].load(Ordering::Relaxed) == 0;
        required.iter().filter(is_zero).map(|count| NAMES[*count as usize]).collect()
    }
}

impl fmt::Display for Ledger {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, count)) in NAMES.iter().zip(&self.counts).enumerate() {
            let space = if index == 0 { "" } else { ", " };
            // Ordering: a figure for people; it orders nothing.
            write!(formatter, "{space}{} {name}", count.load(Ordering::Relaxed))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Count, Ledger, NAMES};

    #[test]
    fn each_kind_has_its_own_name_and_counter() {
        let ledger = Ledger::default();
        ledger.add(Count::Shortages);
        ledger.add(Count::Messages);
        ledger.add(Count::Messages);
        assert_eq!((ledger.of(Count::Messages), ledger.of(Count::Shortages)), (2, 1));
        assert_eq!(NAMES[Count::Shortages as usize], "shortages");
        assert!(ledger.to_string().contains("2 messages"), "{ledger}");
    }

    #[test]
    fn kinds_without_a_count_are_missing() {
        let ledger = Ledger::default();
        ledger.add(Count::Panics);
        assert_eq!(ledger.missing(&[Count::Panics, Count::Files]), ["files"]);
    }
}
