//! Many tasks, joined in the order in which they end.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use futures_core::Stream;
use futures_util::stream::FuturesUnordered;

use crate::runtime::{self, Handle, Weight};
use crate::task::{AbortHandle, Id, JoinError, JoinHandle, coop};

/// A set of tasks with outputs of one type. Dropping the set aborts them all.
///
/// ```
/// # heist::runtime::Runtime::new()?.block_on(async {
/// let mut set = heist::task::JoinSet::new();
/// for n in 0..10u32 {
///     set.spawn(async move { n * n });
/// }
/// let mut sum = 0;
/// while let Some(square) = set.join_next().await {
///     sum += square.unwrap();
/// }
/// assert_eq!(sum, 285);
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct JoinSet<T> {
    handles: FuturesUnordered<Member<T>>,
    /// Who waits for the next task to end: the last poll that was pending. A look without waiting must not take its place.
    waiter: Option<Waker>,
}

/// A handle that gives its task's id with the outcome.
struct Member<T> {
    handle: JoinHandle<T>,
}

impl<T> Future for Member<T> {
    type Output = (Id, Result<T, JoinError>);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let id = self.handle.id();
        Pin::new(&mut self.handle).poll(cx).map(|outcome| (id, outcome))
    }
}

impl<T> JoinSet<T> {
    /// An empty set.
    pub fn new() -> JoinSet<T> {
        JoinSet { handles: FuturesUnordered::new(), waiter: None }
    }

    /// How many tasks are in the set: running ones, and ended ones that were not joined yet.
    pub fn len(&self) -> usize {
        self.handles.len()
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.handles.is_empty()
    }
}

