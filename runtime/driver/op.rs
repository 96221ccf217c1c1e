//! Every operation that a back end performs.

use std::io;
use std::sync::Arc;
use std::task::Waker;

use socket2::SockAddr;

use super::Direction;
use super::file::{AnyFlight, Region};
use super::readiness::Order;
use super::send::AnyLoan;
use super::slots::SlotId;
use super::source::Source;
use super::submission::Completion;

/// An operation. It owns everything that must stay alive until the kernel has finished with it
/// [owned-until-terminal].
#[derive(Debug)]
pub(super) enum Op {
    /// Report when the socket may be ready in this direction, or has failed.
    Ready { source: Arc<Source>, direction: Direction, order: Order },
    /// Connect the socket to the address.
    Connect { source: Arc<Source>, address: Box<SockAddr>, completion: Arc<Completion> },
    /// An operation on a file or a path; `file/request.rs` lists them.
    File(Arc<dyn AnyFlight>),
    /// Send these lent bytes without copying them. The writing side was claimed for it.
    Send { source: Arc<Source>, bytes: Region, completion: Arc<Completion>, loan: Arc<dyn AnyLoan> },
    /// A zero-copy send whose result has arrived but whose buffer the kernel still reads. Never
    /// submitted; it keeps the buffer alive until the notification.
    Lent { loan: Arc<dyn AnyLoan>, has_sent: bool },
}

/// The part that stays in flight after a completion that is not the last.
#[must_use]
#[derive(Debug)]
pub(super) enum AfterAnswer {
    /// Nothing is expected: the operation has only one completion.
    Unheard,
    /// The operation, as before.
    Same,
    /// The rest of the operation.
    Rest(Op),
}

/// Where an operation is in flight: the worker whose table has it, and the slot in that table. It
/// is small because each side of each socket has room for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    worker: u32,
    slot: SlotId,
}

impl Ticket {
    pub(super) fn new(worker: usize, slot: SlotId) -> Ticket {
        Ticket { worker: u32::try_from(worker).expect("fewer workers than that"), slot }
    }

    pub(super) fn worker(self) -> usize {
        self.worker as usize
    }

    pub(super) fn slot(self) -> SlotId {
        self.slot
    }
}

impl Op {
    /// Gives the waiting future the means to cancel. Returns `false` if nothing waits any more, and
    /// the operation must not start [shut-or-ticket].
    #[must_use]
    pub(super) fn take_ticket(&self, ticket: Ticket) -> bool {
        match self {
            Op::Ready { source, direction, .. } => source.side(*direction).take_ticket(ticket),
            Op::Connect { completion, .. } => completion.take_ticket(ticket),
            Op::File(flight) => flight.take_ticket(ticket),
            Op::Send { completion, .. } => completion.take_ticket(ticket),
            Op::Lent { .. } => unreachable!("{NO_REQUEST}"),
        }
    }

    /// The operation was not started, because nothing waits for it any more.
    pub(super) fn withdraw(&self, wakers: &mut Vec<Waker>) {
        match self {
            Op::Ready { .. } | Op::Connect { .. } | Op::File(_) => {}
            // Other writes may wait for their turn [sends-in-turn].
            Op::Send { .. } => self.finish(Err(io::ErrorKind::Interrupted.into()), wakers),
            Op::Lent { .. } => unreachable!("{NO_REQUEST}"),
        }
    }

    /// Whether this operation bypasses the page cache, so that a disk should receive it soon.
    pub(super) fn is_direct(&self) -> bool {
        match self {
            Op::Ready { .. } | Op::Connect { .. } | Op::Send { .. } | Op::Lent { .. } => false,
            Op::File(flight) => flight.request().is_direct(),
        }
    }

    /// The flight and its region, if the region lies in memory that a ring may have registered.
    pub(super) fn fixed_flight(&self) -> Option<(&dyn AnyFlight, Region)> {
        match self {
            Op::Ready { .. } | Op::Connect { .. } | Op::Send { .. } | Op::Lent { .. } => None,
            Op::File(flight) => flight.request().fixed_region().map(|region| (&**flight, region)),
        }
    }

    /// The part that stays in flight after a completion that is not the last.
    pub(super) fn after_answer(&self, has_sent: bool) -> AfterAnswer {
        match self {
            Op::Ready { order: Order::Standing, .. } => AfterAnswer::Same,
            Op::Ready { .. } | Op::Connect { .. } | Op::File(_) | Op::Lent { .. } => AfterAnswer::Unheard,
            Op::Send { loan, .. } => AfterAnswer::Rest(Op::Lent { loan: loan.clone(), has_sent }),
        }
    }

    /// Delivers a result that is not the terminal completion. A lent buffer stays lent.
    pub(super) fn answer(&self, result: io::Result<i32>, wakers: &mut Vec<Waker>) {
        match self {
            // One of many events: the standing order remains.
            Op::Ready { source, direction, .. } => source.side(*direction).event(false, wakers),
            Op::Connect { .. } | Op::File(_) | Op::Lent { .. } => {
                unreachable!("only a send and a standing order are answered before their end")
            }
            Op::Send { source, completion, .. } => {
                // The side first: the waiter clears it again if there is no more room
                // [sends-in-turn].
                source.side(Direction::Write).event(true, wakers);
                completion.finish(result, wakers);
            }
        }
    }

    /// Delivers the terminal completion. Collects wakers and calls none [wake-outside].
    pub(super) fn finish(&self, result: io::Result<i32>, wakers: &mut Vec<Waker>) {
        match self {
            // The next system call finds out what happened: an error and a cancel by the kernel
            // count as readiness too.
            Op::Ready { source, direction, .. } => source.side(*direction).event(true, wakers),
            Op::Connect { completion, .. } => completion.finish(result, wakers),
            Op::File(flight) => flight.finish(result, wakers),
            Op::Send { loan, .. } => {
                self.answer(result, wakers);
                loan.end(false, wakers);
            }
            // If nothing was sent, the kernel reports a copy as well, so that report does not
            // count.
            Op::Lent { loan, has_sent } => {
                loan.end(*has_sent && result.is_ok_and(|copied_count| copied_count > 0), wakers);
            }
        }
    }

    /// The kernel does not release the operation: the memory that it may write to is given back to
    /// nobody. Called before `finish`.
    pub(super) fn abandon(&self) {
        match self {
            Op::Ready { .. } | Op::Connect { .. } => {}
            Op::File(flight) => flight.abandon(),
            Op::Send { loan, .. } | Op::Lent { loan, .. } => loan.abandon(),
        }
    }
}

pub(super) const NO_REQUEST: &str = "an operation that the kernel has answered is not submitted again";
