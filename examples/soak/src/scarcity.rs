//! When descriptors are scarce, and which errors that excuses.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

/// EMFILE, on every Unix system.
const TOO_MANY_OPEN_FILES: i32 = 24;

/// A count of the changes of the limit: odd while it is low.
#[derive(Debug, Default)]
pub(crate) struct Scarcity {
    changes: AtomicU64,
}

/// The count of changes at one time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Epoch(u64);

impl Scarcity {
    /// Taken before a call, it tells whether the call may have met the low limit.
    pub(crate) fn epoch(&self) -> Epoch {
        // Ordering: SeqCst, because the limit of the process changes between two of these.
        Epoch(self.changes.load(Ordering::SeqCst))
    }

    /// Called before the limit falls and after it has risen.
    pub(crate) fn change(&self) {
        // Ordering: SeqCst, because the limit of the process changes between two of these.
        self.changes.fetch_add(1, Ordering::SeqCst);
    }

    /// Whether the limit was low at any time since then.
    pub(crate) fn was_low(&self, since: Epoch) -> bool {
        let now = self.epoch();
        now.0 != since.0 || now.0 % 2 == 1
    }
}

/// Whether the error says that there was no descriptor.
pub(crate) fn is_shortage(error: &io::Error) -> bool {
    error.raw_os_error() == Some(TOO_MANY_OPEN_FILES) || error.to_string().contains("EMFILE")
}

#[cfg(test)]
mod tests {
    use super::{Scarcity, is_shortage};
    use std::io;

    #[test]
    fn only_calls_that_met_the_low_limit_are_excused() {
        let scarcity = Scarcity::default();
        let before = scarcity.epoch();
        assert!(!scarcity.was_low(before));
        scarcity.change();
        assert!(scarcity.was_low(before) && scarcity.was_low(scarcity.epoch()));
        scarcity.change();
        assert!(scarcity.was_low(before) && !scarcity.was_low(scarcity.epoch()));
    }

    #[test]
    fn other_errors_are_no_shortage() {
        assert!(is_shortage(&io::Error::from_raw_os_error(24)));
        assert!(!is_shortage(&io::Error::from_raw_os_error(2)));
    }
}
