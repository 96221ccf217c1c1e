//! Time: sleeps, intervals and time limits.

pub mod error;
mod timeout;

pub use std::time::Duration;

pub use heist::time::{Instant, Interval, MissedTickBehavior, Sleep};
#[cfg(feature = "test-util")]
pub use heist::time::{advance, pause, resume};
pub use timeout::{Timeout, timeout, timeout_at};

use crate::context;

/// Waits for `duration`.
#[track_caller]
pub fn sleep(duration: Duration) -> Sleep {
    context::time();
    heist::time::sleep(duration)
}

/// Waits until `deadline`.
#[track_caller]
pub fn sleep_until(deadline: Instant) -> Sleep {
    context::time();
    heist::time::sleep_until(deadline)
}

/// Ticks every `period`, at once for the first time. Panics if `period` is zero.
#[track_caller]
pub fn interval(period: Duration) -> Interval {
    assert!(period > Duration::ZERO, "`period` must be non-zero.");
    context::time();
    heist::time::interval(period)
}

/// Ticks every `period`, at `start` for the first time. Panics if `period` is zero.
#[track_caller]
pub fn interval_at(start: Instant, period: Duration) -> Interval {
    assert!(period > Duration::ZERO, "`period` must be non-zero.");
    context::time();
    heist::time::interval_at(start, period)
}
