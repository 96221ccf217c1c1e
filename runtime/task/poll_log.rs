//! Single polls, wakes and operations of a worker, for a while: the matter of a trace.

use std::panic::Location;

use super::id::Id;
use super::operations::LoggedOperation;
use crate::primitive::atomic::{AtomicBool, Ordering};
use crate::primitive::sync::Mutex;

/// So many polls are kept of each worker, and as many wakes and operations: 20, 12 and 20 MiB.
const KEPT_COUNT_MAX: usize = 1 << 19;

/// A poll. Times are those of `time_stamp.rs`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LoggedPoll {
    pub(crate) task: Id,
    pub(crate) location: &'static Location<'static>,
    pub(crate) began: u64,
    pub(crate) ended: u64,
}

/// A wake that made a task due.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LoggedWake {
    pub(crate) task: Id,
    /// The task whose poll it was in. `None`: an event.
    pub(crate) by: Option<Id>,
    pub(crate) at: u64,
}

/// What was logged.
#[derive(Debug, Default)]
pub(crate) struct Logged {
    pub(crate) polls: Vec<LoggedPoll>,
    pub(crate) wakes: Vec<LoggedWake>,
    pub(crate) operations: Vec<LoggedOperation>,
    /// What there was no room for.
    pub(crate) lost_count: u64,
}

/// The polls, wakes and operations of a worker while somebody traces.
pub(crate) struct PollLog {
    is_on: AtomicBool,
    logged: Mutex<Logged>,
}

impl PollLog {
    pub(super) fn new() -> PollLog {
        PollLog { is_on: AtomicBool::new(false), logged: Mutex::new(Logged::default()) }
    }

    /// Begins to log. Returns false if somebody does already.
    pub(crate) fn begin(&self) -> bool {
        // Ordering: Relaxed: the first polls after it may be missing; what is logged has a lock.
        !self.is_on.swap(true, Ordering::Relaxed)
    }

    /// Ends it and returns what was logged. Called by whoever has begun it.
    pub(crate) fn end(&self) -> Logged {
        let logged = std::mem::take(&mut *self.logged.lock());
        // Ordering: Relaxed: a poll that ends now may be logged still, as the first of the next
        // trace, which leaves out what was before it.
        self.is_on.store(false, Ordering::Relaxed);
        logged
    }

    fn is_on(&self) -> bool {
        // Ordering: Relaxed, as in `begin`.
        self.is_on.load(Ordering::Relaxed)
    }

    pub(super) fn note_poll(&self, poll: impl FnOnce() -> LoggedPoll) {
        if self.is_on() {
            let mut logged = self.logged.lock();
            if logged.polls.len() < KEPT_COUNT_MAX {
                logged.polls.push(poll());
            } else {
                logged.lost_count += 1;
            }
        }
    }

    pub(super) fn note_wake(&self, wake: LoggedWake) {
        if self.is_on() {
            let mut logged = self.logged.lock();
            if logged.wakes.len() < KEPT_COUNT_MAX {
                logged.wakes.push(wake);
            } else {
                logged.lost_count += 1;
            }
        }
    }
}

cfg_if! {
    if #[linux] {
        /// For the rings.
        impl PollLog {
            pub(super) fn note_operation(&self, operation: LoggedOperation) {
                if self.is_on() {
                    let mut logged = self.logged.lock();
                    if logged.operations.len() < KEPT_COUNT_MAX {
                        logged.operations.push(operation);
                    } else {
                        logged.lost_count += 1;
                    }
                }
            }
        }
    } else {
    }
}

#[cfg(all(test, not(any(rt_loom, rt_shuttle))))]
mod tests {
    use super::{Id, KEPT_COUNT_MAX, LoggedWake, PollLog};

    #[test]
    fn a_log_is_empty_before_it_begins_and_counts_what_it_has_no_room_for() {
        let log = PollLog::new();
        let wake = LoggedWake { task: Id::next(), by: None, at: 1 };
        log.note_wake(wake);
        assert!(log.begin());
        assert!(!log.begin(), "one at a time");
        (0..KEPT_COUNT_MAX + 3).for_each(|_| log.note_wake(wake));
        let logged = log.end();
        assert_eq!((logged.wakes.len(), logged.lost_count), (KEPT_COUNT_MAX, 3));
        log.note_wake(wake);
        assert!(log.begin());
        assert_eq!(log.end().wakes.len(), 0);
    }
}
