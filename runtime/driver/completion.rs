//! The state that a waiting future and its operation in flight share.

use std::io;
use std::mem;
use std::task::{Context, Poll, Waker};

use crate::primitive::sync::Mutex;
use crate::task::{WaitReason, note};

use super::ticket::Ticket;

/// The state that the waiting future and the operation in flight share.
#[derive(Debug)]
pub(super) struct Completion(Mutex<Progress>);

#[derive(Debug)]
enum Progress {
    /// On its way to a ring, or on the blocking pool.
    Queued { waker: Option<Waker> },
    /// The kernel has it, or is about to.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "a poller has nothing in flight"))]
    InFlight { waker: Option<Waker>, ticket: Ticket },
    /// Its terminal completion was reaped.
    Done(io::Result<i32>),
    /// The result was handed out, or nothing waits for it any more.
    Closed,
}

impl Completion {
    pub(super) fn new() -> Completion {
        Completion(Mutex::new(Progress::Queued { waker: None }))
    }

    #[cfg(target_os = "linux")]
    #[must_use]
    pub(super) fn take_ticket(&self, ticket: Ticket) -> bool {
        let mut progress = self.0.lock();
        match &mut *progress {
            Progress::Queued { waker } => {
                let waker = waker.take();
                *progress = Progress::InFlight { waker, ticket };
                true
            }
            Progress::InFlight { .. } | Progress::Done(_) => unreachable!("an operation was started twice"),
            Progress::Closed => false,
        }
    }

    pub(super) fn finish(&self, result: io::Result<i32>, wakers: &mut Vec<Waker>) {
        let mut progress = self.0.lock();
        match &mut *progress {
            Progress::Queued { waker } | Progress::InFlight { waker, .. } => wakers.extend(waker.take()),
            Progress::Done(_) | Progress::Closed => return,
        }
        *progress = Progress::Done(result);
    }

    /// A dump, which polls once more, learns from `reason` what the operation is.
    pub(super) fn poll_with(
        &self,
        cx: &mut Context<'_>,
        reason: impl FnOnce() -> WaitReason,
    ) -> Poll<io::Result<i32>> {
        // Cloned before the lock is taken, because a clone runs user code as well [wake-outside].
        let fresh = cx.waker().clone();
        let mut progress = self.0.lock();
        match &mut *progress {
            Progress::Queued { waker } | Progress::InFlight { waker, .. } => {
                let old = waker.replace(fresh);
                drop(progress);
                // Dropping a waker runs user code, so the lock is released first [wake-outside].
                if let Some(old) = old {
                    drop(old);
                    note(reason);
                }
                Poll::Pending
            }
            Progress::Done(_) => match mem::replace(&mut *progress, Progress::Closed) {
                Progress::Done(result) => Poll::Ready(result),
                _ => unreachable!("changed under the lock"),
            },
            Progress::Closed => panic!("a completed operation was polled again"),
        }
    }

    /// Prepares to start the operation once more, after its result was handed out.
    pub(super) fn renew(&self) {
        let before = mem::replace(&mut *self.0.lock(), Progress::Queued { waker: None });
        debug_assert!(matches!(before, Progress::Closed), "an operation is begun anew when it has ended");
    }

    /// Whether the result was handed out, or nothing waits for it any more.
    pub(super) fn is_closed(&self) -> bool {
        matches!(*self.0.lock(), Progress::Closed)
    }

    /// Stops waiting. The caller must cancel the ticket that this returns.
    pub(super) fn close(&self) -> Option<Ticket> {
        let before = mem::replace(&mut *self.0.lock(), Progress::Closed);
        match before {
            Progress::InFlight { ticket, .. } => Some(ticket),
            Progress::Queued { .. } | Progress::Done(_) | Progress::Closed => None,
        }
    }
}
