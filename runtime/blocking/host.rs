//! The runtime that a thread has entered, as the rooms below the runtime know it.

use std::any::Any;
use std::cell::RefCell;
use std::sync::Arc;

use super::pool::Pool;
#[cfg(feature = "tokio-context")]
use super::tokio_context;
use crate::primitive::{StaysOnThread, thread};
use crate::task::Runnable;

pub(crate) const NO_RUNTIME: &str = "there is no heist runtime on this thread; \
     call this from a task, from Runtime::block_on, or after Runtime::enter";

thread::thread_local! {
    /// The runtime that this thread has entered.
    static HOST: RefCell<EnteredHosts> = const { RefCell::new(EnteredHosts { host: None, depth: 0 }) };
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

/// The hosts that this thread has entered.
struct EnteredHosts {
    host: Option<Arc<dyn Host>>,
    /// How many guards live on this thread.
    depth: usize,
}

/// Keeps a host installed on this thread. Dropping it restores the previous one. Guards must be
/// dropped in the reverse order of their creation.
#[must_use = "the host leaves the thread when this is dropped"]
pub(crate) struct HostGuard {
    previous: Option<Arc<dyn Host>>,
    /// The number of guards, this one included, when it was made.
    depth: usize,
    /// Left after the host, because it was entered before.
    #[cfg(feature = "tokio-context")]
    _tokio: Option<tokio_context::TokioGuard>,
    not_send: StaysOnThread,
}

/// Makes `host` the one whose pool this thread's closures run on.
#[inline]
pub(crate) fn enter(host: Arc<dyn Host>) -> HostGuard {
    // The thread may be ending, together with a runtime in its storage. In that case no code asks
    // for the host any more.
    let entered = HOST.try_with(|entered| {
        let mut entered = entered.borrow_mut();
        entered.depth += 1;
        (entered.host.replace(host), entered.depth)
    });
    let (previous, depth) = entered.unwrap_or((None, 0));
    HostGuard {
        previous,
        depth,
        #[cfg(feature = "tokio-context")]
        _tokio: tokio_context::enter(),
        not_send: StaysOnThread::default(),
    }
}

impl Drop for HostGuard {
    #[track_caller]
    fn drop(&mut self) {
        // If the thread is ending, there is nothing to restore. A host is dropped outside of the
        // borrow: it may be the last reference to a runtime.
        let left = HOST.try_with(|entered| {
            let mut entered = entered.borrow_mut();
            if entered.depth != self.depth {
                return Err(());
            }
            entered.depth -= 1;
            Ok(std::mem::replace(&mut entered.host, self.previous.take()))
        });
        let is_in_order = !matches!(left, Ok(Err(())));
        drop(left);
        if !is_in_order && !std::thread::panicking() {
            panic!("heist: runtime guards must be dropped in the reverse order of their making");
        }
    }
}

/// Returns the host of this thread.
pub(crate) fn host() -> Option<Arc<dyn Host>> {
    HOST.try_with(|entered| entered.borrow().host.clone()).ok().flatten()
}

/// Returns whether this thread ends, and its storage is gone.
pub(crate) fn is_storage_gone() -> bool {
    HOST.try_with(|_| ()).is_err()
}
