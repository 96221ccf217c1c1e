//! Tasks that stay on one thread.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use heist::runtime::facade::{self, boxed_if_large};

use super::{JoinHandle, LocalEnterGuard};
use crate::runtime::{Id, Runtime};

/// Tasks that need not be `Send`, on one thread.
#[derive(Default)]
pub struct LocalSet {
    inner: heist::task::LocalSet,
}

/// Panics where no local runtime and no set takes tasks.
#[track_caller]
pub(super) fn check() {
    assert!(
        facade::has_local_tasks(),
        "`spawn_local` called from outside of a `task::LocalSet` or `runtime::LocalRuntime`"
    );
}

/// Spawns a task on the current `LocalSet` or `LocalRuntime`. Panics outside of both.
#[track_caller]
pub fn spawn_local<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    check();
    boxed_if_large!(future future: F, heist::task::spawn_local(future))
}

impl LocalSet {
    /// Makes a set without tasks.
    pub fn new() -> LocalSet {
        LocalSet::default()
    }

    pub(super) fn inner(&self) -> &heist::task::LocalSet {
        &self.inner
    }

    /// Enters the set: until the guard is dropped, [`spawn_local`] spawns on it.
    pub fn enter(&self) -> LocalEnterGuard {
        self.inner.enter()
    }

    /// Spawns a task on the set.
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        boxed_if_large!(future future: F, self.inner.spawn_local(future))
    }

    /// Runs a future to its end in `rt`, and the tasks of the set beside it.
    #[track_caller]
    pub fn block_on<F>(&self, rt: &Runtime, future: F) -> F::Output
    where
        F: Future,
    {
        boxed_if_large!(future future: F, rt.block_on(self.run_until(future)))
    }

    /// Runs a future to its end, and the tasks of the set beside it.
    pub async fn run_until<F>(&self, future: F) -> F::Output
    where
        F: Future,
    {
        self.inner.run_until(future).await
    }

    /// Returns the identifier of the set.
    pub fn id(&self) -> Id {
        self.inner.id()
    }
}

impl Future for LocalSet {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.inner).poll(cx)
    }
}

impl fmt::Debug for LocalSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
