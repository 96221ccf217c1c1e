//! A timer that ticks repeatedly.
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::entry::TimerEntry;
use super::instant::Instant;
use crate::task::{WaitReason, coop};

/// A tick that is handed out no later than this after it was due does not count as missed.
const LATENESS_ALLOWED: Duration = Duration::from_millis(5);

/// Returns a timer that ticks every `period`, for the first time at once.
///
/// Ticks keep their schedule: time spent between two calls of [`Interval::tick`] does not delay
/// the later ticks. [`MissedTickBehavior`] decides what happens to ticks that were missed; the
/// default is [`MissedTickBehavior::Burst`].
///
/// # Panics
/// Panics if `period` is zero. [`Interval::tick`] panics if it has to wait outside of a runtime.
///
/// # Examples
/// ```
/// use heist::time::{self, Duration};
///
/// # heist::runtime::Runtime::new()?.block_on(async {
/// let mut interval = time::interval(Duration::from_millis(10));
/// for _ in 0..3 {
///     interval.tick().await;
/// }
/// // About 20 ms have passed: the first tick came at once.
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[track_caller]
pub fn interval(period: Duration) -> Interval {
    interval_at(Instant::now(), period)
}

/// Returns a timer that ticks every `period`, for the first time at `start`.
///
/// Everything else is as with [`interval`](interval()).
///
/// # Panics
/// Panics if `period` is zero. [`Interval::tick`] panics if it has to wait outside of a runtime.
///
/// # Examples
/// ```
/// use heist::time::{self, Duration, Instant};
///
/// # heist::runtime::Runtime::new()?.block_on(async {
/// let period = Duration::from_millis(10);
/// let start = Instant::now() + period;
/// let mut interval = time::interval_at(start, period);
/// assert_eq!(interval.tick().await, start);
/// assert_eq!(interval.tick().await, start + period);
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[track_caller]
pub fn interval_at(start: Instant, period: Duration) -> Interval {
    assert!(!period.is_zero(), "an interval needs a period longer than zero");
    Interval {
        deadline: start,
        period,
        entry: TimerEntry::new(),
        missed_tick_behavior: MissedTickBehavior::Burst,
    }
}

/// Decides what an [`Interval`] does with missed ticks. A tick is missed if it is handed out more
/// than 5 ms after it was due.
///
/// With a period of 50 ms, ticks due at 0, 50, 100, …, and one `tick()` that is called late, at
/// 180:
///
/// | behaviour | ticks are handed out at |
/// |---|---|
/// | `Burst` | 0, 50, 180 (for 100), 180 (for 150), 200, 250, … |
/// | `Delay` | 0, 50, 180 (for 100), 230, 280, … |
/// | `Skip` | 0, 50, 180 (for 100), 200, 250, … |
///
/// # Examples
/// ```
/// use heist::runtime::Builder;
/// use heist::time::{self, Duration, MissedTickBehavior};
///
/// # Builder::new_current_thread().start_paused(true).build()?.block_on(async {
/// let ms = Duration::from_millis;
/// let mut interval = time::interval(ms(50));
/// interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
/// let start = interval.tick().await;
/// time::advance(ms(130)).await;
/// assert_eq!(interval.tick().await, start + ms(50)); // it is late
/// assert_eq!(interval.tick().await, start + ms(150)); // 100 was left out
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissedTickBehavior {
    /// Hands the missed ticks out one after another, without a pause, until it has caught up.
    #[default]
    Burst,
    /// Starts a new schedule at the late tick.
    Delay,
    /// Leaves the missed ticks out and continues with the next tick of the old schedule.
    Skip,
}

impl MissedTickBehavior {
    /// Returns the tick after the one that was due at `scheduled` and handed out late, at `now`.
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
    // The result is less than a period, which is a `Duration`, so both parts fit.
    Duration::new((nanos / nanos_per_second) as u64, (nanos % nanos_per_second) as u32)
}

/// Ticks at a fixed rate. Created by [`interval`](interval()) and [`interval_at`].
///
/// # Examples
/// Send a heartbeat only while nothing else is sent:
/// ```
/// use heist::time::{self, Duration, Instant};
///
/// # let runtime = heist::runtime::Builder::new_current_thread().start_paused(true).build()?;
/// # runtime.block_on(async {
/// let period = Duration::from_secs(30);
/// let mut heartbeat = time::interval(period);
/// heartbeat.tick().await;
///
/// time::sleep(Duration::from_secs(20)).await;
/// heartbeat.reset(); // something was sent: the next tick is 30 s from now
/// let sent = Instant::now();
/// assert_eq!(heartbeat.tick().await, sent + heartbeat.period());
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Interval {
    /// The instant at which the next tick is due.
    deadline: Instant,
    period: Duration,
    entry: TimerEntry,
    missed_tick_behavior: MissedTickBehavior,
}

pin_project! {
    /// The future of [`Interval::tick`]. It is not an `async fn` so that a panic names the place
    /// that awaits it.
    #[must_use = "a tick does nothing unless it is awaited"]
    struct Tick<'a> {
        interval: &'a mut Interval,
        // As the future of an `async fn`.
        #[pin]
        pinned: PhantomPinned,
    }
}

impl Future for Tick<'_> {
    type Output = Instant;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Instant> {
        self.project().interval.poll_tick(cx)
    }
}

