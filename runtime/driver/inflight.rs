//! The table of what a ring has in flight.
//!
//! ```text
//!            insert                cancel                 terminal completion
//!   (vacant) ------> Submitted ------------> Cancelling ----------------------> (vacant, next generation)
//!                        |\______________________|_______________________/       /
//!                        |        answer         |                              /
//!                        +-----------------------+--> Answered ----------------
//! ```
//!
//! A send that lends its buffer is answered before the kernel gives the buffer back: what told of the result ends at the
//! answer, and its descriptor is given up; the buffer stays here until the terminal completion, the notification.
//!
//! An order that stands is answered by each event, and stays as it is.
//!
//! There is no edge that frees an operation before its terminal completion [owned-until-terminal]: a full queue, a
//! failed system call or a cancel that found its target changes nothing about who owns the memory.

use std::io;
use std::mem;
use std::task::Waker;

use super::op::{AfterAnswer, Op, Ticket};
use super::orphan::Orphan;
use super::slots::{SlotId, Slots};

#[derive(Debug)]
enum Phase {
    /// Encoded into a submission entry: the kernel has it, or will.
    Submitted,
    /// A cancel has been encoded as well. The terminal completion is still to come.
    Cancelling,
    /// Its result has come; the kernel still has its buffer, and nothing is left to cancel.
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
    /// Encode a cancel for it.
    Needed,
    /// It has landed, or its cancel is under way.
    Pointless,
}

#[derive(Debug)]
pub(super) struct InFlight {
    flights: Slots<Flight>,
    /// Completions that named nothing in flight.
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

    /// Takes an operation in as `worker`'s. Given back: nobody waits for it any more, it must not be encoded
    /// [shut-or-ticket].
    pub(super) fn admit(&mut self, op: Op, worker: usize) -> Result<SlotId, Op> {
        let slot = self.flights.insert(Flight { op, phase: Phase::Submitted });
        if self.op(slot).take_ticket(Ticket::new(worker, slot)) {
            return Ok(slot);
        }
        Err(self.flights.remove(slot).expect("just inserted").op)
    }

    /// What was admitted, to be encoded.
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

    /// A completion that is not the last was seen. It answers a send whose buffer the kernel keeps: the rest of the
    /// operation is ours again, and goes to `orphans`. Or it is an event of an order that stands. No other operation of
    /// ours has such, so it is counted [stale-is-counted].
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

    /// The terminal completion was seen: the operation is ours again. A name that fits nothing is counted, never
    /// trusted [stale-is-counted]. What may be the last share of something goes to `orphans` [slow-close-is-alone].
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

    /// What is in flight.
    pub(super) fn ops(&self) -> impl Iterator<Item = &Op> {
        self.flights.values().map(|flight| &flight.op)
    }

    pub(super) fn slots(&self) -> Vec<SlotId> {
        self.flights.ids().collect()
    }

    /// Everything, without waiting for anything: the caller leaks it.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Op> + '_ {
        self.flights.drain().map(|flight| flight.op)
    }
}
