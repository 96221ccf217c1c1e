//! The ways to add a task to a set.

use std::future::Future;

use super::JoinSet;
use crate::runtime::handle::Handle;
use crate::runtime::spawn::{spawn, spawn_blocking, spawn_local};
use crate::runtime::weight::boxed_if_large;
use crate::task::{AbortHandle, LocalSet};

impl<T: 'static> JoinSet<T> {
    /// Spawns a task on the current runtime, as [`heist::spawn`](crate::spawn) does.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Examples
    /// ```
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// let mut set = heist::task::JoinSet::new();
    /// set.spawn(async { 42 });
    /// // The handle aborts this one task.
    /// set.spawn(std::future::pending()).abort();
    /// while let Some(outcome) = set.join_next().await {
    ///     match outcome {
    ///         Ok(answer) => assert_eq!(answer, 42),
    ///         Err(error) => assert!(error.is_cancelled()),
    ///     }
    /// }
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        let handle = boxed_if_large!(future future: F, spawn(future));
        self.insert(handle)
    }

    /// Spawns a task on the runtime of `handle`, from any thread.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// let mut set = heist::task::JoinSet::new();
    /// set.spawn_on(async { 42 }, runtime.handle());
    /// assert_eq!(runtime.block_on(set.join_all()), [42]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_on<F>(&mut self, future: F, handle: &Handle) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        let handle = boxed_if_large!(future future: F, handle.spawn(future));
        self.insert(handle)
    }

    /// Spawns a future that need not be `Send` on this worker: see
    /// [`spawn_local`].
    ///
    /// # Panics
    /// Panics if this thread is not a worker.
    ///
    /// # Examples
    /// ```
    /// # heist::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let shared = std::rc::Rc::new(42);
    /// let mut set = heist::task::JoinSet::new();
    /// set.spawn_local(async move { *shared });
    /// assert_eq!(set.join_all().await, [42]);
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_local<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        let handle = boxed_if_large!(future future: F, spawn_local(future));
        self.insert(handle)
    }

    /// Spawns a future that need not be `Send` into `local_set`.
    ///
    /// # Examples
    /// ```
    /// use heist::task::{JoinSet, LocalSet};
    ///
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// let local_set = LocalSet::new();
    /// let mut set = JoinSet::new();
    /// let shared = std::rc::Rc::new(42);
    /// set.spawn_local_on(async move { *shared }, &local_set);
    /// assert_eq!(local_set.run_until(set.join_all()).await, [42]);
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_local_on<F>(&mut self, future: F, local_set: &LocalSet) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        let handle = boxed_if_large!(future future: F, local_set.spawn_local(future));
        self.insert(handle)
    }

    /// Runs a closure on the blocking pool: see [`spawn_blocking`].
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Examples
    /// ```
    /// # heist::runtime::Runtime::new()?.block_on(async {
    /// let mut set = heist::task::JoinSet::new();
    /// set.spawn_blocking(|| std::fs::metadata("Cargo.toml").is_ok());
    /// assert_eq!(set.join_all().await, [true]);
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_blocking<F>(&mut self, closure: F) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        let handle = boxed_if_large!(closure closure: F, spawn_blocking(closure));
        self.insert(handle)
    }

    /// Runs a closure on the blocking pool of `handle`, from any thread.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// let mut set = heist::task::JoinSet::new();
    /// set.spawn_blocking_on(|| 42, runtime.handle());
    /// assert_eq!(runtime.block_on(set.join_all()), [42]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_blocking_on<F>(&mut self, closure: F, handle: &Handle) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        let handle = boxed_if_large!(closure closure: F, handle.spawn_blocking(closure));
        self.insert(handle)
    }
}

impl<T, F> FromIterator<F> for JoinSet<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    /// Spawns each future on the current runtime.
    ///
    /// # Panics
    /// Panics if called outside of a runtime with at least one future.
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = F>>(futures: I) -> Self {
        let mut set = JoinSet::new();
        set.extend(futures);
        set
    }
}

impl<T, F> Extend<F> for JoinSet<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    /// Spawns each future on the current runtime.
    ///
    /// # Panics
    /// Panics if called outside of a runtime with at least one future.
    #[track_caller]
    fn extend<I: IntoIterator<Item = F>>(&mut self, futures: I) {
        for future in futures {
            self.spawn(future);
        }
    }
}
