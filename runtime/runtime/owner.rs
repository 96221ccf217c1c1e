//! The runtime itself, as its owner has it. `start.rs` starts it, `shutdown.rs` ends it.

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::Duration;

#[cfg(all(unix, feature = "console"))]
use super::console::ConsoleServer;
use super::current_thread::LoopWorker;
use super::handle::{EnterGuard, Handle, NESTED};
#[cfg(unix)]
use super::quit_dumps::QuitDumps;
use super::weight::boxed_if_large;
#[cfg(doc)]
use super::{Builder, DriverKind, spawn_blocking, spawn_local};
use crate::primitive::thread;
use crate::scheduler::{SharedScheduler, current};
use crate::task::JoinHandle;

/// Workers, a driver for each, timers, and a pool for blocking closures.
///
/// Dropping a runtime drops every task exactly once, waits for polls that are under way and for
/// blocking closures, also those in line, and gives everything back to the system. If it is dropped
/// inside of a task, on a worker's own thread, it does not wait: the rest happens in the
/// background.
///
/// A forked child that does not call `exec` must not use its copy of the parent's runtime, and
/// builds one of its own. Dropping the copy does nothing.
///
/// # Panics
/// The end of a current-thread runtime panics, after everything else is done, if there are local
/// tasks ([`spawn_local`]) of another thread: they are leaked, because only that thread may drop
/// them.
///
/// # Examples
/// ```
/// let runtime = heist::runtime::Runtime::new()?;
/// let sum = runtime.block_on(async {
///     let left = heist::spawn(async { 40 });
///     let right = heist::spawn(async { 2 });
///     left.await.unwrap() + right.await.unwrap()
/// });
/// assert_eq!(sum, 42);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Runtime {
    pub(super) handle: Handle,
    pub(super) threads: Vec<thread::JoinHandle<()>>,
    /// The worker of a current-thread runtime.
    pub(super) loop_worker: Option<LoopWorker>,
    pub(super) has_ended: bool,
    /// The process that built it.
    pub(super) owner: u32,
    #[cfg(unix)]
    pub(super) quit_dumps: Option<QuitDumps>,
    #[cfg(all(unix, feature = "console"))]
    pub(super) console: Option<ConsoleServer>,
}

impl UnwindSafe for Runtime {}
impl RefUnwindSafe for Runtime {}

impl Runtime {
    pub(super) fn shared(&self) -> &Arc<SharedScheduler> {
        self.handle.scheduler.shared()
    }

    /// Runs `future` on this thread until it is done, and returns its output.
    ///
    /// Tasks that it spawns run on the workers. On a current-thread runtime they run here, between
    /// the polls of `future`; tasks that are not done when `future` is continue in the next
    /// `block_on`.
    ///
    /// # Panics
    /// Panics if this thread runs tasks already (inside of a task or of another `block_on`). Panics
    /// on a current-thread runtime if there are local tasks ([`spawn_local`]) of another thread, or
    /// if the kernel refuses to serve its ring on this thread. A panic of `future` passes through.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_current_thread().build()?;
    /// let task = runtime.spawn(async { 6 * 7 });
    /// assert_eq!(runtime.block_on(async { task.await.unwrap() }), 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        boxed_if_large!(future future: F, self.block_on_small(future))
    }

    #[track_caller]
    fn block_on_small<F: Future>(&self, future: F) -> F::Output {
        assert!(current::may_block(), "{NESTED}");
        match &self.loop_worker {
            Some(loop_worker) => loop_worker.block_on(&self.handle, future),
            None => self.handle.block_on_small(future),
        }
    }

    /// Spawns a task, as [`heist::spawn`](crate::spawn) does, from any thread.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// let task = runtime.spawn(async { 42 });
    /// assert_eq!(runtime.block_on(task).unwrap(), 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        boxed_if_large!(future future: F, self.handle.spawn(future))
    }

    /// Runs `closure` on the blocking pool, as [`spawn_blocking`] does, from any thread.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
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
        boxed_if_large!(closure closure: F, self.handle.spawn_blocking(closure))
    }

    /// Returns a handle to this runtime.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// let handle = runtime.handle().clone();
    /// assert_eq!(runtime.block_on(handle.spawn(async { 42 })).unwrap(), 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Makes this the current runtime of this thread, so that [`heist::spawn`](crate::spawn),
    /// sockets and sleeps find it.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// let guard = runtime.enter();
    /// let task = heist::spawn(async { 42 });
    /// drop(guard);
    /// assert_eq!(runtime.block_on(task).unwrap(), 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn enter(&self) -> EnterGuard<'_> {
        self.handle.enter()
    }

    /// Returns the name of the engine that does the I/O: `"io_uring"` or `"poll"`.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::{Builder, DriverKind};
    ///
    /// let runtime = Builder::new_multi_thread().driver(DriverKind::Poll).build()?;
    /// assert_eq!(runtime.driver_name(), "poll");
    /// // Nothing was refused, because io_uring was not tried.
    /// assert!(runtime.driver_refusal().is_none());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn driver_name(&self) -> &'static str {
        self.handle.driver_name()
    }

    /// Returns why io_uring is not in use, if [`DriverKind::Auto`] tried it and was refused.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// if let Some(error) = runtime.driver_refusal() {
    ///     println!("io_uring is not in use: {error}");
    ///     assert_eq!(runtime.driver_name(), "poll");
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn driver_refusal(&self) -> Option<&io::Error> {
        self.shared().driver().refusal()
    }

    /// Returns the number of workers; 1 on a current-thread runtime.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
    /// assert_eq!(runtime.workers(), 2);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn workers(&self) -> usize {
        self.shared().workers_count()
    }

    /// Ends the runtime: cancels all tasks and waits for polls that are under way and for blocking
    /// closures, also those in line, for `timeout` in total. Work that has not ended by then is
    /// left behind on its thread. Zero does not wait.
    ///
    /// The limit holds for everything, including clean-ups of [adopted
    /// generators](crate::asyncio::adopt()) and destructors: on a current-thread runtime these run
    /// on a thread that is started for them. Only local tasks ([`spawn_local`]) are dropped on this
    /// thread, however long it takes.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// let runtime = heist::runtime::Runtime::new()?;
    /// let endless = runtime.spawn(std::future::pending::<()>());
    /// runtime.shutdown_timeout(Duration::from_secs(5));
    /// assert!(endless.is_finished());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn shutdown_timeout(mut self, timeout: Duration) {
        self.end(Some(timeout));
    }

    /// Ends the runtime without waiting for anything; may be called inside of a task.
    ///
    /// The same as [`shutdown_timeout`](Self::shutdown_timeout) with zero: work that takes time
    /// happens in the background, and adopted generators are not closed.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::{Builder, Runtime};
    ///
    /// let outer = Builder::new_current_thread().build()?;
    /// let inner = Runtime::new()?;
    /// outer.block_on(async {
    ///     let answer = inner.spawn(async { 42 }).await.unwrap();
    ///     // To wait for the end would block the thread that runs this future.
    ///     inner.shutdown_background();
    ///     assert_eq!(answer, 42);
    /// });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn shutdown_background(mut self) {
        self.end(Some(Duration::ZERO));
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime")
            .field("workers", &self.workers())
            .field("driver", &self.driver_name())
            .finish()
    }
}
