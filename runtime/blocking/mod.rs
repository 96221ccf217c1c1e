//! A pool of threads for closures that may block, and the way to the pool of the current thread's
//! runtime. `DESIGN.md` of this room explains how it works.

use std::panic::Location;
use std::sync::Arc;

use crate::task::{self, Id, JoinHandle};

mod host;
#[cfg(test)]
mod models;
mod pool;
mod thread_hooks;
#[cfg(feature = "tokio-context")]
pub(crate) mod tokio_context;

pub(crate) use host::{Host, HostGuard, NO_RUNTIME, enter, host, is_storage_gone};
pub(crate) use pool::{Limits, Pool};
pub(crate) use thread_hooks::ThreadHooks;

/// Runs `closure` as a task on the pool of this thread's runtime.
///
/// # Panics
/// Panics if called outside of a runtime.
#[track_caller]
pub(crate) fn spawn_blocking<F, R>(closure: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    spawn_blocking_as(Id::next(), closure)
}

/// Runs `closure` as the task `id` on the pool of this thread's runtime.
///
/// # Panics
/// Panics if called outside of a runtime.
#[track_caller]
pub(crate) fn spawn_blocking_as<F, R>(id: Id, closure: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    match host() {
        Some(host) => spawn_blocking_on(host, closure, id, Location::caller()),
        None => panic!("{NO_RUNTIME}"),
    }
}

/// Runs `closure`, which was spawned at `location`, as the task `id` on the pool of `host`.
pub(crate) fn spawn_blocking_on<F, R>(
    host: Arc<dyn Host>,
    closure: F,
    id: Id,
    location: &'static Location<'static>,
) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let (task, join) = task::blocking(closure, id, location);
    host.run_blocking(task);
    join
}

/// Runs `call`, which becomes no task, on the pool of `host` and inside of its runtime.
pub(crate) fn run_on(host: Arc<dyn Host>, call: impl FnOnce() + Send + 'static) {
    let runtime = host.clone();
    let mut call = Some(call);
    let mut once = move || call.take().into_iter().for_each(|call| call());
    host.pool().run(Box::new(move || runtime.call_inside(&mut once)));
}
