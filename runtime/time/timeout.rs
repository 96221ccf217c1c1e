//! The futures `timeout` and `timeout_at`.
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::entry::TimerEntry;
use super::error::Elapsed;
use super::instant::Instant;
use crate::task::{WaitReason, coop};

/// Limits `future` to `duration`, counted from this call.
///
/// The future is polled before the clock is read, so a future that is ready wins even with a
/// duration of zero. If the time is over first, the result is [`Elapsed`], and the future is
/// dropped together with the `Timeout`. A future that is always busy with ready operations still
/// meets its deadline, as soon as it yields. A duration that leads beyond the range of [`Instant`]
/// means "never".
///
/// # Errors
/// The future returns [`Elapsed`] if the time is over first. `?` converts it into an
/// [`io::Error`](std::io::Error).
///
/// # Panics
/// The future panics if it has to wait outside of a runtime.
///
/// # Cancel safety
/// Dropping the timeout drops the future inside: it is as safe to cancel as that future.
///
/// # Examples
/// ```
/// use heist::time::{self, Duration};
///
/// # heist::runtime::Runtime::new()?.block_on(async {
/// let late = time::timeout(Duration::from_millis(10), std::future::pending::<()>()).await;
/// assert!(late.is_err());
/// assert_eq!(time::timeout(Duration::from_secs(10), async { 7 }).await, Ok(7));
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn timeout<F: IntoFuture>(duration: Duration, future: F) -> Timeout<F::IntoFuture> {
    // Not by `timeout_at`: without optimisation, each call copies the future onto the stack.
    Timeout { value: future.into_future(), deadline: Instant::after(duration), entry: TimerEntry::new() }
}

/// Limits `future` to the time before `deadline`. Everything else is as with
/// [`timeout`](timeout()).
///
/// # Errors
/// The future returns [`Elapsed`] if the deadline passes first.
///
/// # Panics
/// The future panics if it has to wait outside of a runtime.
///
/// # Cancel safety
/// Dropping the timeout drops the future inside: it is as safe to cancel as that future.
///
/// # Examples
/// ```
/// use heist::time::{self, Duration, Instant};
///
/// # heist::runtime::Runtime::new()?.block_on(async {
/// let deadline = Instant::now() + Duration::from_millis(10);
/// assert!(time::timeout_at(deadline, std::future::pending::<()>()).await.is_err());
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn timeout_at<F: IntoFuture>(deadline: Instant, future: F) -> Timeout<F::IntoFuture> {
    Timeout { value: future.into_future(), deadline, entry: TimerEntry::new() }
}

pin_project! {
    /// The future of [`timeout`](timeout()) and [`timeout_at`].
    ///
    /// # Examples
    /// A future that ran out of time can continue without a limit:
    /// ```
    /// use heist::time::{self, Duration};
    ///
    /// # let runtime = heist::runtime::Builder::new_current_thread().start_paused(true).build()?;
    /// # runtime.block_on(async {
    /// let slow = Box::pin(async {
    ///     time::sleep(Duration::from_millis(10)).await;
    ///     "done"
    /// });
    /// let mut limited = time::timeout(Duration::from_millis(1), slow);
    /// assert!((&mut limited).await.is_err());
    /// assert_eq!(limited.into_inner().await, "done");
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[derive(Debug)]
    #[must_use = "a timeout does nothing unless it is awaited"]
    pub struct Timeout<T> {
        #[pin]
        value: T,
        deadline: Instant,
        entry: TimerEntry,
    }
}

impl<T> Timeout<T> {
    /// Returns a reference to the future inside.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// use heist::time::{Duration, timeout};
    /// use std::future::ready;
    ///
    /// let limited = timeout(Duration::from_secs(5), ready(42));
    /// assert_eq!(format!("{:?}", limited.get_ref()), "Ready(Some(42))");
    /// # }
    /// ```
    pub fn get_ref(&self) -> &T {
        &self.value
    }

    /// Returns a mutable reference to the future inside.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// use heist::time::{Duration, timeout};
    /// use std::future::ready;
    ///
    /// let mut limited = timeout(Duration::from_secs(5), ready(42));
    /// *limited.get_mut() = ready(43);
    /// assert_eq!(limited.await, Ok(43));
    /// # }
    /// ```
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.value
    }

    /// Returns the future inside, without its deadline.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// use heist::time::{Duration, timeout};
    /// use std::future::ready;
    ///
    /// let limited = timeout(Duration::from_secs(5), ready(42));
    /// assert_eq!(limited.into_inner().await, 42);
    /// # }
    /// ```
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T: Future> Future for Timeout<T> {
    type Output = Result<T::Output, Elapsed>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let had_budget = coop::has_budget_remaining();
        if let Poll::Ready(output) = this.value.poll(cx) {
            return Poll::Ready(Ok(output));
        }
        // If the future has just spent the budget, its deadline counts all the same: otherwise the
        // deadline would never be checked. If there was no budget before, the timer waits its turn
        // too, so that a loop of timeouts ends.
        if had_budget && !coop::has_budget_remaining() {
            ready!(this.entry.poll_elapsed(cx, this.deadline.into_std()));
        } else {
            let deadline = &*this.deadline;
            let reason = move || WaitReason::Timer { deadline: deadline.into_std() };
            let charge = ready!(coop::poll_proceed_for(cx, reason));
            ready!(this.entry.poll_elapsed(cx, deadline.into_std()));
            charge.made_progress();
        }
        Poll::Ready(Err(Elapsed::new()))
    }
}
