//! The functions that spawn on the runtime of the calling thread.

use std::future::Future;
use std::panic::Location;

use super::weight::boxed_if_large;
#[cfg(doc)]
use super::{Builder, Handle, Runtime};
use crate::blocking::{self, NO_RUNTIME};
use crate::scheduler::{self, current, stand_in};
use crate::task::{Id, JoinHandle, local_set};

/// Spawns a task on the runtime of this thread.
///
/// The task runs concurrently with the caller, on any worker. It continues if the [`JoinHandle`] is
/// dropped.
///
/// # Panics
/// Panics if called outside of a runtime.
///
/// # Examples
/// ```
/// # heist::runtime::Runtime::new()?.block_on(async {
/// let task = heist::spawn(async { "done" });
/// assert_eq!(task.await.unwrap(), "done");
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let location = Location::caller();
    boxed_if_large!(future future: F, spawn_small(future, Id::next(), location))
}

#[track_caller]
pub(super) fn spawn_small<F>(future: F, id: Id, location: &'static Location<'static>) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let spawned = current::with_worker(|local| match local {
        Some(local) => Ok(local.spawn(future, id, location)),
        None => Err(future),
    });
    match spawned {
        Ok(handle) => handle,
        Err(future) => {
            let Some(handle) = current::runtime() else { panic!("{NO_RUNTIME}") };
            scheduler::spawn(&handle, future, id, location)
        }
    }
}

/// Spawns a future that need not be `Send`. It stays on the worker that it was spawned on, and is
/// dropped there. Inside of a [`LocalSet`](crate::task::LocalSet) it goes to the set.
///
/// No other worker runs it, so it waits while its worker is in a long poll. On a current-thread
/// runtime it belongs to the thread that is in [`Runtime::block_on`]; as long as it lives no other
/// thread can run that runtime.
///
/// # Panics
/// Panics if this thread is neither a worker nor in a [`LocalSet`](crate::task::LocalSet): call it
/// inside of a task, or in `block_on` of a current-thread runtime.
///
/// # Examples
/// ```
/// use std::rc::Rc;
///
/// let runtime = heist::runtime::Builder::new_current_thread().build()?;
/// runtime.block_on(async {
///     let shared = Rc::new(42);
///     let local = heist::task::spawn_local({
///         let shared = shared.clone();
///         async move { *shared }
///     });
///     assert_eq!(local.await.unwrap(), *shared);
/// });
/// # Ok::<(), std::io::Error>(())
/// ```
#[track_caller]
pub fn spawn_local<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    let location = Location::caller();
    match boxed_if_large!(future future: F, spawn_local_small(future, Id::next(), location)) {
        Some(handle) => handle,
        None => panic!("{NO_LOCAL_TASKS}"),
    }
}

pub(super) const NO_LOCAL_TASKS: &str = "heist: spawn_local needs a worker or a LocalSet: call it inside a task, in block_on of a \
     current-thread runtime, or in LocalSet::run_until";

pub(super) fn spawn_local_small<F>(
    future: F,
    id: Id,
    location: &'static Location<'static>,
) -> Option<JoinHandle<F::Output>>
where
    F: Future + 'static,
    F::Output: 'static,
{
    // A local runtime comes before a set, as in tokio.
    let is_local = current::runtime().and_then(|handle| handle.shared().identity().is_local_here());
    if is_local.is_some() {
        return scheduler::spawn_local(future, id, location);
    }
    match local_set::spawn_in_current(future, id, location) {
        Ok(handle) => Some(handle),
        Err(future) => scheduler::spawn_local(future, id, location),
    }
}

/// Runs `closure`, which may block, on a thread of the blocking pool.
///
/// The pool grows up to [`Builder::max_blocking_threads`] (512 by default); then closures wait. If
/// the system refuses even the first thread, the closure runs on the caller's thread before this
/// returns. A closure that has begun cannot be aborted; one that waits can.
///
/// # Panics
/// Panics if called outside of a runtime.
///
/// # Examples
/// ```
/// # heist::runtime::Runtime::new()?.block_on(async {
/// let read = heist::task::spawn_blocking(|| std::fs::read_to_string("Cargo.toml"));
/// let text = read.await.unwrap()?;
/// assert!(text.contains("heist"));
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[track_caller]
pub fn spawn_blocking<F, R>(closure: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    boxed_if_large!(closure closure: F, blocking::spawn_blocking(closure))
}

/// Runs `closure`, which may block, on this thread.
///
/// If this is a worker's thread, another thread takes the worker over: its tasks, timers, sockets
/// and files are served meanwhile, even if every worker blocks like this. If the closure ends
/// before another thread has taken the worker, nothing changes; otherwise the rest of the poll runs
/// beside the workers.
///
/// The closure may block on a future, with [`Handle::block_on`] or with another crate's executor,
/// without a cooperative budget. When the runtime ends, the waits of the closure end at once, as in
/// [`spawn_blocking`]: sleeps are over, sockets fail, other tasks are cancelled. The end waits for
/// the closure itself.
///
/// # Limits
/// - Local tasks ([`spawn_local`]) of this thread wait until the closure has ended, and run here
///   then.
/// - Up to [`Builder::max_blocking_threads`] closures have a thread that takes their worker over;
///   these threads stay until the runtime ends. Beyond that, or if the system refuses a thread, the
///   worker stays: other workers take its tasks, and the tasks wait while no worker is free.
/// - On a current-thread runtime everything waits for the closure.
/// - On a thread that is not a worker's this only calls `closure`.
///
/// # Interrupted calls
/// On io_uring the worker's thread has submitted operations to a ring, and the kernel interrupts it
/// when one of them completes. A blocking call with a time-out of its own (`epoll_wait`, a `read`
/// from a std socket with a read time-out) then fails with
/// [`Interrupted`](std::io::ErrorKind::Interrupted) at once, although no signal was sent (seen on
/// Linux 6.18). The kernel or std restarts calls without a time-out, `poll` and `thread::sleep`.
/// Call again with the time that is left, as after a signal, or use [`spawn_blocking`], whose
/// threads have no ring. It does not happen on the poll driver.
///
/// # Panics
/// On a current-thread runtime [`Handle::block_on`] inside of the closure panics. A panic of the
/// closure passes through.
///
/// # Examples
/// ```
/// # let runtime = heist::runtime::Runtime::new()?;
/// # runtime.block_on(runtime.spawn(async {
/// let answer = heist::task::block_in_place(|| {
///     let runtime = heist::runtime::Handle::current();
///     runtime.block_on(async { heist::spawn(async { 42 }).await.unwrap() })
/// });
/// assert_eq!(answer, 42);
/// # })).unwrap();
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn block_in_place<R>(closure: impl FnOnce() -> R) -> R {
    stand_in::block_in_place(closure)
}
