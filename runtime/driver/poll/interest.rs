//! What the poller is told about a socket.
#![expect(unsafe_code, reason = "the poller does not own the sockets it watches")]

use std::io;
use std::sync::Arc;

use polling::{Event, PollMode, Poller};

use crate::driver::Direction;
use crate::driver::op::Ticket;
use crate::driver::slots::{SlotId, Slots};
use crate::driver::source::Source;

/// The caller holds the source's attachment lock and has put the source into the poller's table.
pub(super) fn add(poller: &Poller, is_edge: bool, source: &Arc<Source>, ticket: Ticket) -> io::Result<()> {
    let key = to_key(ticket.slot());
    let (interest, mode) = if is_edge {
        (Event::all(key), PollMode::Edge)
    } else {
        (waited_for(source, key), PollMode::Oneshot)
    };
    // SAFETY: [fd-outlives-ops] the source is in the poller's table and keeps its descriptor open until it is taken out
    // of the table, which happens only after `delete`.
    unsafe { poller.add_with_mode(source.socket(), interest, mode) }
}

/// One-shot mode: asks again, for every direction that somebody waits for.
pub(super) fn renew(poller: &Poller, source: &Arc<Source>, ticket: Ticket) -> io::Result<()> {
    poller.modify_with_mode(source.socket(), waited_for(source, to_key(ticket.slot())), PollMode::Oneshot)
}

pub(super) fn delete(poller: &Poller, source: &Arc<Source>) {
    // A socket that the poller has lost already is as good as deleted.
    let _ = poller.delete(source.socket());
}

/// The source that the event's key names, if it is still there.
pub(super) fn find(sources: &mut Slots<Arc<Source>>, key: usize) -> Option<&mut Arc<Source>> {
    if KEY_HAS_GENERATION {
        sources.get_mut(SlotId::from_bits(key as u64))
    } else {
        sources.get_mut_of_index(key as u32)
    }
}

fn waited_for(source: &Source, key: usize) -> Event {
    Event::new(key, source.side(Direction::Read).is_armed(), source.side(Direction::Write).is_armed())
}

/// On 32-bit platforms a key is an index alone: a very late event may then reach a newer source, as one spurious
/// wake-up.
const KEY_HAS_GENERATION: bool = usize::BITS >= u64::BITS;

fn to_key(slot: SlotId) -> usize {
    slot.to_bits() as usize
}
