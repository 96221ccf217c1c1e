//! The `blocking_*` functions: the thread parks until a future is ready.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use crate::primitive::sync::{Condvar, Mutex, wait};
use crate::task::permission;

const NOT_HERE: &str = "Cannot block the current thread from within a runtime. This happens because a function attempted to \
     block the current thread while the thread is being used to drive asynchronous tasks.";

/// Parks this thread until `future` is ready.
///
/// # Panics
/// Panics on a thread that runs tasks, or is inside `block_on`.
#[track_caller]
pub(super) fn block_on<F: Future>(future: F) -> F::Output {
    assert!(permission::may_block(), "{NOT_HERE}");
    let mut future = pin!(future);
    let alarm = Arc::new(Alarm { has_rung: Mutex::new(false), condvar: Condvar::new() });
    let waker = Waker::from(alarm.clone());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        alarm.wait();
    }
}

/// Wakes a parked thread.
struct Alarm {
    has_rung: Mutex<bool>,
    condvar: Condvar,
}

impl Alarm {
    fn wait(&self) {
        let mut has_rung = self.has_rung.lock();
        while !*has_rung {
            has_rung = wait(&self.condvar, has_rung);
        }
        *has_rung = false;
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        *self.has_rung.lock() = true;
        self.condvar.notify_one();
    }
}
