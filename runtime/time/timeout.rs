//! The futures `timeout` and `timeout_at`.
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::entry::Entry;
use super::error::Elapsed;
use super::instant::Instant;
use crate::task::coop;

/// Gives `future` no more time than `duration`, counted from this call.
///
/// The future is polled first, so one that is ready wins even with a duration of zero. If the time is up before, the
/// result is [`Elapsed`] and the future is dropped with the `Timeout`. A future that is always busy with ready
/// operations still meets its deadline, as soon as it yields. A duration that leads beyond what an [`Instant`] can hold
/// means "never".
///
/// Cancel safety: dropping it drops the future; it is as safe to cancel as that one is.
///
/// # Panics
/// Panics when polled if it has to wait and its thread has no runtime.
///
/// # Examples
/// ```
/// use heist::time::{self, Duration};
///
/// heist::runtime::Runtime::new().unwrap().block_on(async {
///     let late = time::timeout(Duration::from_millis(10), std::future::pending::<()>()).await;
///     assert!(late.is_err());
///     assert_eq!(time::timeout(Duration::from_secs(10), async { 7 }).await, Ok(7));
/// });
/// ```
pub fn timeout<F: IntoFuture>(duration: Duration, future: F) -> Timeout<F::IntoFuture> {
    timeout_at(Instant::after(duration), future)
}

/// Gives `future` time until `deadline`. All else is as with [`timeout`](timeout()).
///
/// # Panics
/// Panics when polled if it has to wait and its thread has no runtime.
///
/// # Examples
/// ```
/// use heist::time::{self, Duration, Instant};
///
/// heist::runtime::Runtime::new().unwrap().block_on(async {
///     let deadline = Instant::now() + Duration::from_millis(10);
///     assert!(time::timeout_at(deadline, std::future::pending::<()>()).await.is_err());
/// });
/// ```
pub fn timeout_at<F: IntoFuture>(deadline: Instant, future: F) -> Timeout<F::IntoFuture> {
    Timeout { value: future.into_future(), deadline, entry: Entry::new() }
}

pin_project! {
    /// The future of [`timeout`](timeout()) and [`timeout_at`].
    #[derive(Debug)]
    #[must_use = "a timeout does nothing unless it is awaited"]
    pub struct Timeout<T> {
        #[pin]
        value: T,
        deadline: Instant,
        entry: Entry,
    }
}

impl<T> Timeout<T> {
    /// The future inside.
    pub fn get_ref(&self) -> &T {
        &self.value
    }

    /// The future inside.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.value
    }

    /// Takes the future out, and the deadline off it.
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
        // If the future has just spent the budget, its deadline counts all the same: else it would never be looked at.
        // If there was none before, the timer waits its turn too, so that a loop of timeouts ends.
        if had_budget && !coop::has_budget_remaining() {
            ready!(this.entry.poll_elapsed(cx, this.deadline.into_std()));
        } else {
            let charge = ready!(coop::poll_proceed(cx));
            ready!(this.entry.poll_elapsed(cx, this.deadline.into_std()));
            charge.made_progress();
        }
        Poll::Ready(Err(Elapsed::new()))
    }
}
