//! Sets of tasks, joined in the order in which the tasks end.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use futures_core::Stream;
use futures_util::stream::FuturesUnordered;

use crate::task::{AbortHandle, Id, JoinError, JoinHandle, REASONS_COUNT_MAX, WaitReason, coop, note};

mod spawn;

/// A set of tasks with outputs of one type. Dropping the set aborts them all.
///
/// Outcomes come in the order in which the tasks end. A task that panics does not end the others:
/// its outcome is a [`JoinError`].
///
/// # Examples
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
    /// The waker of the last poll that was pending. A call that does not wait must not replace it.
    waiter: Option<Waker>,
}

/// A handle that returns its task's id with the outcome.
struct Member<T> {
    handle: JoinHandle<T>,
}

impl<T> Future for Member<T> {
    type Output = Result<(Id, T), JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let id = self.handle.id();
        Pin::new(&mut self.handle).poll(cx).map_ok(|output| (id, output))
    }
}

impl<T> JoinSet<T> {
    /// Returns an empty set. A set can also be collected from an iterator of futures, which spawns
    /// each of them.
    ///
    /// # Examples
    /// ```
    /// use heist::task::JoinSet;
    ///
    /// let mut set = JoinSet::new();
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// assert!(set.is_empty());
    /// set.spawn(async { 1 });
    /// assert_eq!(set.len(), 1);
    /// assert_eq!(set.join_all().await, [1]);
    ///
    /// let squares: JoinSet<u32> = (1..=3).map(|n| async move { n * n }).collect();
    /// assert_eq!(squares.len(), 3);
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new() -> JoinSet<T> {
        JoinSet { handles: FuturesUnordered::new(), waiter: None }
    }

    /// Returns the number of tasks in the set: running ones, and ended ones that were not joined
    /// yet.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let mut set = heist::task::JoinSet::new();
    /// set.spawn(async { 42 });
    /// assert_eq!(set.len(), 1);
    /// set.join_next().await;
    /// assert_eq!(set.len(), 0);
    /// # }
    /// ```
    pub fn len(&self) -> usize {
        self.handles.len()
    }

    /// Whether the set has no tasks.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let mut set = heist::task::JoinSet::new();
    /// assert!(set.is_empty());
    /// set.spawn(async { 42 });
    /// assert!(!set.is_empty());
    /// # }
    /// ```
    pub fn is_empty(&self) -> bool {
        self.handles.is_empty()
    }
}

