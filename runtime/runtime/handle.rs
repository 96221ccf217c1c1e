//! The handle, and what it means to be inside of a runtime.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use futures_task::{FutureObj, LocalFutureObj, LocalSpawn, Spawn, SpawnError, waker_ref};

use super::weight::boxed_if_large;
#[cfg(doc)]
use super::{Runtime, spawn_blocking};
use crate::blocking::{NO_RUNTIME, is_storage_gone, spawn_blocking_on};
#[cfg(any(rt_shuttle, all(test, rt_count)))]
use crate::scheduler::SharedScheduler;
use crate::scheduler::clean_up::ShutdownDelay;
use crate::scheduler::park::Parker;
use crate::scheduler::shutdown_hooks::ShutdownHook;
use crate::scheduler::{self, SchedulerHandle, current};
#[cfg(feature = "tracing")]
use crate::task::Spanned;
use crate::task::{Id, JoinHandle, Rooted, coop};

pub(super) const NESTED: &str = "heist: cannot block on a future here: this thread runs tasks. \
     Await the future instead, or block inside block_in_place or spawn_blocking";

/// A reference to a runtime, to spawn on it and to enter it.
///
/// Cheap to clone. It does not keep the workers running: after the end of the runtime a spawned
/// task is cancelled at once.
///
/// # Examples
/// ```
/// use heist::runtime::{Handle, Runtime};
///
/// let runtime = Runtime::new()?;
/// let handle: Handle = runtime.handle().clone();
/// let task = std::thread::spawn(move || handle.spawn(async { 42 })).join().unwrap();
/// assert_eq!(runtime.block_on(task).unwrap(), 42);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Handle {
    pub(super) scheduler: Arc<SchedulerHandle>,
}

impl UnwindSafe for Handle {}
impl RefUnwindSafe for Handle {}

/// Makes a runtime the current one of this thread until the guard is dropped. Drop guards in the
/// reverse order of their making.
///
/// # Panics
/// The drop panics if a guard that was made later on this thread is still alive.
///
/// # Examples
/// ```
/// use heist::runtime::{EnterGuard, Handle, Runtime};
///
/// let runtime = Runtime::new()?;
/// let guard: EnterGuard<'_> = runtime.enter();
/// assert!(Handle::try_current().is_ok());
/// drop(guard);
/// assert!(Handle::try_current().is_err());
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "the runtime is left as soon as the guard is dropped"]
pub struct EnterGuard<'a> {
    _inside: current::Inside,
    _handle: PhantomData<&'a Handle>,
}

