//! The lives of operations: the table of those that a ring has in flight.
//!
//! ```text
//!            insert               cancel               terminal completion
//!   (vacant) -----> Submitted ----------> Cancelling ------------------> (vacant, next generation)
//!                       |\____________________|____________________/      /
//!                       |       answer        |                          /
//!                       +---------------------+--> Lent -----------------
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
use std::sync::Arc;
use std::task::Waker;

use super::completion::Completion;
use super::direction::Direction;
use super::errors::closed;
use super::leftover::Leftover;
use super::op::Op;
use super::readiness::Order;
use super::ring_notes::RingNotes;
use super::send::AnyLoan;
use super::slots::{SlotId, Slots};
use super::source::Source;
use super::ticket::Ticket;
use crate::task::ObservedWorker;

#[derive(Clone, Copy, Debug)]
enum Phase {
    /// Encoded into a submission entry. The kernel has it, or will have it.
    Submitted,
    /// A cancel has been encoded as well. The terminal completion is still to come.
    Cancelling,
}

#[derive(Debug)]
enum Entry {
    Asked {
        op: Op,
        phase: Phase,
    },
    /// The rest of a send whose result has arrived: the kernel still reads its buffer, and nothing
    /// is left to cancel.
    Lent {
        loan: Arc<dyn AnyLoan>,
        has_sent: bool,
    },
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
    notes: Option<RingNotes>,
}

impl InFlight {
    pub(super) const fn new() -> InFlight {
        InFlight { entries: Slots::new(), stale_count: 0, notes: None }
    }

