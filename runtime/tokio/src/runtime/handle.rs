//! The handle of a runtime.

use std::future::Future;
use std::panic::{RefUnwindSafe, UnwindSafe};

use heist::runtime::facade::boxed_if_large;

use super::{EnterGuard, Id, RuntimeFlavor, RuntimeMetrics, TryCurrentError};
use crate::context;
use crate::task::JoinHandle;

/// A handle to a runtime. Clones are handles to the same one.
#[derive(Clone, Debug)]
pub struct Handle {
    inner: heist::runtime::Handle,
}

impl UnwindSafe for Handle {}
impl RefUnwindSafe for Handle {}

impl Handle {
    pub(super) fn new(inner: heist::runtime::Handle) -> Handle {
        Handle { inner }
    }

    pub(crate) fn inner(&self) -> &heist::runtime::Handle {
        &self.inner
    }

    /// Returns the handle of the runtime that this thread is in. Panics outside of one.
    #[track_caller]
    pub fn current() -> Handle {
        match Handle::try_current() {
            Ok(handle) => handle,
            Err(_) => panic!("{}", context::NO_REACTOR),
        }
    }

    /// Returns the handle of the runtime that this thread is in, or an error outside of one.
    pub fn try_current() -> Result<Handle, TryCurrentError> {
        heist::runtime::Handle::try_current().map(Handle::new).map_err(|_| TryCurrentError::missing())
    }

    /// Enters the runtime: until the guard is dropped, this thread is in it.
    pub fn enter(&self) -> EnterGuard<'_> {
        EnterGuard::new(self.inner.enter())
    }

    /// Spawns a task on this runtime.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        boxed_if_large!(future future: F, self.inner.spawn(future))
    }

    /// Runs a closure that may block on a thread of this runtime's pool.
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, func: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        boxed_if_large!(closure func: F, self.inner.spawn_blocking(func))
    }

    /// Runs a future to its end on this thread, inside of the runtime. Panics on a thread that runs
    /// tasks.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        context::may_block_on();
        boxed_if_large!(future future: F, self.inner.block_on(future))
    }

    /// Returns the flavor of the runtime.
    pub fn runtime_flavor(&self) -> RuntimeFlavor {
        self.inner.runtime_flavor()
    }

    /// Returns the identifier of the runtime.
    pub fn id(&self) -> Id {
        self.inner.id()
    }

    /// Returns the name that the builder gave to the runtime.
    pub fn name(&self) -> Option<&str> {
        self.inner.name()
    }

    /// Returns a view of the runtime's counters.
    pub fn metrics(&self) -> RuntimeMetrics {
        self.inner.metrics()
    }
}
