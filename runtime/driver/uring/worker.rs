//! A worker's ring, and how other threads reach it: the mailbox and the doorbell.

use std::io;
use std::sync::Arc;
use std::task::Waker;

use super::probe::Refusal;
use super::ring::Ring;
use super::worker_ring::{Started, WorkerRing};
use crate::buf::FixedMemory;
use crate::driver::closed;
use crate::driver::doorbell::Doorbell;
use crate::driver::leftover::Leftover;
use crate::driver::mailbox::{Mailbox, Posted};
use crate::driver::op::Op;
use crate::driver::slots::SlotId;
use crate::driver::wake_up::WakeUp;
use crate::primitive::atomic::{AtomicU64, AtomicUsize, Ordering};
use crate::primitive::sync::{Mutex, MutexGuard};

#[derive(Debug)]
pub(super) struct RingWorker {
    /// Held by the owner while it sleeps. Another worker's `try_lock` then fails, because a
    /// sleeping worker is not stuck.
    pub(super) worker_ring: Mutex<WorkerRing>,
    pub(super) mailbox: Mailbox<MailboxRequest>,
    pub(super) wake_up: WakeUp,
    pub(super) doorbell: Doorbell,
    pub(super) figures: Figures,
}

/// Copied out of the ring at every change, because the ring's lock is held while the owner sleeps.
#[derive(Debug)]
pub(super) struct Figures {
    pub(super) in_flight: AtomicUsize,
    pub(super) stale_count: AtomicU64,
    pub(super) leaked_count: AtomicUsize,
}

/// A request that another thread posts to a ring's mailbox.
#[derive(Debug)]
pub(super) enum MailboxRequest {
    Start(Op),
    Cancel(SlotId),
    /// No operation with this memory comes any more. The request holds a reference, so that it
    /// finds this memory and no later one at the same address.
    Unregister(Arc<FixedMemory>),
}

impl MailboxRequest {
    pub(super) fn into_op(self) -> Option<Op> {
        match self {
            MailboxRequest::Start(op) => Some(op),
            MailboxRequest::Cancel(_) | MailboxRequest::Unregister(_) => None,
        }
    }
}

/// Starts the operation, or gives it to `leftovers`, to be dropped where no lock is held.
pub(super) fn begin(
    worker_ring: &mut WorkerRing,
    op: Op,
    wakers: &mut Vec<Waker>,
    leftovers: &mut Vec<Leftover>,
) {
    match worker_ring.start(op) {
        Started::Taken => {}
        Started::Unwanted(op) => {
            op.withdraw(wakers);
            leftovers.extend(Leftover::of(op));
        }
        Started::Closed(op) => {
            op.finish(Err(closed()), wakers);
            leftovers.extend(Leftover::of(op));
        }
    }
}

impl RingWorker {
    pub(super) fn new(index: usize, ring: Ring) -> Result<RingWorker, Refusal> {
        Ok(RingWorker {
            worker_ring: Mutex::new(WorkerRing::new(index, ring)),
            mailbox: Mailbox::new(),
            wake_up: WakeUp::new(),
            doorbell: Doorbell::new().map_err(Refusal::Setup)?,
            figures: Figures {
                in_flight: AtomicUsize::new(0),
                stale_count: AtomicU64::new(0),
                leaked_count: AtomicUsize::new(0),
            },
        })
    }

    #[inline]
    pub(super) fn change<R>(&self, change: impl FnOnce(&mut WorkerRing) -> R) -> R {
        let mut worker_ring = self.worker_ring.lock();
        let result = change(&mut worker_ring);
        self.publish(&worker_ring);
        result
    }

    #[inline]
    pub(super) fn ring(&self) {
        if self.wake_up.send() {
            self.doorbell.ring();
        }
    }

    #[inline]
    pub(super) fn post(&self, request: MailboxRequest) -> io::Result<()> {
        match self.mailbox.post(request) {
            Posted::Quiet => Ok(()),
            Posted::Ring => {
                self.ring();
                Ok(())
            }
            Posted::Refused(_) => Err(closed()),
        }
    }

    /// The operations in the mailbox of a worker that does not read it.
    pub(super) fn unread_ops(&self) -> Vec<Op> {
        let starts = self.mailbox.take_if(|request| matches!(request, MailboxRequest::Start(_)));
        starts.into_iter().filter_map(MailboxRequest::into_op).collect()
    }

    #[inline]
    pub(super) fn read_mailbox(
        &self,
        worker_ring: &mut WorkerRing,
        wakers: &mut Vec<Waker>,
        leftovers: &mut Vec<Leftover>,
    ) {
        if !self.mailbox.is_pending() {
            return;
        }
        let mut requests = Vec::new();
        self.mailbox.take(&mut requests);
        for request in requests {
            match request {
                MailboxRequest::Start(op) => begin(worker_ring, op, wakers, leftovers),
                MailboxRequest::Cancel(slot) => worker_ring.cancel(slot),
                MailboxRequest::Unregister(memory) => worker_ring.unregister(&memory),
            }
        }
    }

    #[inline]
    pub(super) fn publish(&self, worker_ring: &MutexGuard<'_, WorkerRing>) {
        // Ordering: Relaxed: estimates; no decision relies on their being exact.
        self.figures.in_flight.store(worker_ring.in_flight(), Ordering::Relaxed);
        self.figures.stale_count.store(worker_ring.stale_count(), Ordering::Relaxed);
        self.figures.leaked_count.store(worker_ring.leaked_count(), Ordering::Relaxed);
    }
}
