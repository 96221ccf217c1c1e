//! A run loop under a paused clock: when time may move on by itself.
//!
//! Time moves only if nothing is in flight that will end without it [in-flight-holds-time]: no job of the blocking pool, no
//! operation on a file or a path. A wait for a socket or a pipe holds nothing, because only the peer ends it.

use std::time::Duration;

use crate::scheduler::Shared;

/// How often the loop looks again while something holds the time. Real time, and only under a paused clock: the end of a
/// job wakes its waiter before the job's thread counts itself idle, so the last look needs no wake-up of its own.
const LOOK_PERIOD: Duration = Duration::from_millis(1);

/// What a worker that goes to sleep knows of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PausedClock {
    /// The clock runs, or nobody waits for it.
    Idle,
    /// Sleepers wait, and something is in flight.
    Held,
    /// Sleepers wait, and nothing was in flight.
    Free,
}

impl PausedClock {
    /// Looks at the clock, after the worker was counted as parked and saw no work: a job that ends from here on notifies it.
    #[inline]
    pub(super) fn of(shared: &Shared, index: usize) -> PausedClock {
        if !(shared.timers.clock().is_paused() && shared.timers.has_timers(index)) {
            return PausedClock::Idle;
        }
        let is_held = shared.blocking().is_busy() || shared.driver().has_file_work(index);
        if is_held { PausedClock::Held } else { PausedClock::Free }
    }

    /// How long the worker may sleep, if the clock decides it.
    pub(super) fn sleep_limit(self) -> Option<Duration> {
        match self {
            PausedClock::Idle => None,
            PausedClock::Held => Some(LOOK_PERIOD),
            PausedClock::Free => Some(Duration::ZERO),
        }
    }

    /// Whether time may move, after a sleep that brought nothing and nobody ended. What a letter has begun meanwhile counts.
    pub(super) fn may_advance(self, shared: &Shared, index: usize) -> bool {
        self == PausedClock::Free && !shared.driver().has_file_work(index)
    }
}
