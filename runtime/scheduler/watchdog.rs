//! The watchdog, as the start and the end of a runtime see it.

use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use crate::primitive::atomic::{AtomicU64, Ordering};
use crate::primitive::sync::{Condvar, Mutex};
use crate::primitive::thread;
use crate::task::Id;

/// A slow poll.
pub(crate) struct SeenPoll {
    /// `None`: no task, but the future of a `block_on`, or a hook.
    pub(crate) task: Option<Id>,
    pub(crate) name: Option<Arc<str>>,
    /// Where the task was spawned, unless it has ended.
    pub(crate) location: Option<&'static Location<'static>>,
    pub(crate) worker: usize,
    /// How long it has taken so far.
    pub(crate) duration: Duration,
    pub(crate) is_over: bool,
}

/// The call for each slow poll: when it has taken as long as the threshold, and when it is over.
pub(crate) type SlowPollReport = dyn Fn(SeenPoll) + Send + Sync;

/// The watchdog, as the start and the end of a runtime see it.
pub(crate) struct Watchdog {
    pub(super) is_closing: Mutex<bool>,
    pub(super) closing: Condvar,
    pub(super) thread: Mutex<Option<thread::JoinHandle<()>>>,
    pub(super) slow_polls_count: AtomicU64,
}

impl Watchdog {
    pub(super) fn new() -> Watchdog {
        Watchdog {
            is_closing: Mutex::new(false),
            closing: Condvar::new(),
            thread: Mutex::new(None),
            slow_polls_count: AtomicU64::new(0),
        }
    }

    /// Returns how many polls have taken longer than the threshold.
    pub(crate) fn slow_polls_count(&self) -> u64 {
        // Ordering: Relaxed: it is only a metric.
        self.slow_polls_count.load(Ordering::Relaxed)
    }

    pub(super) fn close(&self) {
        *self.is_closing.lock() = true;
        self.closing.notify_all();
    }

    /// Waits for the thread, which ends soon after `close`.
    pub(crate) fn join(&self) {
        let thread = self.thread.lock().take();
        if let Some(thread) = thread {
            // It does not panic: it catches the panics of reports.
            let _ = thread.join();
        }
    }
}
