//! A run loop under a paused clock: when time may advance by itself.
//!
//! Time advances only if nothing is in flight that ends without it [in-flight-holds-time]: no job
//! of the blocking pool, no operation on a file or a path, and no dump. A wait for a socket or a
//! pipe does not hold time, because only the peer ends it.

use std::time::Duration;

use crate::scheduler::shared::SharedScheduler;

/// How often the loop looks again while something holds time. This is real time, used only under a
/// paused clock. The end of a job wakes its waiter before the job's thread counts itself idle, so
/// the last look needs no wake-up of its own.
const LOOK_PERIOD: Duration = Duration::from_millis(1);

/// The state of the clock, as a worker sees it when it goes to sleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PausedClock {
    /// The clock runs, or no sleeper waits for it.
    Idle,
    /// Sleepers wait, and something is in flight.
    Held,
    /// Sleepers wait, and nothing was in flight.
    Free,
}

impl PausedClock {
    /// Looks at the clock, after the worker was counted as parked and saw no work. A job that ends
    /// from now on notifies the worker.
    #[inline]
    pub(super) fn of(shared: &SharedScheduler, index: usize) -> PausedClock {
        if !(shared.timers.clock().is_paused() && shared.timers.has_timers(index)) {
            return PausedClock::Idle;
        }
        let is_held = shared.blocking().is_busy()
            || shared.driver().has_file_work(index)
            || shared.dumps.are_under_way();
        if is_held { PausedClock::Held } else { PausedClock::Free }
    }

    /// Returns how long the worker may sleep, if the clock decides it.
    pub(super) fn sleep_limit(self) -> Option<Duration> {
        match self {
            PausedClock::Idle => None,
            PausedClock::Held => Some(LOOK_PERIOD),
            PausedClock::Free => Some(Duration::ZERO),
        }
    }

    /// Returns whether time may advance after a sleep that brought nothing and was not interrupted.
    /// An operation that another thread sent meanwhile counts.
    pub(super) fn may_advance(self, shared: &SharedScheduler, index: usize) -> bool {
        self == PausedClock::Free && !shared.driver().has_file_work(index)
    }
}
