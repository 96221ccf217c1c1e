//! A worker's table of operations under its lock, with its mailbox. Completions come when a model
//! calls for them.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::task::Waker;

use crate::buf::FixedMemory;
use crate::driver::completion::Completion;
use crate::driver::file::{AnyFlight, RequestGuard};
use crate::driver::inflight::{Cancel, InFlight};
use crate::driver::leftover::Leftover;
use crate::driver::mailbox::{Mailbox, Posted};
use crate::driver::op::Op;
use crate::driver::slots::SlotId;
use crate::driver::ticket::Ticket;
use crate::primitive::atomic::{AtomicUsize, Ordering};
use crate::primitive::sync::Mutex;

/// An operation whose memory the kernel writes to.
#[derive(Debug)]
pub(in crate::driver) struct Flight {
    pub(in crate::driver) completion: Completion,
    freed: Arc<AtomicUsize>,
}

impl Drop for Flight {
    fn drop(&mut self) {
        // Ordering: Relaxed: a counter of the model; the locks order it.
        self.freed.fetch_add(1, Ordering::Relaxed);
    }
}

impl Flight {
    pub(in crate::driver) fn new(freed: Arc<AtomicUsize>) -> Flight {
        Flight { completion: Completion::new(), freed }
    }
}

impl AnyFlight for Flight {
    fn request(&self) -> RequestGuard<'_> {
        unreachable!("nothing is encoded here")
    }

    fn fixed_memory(&self) -> Option<Arc<FixedMemory>> {
        None
    }

    fn take_ticket(&self, ticket: Ticket) -> bool {
        self.completion.take_ticket(ticket)
    }

    fn finish(&self, result: io::Result<i32>, wakers: &mut Vec<Waker>) {
        self.completion.finish(result, wakers);
    }

    fn perform(&self, wakers: &mut Vec<Waker>) {
        if !self.completion.is_closed() {
            self.completion.finish(Ok(1), wakers);
        }
    }

    fn abandon(&self) {}
}

/// Works like the worker of a ring: `uring/mod.rs` and `uring/worker_ring.rs`.
pub(in crate::driver) struct Desk {
    core: Mutex<Core>,
    cancels: Mailbox<SlotId>,
    pub(in crate::driver) freed: Arc<AtomicUsize>,
}

struct Core {
    in_flight: InFlight,
    /// The completion queue.
    completions: VecDeque<SlotId>,
}

impl Desk {
    pub(in crate::driver) fn new() -> Desk {
        let core = Core { in_flight: InFlight::new(), completions: VecDeque::new() };
        Desk { core: Mutex::new(core), cancels: Mailbox::new(), freed: Arc::new(AtomicUsize::new(0)) }
    }

    /// Begins an operation. Returns the future's reference to it, and its slot.
    pub(in crate::driver) fn begin(&self) -> (Arc<Flight>, SlotId) {
        let flight = Arc::new(Flight::new(self.freed.clone()));
        let slot = self
            .core
            .lock()
            .in_flight
            .admit(Op::File(flight.clone()), 0, |_, slot| slot)
            .expect("its future is there");
        (flight, slot)
    }

    /// The kernel has finished with the operation; until now its memory was the kernel's.
    pub(in crate::driver) fn complete(&self, slot: SlotId) {
        self.core.lock().complete(slot, &self.freed);
    }

    /// Drops the future of an operation, on any thread. Returns whether the owner must be rung.
    pub(in crate::driver) fn give_up(&self, flight: Arc<Flight>) -> bool {
        let ticket = flight.completion.close();
        drop(flight);
        ticket.is_some_and(|ticket| self.cancels.post(ticket.slot()) == Posted::Ring)
    }

    /// The owner's harvest. The kernel answers a cancel at once.
    pub(in crate::driver) fn harvest(&self, wakers: &mut Vec<Waker>) {
        let (mut messages, mut leftovers) = (Vec::new(), Vec::new());
        let mut core = self.core.lock();
        self.cancels.take(&mut messages);
        for slot in messages {
            match core.in_flight.cancel(slot) {
                Cancel::Needed => core.cancelled(slot, &self.freed),
                Cancel::Pointless => {}
            }
        }
        core.reap(wakers, &mut leftovers);
        drop(core);
    }

    /// The owner's sleep, up to the point where it would sleep.
    pub(in crate::driver) fn fall_asleep(&self, wakers: &mut Vec<Waker>) {
        self.cancels.fall_asleep();
        self.harvest(wakers);
    }

    /// A helper's harvest. Returns `false` if the owner holds the lock.
    pub(in crate::driver) fn try_harvest(&self, wakers: &mut Vec<Waker>) -> bool {
        let mut leftovers = Vec::new();
        let Some(mut core) = self.core.try_lock() else { return false };
        core.reap(wakers, &mut leftovers);
        drop(core);
        true
    }

    pub(in crate::driver) fn in_flight(&self) -> usize {
        self.core.lock().in_flight.len()
    }

    pub(in crate::driver) fn stale_count(&self) -> u64 {
        self.core.lock().in_flight.stale_count()
    }

    /// Whether no cancel was requested for this operation.
    pub(in crate::driver) fn is_wanted(&self, slot: SlotId) -> bool {
        self.core.lock().in_flight.cancel(slot) == Cancel::Needed
    }
}

impl Core {
    fn complete(&mut self, slot: SlotId, freed: &AtomicUsize) {
        // Ordering: Relaxed: ordered by the lock.
        assert_eq!(freed.load(Ordering::Relaxed), 0, "the kernel wrote to memory that was freed");
        self.completions.push_back(slot);
    }

    /// An operation that has completed already cannot be cancelled.
    fn cancelled(&mut self, slot: SlotId, freed: &AtomicUsize) {
        if !self.completions.contains(&slot) {
            self.complete(slot, freed);
        }
    }

    fn reap(&mut self, wakers: &mut Vec<Waker>, leftovers: &mut Vec<Leftover>) {
        while let Some(slot) = self.completions.pop_front() {
            self.in_flight.land(slot, Ok(0), wakers, leftovers);
        }
    }
}