impl<T: 'static> JoinSet<T> {
    /// Adds a task.
    pub(crate) fn insert(&mut self, handle: JoinHandle<T>) -> AbortHandle {
        let abort = handle.abort_handle();
        self.handles.push(Member { handle });
        abort
    }

    /// Waits for the next task to end, and removes it. Returns `None` if the set is empty.
    ///
    /// # Errors
    /// The outcome is a [`JoinError`] if the task panicked or was cancelled.
    ///
    /// # Cancel safety
    /// Cancel safe: an outcome leaves the set only when it is returned.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let mut set = heist::task::JoinSet::new();
    /// set.spawn(async { 42 });
    /// assert_eq!(set.join_next().await.unwrap().unwrap(), 42);
    /// assert!(set.join_next().await.is_none());
    /// # }
    /// ```
    pub async fn join_next(&mut self) -> Option<Result<T, JoinError>> {
        self.join_next_with_id().await.map(without_id)
    }

    /// As [`join_next`](Self::join_next), with the task's id.
    ///
    /// # Errors
    /// As [`join_next`](Self::join_next); [`JoinError::id`] returns the task's id.
    ///
    /// # Cancel safety
    /// As [`join_next`](Self::join_next).
    ///
    /// # Examples
    /// ```
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// let mut set = heist::task::JoinSet::new();
    /// let spawned = set.spawn(async { 42 });
    /// let (id, answer) = set.join_next_with_id().await.unwrap().unwrap();
    /// assert_eq!((id, answer), (spawned.id(), 42));
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub async fn join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        poll_fn(|cx| self.poll_join_next_with_id(cx)).await
    }

    /// Removes a task that has ended and returns its outcome, without waiting. Returns `None` if no
    /// task in the set has ended, or if the set is empty.
    ///
    /// It does not change the waker that is woken: a pending
    /// [`poll_join_next`](Self::poll_join_next) is woken as if this had not been called. It takes
    /// nothing from the budget of the task, and needs none.
    ///
    /// # Errors
    /// As [`join_next`](Self::join_next).
    ///
    /// # Examples
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
    ///
    /// # Errors
    /// As [`join_next_with_id`](Self::join_next_with_id).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let mut set = heist::task::JoinSet::new();
    /// let task = set.spawn(async { 42 });
    /// let (id, answer) = loop {
    ///     match set.try_join_next_with_id() {
    ///         Some(next) => break next.unwrap(),
    ///         None => heist::task::yield_now().await,
    ///     }
    /// };
    /// assert_eq!((id, answer), (task.id(), 42));
    /// # }
    /// ```
    pub fn try_join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        let waiter = self.waiter.clone();
        let waker = waiter.as_ref().unwrap_or(Waker::noop());
        let handles = Pin::new(&mut self.handles);
        match coop::without_budget(|| handles.poll_next(&mut Context::from_waker(waker))) {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => None,
        }
    }

    /// Polls for the next task to end. Returns `Ready(None)` if the set is empty. The waker of the
    /// last poll that was pending is woken.
    ///
    /// # Errors
    /// As [`join_next`](Self::join_next).
    ///
    /// # Examples
    /// ```
    /// use std::{future::poll_fn, task::Poll};
    ///
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// let mut set = heist::task::JoinSet::new();
    /// set.spawn(async { 42 });
    /// let outcome = poll_fn(|cx| set.poll_join_next(cx)).await;
    /// assert_eq!(outcome.unwrap().unwrap(), 42);
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn poll_join_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        self.poll_join_next_with_id(cx).map(|next| next.map(without_id))
    }

    /// As [`poll_join_next`](Self::poll_join_next), with the task's id.
    ///
    /// # Errors
    /// As [`join_next_with_id`](Self::join_next_with_id).
    ///
    /// # Examples
    /// ```
    /// use std::future::poll_fn;
    ///
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// let mut set = heist::task::JoinSet::new();
    /// let task = set.spawn(async { 42 });
    /// let next = poll_fn(|cx| set.poll_join_next_with_id(cx)).await;
    /// assert_eq!(next.unwrap().unwrap(), (task.id(), 42));
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn poll_join_next_with_id(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<(Id, T), JoinError>>> {
        let next = Pin::new(&mut self.handles).poll_next(cx);
        if next.is_ready() {
            self.waiter = None;
        } else if !self.waiter.as_ref().is_some_and(|waiter| waiter.will_wake(cx.waker())) {
            self.waiter = Some(cx.waker().clone());
        } else {
            self.note_members();
        }
        next
    }

    /// A dump, which polls once more, learns which tasks are awaited.
    #[cold]
    fn note_members(&self) {
        for member in self.handles.iter().take(REASONS_COUNT_MAX) {
            note(|| WaitReason::Task { id: member.handle.id() });
        }
    }

    /// Waits for all tasks, and returns their outputs in the order in which they end.
    ///
    /// # Panics
    /// Panics with the panic of the first task that panicked, or if one was aborted; the others are
    /// aborted.
    ///
    /// # Cancel safety
    /// Not cancel safe: dropping the future drops the set, which aborts its tasks.
    ///
    /// # Examples
    /// ```
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// let set: heist::task::JoinSet<u32> = (0..4).map(|n| async move { n * n }).collect();
    /// let mut squares = set.join_all().await;
    /// squares.sort();
    /// assert_eq!(squares, [0, 1, 4, 9]);
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
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

    /// Aborts all tasks. They stay in the set until they are joined. [`shutdown`](Self::shutdown)
    /// also waits for them.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let mut set = heist::task::JoinSet::new();
    /// set.spawn(std::future::pending::<()>());
    /// set.abort_all();
    /// assert!(set.join_next().await.unwrap().unwrap_err().is_cancelled());
    /// # }
    /// ```
    pub fn abort_all(&mut self) {
        self.handles.iter().for_each(|member| member.handle.abort());
    }

    /// Aborts all tasks and waits until their futures are dropped.
    ///
    /// # Cancel safety
    /// Cancel safe: the tasks are aborted at the first poll; those that have not ended stay in the
    /// set.
    ///
    /// # Examples
    /// ```
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// let mut set = heist::task::JoinSet::new();
    /// set.spawn(std::future::pending::<()>());
    /// set.shutdown().await;
    /// assert!(set.is_empty());
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub async fn shutdown(&mut self) {
        self.abort_all();
        while self.join_next().await.is_some() {}
    }

    /// Empties the set; the tasks continue.
    ///
    /// # Examples
    /// ```
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// let (send, receive) = futures::channel::oneshot::channel();
    /// let mut set = heist::task::JoinSet::new();
    /// set.spawn(async move { send.send(42) });
    /// set.detach_all();
    /// assert!(set.is_empty());
    /// assert_eq!(receive.await, Ok(42));
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn detach_all(&mut self) {
        self.handles.clear();
    }
}

fn without_id<T>(outcome: Result<(Id, T), JoinError>) -> Result<T, JoinError> {
    outcome.map(|(_, output)| output)
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
