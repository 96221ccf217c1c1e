//! The table of the operations that a ring has in flight.
//!
//! ```text
//!            insert               cancel               terminal completion
//!   (vacant) -----> Submitted ----------> Cancelling ------------------> (vacant, next generation)
//!                       |\____________________|____________________/      /
//!                       |       answer        |                          /
//!                       +---------------------+--> Answered -------------
//! ```
//!
//! A send that lends its buffer is answered before the kernel gives the buffer back. At the answer,
//! the result is delivered and the descriptor is released. The buffer stays here until the terminal
//! completion, which is the notification.
//!
//! A standing order is answered by each event and stays as it is.
//!
//! No edge frees an operation before its terminal completion [owned-until-terminal]. A full queue,
//! a failed system call or a cancel that found its target does not change the owner of the memory.

use std::io;
use std::mem;
use std::task::Waker;

use super::op::{AfterAnswer, Op, Ticket};
use super::orphan::Orphan;
use super::slots::{SlotId, Slots};

#[derive(Debug)]
enum Phase {
    /// Encoded into a submission entry. The kernel has it, or will have it.
    Submitted,
    /// A cancel has been encoded as well. The terminal completion is still to come.
    Cancelling,
    /// Its result has arrived. The kernel still has its buffer, and nothing is left to cancel.
    Answered,
}

#[derive(Debug)]
struct Flight {
    op: Op,
    phase: Phase,
}

#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Cancel {
    /// The caller must encode a cancel.
    Needed,
    /// The operation has completed, or its cancel is under way.
    Pointless,
}

#[derive(Debug)]
pub(super) struct InFlight {
    flights: Slots<Flight>,
    /// Completions that matched nothing in flight.
    stale_count: u64,
}

impl InFlight {
    pub(super) const fn new() -> InFlight {
        InFlight { flights: Slots::new(), stale_count: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.flights.len()
    }

    pub(super) fn stale_count(&self) -> u64 {
        self.stale_count
    }

    /// Adds an operation to the table of `worker`. Gives it back if nothing waits for it any more;
    /// it must not be encoded then [shut-or-ticket].
    pub(super) fn admit(&mut self, op: Op, worker: usize) -> Result<SlotId, Op> {
        let slot = self.flights.insert(Flight { op, phase: Phase::Submitted });
        if self.op(slot).take_ticket(Ticket::new(worker, slot)) {
            return Ok(slot);
        }
        Err(self.flights.remove(slot).expect("just inserted").op)
    }

    /// The admitted operation, to be encoded.
    pub(super) fn op(&mut self, slot: SlotId) -> &Op {
        &self.flights.get_mut(slot).expect("just admitted").op
    }

    pub(super) fn cancel(&mut self, slot: SlotId) -> Cancel {
        match self.flights.get_mut(slot) {
            Some(flight @ Flight { phase: Phase::Submitted, .. }) => {
                flight.phase = Phase::Cancelling;
                Cancel::Needed
            }
            Some(Flight { phase: Phase::Cancelling | Phase::Answered, .. }) | None => Cancel::Pointless,
        }
    }

    /// Handles a completion that is not the last. It either answers a send whose buffer the kernel
    /// keeps: then the rest of the operation goes to `orphans`. Or it is an event of a standing
    /// order. No other operation has such completions, so any other is counted [stale-is-counted].
    pub(super) fn answer(
        &mut self,
        slot: SlotId,
        result: io::Result<i32>,
        wakers: &mut Vec<Waker>,
        orphans: &mut Vec<Orphan>,
    ) {
        let Some(flight) = self.flights.get_mut(slot) else {
            self.stale_count += 1;
            return;
        };
        match flight.op.after_answer(result.is_ok()) {
            AfterAnswer::Unheard => self.stale_count += 1,
            AfterAnswer::Same => flight.op.answer(result, wakers),
            AfterAnswer::Rest(rest) => {
                flight.phase = Phase::Answered;
                let op = mem::replace(&mut flight.op, rest);
                op.answer(result, wakers);
                orphans.extend(Orphan::of(op));
            }
        }
    }

    /// Handles the terminal completion: the operation is freed. A name that matches nothing is
    /// counted, never trusted [stale-is-counted]. A reference that may be the last one goes to
    /// `orphans` [slow-close-is-alone].
    pub(super) fn land(
        &mut self,
        slot: SlotId,
        result: io::Result<i32>,
        wakers: &mut Vec<Waker>,
        orphans: &mut Vec<Orphan>,
    ) {
        let Some(Flight { op, .. }) = self.flights.remove(slot) else {
            self.stale_count += 1;
            return;
        };
        op.finish(result, wakers);
        orphans.extend(Orphan::of(op));
    }

    /// The operations in flight.
    pub(super) fn ops(&self) -> impl Iterator<Item = &Op> {
        self.flights.values().map(|flight| &flight.op)
    }

    pub(super) fn slots(&self) -> Vec<SlotId> {
        self.flights.ids().collect()
    }

    /// Takes everything out without waiting. The caller leaks it.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Op> + '_ {
        self.flights.drain().map(|flight| flight.op)
    }
}