    /// From now on `observed` counts the operations.
    pub(super) fn observe(&mut self, observed: Arc<ObservedWorker>) {
        self.notes = Some(RingNotes::new(observed));
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn stale_count(&self) -> u64 {
        self.stale_count
    }

    /// Adds an operation to the table of `worker`, and returns what `encode` makes of it, which the
    /// caller must submit. Gives the operation back if nothing waits for it any more
    /// [shut-or-ticket].
    pub(super) fn admit<E>(
        &mut self,
        op: Op,
        worker: usize,
        encode: impl FnOnce(&Op, SlotId) -> E,
    ) -> Result<E, Op> {
        self.entries.try_insert(|slot| {
            if !op.take_ticket(Ticket::new(worker, slot)) {
                return Err(op);
            }
            let entry = encode(&op, slot);
            if let Some(notes) = &self.notes {
                notes.begin(slot, &op);
            }
            Ok((Entry::Asked { op, phase: Phase::Submitted }, entry))
        })
    }

    pub(super) fn cancel(&mut self, slot: SlotId) -> Cancel {
        match self.entries.get_mut(slot) {
            Some(Entry::Asked { phase: phase @ Phase::Submitted, .. }) => {
                *phase = Phase::Cancelling;
                Cancel::Needed
            }
            Some(Entry::Asked { phase: Phase::Cancelling, .. } | Entry::Lent { .. }) | None => {
                Cancel::Pointless
            }
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
        match entry {
            Entry::Asked { op: Op::Ready { source, direction, order: Order::Standing }, .. } => {
                if let Some(notes) = &mut self.notes {
                    notes.repeat(slot);
                }
                source.side(*direction).event(false, wakers);
            }
            Entry::Asked { op: Op::Send { source, completion, loan, .. }, .. } => {
                if let Some(notes) = &mut self.notes {
                    notes.end(slot);
                }
                let rest = Entry::Lent { loan: loan.clone(), has_sent: result.is_ok() };
                answer_send(source, completion, result, wakers);
                leftovers.extend(mem::replace(entry, rest).into_leftover());
            }
            Entry::Asked { op: Op::Ready { .. } | Op::Connect { .. } | Op::File(_), .. }
            | Entry::Lent { .. } => self.stale_count += 1,
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
        let Some(entry) = self.entries.remove(slot) else {
            self.stale_count += 1;
            return;
        };
        if let Some(notes) = &mut self.notes {
            notes.end(slot);
        }
        entry.finish(result, wakers);
        leftovers.extend(entry.into_leftover());
    }

    /// All completions that are there were handled.
    #[inline]
    pub(super) fn end_batch(&mut self) {
        if let Some(notes) = &mut self.notes {
            notes.end_batch();
        }
    }

    /// The operations in flight.
    pub(super) fn ops(&self) -> impl Iterator<Item = &Op> {
        self.entries.values().filter_map(|entry| match entry {
            Entry::Asked { op, .. } => Some(op),
            Entry::Lent { .. } => None,
        })
    }

    pub(super) fn slots(&self) -> Vec<SlotId> {
        self.entries.ids().collect()
    }

    /// The kernel may still write to the operations in flight, so their memory and descriptors are
    /// never given back. Returns how many there are.
    pub(super) fn leak(&mut self, wakers: &mut Vec<Waker>) -> usize {
        let leaked_count = self.entries.len();
        for entry in self.entries.drain() {
            entry.abandon();
            entry.finish(Err(closed()), wakers);
            mem::forget(entry);
        }
        leaked_count
    }
}

impl Entry {
    /// Delivers the terminal completion. Collects wakers and calls none [wake-outside].
    fn finish(&self, result: io::Result<i32>, wakers: &mut Vec<Waker>) {
        match self {
            Entry::Asked { op, .. } => op.finish(result, wakers),
            // If nothing was sent, the kernel reports a copy as well, so that report does not
            // count.
            Entry::Lent { loan, has_sent } => {
                loan.end(*has_sent && result.is_ok_and(|copied_count| copied_count > 0), wakers);
            }
        }
    }

    /// The kernel does not release the operation: the memory that it may write to is given back to
    /// nobody. Called before `finish`.
    fn abandon(&self) {
        match self {
            Entry::Asked { op: Op::Ready { .. } | Op::Connect { .. }, .. } => {}
            Entry::Asked { op: Op::File(flight), .. } => flight.abandon(),
            Entry::Asked { op: Op::Send { loan, .. }, .. } | Entry::Lent { loan, .. } => loan.abandon(),
        }
    }

    fn into_leftover(self) -> Option<Leftover> {
        match self {
            Entry::Asked { op, .. } => Leftover::of(op),
            Entry::Lent { loan, .. } => Some(Leftover::of_loan(loan)),
        }
    }
}

impl Op {
    /// Gives the waiting future the means to cancel. Returns `false` if nothing waits any more, and
    /// the operation must not start [shut-or-ticket].
    #[must_use]
    fn take_ticket(&self, ticket: Ticket) -> bool {
        match self {
            Op::Ready { source, direction, .. } => source.side(*direction).take_ticket(ticket),
            Op::Connect { completion, .. } => completion.take_ticket(ticket),
            Op::File(flight) => flight.take_ticket(ticket),
            Op::Send { completion, .. } => completion.take_ticket(ticket),
        }
    }

    /// The operation was not started, because nothing waits for it any more.
    pub(super) fn withdraw(&self, wakers: &mut Vec<Waker>) {
        match self {
            Op::Ready { .. } | Op::Connect { .. } | Op::File(_) => {}
            // Other writes may wait for their turn [sends-in-turn].
            Op::Send { .. } => self.finish(Err(io::ErrorKind::Interrupted.into()), wakers),
        }
    }

    /// Delivers the result of an operation that is over, or was never started.
    pub(super) fn finish(&self, result: io::Result<i32>, wakers: &mut Vec<Waker>) {
        match self {
            // The next system call finds out what happened: an error and a cancel by the kernel
            // count as readiness too.
            Op::Ready { source, direction, .. } => source.side(*direction).event(true, wakers),
            Op::Connect { completion, .. } => completion.finish(result, wakers),
            Op::File(flight) => flight.finish(result, wakers),
            Op::Send { source, completion, loan, .. } => {
                answer_send(source, completion, result, wakers);
                loan.end(false, wakers);
            }
        }
    }
}

/// Delivers the result of a send. A lent buffer stays lent.
fn answer_send(source: &Source, completion: &Completion, result: io::Result<i32>, wakers: &mut Vec<Waker>) {
    // The side first: the waiter clears it again if there is no more room [sends-in-turn].
    source.side(Direction::Write).event(true, wakers);
    completion.finish(result, wakers);
}
