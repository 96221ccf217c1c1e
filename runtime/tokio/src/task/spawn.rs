//! The functions that start tasks.

use std::future::Future;

#[cfg(feature = "rt-multi-thread")]
use heist::runtime::facade;
use heist::runtime::facade::boxed_if_large;

use super::JoinHandle;
use crate::context;
#[cfg(feature = "rt-multi-thread")]
use crate::runtime::{Handle, RuntimeFlavor, worker_index};

/// Spawns a task on the runtime of this thread. Panics outside of one.
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    context::runtime();
    boxed_if_large!(future future: F, heist::task::spawn(future))
}

/// Runs a closure that may block on a thread of the pool. Panics outside of a runtime.
#[track_caller]
pub fn spawn_blocking<F, R>(f: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    context::runtime();
    boxed_if_large!(closure f: F, heist::task::spawn_blocking(f))
}

/// Runs a closure that may block on this thread, while other threads take over its tasks. Panics on
/// a thread that runs the tasks of a current-thread runtime.
#[cfg(feature = "rt-multi-thread")]
#[track_caller]
pub fn block_in_place<F, R>(f: F) -> R
where
    F: FnOnce() -> R,
{
    let is_on_one_thread =
        || worker_index().is_some() && Handle::current().runtime_flavor() != RuntimeFlavor::MultiThread;
    assert!(
        facade::may_block() || !(facade::is_in_local_set() || is_on_one_thread()),
        "can call blocking only when running on the multi-threaded runtime"
    );
    heist::task::block_in_place(f)
}
