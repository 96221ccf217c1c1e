//! Many tasks, until some of them are done.

use std::error::Error;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use futures_util::stream::FuturesUnordered;

use super::turns::Turns;
use crate::task::{AbortHandle, Id, JoinError, JoinHandle, coop};
use crate::time;

/// When [`wait`] returns (or at its time-out).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReturnWhen {
    /// When one task is done.
    FirstCompleted,
    /// When one task has failed (an `Err`, a panic, a cancellation), or all are done.
    FirstException,
    /// When all are done.
    AllCompleted,
}

/// A task that is done: its id, and what became of it.
pub type Done<T, E> = (Id, Result<Result<T, E>, JoinError>);

/// What [`wait`] returns.
#[derive(Debug)]
pub struct Waited<T, E> {
    /// The tasks that are done, in the order in which they ended.
    pub done: Vec<Done<T, E>>,
    /// The others, in the order in which they were given. They go on; nothing was cancelled.
    pub pending: Vec<JoinHandle<Result<T, E>>>,
}

/// There was no task to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmptyWait;

impl fmt::Display for EmptyWait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the set of tasks to wait for is empty")
    }
}

impl Error for EmptyWait {}

/// A handle that can be taken back while its task runs.
struct Member<T, E> {
    place: usize,
    handle: Option<JoinHandle<Result<T, E>>>,
}

impl<T, E> Future for Member<T, E> {
    type Output = Done<T, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let handle = self.handle.as_mut().expect("it is taken only when nobody polls any more");
        let id = handle.id();
        Pin::new(handle).poll(cx).map(|outcome| (id, outcome))
    }
}

/// Waits until `when`, or for `timeout`, and sorts the tasks into those that are done and the others.
///
/// A time-out of zero waits for no timer, but the tasks that are ready to run get a turn each. One that is always ready, or in a
/// long poll, takes 10 ms of the caller at most.
///
/// Dropping the future detaches the tasks: they go on, and cannot be waited for any more.
///
/// ```
/// # heist::runtime::Runtime::new()?.block_on(async {
/// use heist::asyncio::{ReturnWhen, wait};
///
/// let ready = heist::spawn(async { Ok::<_, ()>("ready") });
/// let never = heist::spawn(std::future::pending());
/// let waited = wait([ready, never], ReturnWhen::FirstCompleted, None).await.unwrap();
/// assert_eq!(waited.done[0].1.as_ref().unwrap(), &Ok("ready"));
/// assert_eq!(waited.pending.len(), 1);
/// # waited.pending[0].abort();
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// [`EmptyWait`] if there are no tasks.
pub async fn wait<T, E>(
    tasks: impl IntoIterator<Item = JoinHandle<Result<T, E>>>,
    when: ReturnWhen,
    timeout: Option<Duration>,
) -> Result<Waited<T, E>, EmptyWait> {
    let mut aborts: Vec<AbortHandle> = Vec::new();
    let keep = |handle: &JoinHandle<_>| {
        if timeout == Some(Duration::ZERO) {
            aborts.push(handle.abort_handle());
        }
    };
    let mut running: FuturesUnordered<Member<T, E>> = tasks
        .into_iter()
        .inspect(keep)
        .enumerate()
        .map(|(place, handle)| Member { place, handle: Some(handle) })
        .collect();
    if running.is_empty() {
        return Err(EmptyWait);
    }
    let mut done = Vec::new();
    let collect = poll_fn(|cx| poll_collect(&mut running, &mut done, when, cx));
    match timeout {
        Some(Duration::ZERO) => {
            let mut turns = Turns::of(aborts);
            let mut collect = pin!(collect);
            // The look comes before the harvest: what ends between the two is in it.
            poll_fn(|cx| {
                let taken = turns.poll_taken(cx);
                if collect.as_mut().poll(cx).is_ready() { Poll::Ready(()) } else { taken }
            })
            .await;
        }
        Some(timeout) => drop(time::timeout(timeout, collect).await),
        None => collect.await,
    }
    // What has ended by now is done, whether or not the budget was enough for taking it.
    coop::unconstrained(poll_fn(|cx| {
        let _ = poll_collect(&mut running, &mut done, ReturnWhen::AllCompleted, cx);
        Poll::Ready(())
    }))
    .await;
    let mut left: Vec<(usize, JoinHandle<Result<T, E>>)> =
        running.iter_mut().filter_map(|member| Some((member.place, member.handle.take()?))).collect();
    left.sort_by_key(|(place, _)| *place);
    Ok(Waited { done, pending: left.into_iter().map(|(_, handle)| handle).collect() })
}

/// Takes every task that is done; ready if that is what was waited for.
fn poll_collect<T, E>(
    running: &mut FuturesUnordered<Member<T, E>>,
    done: &mut Vec<Done<T, E>>,
    when: ReturnWhen,
    cx: &mut Context<'_>,
) -> Poll<()> {
    loop {
        match Pin::new(&mut *running).poll_next(cx) {
            Poll::Ready(Some(member)) => done.push(member),
            Poll::Ready(None) => return Poll::Ready(()),
            Poll::Pending => break,
        }
    }
    let is_enough = match when {
        ReturnWhen::FirstCompleted => !done.is_empty(),
        ReturnWhen::FirstException => done.iter().any(|(_, outcome)| !matches!(outcome, Ok(Ok(_)))),
        ReturnWhen::AllCompleted => false,
    };
    if is_enough { Poll::Ready(()) } else { Poll::Pending }
}
