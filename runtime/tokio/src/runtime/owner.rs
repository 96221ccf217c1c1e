//! The runtime, as its owner has it.

use std::future::Future;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::time::Duration;

use heist::runtime::facade::boxed_if_large;

use super::{EnterGuard, Handle, RuntimeMetrics};
use crate::context;
use crate::task::JoinHandle;

/// A runtime. Dropping it ends it, and panics in an asynchronous context.
#[derive(Debug)]
pub struct Runtime {
    /// None once it has ended.
    inner: Option<heist::runtime::Runtime>,
    handle: Handle,
}

impl UnwindSafe for Runtime {}
impl RefUnwindSafe for Runtime {}

impl Runtime {
    pub(super) fn over(inner: heist::runtime::Runtime) -> Runtime {
        let handle = Handle::new(inner.handle().clone());
        Runtime { inner: Some(inner), handle }
    }

    pub(crate) fn inner(&self) -> &heist::runtime::Runtime {
        self.inner.as_ref().expect("a runtime ends with its owner")
    }

    /// Returns a handle to the runtime.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Spawns a task on the runtime.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        boxed_if_large!(future future: F, self.handle.spawn(future))
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

impl Drop for Runtime {
    fn drop(&mut self) {
        if self.inner.is_some() {
            context::may_drop_runtime();
        }
    }
}
