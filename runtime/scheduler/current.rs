//! The worker that runs on this thread, and the thread's runtime.
#![expect(unsafe_code, reason = "a thread-local pointer to the worker that runs below on the stack")]

use std::cell::Cell;
use std::ptr;
use std::sync::Arc;

use crate::primitive::thread;
use crate::{blocking, driver, time};

use super::handle::SchedulerHandle;
use super::local::Local;

pub(crate) use crate::task::permission::{Blocking, allow_blocking, forbid_blocking, may_block};

thread::thread_local! {
    static WORKER: Cell<*const Local> = const { Cell::new(ptr::null()) };
}

/// Runs `f` with `local` as this thread's worker. This runs once per poll: as a separate call it
/// would cost a tenth of a yield.
#[inline(always)]
pub(crate) fn with_worker_set<R>(local: &Local, f: impl FnOnce() -> R) -> R {
    struct RestoreWorker(*const Local);
    impl Drop for RestoreWorker {
        fn drop(&mut self) {
            WORKER.with(|worker| worker.set(self.0));
        }
    }
    let _restore = RestoreWorker(WORKER.with(|worker| worker.replace(local)));
    f()
}

/// Calls `f` with this thread's worker, if there is one. In destructors of thread-locals there is
/// none. Every wake-up comes here: as a separate call it would cost 3 % of one.
#[inline(always)]
pub(crate) fn with_worker<R>(f: impl FnOnce(Option<&Local>) -> R) -> R {
    let local = WORKER.try_with(Cell::get).unwrap_or(ptr::null());
    // SAFETY: `with_worker_set` borrows the local for as long as the pointer is set, on this
    // thread, and restores the former pointer even when it unwinds. `f` cannot keep the reference.
    f(unsafe { local.as_ref() })
}

/// Returns the runtime that this thread has entered.
pub(crate) fn runtime() -> Option<Arc<SchedulerHandle>> {
    blocking::host().map(|host| host.into_any().downcast().expect("only a scheduler's handle is a host"))
}

/// Makes this thread enter a runtime.
#[inline]
pub(crate) fn enter_runtime(handle: Arc<SchedulerHandle>) -> blocking::HostGuard {
    blocking::enter(handle)
}

/// A thread inside of a runtime without being one of its workers: what it spawns, its sockets and
/// its sleeps belong to the runtime.
pub(crate) struct Inside {
    _runtime: blocking::HostGuard,
    _driver: driver::DriverGuard,
    _timers: time::TimersGuard,
}

/// Lets this thread use all parts of a runtime. A worker of the runtime stays one.
pub(crate) fn enter(handle: &Arc<SchedulerHandle>) -> Inside {
    let shared = handle.shared();
    Inside {
        _runtime: enter_runtime(handle.clone()),
        _driver: shared.driver().enter(),
        _timers: shared.timers().enter(),
    }
}
