//! A set of tasks.

use std::fmt;
use std::future::Future;
use std::task::{Context, Poll};

use heist::runtime::facade::boxed_if_large;

use super::{AbortHandle, Id, JoinError, LocalSet};
use crate::context;
use crate::runtime::Handle;

/// Tasks with outputs of one type. Dropping the set aborts them.
#[must_use = "a set aborts its tasks when it is dropped"]
pub struct JoinSet<T> {
    inner: heist::task::JoinSet<T>,
}

impl<T> JoinSet<T> {
    /// Makes an empty set.
    pub fn new() -> Self {
        JoinSet { inner: heist::task::JoinSet::new() }
    }

    /// Returns how many tasks are in the set.
    pub fn len(&self) -> usize {
        self.inner.len()
    }

    /// Returns whether the set has no task.
    pub fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }
}

impl<T: 'static> JoinSet<T> {
    /// Spawns a task into the set.
    #[track_caller]
    pub fn spawn<F>(&mut self, task: F) -> AbortHandle
    where
        F: Future<Output = T>,
        F: Send + 'static,
        T: Send,
    {
        context::runtime();
        boxed_if_large!(future task: F, self.inner.spawn(task))
    }

    /// Spawns a task into the set, on the runtime of `handle`.
    #[track_caller]
    pub fn spawn_on<F>(&mut self, task: F, handle: &Handle) -> AbortHandle
    where
        F: Future<Output = T>,
        F: Send + 'static,
        T: Send,
    {
        boxed_if_large!(future task: F, self.inner.spawn_on(task, handle.inner()))
    }

    /// Spawns a task into the set, on the current `LocalSet` or `LocalRuntime`.
    #[track_caller]
    pub fn spawn_local<F>(&mut self, task: F) -> AbortHandle
    where
        F: Future<Output = T>,
        F: 'static,
    {
        super::local_set::check();
        boxed_if_large!(future task: F, self.inner.spawn_local(task))
    }

    /// Spawns a task into the set, on `local_set`.
    #[track_caller]
    pub fn spawn_local_on<F>(&mut self, task: F, local_set: &LocalSet) -> AbortHandle
    where
        F: Future<Output = T>,
        F: 'static,
    {
        boxed_if_large!(future task: F, self.inner.spawn_local_on(task, local_set.inner()))
    }

    /// Runs a closure that may block, as a task of the set.
    #[track_caller]
    pub fn spawn_blocking<F>(&mut self, f: F) -> AbortHandle
    where
        F: FnOnce() -> T,
        F: Send + 'static,
        T: Send,
    {
        context::runtime();
        boxed_if_large!(closure f: F, self.inner.spawn_blocking(f))
    }

    /// Runs a closure that may block on the pool of `handle`, as a task of the set.
    #[track_caller]
    pub fn spawn_blocking_on<F>(&mut self, f: F, handle: &Handle) -> AbortHandle
    where
        F: FnOnce() -> T,
        F: Send + 'static,
        T: Send,
    {
        boxed_if_large!(closure f: F, self.inner.spawn_blocking_on(f, handle.inner()))
    }

    /// Waits for the task that ends next. None if the set is empty.
    pub async fn join_next(&mut self) -> Option<Result<T, JoinError>> {
        self.inner.join_next().await
    }

    /// Waits for the task that ends next, and returns its id too.
    pub async fn join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        self.inner.join_next_with_id().await
    }

    /// Returns a task that has ended, without waiting.
    pub fn try_join_next(&mut self) -> Option<Result<T, JoinError>> {
        self.inner.try_join_next()
    }

    /// Returns a task that has ended and its id, without waiting.
    pub fn try_join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        self.inner.try_join_next_with_id()
    }

    /// Aborts all tasks and waits for their ends.
    pub async fn shutdown(&mut self) {
        self.inner.shutdown().await;
    }

    /// Waits for all tasks and returns their outputs. Panics if one of them did.
    pub async fn join_all(self) -> Vec<T> {
        self.inner.join_all().await
    }

    /// Aborts all tasks. They stay in the set.
    pub fn abort_all(&mut self) {
        self.inner.abort_all();
    }

    /// Takes all tasks out of the set. They go on.
    pub fn detach_all(&mut self) {
        self.inner.detach_all();
    }

    /// [`join_next`](Self::join_next) as a poll function.
    pub fn poll_join_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        self.inner.poll_join_next(cx)
    }

    /// [`join_next_with_id`](Self::join_next_with_id) as a poll function.
    pub fn poll_join_next_with_id(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<(Id, T), JoinError>>> {
        self.inner.poll_join_next_with_id(cx)
    }
}

impl<T> fmt::Debug for JoinSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinSet").field("len", &self.len()).finish()
    }
}

impl<T> Default for JoinSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, F> FromIterator<F> for JoinSet<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    fn from_iter<I: IntoIterator<Item = F>>(iter: I) -> Self {
        let mut set = Self::new();
        set.extend(iter);
        set
    }
}

impl<T, F> Extend<F> for JoinSet<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    fn extend<I>(&mut self, iter: I)
    where
        I: IntoIterator<Item = F>,
    {
        iter.into_iter().for_each(|task| drop(self.spawn(task)));
    }
}
