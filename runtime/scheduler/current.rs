//! Which worker runs on this thread, and which runtime the thread is in.
#![expect(unsafe_code, reason = "a thread-local pointer to the worker that runs below on the stack")]

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::ptr;
use std::sync::Arc;

use crate::primitive::thread;

use super::Home;
use super::worker::Context;

thread::thread_local! {
    static WORKER: Cell<*const Context> = const { Cell::new(ptr::null()) };
    static RUNTIME: RefCell<Option<Arc<Home>>> = const { RefCell::new(None) };
    static BLOCKING: Cell<bool> = const { Cell::new(true) };
}

/// Runs `f` with `context` as this thread's worker. Once per poll: a call of its own is a tenth of a yield.
#[inline(always)]
pub(crate) fn with_worker_set<R>(context: &Context, f: impl FnOnce() -> R) -> R {
    struct Restore(*const Context);
    impl Drop for Restore {
        fn drop(&mut self) {
            WORKER.with(|worker| worker.set(self.0));
        }
    }
    let _restore = Restore(WORKER.with(|worker| worker.replace(context)));
    f()
}

/// The worker of this thread, if it has one. Works in destructors of thread-locals too: there is none then.
#[inline]
pub(crate) fn with_worker<R>(f: impl FnOnce(Option<&Context>) -> R) -> R {
    let context = WORKER.try_with(Cell::get).unwrap_or(ptr::null());
    // SAFETY: `with_worker_set` borrows the context for as long as the pointer is set, on this thread, and restores the
    // former pointer even when it unwinds. `f` cannot keep the reference.
    f(unsafe { context.as_ref() })
}

/// The runtime this thread is in.
pub(crate) fn runtime() -> Option<Arc<Home>> {
    RUNTIME.try_with(|runtime| runtime.borrow().clone()).ok().flatten()
}

/// Leaves the runtime on drop. Guards must be dropped in the reverse order of their making.
pub(crate) struct EnteredRuntime {
    former: Option<Arc<Home>>,
    ours: Arc<Home>,
    _not_send: PhantomData<*const ()>,
}

/// Puts this thread into a runtime.
pub(crate) fn enter_runtime(home: Arc<Home>) -> EnteredRuntime {
    // The thread may be ending, and a runtime with it that lies in its storage: then nobody asks where it is.
    let former = RUNTIME.try_with(|runtime| runtime.replace(Some(home.clone()))).ok().flatten();
    EnteredRuntime { former, ours: home, _not_send: PhantomData }
}

impl Drop for EnteredRuntime {
    fn drop(&mut self) {
        // The thread may be ending: then there is nothing to restore.
        let _ = RUNTIME.try_with(|runtime| {
            let found = runtime.replace(self.former.take());
            let in_order = found.is_some_and(|found| Arc::ptr_eq(&found, &self.ours));
            if !in_order && !std::thread::panicking() {
                panic!("heist: runtime guards must be dropped in the reverse order of their making");
            }
        });
    }
}

/// Whether this thread may block on a future: it is neither a worker nor inside `block_on`.
pub(crate) fn may_block() -> bool {
    BLOCKING.try_with(Cell::get).unwrap_or(true)
}

/// Puts back on drop whether blocking was allowed before.
pub(crate) struct Blocking {
    former: bool,
    _not_send: PhantomData<*const ()>,
}

/// Marks this thread as one that must not block.
pub(crate) fn forbid_blocking() -> Blocking {
    Blocking { former: BLOCKING.with(|blocking| blocking.replace(false)), _not_send: PhantomData }
}

/// Marks this thread as one that may block, until the guard is dropped.
pub(crate) fn allow_blocking() -> Blocking {
    Blocking { former: BLOCKING.with(|blocking| blocking.replace(true)), _not_send: PhantomData }
}

impl Drop for Blocking {
    fn drop(&mut self) {
        let _ = BLOCKING.try_with(|blocking| blocking.set(self.former));
    }
}
