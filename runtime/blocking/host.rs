//! The runtime that a thread has entered, as the rooms below the runtime know it.

use std::any::Any;
use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::Arc;

use super::pool::Pool;
use crate::primitive::thread;
use crate::task::Runnable;

pub(crate) const NO_RUNTIME: &str = "there is no heist runtime on this thread; \
     call this from a task, from Runtime::block_on, or after Runtime::enter";

thread::thread_local! {
    /// The runtime that this thread has entered.
    static HOST: RefCell<Option<Arc<dyn Host>>> = const { RefCell::new(None) };
}

/// A runtime, as the callers of its pool see it.
pub(crate) trait Host: Send + Sync {
    /// Runs `task` on a thread of the pool, inside of the runtime.
    fn run_blocking(self: Arc<Self>, task: Runnable);

    /// The pool alone.
    fn pool(&self) -> &Pool;

    /// Makes a call inside of the runtime, on this thread.
    fn call_inside(self: Arc<Self>, call: &mut dyn FnMut());

    /// Returns itself, for the room that knows its type.
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
}

/// Keeps a host installed on this thread. Dropping it restores the previous one. Guards must be
/// dropped in the reverse order of their creation.
#[must_use = "the host leaves the thread when this is dropped"]
pub(crate) struct HostGuard {
    previous: Option<Arc<dyn Host>>,
    ours: Arc<dyn Host>,
    /// It belongs to this thread's storage.
    not_send: PhantomData<*const ()>,
}

/// Makes `host` the one whose pool this thread's closures run on.
#[inline]
pub(crate) fn enter(host: Arc<dyn Host>) -> HostGuard {
    // The thread may be ending, together with a runtime in its storage. In that case no code asks
    // for the host any more.
    let previous = HOST.try_with(|current| current.replace(Some(host.clone()))).ok().flatten();
    HostGuard { previous, ours: host, not_send: PhantomData }
}

impl Drop for HostGuard {
    fn drop(&mut self) {
        // If the thread is ending, there is nothing to restore.
        let _ = HOST.try_with(|current| {
            let found = current.replace(self.previous.take());
            let in_order = found.is_some_and(|found| Arc::ptr_eq(&found, &self.ours));
            if !in_order && !std::thread::panicking() {
                panic!("heist: runtime guards must be dropped in the reverse order of their making");
            }
        });
    }
}

/// Returns the host of this thread.
pub(crate) fn host() -> Option<Arc<dyn Host>> {
    HOST.try_with(|current| current.borrow().clone()).ok().flatten()
}
