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

use super::leftover::Leftover;
use super::op::{AfterAnswer, Op, Ticket};
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
struct Entry {
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
    entries: Slots<Entry>,
    /// Completions that matched nothing in flight.
    stale_count: u64,
}

impl InFlight {
    pub(super) const fn new() -> InFlight {
        InFlight { entries: Slots::new(), stale_count: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn stale_count(&self) -> u64 {
        self.stale_count
    }

    /// Adds an operation to the table of `worker`. Gives it back if nothing waits for it any more;
    /// it must not be encoded then [shut-or-ticket].
    pub(super) fn admit(&mut self, op: Op, worker: usize) -> Result<SlotId, Op> {
        let slot = self.entries.insert(Entry { op, phase: Phase::Submitted });
        if self.op(slot).take_ticket(Ticket::new(worker, slot)) {
            return Ok(slot);
        }
        Err(self.entries.remove(slot).expect("just inserted").op)
    }

    /// The admitted operation, to be encoded.
    pub(super) fn op(&mut self, slot: SlotId) -> &Op {
        &self.entries.get_mut(slot).expect("just admitted").op
    }

    pub(super) fn cancel(&mut self, slot: SlotId) -> Cancel {
        match self.entries.get_mut(slot) {
            Some(entry @ Entry { phase: Phase::Submitted, .. }) => {
                entry.phase = Phase::Cancelling;
                Cancel::Needed
            }
            Some(Entry { phase: Phase::Cancelling | Phase::Answered, .. }) | None => Cancel::Pointless,
        }
    }

    /// Handles a completion that is not the last. It either answers a send whose buffer the kernel
    /// keeps: then the rest of the operation goes to `leftovers`. Or it is an event of a standing
    /// order. No other operation has such completions, so any other is counted [stale-is-counted].
    pub(super) fn answer(
        &mut self,
        slot: SlotId,
        result: io::Result<i32>,
        wakers: &mut Vec<Waker>,
        leftovers: &mut Vec<Leftover>,
    ) {
        let Some(entry) = self.entries.get_mut(slot) else {
            self.stale_count += 1;
            return;
        };
        match entry.op.after_answer(result.is_ok()) {
            AfterAnswer::Unheard => self.stale_count += 1,
            AfterAnswer::Same => entry.op.answer(result, wakers),
            AfterAnswer::Rest(rest) => {
                entry.phase = Phase::Answered;
                let op = mem::replace(&mut entry.op, rest);
                op.answer(result, wakers);
                leftovers.extend(Leftover::of(op));
            }
        }
    }

    /// Handles the terminal completion: the operation is freed. A name that matches nothing is
    /// counted, never trusted [stale-is-counted]. A reference that may be the last one goes to
    /// `leftovers` [slow-close-is-alone].
    pub(super) fn land(
        &mut self,
        slot: SlotId,
        result: io::Result<i32>,
        wakers: &mut Vec<Waker>,
        leftovers: &mut Vec<Leftover>,
    ) {
        let Some(Entry { op, .. }) = self.entries.remove(slot) else {
            self.stale_count += 1;
            return;
        };
        op.finish(result, wakers);
        leftovers.extend(Leftover::of(op));
    }

    /// The operations in flight.
    pub(super) fn ops(&self) -> impl Iterator<Item = &Op> {
        self.entries.values().map(|entry| &entry.op)
    }

    pub(super) fn slots(&self) -> Vec<SlotId> {
        self.entries.ids().collect()
    }

    /// Takes everything out without waiting. The caller leaks it.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Op> + '_ {
        self.entries.drain().map(|entry| entry.op)
    }
}
