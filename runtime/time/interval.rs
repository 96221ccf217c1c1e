//! A timer that ticks again and again.
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::entry::Entry;
use super::instant::Instant;
use crate::task::coop;

/// A tick that comes no later than this was not missed.
const LATENESS_ALLOWED: Duration = Duration::from_millis(5);

/// Ticks every `period`; the first time at once.
///
/// The schedule is kept: the time that passes between two calls of [`Interval::tick`] does not add up. What happens if
/// ticks are missed is told by [`MissedTickBehavior`].
///
/// # Panics
/// Panics if `period` is zero. [`Interval::tick`] panics if it has to wait and its thread has no runtime.
///
/// # Examples
/// ```
/// use heist::time::{self, Duration};
///
/// heist::runtime::Runtime::new().unwrap().block_on(async {
///     let mut interval = time::interval(Duration::from_millis(10));
///     for _ in 0..3 {
///         interval.tick().await;
///     }
///     // Now about 20 ms have passed.
/// });
/// ```
#[track_caller]
pub fn interval(period: Duration) -> Interval {
    interval_at(Instant::now(), period)
}

/// Ticks every `period`; the first time at `start`. All else is as with [`interval`](interval()).
///
/// # Panics
/// Panics if `period` is zero. [`Interval::tick`] panics if it has to wait and its thread has no runtime.
///
/// # Examples
/// ```
/// use heist::time::{self, Duration, Instant};
///
/// heist::runtime::Runtime::new().unwrap().block_on(async {
///     let period = Duration::from_millis(10);
///     let start = Instant::now() + period;
///     let mut interval = time::interval_at(start, period);
///     assert_eq!(interval.tick().await, start);
///     assert_eq!(interval.tick().await, start + period);
/// });
/// ```
#[track_caller]
pub fn interval_at(start: Instant, period: Duration) -> Interval {
    assert!(!period.is_zero(), "an interval needs a period longer than zero");
    Interval { deadline: start, period, entry: Entry::new(), missed_tick_behavior: MissedTickBehavior::Burst }
}

/// What an [`Interval`] does about ticks for which nobody came in time, that is within 5 ms.
///
/// With a period of 50 ms, ticks due at 0, 50, 100, …, and one `tick()` that is called late, at 180:
///
/// | behaviour | ticks are handed out at |
/// |---|---|
/// | `Burst` | 0, 50, 180 (for 100), 180 (for 150), 200, 250, … |
/// | `Delay` | 0, 50, 180 (for 100), 230, 280, … |
/// | `Skip` | 0, 50, 180 (for 100), 200, 250, … |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissedTickBehavior {
    /// Hands the missed ticks out one after another without a pause, until it has caught up.
    #[default]
    Burst,
    /// Starts a new schedule at the late tick.
    Delay,
    /// Leaves the missed ticks out and goes on with the next one of the old schedule.
    Skip,
}

impl MissedTickBehavior {
    /// The tick after the one that was due at `scheduled` and was handed out too late, at `now`.
    fn next(self, scheduled: Instant, now: Instant, period: Duration) -> Instant {
        match self {
            MissedTickBehavior::Burst => scheduled.saturating_add(period),
            MissedTickBehavior::Delay => now.saturating_add(period),
            MissedTickBehavior::Skip => {
                let late = now.saturating_duration_since(scheduled).as_nanos();
                let since_last = duration_of_nanos(late % period.as_nanos());
                now.saturating_add(period - since_last)
            }
        }
    }
}

fn duration_of_nanos(nanos: u128) -> Duration {
    let nanos_per_second = Duration::from_secs(1).as_nanos();
    // Less than a period, which is a `Duration`, so both parts fit.
    Duration::new((nanos / nanos_per_second) as u64, (nanos % nanos_per_second) as u32)
}

/// Ticks at a fixed rate. Made by [`interval`](interval()) and [`interval_at`].
#[derive(Debug)]
pub struct Interval {
    /// When the next tick is due.
    deadline: Instant,
    period: Duration,
    entry: Entry,
    missed_tick_behavior: MissedTickBehavior,
}

/// The future of [`Interval::tick`]. No `async fn`: it panics where it is awaited.
#[must_use = "a tick does nothing unless it is awaited"]
struct Tick<'a> {
    interval: &'a mut Interval,
}

impl Future for Tick<'_> {
    type Output = Instant;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Instant> {
        self.interval.poll_tick(cx)
    }
}

impl Interval {
    /// Waits for the next tick and returns when it was due.
    ///
    /// Cancel safety: a tick is counted when it is handed out; dropping the future before loses none.
    pub fn tick(&mut self) -> impl Future<Output = Instant> {
        Tick { interval: self }
    }

    /// Polls for the next tick. Ready with the instant at which it was due.
    #[track_caller]
    pub fn poll_tick(&mut self, cx: &mut Context<'_>) -> Poll<Instant> {
        let charge = ready!(coop::poll_proceed(cx));
        ready!(self.entry.poll_elapsed(cx, self.deadline.into_std()));
        charge.made_progress();
        let (scheduled, now) = (self.deadline, Instant::now());
        let next = if now.saturating_duration_since(scheduled) > LATENESS_ALLOWED {
            self.missed_tick_behavior.next(scheduled, now, self.period)
        } else {
            scheduled.saturating_add(self.period)
        };
        self.reset_at(next);
        Poll::Ready(scheduled)
    }

    /// Begins anew: the next tick comes a period from now.
    pub fn reset(&mut self) {
        self.reset_at(Instant::after(self.period));
    }

    /// Begins anew: the next tick comes at once.
    pub fn reset_immediately(&mut self) {
        self.reset_at(Instant::now());
    }

    /// Begins anew: the next tick comes in `after`.
    pub fn reset_after(&mut self, after: Duration) {
        self.reset_at(Instant::after(after));
    }

    /// Begins anew: the next tick comes at `deadline`.
    pub fn reset_at(&mut self, deadline: Instant) {
        self.deadline = deadline;
        self.entry.reset(deadline.into_std());
    }

    /// What happens about missed ticks.
    pub fn missed_tick_behavior(&self) -> MissedTickBehavior {
        self.missed_tick_behavior
    }

    /// Sets what happens about missed ticks.
    pub fn set_missed_tick_behavior(&mut self, behavior: MissedTickBehavior) {
        self.missed_tick_behavior = behavior;
    }

    /// The time from one tick to the next.
    pub fn period(&self) -> Duration {
        self.period
    }
}
