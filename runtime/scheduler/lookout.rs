//! The lookout, as workers, handles and the end of a runtime see it.

use std::sync::Arc;
use std::time::Duration;

use crate::primitive::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};
use crate::primitive::sync::{Condvar, Mutex, wait};
use crate::primitive::thread;

/// The callback for the time when every worker is stuck. Its argument is where the polled tasks
/// were spawned.
pub(crate) type Report = dyn Fn(Vec<&'static std::panic::Location<'static>>) + Send + Sync;

/// Tracks whether the lookout sleeps, and wakes it: `[called]`.
pub(super) struct LookoutCall {
    is_asleep: AtomicBool,
    pub(super) is_closing: Mutex<bool>,
    condvar: Condvar,
}

/// The lookout, as workers, handles and the end of a runtime see it.
pub(crate) struct Lookout {
    /// Whether workers call it. False on a current-thread runtime, where no other thread may stand
    /// in.
    is_offered: AtomicBool,
    pub(super) call: LookoutCall,
    pub(super) thread: Mutex<Option<thread::JoinHandle<()>>>,
    pub(super) report: Mutex<Option<Arc<Report>>>,
    pub(super) stalls_count: AtomicU64,
    pub(super) reserve_count: AtomicUsize,
}

impl LookoutCall {
    /// Creates it without a sleeper: calls do nothing until `announce_sleep`.
    pub(super) fn new() -> LookoutCall {
        LookoutCall {
            is_asleep: AtomicBool::new(false),
            is_closing: Mutex::new(false),
            condvar: Condvar::new(),
        }
    }

    /// Announces that the caller is about to sleep. It looks once more before it does.
    pub(super) fn announce_sleep(&self) {
        // Ordering: Relaxed, then the fence: [called]. A worker's gate and duty likewise come
        // before its own fence.
        self.is_asleep.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
    }

    /// Takes that back, because the last look found something.
    pub(super) fn cancel_sleep(&self) {
        // Ordering: Relaxed, [called]: the lookout is awake and looks again.
        self.is_asleep.store(false, Ordering::Relaxed);
    }

    /// Returns whether the lookout sleeps and could be called. The caller has fenced since it was
    /// counted out.
    #[inline]
    pub(super) fn is_asleep(&self) -> bool {
        // Ordering: Relaxed, [called]: the fence in `Idle::sentinel_to_wake` orders it.
        self.is_asleep.load(Ordering::Relaxed)
    }

    /// Ends the sleep. Returns `false` if another thread did.
    pub(super) fn call(&self) -> bool {
        // Ordering: Relaxed, [called]: the lock below orders it for the sleeper.
        if !self.is_asleep.swap(false, Ordering::Relaxed) {
            return false;
        }
        drop(self.is_closing.lock());
        self.condvar.notify_one();
        true
    }

    /// Sleeps until it is called or closed.
    pub(super) fn sleep(&self) {
        let mut is_closing = self.is_closing.lock();
        while !*is_closing && self.is_asleep() {
            is_closing = wait(&self.condvar, is_closing);
        }
    }

    pub(super) fn nap(&self, period: Duration) {
        let is_closing = self.is_closing.lock();
        if !*is_closing {
            drop(self.is_closing.wait_timeout(&self.condvar, is_closing, period));
        }
    }

    fn close(&self) {
        *self.is_closing.lock() = true;
    }
}

impl Lookout {
    pub(super) fn new() -> Lookout {
        Lookout {
            is_offered: AtomicBool::new(false),
            call: LookoutCall::new(),
            thread: Mutex::new(None),
            report: Mutex::new(None),
            stalls_count: AtomicU64::new(0),
            reserve_count: AtomicUsize::new(0),
        }
    }

    /// Makes workers call it from now on. The first call starts its thread.
    pub(crate) fn offer(&self, report: Option<Arc<Report>>) {
        *self.report.lock() = report;
        // Ordering: Relaxed, because this happens before any worker's thread begins.
        self.is_offered.store(true, Ordering::Relaxed);
        self.call.announce_sleep();
    }

    #[inline]
    pub(super) fn is_offered(&self) -> bool {
        // Ordering: Relaxed, as in `offer`.
        self.is_offered.load(Ordering::Relaxed)
    }

    /// Returns how often every worker was stuck at once.
    pub(crate) fn stalls_count(&self) -> u64 {
        // Ordering: Relaxed: it is only a metric.
        self.stalls_count.load(Ordering::Relaxed)
    }

    /// Returns the number of threads in the reserve.
    pub(crate) fn reserve_count(&self) -> usize {
        // Ordering: Relaxed: it is only a metric.
        self.reserve_count.load(Ordering::Relaxed)
    }

    /// Ends the lookout, because the runtime ends.
    pub(super) fn close(&self) {
        self.call.close();
        // A thread that starts later sees the flag. One that is there may sleep.
        if self.thread.lock().is_some() {
            self.call.condvar.notify_one();
        }
    }

    /// Waits for the thread, which ends when all workers have ended.
    pub(crate) fn join(&self) {
        let thread = self.thread.lock().take();
        if let Some(thread) = thread {
            // It does not panic: it catches the panics of wakers and hooks.
            let _ = thread.join();
        }
    }
}
