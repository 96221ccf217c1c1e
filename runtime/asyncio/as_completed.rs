//! Many tasks, their outcomes in the order in which they end.

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

/// The stream of [`as_completed`]. Dropping it detaches the tasks.
#[must_use = "a stream gives nothing until it is polled"]
pub struct AsCompleted<T> {
    running: FuturesUnordered<JoinHandle<T>>,
    /// A time-out of nothing: it only ever elapses.
    limit: Option<Pin<Box<Timeout<Pending<Infallible>>>>>,
    /// With a limit of zero: the tasks that get their turn before it counts.
    turns: Turns,
}

/// The outcomes of the tasks, each as soon as it is there. After `limit` one `Elapsed` comes instead, and the stream
/// ends; the tasks go on. With a limit of zero the tasks that are ready to run get a turn each before that, as in
/// [`wait`](super::wait()).
///
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
///
/// # Panics
/// If there is a limit and the thread is in no runtime.
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
        // The look comes before the harvest: what ends between the two is in it.
        let taken = if has_limit { self.turns.poll_taken(cx) } else { Poll::Ready(()) };
        let next = Pin::new(&mut self.running).poll_next(cx);
        if let Poll::Ready(outcome) = next {
            return Poll::Ready(outcome.map(Ok));
        }
        // Without a budget there may be more: it comes before the limit.
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
