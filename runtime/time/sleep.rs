//! The futures `sleep` and `sleep_until`.
use std::fmt;
use std::future::Future;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::entry::TimerEntry;
use super::instant::Instant;
#[cfg(feature = "tracing")]
use super::sleep_spans::SleepSpans;
use crate::task::{WaitReason, coop};

/// Waits until `duration` has passed, counted from this call.
///
/// The resolution is one millisecond: the sleep is never shorter than asked, and usually less than
/// two milliseconds longer. A duration of zero is over at the first poll. A duration that leads
/// beyond the range of [`Instant`], such as [`Duration::MAX`], means "never": about 30 years.
///
/// # Panics
/// The future panics if it has to wait outside of a runtime.
///
/// # Cancel safety
/// Safe: dropping the future removes the timer and leaves nothing behind.
///
/// # Examples
/// ```
/// use heist::time::{self, Duration};
///
/// # heist::runtime::Runtime::new()?.block_on(async {
/// time::sleep(Duration::from_millis(10)).await;
/// println!("10 ms have passed");
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[cfg_attr(feature = "tracing", track_caller)]
pub fn sleep(duration: Duration) -> Sleep {
    Sleep::new(Instant::after(duration))
}

/// Waits until `deadline`.
///
/// A deadline in the past is over at the first poll. Everything else is as with [`sleep`].
///
/// # Panics
/// The future panics if it has to wait outside of a runtime.
///
/// # Cancel safety
/// Safe: dropping the future removes the timer and leaves nothing behind.
///
/// # Examples
/// ```
/// use heist::time::{self, Duration, Instant};
///
/// # heist::runtime::Runtime::new()?.block_on(async {
/// let start = Instant::now();
/// time::sleep_until(start + Duration::from_millis(10)).await;
/// assert!(start.elapsed() >= Duration::from_millis(10));
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[cfg_attr(feature = "tracing", track_caller)]
pub fn sleep_until(deadline: Instant) -> Sleep {
    Sleep::new(deadline)
}

/// What only a feature needs. A type of its own, because `pin_project!` takes no fields on a
/// condition.
struct SleepExtras {
    #[cfg(feature = "tracing")]
    spans: SleepSpans,
}

pin_project! {
    /// The future of [`sleep`] and [`sleep_until`].
    ///
    /// It costs nothing until it has to wait. Then it belongs to the timers of the worker that
    /// polls it, and permanently to that runtime; tasks and threads may pass it on. When that
    /// runtime shuts down, the sleep completes at its next poll, before its deadline, because
    /// nothing is left that could wake it later.
    ///
    /// # Examples
    /// To wait for it more than once, pin it and [`reset`](Sleep::reset) it:
    /// ```
    /// use heist::time::{self, Duration, Instant};
    ///
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// let mut sleep = std::pin::pin!(time::sleep(Duration::from_millis(10)));
    /// sleep.as_mut().await;
    /// assert!(sleep.is_elapsed());
    /// sleep.as_mut().reset(Instant::now() + Duration::from_millis(10));
    /// sleep.await;
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use = "a sleep does nothing unless it is awaited"]
    pub struct Sleep {
        deadline: Instant,
        entry: TimerEntry,
        extras: SleepExtras,
        // Nothing relies on the pin today. It is promised so that the node can move in here later.
        #[pin]
        pinned: PhantomPinned,
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep")
            .field("deadline", &self.deadline)
            .field("entry", &self.entry)
            .finish_non_exhaustive()
    }
}

impl Sleep {
    #[cfg_attr(feature = "tracing", track_caller)]
    fn new(deadline: Instant) -> Self {
        let extras = SleepExtras {
            #[cfg(feature = "tracing")]
            spans: SleepSpans::new(std::panic::Location::caller(), deadline),
        };
        Sleep { deadline, entry: TimerEntry::new(), extras, pinned: PhantomPinned }
    }

    /// Returns the instant at which it completes.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use heist::time::{Duration, Instant, sleep};
    ///
    /// let start = Instant::now();
    /// assert_eq!(sleep(Duration::from_secs(5)).deadline(), start + Duration::from_secs(5));
    /// # }
    /// ```
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Returns whether its deadline has passed. This does not read the clock: a sleep that was not
    /// polled since it was created or reset has not elapsed.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use heist::time::{Duration, sleep};
    /// use std::pin::pin;
    ///
    /// let mut nap = pin!(sleep(Duration::from_secs(5)));
    /// assert!(!nap.is_elapsed());
    /// nap.as_mut().await;
    /// assert!(nap.is_elapsed());
    /// # }
    /// ```
    pub fn is_elapsed(&self) -> bool {
        self.entry.is_fired()
    }

    /// Moves the deadline. A sleep that has completed can be awaited again after that.
    ///
    /// A sleep that is waiting keeps the task that it wakes: if the new deadline is in the past,
    /// that task is woken at once, or in the next turn of the run loop.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use heist::time::{Duration, Instant, sleep};
    /// use std::pin::pin;
    ///
    /// let start = Instant::now();
    /// let mut nap = pin!(sleep(Duration::from_secs(5)));
    /// nap.as_mut().reset(start + Duration::from_secs(7));
    /// nap.await;
    /// assert_eq!(start.elapsed(), Duration::from_secs(7));
    /// # }
    /// ```
    pub fn reset(self: Pin<&mut Self>, deadline: Instant) {
        let this = self.project();
        *this.deadline = deadline;
        this.entry.reset(deadline.into_std());
        #[cfg(feature = "tracing")]
        this.extras.spans.set_deadline(deadline);
    }
}

impl Future for Sleep {
    type Output = ();

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        #[cfg(feature = "tracing")]
        let entered = this.extras.spans.enter();
        let deadline = &*this.deadline;
        let reason = move || WaitReason::Timer { deadline: deadline.into_std() };
        let charge = ready!(coop::poll_proceed_for(cx, reason));
        ready!(this.entry.poll_elapsed(cx, deadline.into_std()));
        charge.made_progress();
        #[cfg(feature = "tracing")]
        entered.set_ready();
        Poll::Ready(())
    }
}