impl<T: 'static> JoinSet<T> {
    /// Takes in a task.
    pub(crate) fn insert(&mut self, handle: JoinHandle<T>) -> AbortHandle {
        let abort = handle.abort_handle();
        self.handles.push(Member { handle });
        abort
    }

    /// Spawns a task on the current runtime.
    ///
    /// # Panics
    /// If the thread is in no runtime.
    #[track_caller]
    pub fn spawn<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        let handle =
            if Weight::<F>::IS_LARGE { runtime::spawn(Box::pin(future)) } else { runtime::spawn(future) };
        self.insert(handle)
    }

    /// Spawns a task on the runtime of `handle`.
    #[track_caller]
    pub fn spawn_on<F>(&mut self, future: F, handle: &Handle) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        let handle =
            if Weight::<F>::IS_LARGE { handle.spawn(Box::pin(future)) } else { handle.spawn(future) };
        self.insert(handle)
    }

    /// Spawns a future that need not be `Send` on this worker: see [`spawn_local`](crate::task::spawn_local).
    ///
    /// # Panics
    /// If this thread is not a worker.
    #[track_caller]
    pub fn spawn_local<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        let handle = if Weight::<F>::IS_LARGE {
            runtime::spawn_local(Box::pin(future))
        } else {
            runtime::spawn_local(future)
        };
        self.insert(handle)
    }

    /// Runs a closure on the blocking pool: see [`spawn_blocking`](crate::task::spawn_blocking).
    ///
    /// # Panics
    /// If the thread is in no runtime.
    #[track_caller]
    pub fn spawn_blocking<F>(&mut self, closure: F) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        let handle = if Weight::<F>::IS_LARGE {
            runtime::spawn_blocking(Box::new(closure))
        } else {
            runtime::spawn_blocking(closure)
        };
        self.insert(handle)
    }

    /// Waits for the next task to end. `None`: the set is empty.
    ///
    /// # Cancel safety
    /// Nothing is lost when this is dropped: an outcome leaves the set only when it is returned.
    pub async fn join_next(&mut self) -> Option<Result<T, JoinError>> {
        self.join_next_with_id().await.map(without_id)
    }

    /// As [`join_next`](Self::join_next), with the task's id.
    ///
    /// # Errors
    /// The id of a task that panicked or was cancelled is in the error.
    pub async fn join_next_with_id(&mut self) -> Option<(Id, Result<T, JoinError>)> {
        poll_fn(|cx| self.poll_next_with_id(cx)).await
    }

    /// An ended task's outcome, if there is one now. `None`: none has ended that was not joined, or the set is empty.
    ///
    /// It neither waits nor changes who is woken: a [`poll_join_next`](Self::poll_join_next) that was pending is woken as
    /// if this had not been called. It takes nothing from the budget of the task, and needs none.
    ///
    /// ```
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// let mut set = heist::task::JoinSet::new();
    /// let task = set.spawn(async { 7 });
    /// while !task.is_finished() {
    ///     heist::task::yield_now().await;
    /// }
    /// assert_eq!(set.try_join_next().unwrap().unwrap(), 7);
    /// assert!(set.try_join_next().is_none());
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn try_join_next(&mut self) -> Option<Result<T, JoinError>> {
        self.try_join_next_with_id().map(without_id)
    }

    /// As [`try_join_next`](Self::try_join_next), with the task's id.
    pub fn try_join_next_with_id(&mut self) -> Option<(Id, Result<T, JoinError>)> {
        let waiter = self.waiter.clone();
        let waker = waiter.as_ref().unwrap_or(Waker::noop());
        let handles = Pin::new(&mut self.handles);
        match coop::without_budget(|| handles.poll_next(&mut Context::from_waker(waker))) {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => None,
        }
    }

    /// Polls for the next task to end. `Ready(None)`: the set is empty. The last waker that was given with a poll that was
    /// pending is woken.
    pub fn poll_join_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        self.poll_next_with_id(cx).map(|next| next.map(without_id))
    }

    fn poll_next_with_id(&mut self, cx: &mut Context<'_>) -> Poll<Option<(Id, Result<T, JoinError>)>> {
        let next = Pin::new(&mut self.handles).poll_next(cx);
        if next.is_ready() {
            self.waiter = None;
        } else if !self.waiter.as_ref().is_some_and(|waiter| waiter.will_wake(cx.waker())) {
            self.waiter = Some(cx.waker().clone());
        }
        next
    }

    /// Waits for all tasks, in the order in which they end.
    ///
    /// # Panics
    /// With the panic of the first task that panicked, or if one was aborted; the others are aborted.
    pub async fn join_all(mut self) -> Vec<T> {
        let mut outputs = Vec::with_capacity(self.len());
        while let Some(outcome) = self.join_next().await {
            match outcome {
                Ok(output) => outputs.push(output),
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Err(error) => panic!("a task of the set was cancelled: {error}"),
            }
        }
        outputs
    }

    /// Aborts all tasks. They stay in the set until they are joined.
    pub fn abort_all(&mut self) {
        self.handles.iter().for_each(|member| member.handle.abort());
    }

    /// Aborts all tasks and waits until their futures are dropped.
    pub async fn shutdown(&mut self) {
        self.abort_all();
        while self.join_next().await.is_some() {}
    }

    /// Empties the set; the tasks go on.
    pub fn detach_all(&mut self) {
        self.handles.clear();
    }
}

fn without_id<T>((_, outcome): (Id, Result<T, JoinError>)) -> Result<T, JoinError> {
    outcome
}

impl<T> Drop for JoinSet<T> {
    fn drop(&mut self) {
        self.handles.iter().for_each(|member| member.handle.abort());
    }
}

impl<T> Default for JoinSet<T> {
    fn default() -> Self {
        JoinSet::new()
    }
}

impl<T> fmt::Debug for JoinSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinSet").field("len", &self.len()).finish()
    }
}

impl<T, F> FromIterator<F> for JoinSet<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    /// Spawns each future on the current runtime.
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = F>>(futures: I) -> Self {
        let mut set = JoinSet::new();
        let home = Handle::current();
        for future in futures {
            set.spawn_on(future, &home);
        }
        set
    }
}
