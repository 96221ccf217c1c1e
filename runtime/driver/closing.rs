//! Sockets that the program has dropped and that are not closed yet.
//!
//! A ring keeps a socket open until the kernel has confirmed the cancel of its waits
//! [fd-outlives-ops]. Until then nobody can bind the address of a listener or of a datagram socket,
//! and a writer that opens a FIFO meets its reader, although the owner is gone. So such a socket is
//! closed at once if this thread can do that. It is counted here, for all runtimes of the process,
//! and a bind that finds its address taken waits for those that were dropped before
//! [closed-before-bind].

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::primitive::atomic::{AtomicU64, Ordering};
use crate::primitive::clock;
use crate::primitive::sync::{Condvar, Mutex};

/// How long a closing is waited for. One that takes longer belongs to a runtime that nobody runs,
/// or the kernel does not give it back.
pub(crate) const CLOSING_LIMIT: Duration = Duration::from_millis(100);
/// The time between two calls of what closes on the waiting thread.
const SLICE: Duration = Duration::from_millis(1);

/// The mark of a socket that was dropped and is not closed. Dropping the mark, after the socket,
/// ends the closing.
#[derive(Debug)]
pub(super) struct ClosingMark(AtomicU64);

/// The socket was not dropped.
const NOT_CLOSING: u64 = 0;
/// The socket was given to the program.
const GIVEN_OUT: u64 = u64::MAX;

struct Closings {
    open: Mutex<OpenClosings>,
    ended: Condvar,
}

struct OpenClosings {
    last: u64,
    /// When they began.
    began: BTreeMap<u64, Instant>,
    /// Threads that wait: a notification is a system call even if nobody does.
    waiting_count: usize,
}

fn all() -> &'static Closings {
    static ALL: OnceLock<Closings> = OnceLock::new();
    ALL.get_or_init(|| {
        let open = OpenClosings { last: NOT_CLOSING, began: BTreeMap::new(), waiting_count: 0 };
        Closings { open: Mutex::new(open), ended: Condvar::new() }
    })
}

impl ClosingMark {
    pub(super) fn new() -> ClosingMark {
        ClosingMark(AtomicU64::new(NOT_CLOSING))
    }

    /// The socket's owner drops it now, unless it was given out.
    pub(super) fn begin(&self) {
        let mut open = all().open.lock();
        // Ordering: Relaxed: one thread has the right to the socket, and changes
        // this; the reference count of the source orders it before the drop of the mark.
        if self.0.load(Ordering::Relaxed) == NOT_CLOSING {
            open.last += 1;
            let id = open.last;
            self.0.store(id, Ordering::Relaxed);
            open.began.insert(id, clock::now());
        }
    }

    /// The program gets the socket: nothing will close it.
    pub(super) fn give_out(&self) {
        // Ordering: Relaxed: as in `begin`.
        self.0.store(GIVEN_OUT, Ordering::Relaxed);
    }

    pub(super) fn is_closing(&self) -> bool {
        // Ordering: Relaxed: as in `begin`.
        !matches!(self.0.load(Ordering::Relaxed), NOT_CLOSING | GIVEN_OUT)
    }
}

impl Drop for ClosingMark {
    fn drop(&mut self) {
        if self.is_closing() {
            let mut open = all().open.lock();
            // Ordering: Relaxed: as in `begin`.
            open.began.remove(&self.0.load(Ordering::Relaxed));
            let has_waiters = open.waiting_count > 0;
            drop(open);
            if has_waiters {
                all().ended.notify_all();
            }
        }
    }
}

/// The sockets that were closing at some moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClosingSockets {
    last: u64,
}

impl OpenClosings {
    /// When the last of these is given up; those that take long already do not count. None: all are
    /// closed.
    fn limit_of(&self, last: u64, now: Instant) -> Option<Instant> {
        let limits = self.began.range(..=last).map(|(_, began)| *began + CLOSING_LIMIT);
        limits.filter(|limit| now < *limit).max()
    }
}

impl ClosingSockets {
    /// Those that are closing now, unless they take long. None: there are none.
    pub(crate) fn now() -> Option<ClosingSockets> {
        let open = all().open.lock();
        let last = open.last;
        open.limit_of(last, clock::now()).map(|_| ClosingSockets { last })
    }

    /// Blocks this thread until they are closed, or take long. Calls `close` again and again, which
    /// closes those that only this thread can close.
    pub(crate) fn wait_closed(self, close: impl Fn()) {
        loop {
            close();
            let mut open = all().open.lock();
            let now = clock::now();
            let Some(limit) = open.limit_of(self.last, now) else { return };
            open.waiting_count += 1;
            open = all().open.wait_timeout(&all().ended, open, SLICE.min(limit - now)).0;
            open.waiting_count -= 1;
        }
    }
}
