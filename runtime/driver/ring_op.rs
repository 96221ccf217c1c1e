//! What a ring has to know of an operation.

use super::direction::Direction;
use super::file::{AnyFlight, Region};
use super::op::Op;
use super::readiness::Order;

impl Op {
    /// What it is called, in a trace. A pause of an order is a time-out of the kernel's.
    pub(super) fn kind_name(&self) -> &'static str {
        match self {
            Op::Ready { order: Order::Rest, .. } => "timeout",
            Op::Ready { direction: Direction::Read, .. } => "poll read",
            Op::Ready { direction: Direction::Write, .. } => "poll write",
            Op::Connect { .. } => "connect",
            Op::File(flight) => flight.request().name(),
            Op::Send { .. } => "send",
        }
    }

    /// Whether it only waits, so that any ring may have it.
    pub(super) fn is_wait(&self) -> bool {
        match self {
            Op::Ready { .. } => true,
            Op::Connect { .. } | Op::File(_) | Op::Send { .. } => false,
        }
    }

    /// Whether its socket was dropped, and others find that by its name until it is closed.
    pub(super) fn is_closing(&self) -> bool {
        match self {
            Op::Ready { source, .. } | Op::Connect { source, .. } | Op::Send { source, .. } => {
                source.is_closing()
            }
            Op::File(_) => false,
        }
    }

    pub(super) fn is_of_file(&self) -> bool {
        match self {
            Op::File(_) => true,
            Op::Ready { .. } | Op::Connect { .. } | Op::Send { .. } => false,
        }
    }

    /// Whether this operation bypasses the page cache, so that a disk should receive it soon.
    pub(super) fn is_direct(&self) -> bool {
        match self {
            Op::Ready { .. } | Op::Connect { .. } | Op::Send { .. } => false,
            Op::File(flight) => flight.request().is_direct(),
        }
    }

    /// The flight and its region, if the region lies in memory that a ring may have registered.
    pub(super) fn fixed_flight(&self) -> Option<(&dyn AnyFlight, Region)> {
        match self {
            Op::Ready { .. } | Op::Connect { .. } | Op::Send { .. } => None,
            Op::File(flight) => flight.request().fixed_region().map(|region| (&**flight, region)),
        }
    }
}
