//! When a worker gives free memory back: after it has been idle for a while.

use std::time::{Duration, Instant};

use crate::primitive::atomic::{AtomicU64, Ordering};
use crate::task::{is_keeping, rest};

/// The time between two looks, and so the shortest idle time after which memory is given back. It
/// is long compared with the pauses of a busy program, which would have to allocate again.
const PERIOD: Duration = Duration::from_secs(1);

/// When the workers of a runtime last looked for memory to give back.
pub(super) struct Slack {
    /// In nanoseconds since the scheduler's start.
    looked_at: AtomicU64,
}

impl Slack {
    pub(super) fn new() -> Slack {
        Slack { looked_at: AtomicU64::new(0) }
    }

    /// Limits the sleep of a worker while there is memory to give back. Of every worker: one that
    /// sleeps already does not learn that others have kept memory since.
    #[inline]
    pub(super) fn limit(sleep: Option<Duration>) -> Option<Duration> {
        if is_keeping() { Some(sleep.map_or(PERIOD, |sleep| sleep.min(PERIOD))) } else { sleep }
    }

    /// Called after a sleep.
    #[inline]
    pub(super) fn look(&self, epoch: Instant, now: Instant) {
        if is_keeping() {
            self.look_at(now.saturating_duration_since(epoch));
        }
    }

    #[cold]
    fn look_at(&self, age: Duration) {
        let now = u64::try_from(age.as_nanos()).unwrap_or(u64::MAX);
        // Ordering: Relaxed, here and below: a time alone. If two workers look at once, the second
        // finds nothing used, and gives back what it would have given back a second later.
        let looked_at = self.looked_at.load(Ordering::Relaxed);
        if now.saturating_sub(looked_at) >= PERIOD.as_nanos() as u64 {
            self.looked_at.store(now, Ordering::Relaxed);
            rest();
        }
    }
}
