//! The values of many tasks, in the order of the futures.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_util::stream::FuturesUnordered;

use crate::runtime;
use crate::task::{AbortHandle, JoinError, JoinHandle};

/// The reason why one of several tasks returned no value.
///
/// # Examples
/// ```
/// # heist::runtime::Runtime::new()?.block_on(async {
/// use heist::asyncio::{TaskError, gather};
///
/// let error = gather([async { Err::<(), _>("out of paper") }]).await.unwrap_err();
/// assert!(matches!(error, TaskError::Failed(_)) && !error.is_cancelled());
/// assert_eq!(error.failure(), Some("out of paper"));
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub enum TaskError<E> {
    /// It returned this error.
    Failed(E),
    /// It was cancelled, or it panicked.
    Join(JoinError),
    /// Its outcome was returned before: a [`Gather`] returns its result once.
    Answered,
}

impl<E> TaskError<E> {
    /// Returns whether the task was cancelled.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// use heist::asyncio::gather;
    ///
    /// let endless = gather([std::future::pending::<Result<(), ()>>()]);
    /// endless.cancel();
    /// assert!(endless.await.unwrap_err().is_cancelled());
    /// # }
    /// ```
    pub fn is_cancelled(&self) -> bool {
        matches!(self, TaskError::Join(error) if error.is_cancelled())
    }

    /// Returns the error that the task returned, if there is one.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// use heist::asyncio::gather;
    ///
    /// let error = gather([async { Err::<(), _>("failed") }]).await.unwrap_err();
    /// assert_eq!(error.failure(), Some("failed"));
    /// # }
    /// ```
    pub fn failure(self) -> Option<E> {
        match self {
            TaskError::Failed(error) => Some(error),
            TaskError::Join(_) | TaskError::Answered => None,
        }
    }

    fn of<T>(outcome: Result<Result<T, E>, JoinError>) -> Result<T, TaskError<E>> {
        match outcome {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(TaskError::Failed(error)),
            Err(error) => Err(TaskError::Join(error)),
        }
    }
}

impl<E: fmt::Display> fmt::Display for TaskError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TaskError::Failed(error) => error.fmt(f),
            TaskError::Join(error) => error.fmt(f),
            TaskError::Answered => f.write_str("the gather has given this outcome out before"),
        }
    }
}

impl<E: Error> Error for TaskError<E> {}

/// A handle that knows its index.
struct Indexed<T, E> {
    index: usize,
    handle: JoinHandle<Result<T, E>>,
}

impl<T, E> Future for Indexed<T, E> {
    type Output = (usize, Result<T, TaskError<E>>);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let index = self.index;
        Pin::new(&mut self.handle).poll(cx).map(|outcome| (index, TaskError::of(outcome)))
    }
}

/// The state of one task of a gather.
enum GatherSlot<T, E> {
    Running,
    Ended(Result<T, TaskError<E>>),
    /// Its outcome was returned.
    Answered,
}

impl<T, E> GatherSlot<T, E> {
    /// Returns the outcome.
    fn answer(&mut self) -> Result<T, TaskError<E>> {
        match std::mem::replace(self, GatherSlot::Answered) {
            GatherSlot::Ended(outcome) => outcome,
            GatherSlot::Answered => Err(TaskError::Answered),
            GatherSlot::Running => unreachable!("it is asked when its task has ended"),
        }
    }
}

/// The tasks of a gather, and the outcomes so far.
struct Tasks<T, E> {
    running: FuturesUnordered<Indexed<T, E>>,
    aborts: Vec<AbortHandle>,
    /// One for each future, in their order.
    slots: Vec<GatherSlot<T, E>>,
}

impl<T, E> Tasks<T, E> {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<usize>> {
        let Some((index, outcome)) = ready!(Pin::new(&mut self.running).poll_next(cx)) else {
            return Poll::Ready(None);
        };
        self.slots[index] = GatherSlot::Ended(outcome);
        Poll::Ready(Some(index))
    }

    fn abort(&self) {
        self.aborts.iter().for_each(AbortHandle::abort);
    }
}

/// The future of [`gather`]. **Dropping it before it is done** cancels all of its tasks.
///
/// It returns its result once: later polls return [`TaskError::Answered`]. After an error,
/// [`settled`](Gather::settled) still waits for the other tasks and returns their outcomes.
///
/// # Examples
/// ```
/// # heist::runtime::Runtime::new()?.block_on(async {
/// use heist::asyncio::gather;
///
/// let endless = gather([std::future::pending::<Result<(), ()>>()]);
/// endless.cancel();
/// assert!(endless.await.unwrap_err().is_cancelled());
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "the tasks run, but are cancelled when this is dropped"]
pub struct Gather<T, E> {
    tasks: Tasks<T, E>,
    is_done: bool,
}