impl Handle {
    /// Returns the runtime of this thread.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::{Handle, Runtime};
    ///
    /// let runtime = Runtime::new()?;
    /// let name = runtime.block_on(async { Handle::current().driver_name() });
    /// assert_eq!(name, runtime.driver_name());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn current() -> Handle {
        match Handle::try_current() {
            Ok(handle) => handle,
            Err(_) => panic!("{NO_RUNTIME}"),
        }
    }

    /// Returns the runtime of this thread, if there is one.
    ///
    /// # Errors
    /// [`TryCurrentError`] if called outside of a runtime.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::{Handle, Runtime};
    ///
    /// assert!(Handle::try_current().is_err());
    /// assert!(Runtime::new()?.block_on(async { Handle::try_current().is_ok() }));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn try_current() -> Result<Handle, TryCurrentError> {
        current::runtime()
            .map(|scheduler| Handle { scheduler })
            .ok_or_else(|| TryCurrentError { is_storage_gone: is_storage_gone() })
    }

    /// Spawns a task on this runtime. After the runtime's end the task is cancelled at once.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// let handle = runtime.handle().clone();
    /// // From a thread outside of the runtime.
    /// let task = std::thread::spawn(move || handle.spawn(async { 42 })).join().unwrap();
    /// assert_eq!(runtime.block_on(task).unwrap(), 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let location = Location::caller();
        boxed_if_large!(future future: F, scheduler::spawn(&self.scheduler, future, Id::next(), location))
    }

    /// Runs `closure` on the blocking pool of this runtime, as [`spawn_blocking`] does.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// let sum = runtime.handle().spawn_blocking(|| (1..=10).sum::<u32>());
    /// assert_eq!(runtime.block_on(sum).unwrap(), 55);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, closure: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let location = Location::caller();
        let id = Id::next();
        boxed_if_large!(closure closure: F, spawn_blocking_on(self.scheduler.clone(), closure, id, location))
    }

    /// Runs `future` on this thread until it is done, and returns its output.
    ///
    /// On a current-thread runtime another thread must be in [`Runtime::block_on`], because only
    /// there tasks, sockets and sleeps make progress.
    ///
    /// # Panics
    /// Panics if this thread runs tasks. A panic of `future` passes through.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// let answer = runtime.spawn_blocking(|| {
    ///     heist::runtime::Handle::current().block_on(async { 42 })
    /// });
    /// assert_eq!(runtime.block_on(answer).unwrap(), 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        boxed_if_large!(future future: F, self.block_on_small(future))
    }

    #[track_caller]
    pub(super) fn block_on_small<F: Future>(&self, future: F) -> F::Output {
        assert!(current::may_block(), "{NESTED}");
        let _guard = self.enter();
        let _no_blocking = current::forbid_blocking();
        let parker = Parker::new();
        let waker = waker_ref(&parker);
        let mut context = Context::from_waker(&waker);
        #[cfg(feature = "tracing")]
        let future = Spanned::block_on(future, Location::caller());
        let future = Rooted::new(future, self.scheduler.shared().guests(), Location::caller());
        let mut future = pin!(future);
        loop {
            if let Poll::Ready(output) = coop::with_budget(|| future.as_mut().poll(&mut context)) {
                return output;
            }
            parker.park();
        }
    }

    /// Makes this the current runtime of this thread until the guard is dropped.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::{Handle, Runtime};
    ///
    /// let runtime = Runtime::new()?;
    /// let handle = runtime.handle().clone();
    /// let guard = handle.enter();
    /// let task = heist::spawn(async { 42 });
    /// drop(guard);
    /// assert!(Handle::try_current().is_err());
    /// assert_eq!(runtime.block_on(task).unwrap(), 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn enter(&self) -> EnterGuard<'_> {
        EnterGuard { _inside: current::enter(&self.scheduler), _handle: PhantomData }
    }

    /// Returns the name of the engine that does the I/O: `"io_uring"` or `"poll"`.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// assert!(["io_uring", "poll"].contains(&runtime.handle().driver_name()));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn driver_name(&self) -> &'static str {
        self.scheduler.shared().driver().name()
    }

    /// Registers `hook`: when the runtime ends, the hook is asked for a clean-up, which runs after
    /// the tasks are gone.
    pub(crate) fn add_shutdown_hook(&self, hook: Weak<dyn ShutdownHook>) {
        self.scheduler.shared().shutdown_hooks().add(hook);
    }

    /// Makes the end of the runtime wait for a hook's clean-up.
    pub(crate) fn delay_shutdown(&self) -> ShutdownDelay {
        ShutdownDelay::new(&self.scheduler)
    }

    /// The scheduler, for scenarios that look at its driver and at its end.
    #[cfg(any(rt_shuttle, all(test, rt_count)))]
    pub(crate) fn shared(&self) -> &Arc<SharedScheduler> {
        self.scheduler.shared()
    }
}

impl fmt::Debug for EnterGuard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnterGuard")
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("driver", &self.driver_name()).finish_non_exhaustive()
    }
}

impl Spawn for Handle {
    fn spawn_obj(&self, future: FutureObj<'static, ()>) -> Result<(), SpawnError> {
        drop(self.spawn(future));
        Ok(())
    }
}

impl LocalSpawn for Handle {
    /// Pins the future to the worker of this thread; returns an error on any other thread.
    fn spawn_local_obj(&self, future: LocalFutureObj<'static, ()>) -> Result<(), SpawnError> {
        let spawned = scheduler::spawn_local(future, Id::next(), Location::caller());
        spawned.map(drop).ok_or_else(SpawnError::shutdown)
    }
}

/// This thread is in no runtime; [`Handle::try_current`] returns it.
///
/// # Examples
/// ```
/// let error = heist::runtime::Handle::try_current().unwrap_err();
/// assert!(error.to_string().starts_with("there is no heist runtime on this thread"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TryCurrentError {
    is_storage_gone: bool,
}

impl TryCurrentError {
    /// Returns whether the thread is in no runtime.
    ///
    /// # Examples
    /// ```
    /// let error = heist::runtime::Handle::try_current().unwrap_err();
    /// assert!(error.is_missing_context());
    /// ```
    pub fn is_missing_context(&self) -> bool {
        !self.is_storage_gone
    }

    /// Returns whether the thread is ending and its storage is gone: the call was made in the
    /// destructor of a thread-local.
    ///
    /// # Examples
    /// ```
    /// let error = heist::runtime::Handle::try_current().unwrap_err();
    /// assert!(!error.is_thread_local_destroyed());
    /// ```
    pub fn is_thread_local_destroyed(&self) -> bool {
        self.is_storage_gone
    }
}

impl fmt::Display for TryCurrentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_storage_gone {
            return f.write_str("the thread ends, and no runtime can be found any more");
        }
        f.write_str(NO_RUNTIME)
    }
}

impl std::error::Error for TryCurrentError {}
