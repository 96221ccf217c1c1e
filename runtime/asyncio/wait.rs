//! Waits for some or all of many tasks.

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

/// Decides when [`wait`] returns, apart from its time limit.
///
/// # Examples
/// ```
/// # heist::runtime::Runtime::new()?.block_on(async {
/// use heist::asyncio::{ReturnWhen, wait};
///
/// let fails = heist::spawn(async { Err("failed") });
/// let endless = heist::spawn(std::future::pending::<Result<(), _>>());
/// let waited = wait([fails, endless], ReturnWhen::FirstException, None).await.unwrap();
/// assert_eq!((waited.done.len(), waited.pending.len()), (1, 1));
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReturnWhen {
    /// When one task is done.
    FirstCompleted,
    /// When one task has failed (an `Err`, a panic, a cancellation), or all are done.
    FirstException,
    /// When all are done.
    AllCompleted,
}

/// A task that is done: its id and its outcome. An element of [`Waited::done`].
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() {
/// use heist::asyncio::{Done, ReturnWhen, wait};
///
/// fn value((_id, outcome): Done<u32, &str>) -> u32 {
///     outcome.expect("no panic").expect("no failure")
/// }
///
/// let task = heist::spawn(async { Ok(7) });
/// let mut waited = wait([task], ReturnWhen::AllCompleted, None).await.unwrap();
/// assert_eq!(value(waited.done.remove(0)), 7);
/// # }
/// ```
pub type Done<T, E> = (Id, Result<Result<T, E>, JoinError>);

/// The result of [`wait`].
///
/// # Examples
/// ```
/// # heist::runtime::Runtime::new()?.block_on(async {
/// use heist::asyncio::{ReturnWhen, wait};
///
/// let task = heist::spawn(async { Err::<(), _>("failed") });
/// let waited = wait([task], ReturnWhen::AllCompleted, None).await.unwrap();
/// for (id, outcome) in waited.done {
///     println!("task {id}: {outcome:?}");
///     assert_eq!(outcome.unwrap(), Err("failed"));
/// }
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Waited<T, E> {
    /// The tasks that are done, in the order in which they ended.
    pub done: Vec<Done<T, E>>,
    /// The other tasks, in the order in which they were given. They continue; none was cancelled.
    pub pending: Vec<JoinHandle<Result<T, E>>>,
}

/// The error of [`wait`]: there was no task to wait for.
///
/// # Examples
/// ```
/// # heist::runtime::Runtime::new()?.block_on(async {
/// use heist::asyncio::{EmptyWait, ReturnWhen, wait};
/// use heist::task::JoinHandle;
///
/// let tasks: [JoinHandle<Result<(), ()>>; 0] = [];
/// assert_eq!(wait(tasks, ReturnWhen::AllCompleted, None).await.unwrap_err(), EmptyWait);
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmptyWait;

impl fmt::Display for EmptyWait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the set of tasks to wait for is empty")
    }
}

impl Error for EmptyWait {}

/// A handle that can be taken back while its task runs.
struct TakeableHandle<T, E> {
    index: usize,
    handle: Option<JoinHandle<Result<T, E>>>,
}

impl<T, E> Future for TakeableHandle<T, E> {
    type Output = Done<T, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let handle = self.handle.as_mut().expect("it is taken only when nobody polls any more");
        let id = handle.id();
        Pin::new(handle).poll(cx).map(|outcome| (id, outcome))
    }
}

/// Waits until `when`, or for `timeout`, and sorts the tasks into those that are done and the
/// others. `None` means no time limit.
///
/// A time-out of zero waits for no timer, but the tasks that are ready to run get a turn each. A
/// task that is always ready, or in a long poll, takes 50 ms of the caller, or more on a busy
/// machine.
///
/// # Errors
/// [`EmptyWait`] if there are no tasks.
///
/// # Panics
/// With a time-out, the future panics if it has to wait outside of a runtime.
///
/// # Cancel safety
/// Dropping the future detaches the tasks: they continue, and can no longer be waited for.
///
/// # Examples
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
    let mut running: FuturesUnordered<TakeableHandle<T, E>> = tasks
        .into_iter()
        .inspect(keep)
        .enumerate()
        .map(|(index, handle)| TakeableHandle { index, handle: Some(handle) })
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
            // The turns are checked before the outcomes are taken: what ends between the two is
            // taken.
            poll_fn(|cx| {
                let taken = turns.poll_taken(cx);
                if collect.as_mut().poll(cx).is_ready() { Poll::Ready(()) } else { taken }
            })
            .await;
        }
        Some(timeout) => drop(time::timeout(timeout, collect).await),
        None => collect.await,
    }
    if timeout.is_some() {
        // A task ends before it wakes the set. Each member of a new set is polled, woken or not.
        running = running.into_iter().collect();
    }
    // A task that has ended by now is done, even if the budget was not enough to take its outcome.
    coop::unconstrained(poll_fn(|cx| {
        let _ = poll_collect(&mut running, &mut done, ReturnWhen::AllCompleted, cx);
        Poll::Ready(())
    }))
    .await;
    let mut left: Vec<(usize, JoinHandle<Result<T, E>>)> =
        running.iter_mut().filter_map(|member| Some((member.index, member.handle.take()?))).collect();
    left.sort_by_key(|(index, _)| *index);
    Ok(Waited { done, pending: left.into_iter().map(|(_, handle)| handle).collect() })
}

/// Takes every task that is done. Returns `Ready` if `when` is fulfilled.
fn poll_collect<T, E>(
    running: &mut FuturesUnordered<TakeableHandle<T, E>>,
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
