//! The outcomes of many tasks, in the order in which the tasks end.

use std::convert::Infallible;
use std::fmt;
use std::future::{Future, Pending, pending};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use futures_util::stream::FuturesUnordered;

use super::turns::Turns;
use crate::task::{JoinError, JoinHandle, coop};
use crate::time::error::Elapsed;
use crate::time::{Timeout, timeout};

/// The stream of [`as_completed`]. Dropping it detaches the tasks: they continue.
///
/// # Examples
/// With a limit, a last item reports that the time is over:
/// ```
/// # heist::runtime::Runtime::new()?.block_on(async {
/// use futures::StreamExt;
/// use heist::asyncio::as_completed;
/// use std::time::Duration;
///
/// let endless = heist::spawn(std::future::pending::<()>());
/// let mut outcomes = as_completed([endless], Some(Duration::from_millis(5)));
/// assert!(matches!(outcomes.next().await, Some(Err(_elapsed))));
/// assert!(outcomes.next().await.is_none());
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "a stream gives nothing until it is polled"]
pub struct AsCompleted<T> {
    running: FuturesUnordered<JoinHandle<T>>,
    /// A time-out without a value: it only ever elapses.
    limit: Option<Pin<Box<Timeout<Pending<Infallible>>>>>,
    /// With a limit of zero: the tasks that get their turn before the limit counts.
    turns: Turns,
}

/// Returns the outcomes of the tasks as a stream, each as soon as it is there.
///
/// After `limit` the stream returns one [`Elapsed`] and ends; the tasks continue. With a limit of
/// zero, the tasks that are ready to run get a turn each before that, as in
/// [`wait`](super::wait()). `None` means no limit.
///
/// # Panics
/// With a limit, the stream panics if it has to wait outside of a runtime.
///
/// # Cancel safety
/// Dropping the future of `next()` loses no outcome. Dropping the stream detaches the tasks.
///
/// # Examples
/// ```
/// # heist::runtime::Runtime::new()?.block_on(async {
/// use futures::StreamExt;
/// use heist::asyncio::as_completed;
///
/// let tasks = (0..3).map(|n| heist::spawn(async move { n }));
/// let sum = as_completed(tasks, None).fold(0, async |sum, n| sum + n.unwrap().unwrap()).await;
/// assert_eq!(sum, 3);
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn as_completed<T>(
    tasks: impl IntoIterator<Item = JoinHandle<T>>,
    limit: Option<Duration>,
) -> AsCompleted<T> {
    let running: FuturesUnordered<JoinHandle<T>> = tasks.into_iter().collect();
    let is_zero = limit.is_some_and(|limit| limit.is_zero());
    let turns = Turns::of(running.iter().filter(|_| is_zero).map(JoinHandle::abort_handle));
    let limit = limit.map(|limit| Box::pin(timeout(limit, pending())));
    AsCompleted { running, limit, turns }
}

impl<T> Stream for AsCompleted<T> {
    type Item = Result<Result<T, JoinError>, Elapsed>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let has_limit = self.limit.is_some();
        // The turns are checked before the outcomes are taken: what ends between the two is taken.
        let taken = if has_limit { self.turns.poll_taken(cx) } else { Poll::Ready(()) };
        if taken.is_ready() && self.turns.are_new_over() {
            // A task ends before it wakes the set. All members of a new set are polled.
            self.running = std::mem::take(&mut self.running).into_iter().collect();
        }
        let next = Pin::new(&mut self.running).poll_next(cx);
        if let Poll::Ready(outcome) = next {
            return Poll::Ready(outcome.map(Ok));
        }
        // Without budget there may be more outcomes, and those come before the limit.
        if taken.is_pending() || !coop::has_budget_remaining() {
            return Poll::Pending;
        }
        let Some(limit) = &mut self.limit else { return Poll::Pending };
        match ready!(limit.as_mut().poll(cx)) {
            Ok(never) => match never {},
            Err(elapsed) => {
                self.limit = None;
                self.running.clear();
                Poll::Ready(Some(Err(elapsed)))
            }
        }
    }
}

impl<T> fmt::Debug for AsCompleted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsCompleted").field("running", &self.running.len()).finish()
    }
}