impl Interval {
    /// Waits for the next tick and returns the instant at which it was due.
    ///
    /// # Panics
    /// The future panics if it has to wait outside of a runtime.
    ///
    /// # Cancel safety
    /// Safe: a tick counts as handed out only when the future returns it, so a dropped future loses
    /// no tick.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use heist::time::{Duration, Instant, interval};
    ///
    /// let start = Instant::now();
    /// let mut ticks = interval(Duration::from_secs(10));
    /// // The first tick comes at once.
    /// assert_eq!(ticks.tick().await, start);
    /// assert_eq!(ticks.tick().await, start + Duration::from_secs(10));
    /// # }
    /// ```
    pub fn tick(&mut self) -> impl Future<Output = Instant> {
        Tick { interval: self, pinned: PhantomPinned }
    }

    /// Polls for the next tick: [`tick`](Self::tick) as a poll function.
    ///
    /// # Panics
    /// Panics if it has to wait outside of a runtime.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use heist::time::{Duration, Instant, interval};
    ///
    /// let start = Instant::now();
    /// let mut ticks = interval(Duration::from_secs(10));
    /// ticks.tick().await;
    /// let tick = std::future::poll_fn(|cx| ticks.poll_tick(cx)).await;
    /// assert_eq!(tick, start + Duration::from_secs(10));
    /// # }
    /// ```
    #[track_caller]
    pub fn poll_tick(&mut self, cx: &mut Context<'_>) -> Poll<Instant> {
        let deadline = self.deadline;
        let reason = move || WaitReason::Timer { deadline: deadline.into_std() };
        let charge = ready!(coop::poll_proceed_for(cx, reason));
        ready!(self.entry.poll_elapsed(cx, deadline.into_std()));
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

    /// Starts a new schedule: the next tick comes one period from now.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use heist::time::{Duration, Instant, interval, sleep};
    ///
    /// let start = Instant::now();
    /// let mut ticks = interval(Duration::from_secs(10));
    /// ticks.tick().await;
    /// sleep(Duration::from_secs(3)).await;
    /// ticks.reset();
    /// assert_eq!(ticks.tick().await, start + Duration::from_secs(13));
    /// # }
    /// ```
    pub fn reset(&mut self) {
        self.reset_at(Instant::after(self.period));
    }

    /// Starts a new schedule: the next tick comes at once.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use heist::time::{Duration, Instant, interval, sleep};
    ///
    /// let start = Instant::now();
    /// let mut ticks = interval(Duration::from_secs(10));
    /// ticks.tick().await;
    /// sleep(Duration::from_secs(3)).await;
    /// ticks.reset_immediately();
    /// assert_eq!(ticks.tick().await, start + Duration::from_secs(3));
    /// assert_eq!(ticks.tick().await, start + Duration::from_secs(13));
    /// # }
    /// ```
    pub fn reset_immediately(&mut self) {
        self.reset_at(Instant::now());
    }

    /// Starts a new schedule: the next tick comes after `after`, counted from now.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use heist::time::{Duration, Instant, interval};
    ///
    /// let start = Instant::now();
    /// let mut ticks = interval(Duration::from_secs(10));
    /// ticks.tick().await;
    /// ticks.reset_after(Duration::from_secs(1));
    /// assert_eq!(ticks.tick().await, start + Duration::from_secs(1));
    /// assert_eq!(ticks.tick().await, start + Duration::from_secs(11));
    /// # }
    /// ```
    pub fn reset_after(&mut self, after: Duration) {
        self.reset_at(Instant::after(after));
    }

    /// Starts a new schedule: the next tick comes at `deadline`.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use heist::time::{Duration, Instant, interval};
    ///
    /// let start = Instant::now();
    /// let mut ticks = interval(Duration::from_secs(10));
    /// ticks.tick().await;
    /// ticks.reset_at(start + Duration::from_secs(1));
    /// assert_eq!(ticks.tick().await, start + Duration::from_secs(1));
    /// # }
    /// ```
    pub fn reset_at(&mut self, deadline: Instant) {
        self.deadline = deadline;
        self.entry.reset(deadline.into_std());
    }

    /// Returns what happens to missed ticks. The default is [`MissedTickBehavior::Burst`].
    ///
    /// # Examples
    /// ```
    /// # #[heist::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use heist::time::{Duration, MissedTickBehavior, interval};
    ///
    /// let ticks = interval(Duration::from_secs(10));
    /// assert_eq!(ticks.missed_tick_behavior(), MissedTickBehavior::Burst);
    /// # }
    /// ```
    pub fn missed_tick_behavior(&self) -> MissedTickBehavior {
        self.missed_tick_behavior
    }

    /// Sets what happens to missed ticks.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use heist::time::{Duration, Instant, MissedTickBehavior, interval, sleep};
    ///
    /// let start = Instant::now();
    /// let mut ticks = interval(Duration::from_secs(10));
    /// ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    /// ticks.tick().await;
    /// sleep(Duration::from_secs(35)).await;
    /// // The ticks of 20 and 30 seconds are skipped.
    /// assert_eq!(ticks.tick().await, start + Duration::from_secs(10));
    /// assert_eq!(ticks.tick().await, start + Duration::from_secs(40));
    /// # }
    /// ```
    pub fn set_missed_tick_behavior(&mut self, behavior: MissedTickBehavior) {
        self.missed_tick_behavior = behavior;
    }

    /// Returns the time from one tick to the next.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use heist::time::{Duration, interval};
    ///
    /// assert_eq!(interval(Duration::from_secs(10)).period(), Duration::from_secs(10));
    /// # }
    /// ```
    pub fn period(&self) -> Duration {
        self.period
    }
}
