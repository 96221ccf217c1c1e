//! Every request to the kernel, as plain data.

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

/// What an operation needs to stay alive until the kernel is done with it is inside [owned-until-terminal].
#[derive(Debug)]
pub(super) enum Op {
    /// Tell when the socket may be ready in this direction, or has failed.
    Ready { source: Arc<Source>, direction: Direction, order: Order },
    /// Connect the socket to the address.
    Connect { source: Arc<Source>, address: Box<SockAddr>, completion: Arc<Completion> },
    /// Something with a file or a path: `file/request.rs` says what.
    File(Arc<dyn AnyFlight>),
    /// Send these bytes, which are on loan, without copying them. The side that writes was claimed for it.
    Send { source: Arc<Source>, bytes: Region, completion: Arc<Completion>, loan: Arc<dyn AnyLoan> },
    /// No request, but what is left of a `Send` that the kernel has answered: it still reads the bytes.
    Lent { loan: Arc<dyn AnyLoan>, has_sent: bool },
}

/// What is in flight after a completion that is not the last.
#[must_use]
#[derive(Debug)]
pub(super) enum AfterAnswer {
    /// The operation has only one completion.
    Unheard,
    /// The operation, as before.
    Same,
    /// Its rest.
    Rest(Op),
}

/// Where an operation is in flight: which worker's table, and which slot of it. Small, for each side of each socket has
/// room for one.
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
    /// Gives whoever waits the means to cancel. `false`: nobody waits any more, do not start [shut-or-ticket].
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

    /// It was not started, for nobody waits any more.
    pub(super) fn withdraw(&self, wakers: &mut Vec<Waker>) {
        match self {
            Op::Ready { .. } | Op::Connect { .. } | Op::File(_) => {}
            // Others may wait for their turn [sends-in-turn].
            Op::Send { .. } => self.finish(Err(io::ErrorKind::Interrupted.into()), wakers),
            Op::Lent { .. } => unreachable!("{NO_REQUEST}"),
        }
    }

    /// Whether this goes past the page cache, to a disk that should hear of it soon.
    pub(super) fn is_direct(&self) -> bool {
        match self {
            Op::Ready { .. } | Op::Connect { .. } | Op::Send { .. } | Op::Lent { .. } => false,
            Op::File(flight) => flight.request().is_direct(),
        }
    }

    /// The operation and its region, if that is in memory that a ring may have registered.
    pub(super) fn fixed_flight(&self) -> Option<(&dyn AnyFlight, Region)> {
        match self {
            Op::Ready { .. } | Op::Connect { .. } | Op::Send { .. } | Op::Lent { .. } => None,
            Op::File(flight) => flight.request().fixed_region().map(|region| (&**flight, region)),
        }
    }

    /// What the kernel has after a completion that is not the last.
    pub(super) fn after_answer(&self, has_sent: bool) -> AfterAnswer {
        match self {
            Op::Ready { order: Order::Standing, .. } => AfterAnswer::Same,
            Op::Ready { .. } | Op::Connect { .. } | Op::File(_) | Op::Lent { .. } => AfterAnswer::Unheard,
            Op::Send { loan, .. } => AfterAnswer::Rest(Op::Lent { loan: loan.clone(), has_sent }),
        }
    }

    /// The result has come, and the last word has not: what is on loan stays so.
    pub(super) fn answer(&self, result: io::Result<i32>, wakers: &mut Vec<Waker>) {
        match self {
            // One of many: the order stands.
            Op::Ready { source, direction, .. } => source.side(*direction).event(false, wakers),
            Op::Connect { .. } | Op::File(_) | Op::Lent { .. } => {
                unreachable!("only a send, and an order that stands, are answered before their end")
            }
            Op::Send { source, completion, .. } => {
                // Others first: the waiter tells the side when there is no more room [sends-in-turn].
                source.side(Direction::Write).event(true, wakers);
                completion.finish(result, wakers);
            }
        }
    }

    /// The last word on this operation. Wakers are collected, not called [wake-outside].
    pub(super) fn finish(&self, result: io::Result<i32>, wakers: &mut Vec<Waker>) {
        match self {
            // Whatever it was, the next system call will tell: an error and a cancel by the kernel are readiness too.
            Op::Ready { source, direction, .. } => source.side(*direction).event(true, wakers),
            Op::Connect { completion, .. } => completion.finish(result, wakers),
            Op::File(flight) => flight.finish(result, wakers),
            Op::Send { loan, .. } => {
                self.answer(result, wakers);
                loan.end(false, wakers);
            }
            // Of nothing the kernel says that it was copied.
            Op::Lent { loan, has_sent } => {
                loan.end(*has_sent && result.is_ok_and(|copied_count| copied_count > 0), wakers);
            }
        }
    }

    /// The kernel will not let go of it: what it may write to is given back to nobody. Called before `finish`.
    pub(super) fn abandon(&self) {
        match self {
            Op::Ready { .. } | Op::Connect { .. } => {}
            Op::File(flight) => flight.abandon(),
            Op::Send { loan, .. } | Op::Lent { loan, .. } => loan.abandon(),
        }
    }
}

pub(super) const NO_REQUEST: &str = "what the kernel has answered is not asked for again";
