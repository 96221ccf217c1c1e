//! The futures `sleep` and `sleep_until`.
use std::future::Future;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::entry::Entry;
use super::instant::Instant;
use crate::task::coop;

/// Waits until `duration` has passed, counted from this call.
///
/// Resolution is one millisecond: the sleep is never shorter than asked, and as a rule less than two milliseconds
/// longer. A duration of zero is over at the first poll. One that leads beyond what an [`Instant`] can hold, such as
/// [`Duration::MAX`], means "never": about 30 years.
///
/// Cancel safety: dropping the future takes the timer away, nothing is left behind.
///
/// # Panics
/// The future panics if it has to wait and its thread has no runtime. It may be made anywhere.
///
/// # Examples
/// ```
/// use heist::time::{self, Duration};
///
/// heist::runtime::Runtime::new().unwrap().block_on(async {
///     time::sleep(Duration::from_millis(10)).await;
///     println!("10 ms have passed");
/// });
/// ```
pub fn sleep(duration: Duration) -> Sleep {
    Sleep::new(Instant::after(duration))
}

/// Waits until `deadline`.
///
/// A deadline in the past is over at the first poll. All else is as with [`sleep`].
///
/// # Panics
/// The future panics if it has to wait and its thread has no runtime.
///
/// # Examples
/// ```
/// use heist::time::{self, Duration, Instant};
///
/// heist::runtime::Runtime::new().unwrap().block_on(async {
///     let start = Instant::now();
///     time::sleep_until(start + Duration::from_millis(10)).await;
///     assert!(start.elapsed() >= Duration::from_millis(10));
/// });
/// ```
pub fn sleep_until(deadline: Instant) -> Sleep {
    Sleep::new(deadline)
}

pin_project! {
    /// The future of [`sleep`] and [`sleep_until`].
    ///
    /// It costs nothing until it has to wait. It then belongs to the timers of the worker that polls it, and to that
    /// runtime for good; tasks and threads may hand it around. When that runtime shuts down, it completes at its next
    /// poll, before its time: nobody is left who could wake it later.
    ///
    /// To wait for it more than once, pin it and [`reset`](Sleep::reset) it:
    ///
    /// ```
    /// use heist::time::{self, Duration, Instant};
    ///
    /// heist::runtime::Runtime::new().unwrap().block_on(async {
    ///     let mut sleep = std::pin::pin!(time::sleep(Duration::from_millis(10)));
    ///     sleep.as_mut().await;
    ///     sleep.as_mut().reset(Instant::now() + Duration::from_millis(10));
    ///     sleep.await;
    /// });
    /// ```
    #[derive(Debug)]
    #[must_use = "a sleep does nothing unless it is awaited"]
    pub struct Sleep {
        deadline: Instant,
        entry: Entry,
        // Nothing relies on the pin today. It is promised so that the node can move in here one day.
        #[pin]
        pinned: PhantomPinned,
    }
}

impl Sleep {
    fn new(deadline: Instant) -> Self {
        Sleep { deadline, entry: Entry::new(), pinned: PhantomPinned }
    }

    /// When it completes.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Whether its time has come. It does not look at the clock: a sleep that nobody has polled since it was made or
    /// reset has not elapsed.
    pub fn is_elapsed(&self) -> bool {
        self.entry.is_fired()
    }

    /// Moves the deadline, also after completion, when it can be awaited anew.
    ///
    /// A sleep that is waiting keeps the task it wakes: if the new deadline is past, that task is woken at
    /// once, or in the next turn of the run loop.
    pub fn reset(self: Pin<&mut Self>, deadline: Instant) {
        let this = self.project();
        *this.deadline = deadline;
        this.entry.reset(deadline.into_std());
    }
}

impl Future for Sleep {
    type Output = ();

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        let charge = ready!(coop::poll_proceed(cx));
        ready!(this.entry.poll_elapsed(cx, this.deadline.into_std()));
        charge.made_progress();
        Poll::Ready(())
    }
}
