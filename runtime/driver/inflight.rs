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
//! There is no edge that frees an operation before its terminal completion [owned-until-terminal]: a full queue, a
//! failed system call or a cancel that found its target changes nothing about who owns the memory.

use std::mem;

use super::op::Op;
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

    pub(super) fn insert(&mut self, op: Op) -> SlotId {
        self.flights.insert(Flight { op, phase: Phase::Submitted })
    }

    pub(super) fn op(&mut self, slot: SlotId) -> &Op {
        &self.flights.get_mut(slot).expect("just inserted").op
    }

    /// Nobody wanted it: it was never encoded.
    pub(super) fn withdraw(&mut self, slot: SlotId) -> Op {
        self.flights.remove(slot).expect("just inserted").op
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
    /// operation is ours again. No other operation of ours has such, so it is counted [stale-is-counted].
    pub(super) fn answer(&mut self, slot: SlotId, has_sent: bool) -> Option<Op> {
        let answered = self.flights.get_mut(slot).and_then(|flight| {
            let rest = flight.op.rest_after_answer(has_sent)?;
            flight.phase = Phase::Answered;
            Some(mem::replace(&mut flight.op, rest))
        });
        if answered.is_none() {
            self.stale_count += 1;
        }
        answered
    }

    /// The terminal completion was seen: the operation is ours again. A name that fits nothing is counted, never
    /// trusted [stale-is-counted].
    pub(super) fn land(&mut self, slot: SlotId) -> Option<Op> {
        let flight = self.flights.remove(slot);
        if flight.is_none() {
            self.stale_count += 1;
        }
        flight.map(|flight| flight.op)
    }

    pub(super) fn slots(&self) -> Vec<SlotId> {
        self.flights.ids().collect()
    }

    /// Everything, without waiting for anything: the caller leaks it.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Op> + '_ {
        self.flights.drain().map(|flight| flight.op)
    }
}
