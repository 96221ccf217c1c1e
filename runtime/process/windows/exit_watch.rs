#![expect(unsafe_code, reason = "waits for a handle, for which std has only the form that blocks")]
//! A child, and the wait of the system's thread pool for its end.

use std::ffi::c_void;
use std::io;
use std::os::windows::io::{AsRawHandle, RawHandle};
use std::process::{self, ExitStatus};
use std::ptr;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use windows_sys::Win32::Foundation::{HANDLE, INVALID_HANDLE_VALUE};
use windows_sys::Win32::System::Threading::{
    INFINITE, RegisterWaitForSingleObject, UnregisterWaitEx, WT_EXECUTEINWAITTHREAD, WT_EXECUTEONLYONCE,
};

use crate::primitive::sync::Mutex;
use crate::task::{WaitReason, coop, wake_all};

/// A child whose end nobody knows yet.
#[derive(Debug)]
pub(in crate::process) struct WatchedChild {
    // Before the child, whose handle the wait uses.
    wait: Option<PoolWait>,
    /// Who is woken when the child ends: the waker of the last poll [waker-stays].
    waker: Arc<Mutex<Option<Waker>>>,
    child: process::Child,
}

impl WatchedChild {
    pub(in crate::process) fn new(child: process::Child) -> WatchedChild {
        WatchedChild { wait: None, waker: Arc::new(Mutex::new(None)), child }
    }

    pub(in crate::process) fn child(&mut self) -> &mut process::Child {
        &mut self.child
    }

    pub(in crate::process) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(in crate::process) fn handle(&self) -> RawHandle {
        self.child.as_raw_handle()
    }

    /// Ready when the child has ended. An end that comes between the look and the wait is not lost,
    /// because it looks once more [look-again].
    pub(in crate::process) fn poll_exit(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<ExitStatus>> {
        let reason = || WaitReason::of_process(self.child.id());
        let charge = ready!(coop::poll_proceed_for(cx, reason));
        if let Some(result) = self.child.try_wait().transpose() {
            charge.made_progress();
            return Poll::Ready(result);
        }
        let fresh = cx.waker().clone();
        let old = self.waker.lock().replace(fresh);
        drop(old);
        if self.wait.is_none() {
            self.wait = Some(PoolWait::new(self.child.as_raw_handle(), &self.waker)?);
        }
        match self.child.try_wait().transpose() {
            Some(result) => {
                charge.made_progress();
                Poll::Ready(result)
            }
            None => Poll::Pending,
        }
    }
}

/// A wait of the system's thread pool. Dropping it ends the wait.
#[derive(Debug)]
struct PoolWait {
    wait: HANDLE,
    /// What the callback was given.
    waker: *const Mutex<Option<Waker>>,
}

// SAFETY: the handle may be used by any thread, and the pointer is to memory that is shared under a
// lock.
unsafe impl Send for PoolWait {}
// SAFETY: no method takes a shared reference.
unsafe impl Sync for PoolWait {}

impl PoolWait {
    fn new(process: RawHandle, waker: &Arc<Mutex<Option<Waker>>>) -> io::Result<PoolWait> {
        let waker = Arc::into_raw(waker.clone());
        let mut wait = ptr::null_mut();
        // SAFETY: the handle lives longer than this value; the context is a reference of its own,
        // which is dropped when no callback can run any more.
        let is_registered = unsafe {
            RegisterWaitForSingleObject(
                &raw mut wait,
                process,
                Some(on_exit),
                waker.cast(),
                INFINITE,
                WT_EXECUTEINWAITTHREAD | WT_EXECUTEONLYONCE,
            )
        };
        if is_registered == 0 {
            let error = io::Error::last_os_error();
            // SAFETY: there is no wait that could use it.
            drop(unsafe { Arc::from_raw(waker) });
            return Err(error);
        }
        Ok(PoolWait { wait, waker })
    }
}

impl Drop for PoolWait {
    fn drop(&mut self) {
        // SAFETY: the wait is registered. The call returns when no callback runs any more.
        let is_over = unsafe { UnregisterWaitEx(self.wait, INVALID_HANDLE_VALUE) };
        if is_over != 0 {
            // SAFETY: the reference that `new` has made, and that no callback uses any more.
            drop(unsafe { Arc::from_raw(self.waker) });
        }
    }
}

unsafe extern "system" fn on_exit(context: *mut c_void, _is_timeout: bool) {
    // SAFETY: the reference of the wait, which is dropped when this call is over.
    let waker = unsafe { &*context.cast::<Mutex<Option<Waker>>>() };
    let waker = waker.lock().take();
    // A panic would end the process here.
    wake_all(waker);
}