/// Runs the futures as tasks and returns their values, in the order of the futures.
///
/// At the first error the gather is done and returns that error. The other tasks continue, and
/// their outcomes are ignored unless [`settled`](Gather::settled) is called.
///
/// # Errors
/// The future returns the first [`TaskError`].
///
/// # Panics
/// Panics if called outside of a runtime.
///
/// # Cancel safety
/// Dropping the future before it is done cancels all of its tasks.
///
/// # Examples
/// ```
/// # heist::runtime::Runtime::new()?.block_on(async {
/// use heist::asyncio::gather;
///
/// let halves = (0..4).map(|n| async move { if n % 2 == 0 { Ok(n / 2) } else { Err("odd") } });
/// assert_eq!(gather(halves.clone().step_by(2)).await.unwrap(), [0, 1]);
/// assert_eq!(gather(halves).await.unwrap_err().failure(), Some("odd"));
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[track_caller]
pub fn gather<I, F, T, E>(futures: I) -> Gather<T, E>
where
    I: IntoIterator<Item = F>,
    F: Future<Output = Result<T, E>> + Send + 'static,
    T: Send + 'static,
    E: Send + 'static,
{
    let tasks = Tasks { running: FuturesUnordered::new(), aborts: Vec::new(), slots: Vec::new() };
    // Created before the first task, so that an iterator that panics leaves no task behind.
    let mut gather = Gather { tasks, is_done: false };
    let tasks = &mut gather.tasks;
    for (index, future) in futures.into_iter().enumerate() {
        let handle = runtime::spawn(future);
        tasks.aborts.push(handle.abort_handle());
        tasks.slots.push(GatherSlot::Running);
        tasks.running.push(Indexed { index, handle });
    }
    gather
}

impl<T, E> Gather<T, E> {
    /// Cancels all tasks that are not done. The gather then ends with a cancellation, unless a task
    /// had failed before.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// use heist::asyncio::gather;
    ///
    /// let gathered = gather([std::future::pending::<Result<(), ()>>()]);
    /// gathered.cancel();
    /// assert!(gathered.await.unwrap_err().is_cancelled());
    /// # }
    /// ```
    pub fn cancel(&self) {
        self.tasks.abort();
    }

    /// Waits for all tasks, whatever their outcomes: `return_exceptions=True`.
    ///
    /// There is an outcome for each future, at its index, also if the gather has returned its
    /// result before: an outcome that was part of that result is [`TaskError::Answered`].
    ///
    /// # Cancel safety
    /// Dropping the future before it is done cancels all of its tasks.
    ///
    /// # Examples
    /// ```
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// use heist::asyncio::{TaskError, gather};
    ///
    /// let half = |n| async move { if n % 2 == 0 { Ok(n / 2) } else { Err("odd") } };
    /// let mut halves = gather((1..=2).map(half));
    /// assert_eq!((&mut halves).await.unwrap_err().failure(), Some("odd"));
    /// let outcomes = halves.settled().await;
    /// assert!(matches!(outcomes[..], [Err(TaskError::Answered), Ok(1)]));
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn settled(mut self) -> Settled<T, E> {
        self.is_done = false;
        Settled { gather: self }
    }
}

impl<T, E> Unpin for Gather<T, E> {}

impl<T, E> Future for Gather<T, E> {
    type Output = Result<Vec<T>, TaskError<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.is_done {
            return Poll::Ready(Err(TaskError::Answered));
        }
        while let Some(index) = ready!(self.tasks.poll_next(cx)) {
            if let GatherSlot::Ended(Err(_)) = self.tasks.slots[index] {
                self.is_done = true;
                let outcome = self.tasks.slots[index].answer();
                return Poll::Ready(outcome.map(|_| Vec::new()));
            }
        }
        self.is_done = true;
        Poll::Ready(self.tasks.slots.iter_mut().map(GatherSlot::answer).collect())
    }
}

impl<T, E> Drop for Gather<T, E> {
    fn drop(&mut self) {
        if !self.is_done {
            self.tasks.abort();
        }
    }
}

impl<T, E> fmt::Debug for Gather<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gather").field("running", &self.tasks.running.len()).finish()
    }
}

/// The future of [`Gather::settled`]. **Dropping it before it is done** cancels all of its tasks.
///
/// # Examples
/// ```
/// # heist::runtime::Runtime::new()?.block_on(async {
/// use heist::asyncio::gather;
///
/// let outcomes = gather([1, 2].map(|n| async move { if n == 1 { Ok(n) } else { Err("two") } }));
/// let mut settled = outcomes.settled().await;
/// assert_eq!(settled.pop().unwrap().unwrap_err().failure(), Some("two"));
/// assert_eq!(settled.pop().unwrap().unwrap(), 1);
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "the tasks run, but are cancelled when this is dropped"]
pub struct Settled<T, E> {
    gather: Gather<T, E>,
}

impl<T, E> Settled<T, E> {
    /// Cancels all tasks that are not done.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// use heist::asyncio::gather;
    ///
    /// let settled = gather([std::future::pending::<Result<(), ()>>()]).settled();
    /// settled.cancel();
    /// let outcomes = settled.await;
    /// assert!(outcomes[0].as_ref().unwrap_err().is_cancelled());
    /// # }
    /// ```
    pub fn cancel(&self) {
        self.gather.cancel();
    }
}

impl<T, E> Future for Settled<T, E> {
    type Output = Vec<Result<T, TaskError<E>>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let gather = &mut self.gather;
        while ready!(gather.tasks.poll_next(cx)).is_some() {}
        gather.is_done = true;
        Poll::Ready(gather.tasks.slots.iter_mut().map(GatherSlot::answer).collect())
    }
}
