//! A runtime that stays on one thread.

use std::future::Future;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::time::Duration;

use heist::runtime::facade::boxed_if_large;

use super::{EnterGuard, Handle, RuntimeMetrics};
use crate::context;
use crate::task::JoinHandle;

/// A runtime that stays on its thread, so that its tasks need not be `Send`.
#[derive(Debug)]
pub struct LocalRuntime {
    /// None once it has ended.
    inner: Option<heist::runtime::LocalRuntime>,
    handle: Handle,
}

impl UnwindSafe for LocalRuntime {}
impl RefUnwindSafe for LocalRuntime {}

impl LocalRuntime {
    pub(super) fn over(inner: heist::runtime::LocalRuntime) -> LocalRuntime {
        let handle = Handle::new(inner.handle().clone());
        LocalRuntime { inner: Some(inner), handle }
    }

    fn inner(&self) -> &heist::runtime::LocalRuntime {
        self.inner.as_ref().expect("a runtime ends with its owner")
    }

    /// Returns a handle to the runtime.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Spawns a task that stays on this thread.
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        boxed_if_large!(future future: F, self.inner().spawn_local(future))
    }

    /// Runs a closure that may block on a thread of the runtime's pool.
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, func: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        boxed_if_large!(closure func: F, self.handle.spawn_blocking(func))
    }

    /// Runs a future to its end on this thread. Panics on a thread that runs tasks.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        context::may_block_on();
        boxed_if_large!(future future: F, self.inner().block_on(future))
    }

    /// Enters the runtime: until the guard is dropped, this thread is in it.
    pub fn enter(&self) -> EnterGuard<'_> {
        self.handle.enter()
    }

    /// Ends the runtime, and waits at most `duration` for closures that block.
    #[track_caller]
    pub fn shutdown_timeout(mut self, duration: Duration) {
        if !duration.is_zero() {
            context::may_drop_runtime();
        }
        if let Some(inner) = self.inner.take() {
            inner.shutdown_timeout(duration);
        }
    }

    /// Ends the runtime without waiting for closures that block. May be called in a task.
    pub fn shutdown_background(self) {
        self.shutdown_timeout(Duration::ZERO);
    }

    /// Returns a view of the runtime's counters.
    pub fn metrics(&self) -> RuntimeMetrics {
        self.handle.metrics()
    }
}

impl Drop for LocalRuntime {
    fn drop(&mut self) {
        if self.inner.is_some() {
            context::may_drop_runtime();
        }
    }
}
