//! A runtime that stays on one thread, and so takes futures that need not be `Send`.

use std::fmt;
use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::time::Duration;

use super::builder::Builder;
use super::handle::{EnterGuard, Handle};
use super::metrics::RuntimeMetrics;
use super::owner::Runtime;
use super::weight::boxed_if_large;
use crate::scheduler;
use crate::task::{Id, JoinHandle, this_thread};

/// A current-thread runtime that belongs to the thread that built it: tasks need not be `Send`.
///
/// It is a [`Runtime`] in all else. Tasks of [`spawn_local`](Self::spawn_local) and of
/// [`task::spawn_local`](crate::task::spawn_local) inside of it run in
/// [`block_on`](Self::block_on), without a [`LocalSet`](crate::task::LocalSet). Other threads may
/// spawn futures that are `Send`, through a [`Handle`].
///
/// # Examples
/// ```
/// use heist::runtime::LocalRuntime;
/// use std::rc::Rc;
///
/// let runtime = LocalRuntime::new()?;
/// let shared = Rc::new(40);
/// let task = runtime.spawn_local({
///     let shared = shared.clone();
///     async move { *shared }
/// });
/// assert_eq!(runtime.block_on(async { task.await.unwrap() + 2 }), 42);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct LocalRuntime {
    runtime: Runtime,
    not_send: PhantomData<*const ()>,
}

impl UnwindSafe for LocalRuntime {}
impl RefUnwindSafe for LocalRuntime {}

/// Options of a [`LocalRuntime`]: none so far.
///
/// # Examples
/// ```
/// use heist::runtime::{Builder, LocalOptions};
///
/// let runtime = Builder::new_current_thread().build_local(LocalOptions::default())?;
/// assert_eq!(runtime.block_on(async { 42 }), 42);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct LocalOptions {
    /// Options may come that must not cross threads.
    not_send: PhantomData<*mut u8>,
}

impl Builder {
    /// Builds a runtime that belongs to this thread: see [`LocalRuntime`].
    ///
    /// # Errors
    /// As [`build`](Self::build).
    ///
    /// # Panics
    /// Panics on a builder of a multi-thread runtime.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::{Builder, LocalOptions};
    ///
    /// let runtime = Builder::new_current_thread().build_local(LocalOptions::default())?;
    /// let task = runtime.spawn_local(async { 42 });
    /// assert_eq!(runtime.block_on(task).unwrap(), 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn build_local(&mut self, options: LocalOptions) -> io::Result<LocalRuntime> {
        assert!(self.is_current_thread(), "a local runtime needs Builder::new_current_thread()");
        let LocalOptions { .. } = options;
        let runtime = self.build_for(Some(this_thread()))?;
        if let Some(loop_worker) = &runtime.loop_worker {
            let is_settled = loop_worker.can_run_here();
            debug_assert!(is_settled, "a new runtime has no tasks of another thread");
        }
        Ok(LocalRuntime { runtime, not_send: PhantomData })
    }
}

impl LocalRuntime {
    /// Builds a local runtime with default options.
    ///
    /// # Errors
    /// As [`Builder::build`].
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::LocalRuntime::new()?;
    /// assert_eq!(runtime.block_on(async { 42 }), 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new() -> io::Result<LocalRuntime> {
        Builder::new_current_thread().build_local(LocalOptions::default())
    }

    /// Returns a handle to this runtime. Tasks that other threads spawn through it must be `Send`.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::LocalRuntime::new()?;
    /// let handle = runtime.handle().clone();
    /// let task = std::thread::spawn(move || handle.spawn(async { 42 })).join().unwrap();
    /// assert_eq!(runtime.block_on(task).unwrap(), 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn handle(&self) -> &Handle {
        self.runtime.handle()
    }

    /// Spawns a task whose future need not be `Send`. It runs in [`block_on`](Self::block_on).
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::LocalRuntime::new()?;
    /// let shared = std::rc::Rc::new(42);
    /// let task = runtime.spawn_local(async move { *shared });
    /// assert_eq!(runtime.block_on(task).unwrap(), 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let (handle, location) = (&self.runtime.handle.scheduler, Location::caller());
        boxed_if_large!(future future: F, scheduler::spawn_at_home(handle, future, Id::next(), location))
    }

    /// Runs `closure` on the blocking pool: see [`spawn_blocking`](crate::task::spawn_blocking).
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::LocalRuntime::new()?;
    /// let sum = runtime.spawn_blocking(|| (1..=10).sum::<u32>());
    /// assert_eq!(runtime.block_on(sum).unwrap(), 55);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, closure: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.runtime.spawn_blocking(closure)
    }

    /// Runs `future`, and the tasks of the runtime meanwhile, on this thread until it is done: see
    /// [`Runtime::block_on`].
    ///
    /// # Panics
    /// As [`Runtime::block_on`].
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::LocalRuntime::new()?;
    /// let answer = runtime.block_on(async {
    ///     heist::task::spawn_local(async { 42 }).await.unwrap()
    /// });
    /// assert_eq!(answer, 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// Makes this the current runtime of this thread, so that
    /// [`task::spawn_local`](crate::task::spawn_local), sockets and sleeps find it.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::LocalRuntime::new()?;
    /// let guard = runtime.enter();
    /// let task = heist::task::spawn_local(async { 42 });
    /// drop(guard);
    /// assert_eq!(runtime.block_on(task).unwrap(), 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn enter(&self) -> EnterGuard<'_> {
        self.runtime.enter()
    }

    /// Ends the runtime, and waits at most `timeout` for blocking closures: see
    /// [`Runtime::shutdown_timeout`]. Local tasks are dropped on this thread, even if that takes
    /// longer.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// let runtime = heist::runtime::LocalRuntime::new()?;
    /// let endless = runtime.spawn_local(std::future::pending::<()>());
    /// runtime.shutdown_timeout(Duration::from_secs(5));
    /// assert!(endless.is_finished());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn shutdown_timeout(self, timeout: Duration) {
        self.runtime.shutdown_timeout(timeout);
    }

    /// Ends the runtime without waiting for blocking closures: see
    /// [`Runtime::shutdown_background`].
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::LocalRuntime::new()?;
    /// runtime.shutdown_background();
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn shutdown_background(self) {
        self.runtime.shutdown_background();
    }

    /// Returns figures about the runtime.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::LocalRuntime::new()?;
    /// assert_eq!(runtime.metrics().num_workers(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn metrics(&self) -> RuntimeMetrics {
        self.runtime.handle.metrics()
    }
}

impl fmt::Debug for LocalRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LocalRuntime").field(&self.runtime).finish()
    }
}
