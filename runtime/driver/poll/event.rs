//! What a poller reports, and what it is asked for.

use crate::driver::direction::Direction;
use crate::driver::source::Source;

/// An event of one source, as a poller reports it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    pub(super) key: u64,
    /// A hang-up or an error is both.
    pub(super) is_readable: bool,
    pub(super) is_writable: bool,
    /// More may have happened than the arrival or departure of bytes.
    pub(super) has_ended: bool,
}

/// The directions that have an order.
#[derive(Clone, Copy, Debug)]
pub(super) struct ArmedDirections {
    pub(super) read: bool,
    pub(super) write: bool,
}

impl ArmedDirections {
    pub(super) fn of(source: &Source) -> ArmedDirections {
        let is_armed = |direction| source.side(direction).is_armed();
        ArmedDirections { read: is_armed(Direction::Read), write: is_armed(Direction::Write) }
    }
}
