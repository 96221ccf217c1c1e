//! One worker's ring: its core under a lock, its mailbox and its doorbell.

use std::io;
use std::sync::Arc;
use std::task::Waker;

use super::core::{Core, Start};
use super::probe::Refusal;
use super::ring::Ring;
use crate::buf::FixedMemory;
use crate::driver::bell::Bell;
use crate::driver::closed;
use crate::driver::doorbell::Doorbell;
use crate::driver::mailbox::{Mailbox, Posted};
use crate::driver::op::Op;
use crate::driver::orphan::Orphan;
use crate::driver::slots::SlotId;
use crate::primitive::atomic::{AtomicU64, AtomicUsize, Ordering};
use crate::primitive::sync::{Mutex, MutexGuard};

/// The ring of one worker, and what the other threads may touch of it without its lock.
#[derive(Debug)]
pub(super) struct Worker {
    /// Held by the owner while it sleeps. Another worker's `try_lock` then fails, because a
    /// sleeping worker is not stuck.
    pub(super) core: Mutex<Core>,
    pub(super) mailbox: Mailbox<Request>,
    pub(super) bell: Bell,
    pub(super) doorbell: Doorbell,
    pub(super) figures: Figures,
}

/// Copied out of the core at every change, because the core's lock is held while the owner sleeps.
#[derive(Debug)]
pub(super) struct Figures {
    pub(super) in_flight: AtomicUsize,
    pub(super) stale_count: AtomicU64,
    pub(super) leaked_count: AtomicUsize,
}

/// A request that another thread posts to a ring's mailbox.
#[derive(Debug)]
pub(super) enum Request {
    Start(Op),
    Cancel(SlotId),
    /// No operation with this memory comes any more. The request holds a reference, so that it
    /// finds this memory and no later one at the same address.
    Unregister(Arc<FixedMemory>),
}

impl Request {
    pub(super) fn into_op(self) -> Option<Op> {
        match self {
            Request::Start(op) => Some(op),
            Request::Cancel(_) | Request::Unregister(_) => None,
        }
    }
}

/// Starts the operation, or gives it to `orphans`, to be dropped where no lock is held.
pub(super) fn begin(core: &mut Core, op: Op, wakers: &mut Vec<Waker>, orphans: &mut Vec<Orphan>) {
    match core.start(op) {
        Start::Taken => {}
        Start::Unwanted(op) => {
            op.withdraw(wakers);
            orphans.extend(Orphan::of(op));
        }
        Start::Closed(op) => {
            op.finish(Err(closed()), wakers);
            orphans.extend(Orphan::of(op));
        }
    }
}

impl Worker {
    pub(super) fn new(index: usize, ring: Ring) -> Result<Worker, Refusal> {
        Ok(Worker {
            core: Mutex::new(Core::new(index, ring)),
            mailbox: Mailbox::new(),
            bell: Bell::new(),
            doorbell: Doorbell::new().map_err(Refusal::Setup)?,
            figures: Figures {
                in_flight: AtomicUsize::new(0),
                stale_count: AtomicU64::new(0),
                leaked_count: AtomicUsize::new(0),
            },
        })
    }

    pub(super) fn change<R>(&self, change: impl FnOnce(&mut Core) -> R) -> R {
        let mut core = self.core.lock();
        let result = change(&mut core);
        self.publish(&core);
        result
    }

    pub(super) fn ring(&self) {
        if self.bell.strike() {
            self.doorbell.ring();
        }
    }

    pub(super) fn post(&self, request: Request) -> io::Result<()> {
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
        let starts = self.mailbox.take_if(|request| matches!(request, Request::Start(_)));
        starts.into_iter().filter_map(Request::into_op).collect()
    }

    pub(super) fn open_mail(&self, core: &mut Core, wakers: &mut Vec<Waker>, orphans: &mut Vec<Orphan>) {
        if !self.mailbox.is_pending() {
            return;
        }
        let mut requests = Vec::new();
        self.mailbox.take(&mut requests);
        for request in requests {
            match request {
                Request::Start(op) => begin(core, op, wakers, orphans),
                Request::Cancel(slot) => core.cancel(slot),
                Request::Unregister(memory) => core.unregister(&memory),
            }
        }
    }

    pub(super) fn publish(&self, core: &MutexGuard<'_, Core>) {
        // Ordering: Relaxed: estimates; no decision relies on their being exact.
        self.figures.in_flight.store(core.in_flight(), Ordering::Relaxed);
        self.figures.stale_count.store(core.stale_count(), Ordering::Relaxed);
        self.figures.leaked_count.store(core.leaked_count(), Ordering::Relaxed);
    }
}
