//! The poller of the crate `polling`, for every system but Linux. Edge-triggered where the system
//! supports it, else one-shot. With `--cfg rt_oneshot` it is one-shot everywhere, for tests.
#![expect(unsafe_code, reason = "the poller does not own the sockets it watches")]

use std::io;
#[cfg(unix)]
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;

use polling::PollMode;

use super::event::{ArmedDirections, Event};
use crate::driver::slots::{SlotId, Slots};
use crate::driver::source::Source;
use crate::task::ObservedWorker;

/// On 32-bit platforms a key is an index alone. A very late event may then reach a newer source, as
/// one spurious wake-up.
const KEY_HAS_GENERATION: bool = usize::BITS >= u64::BITS;

#[derive(Debug)]
pub(super) struct Poller {
    poller: polling::Poller,
    is_edge: bool,
}

impl Poller {
    /// It does not distinguish the end of a stream from bytes.
    pub(super) const TELLS_END: bool = false;

    pub(super) fn new() -> io::Result<Poller> {
        let poller = polling::Poller::new()?;
        Ok(Poller { is_edge: poller.supports_edge() && !cfg!(rt_oneshot), poller })
    }

    pub(super) fn is_edge(&self) -> bool {
        self.is_edge
    }

    /// The caller holds the source's attachment lock and has added the source to the poller's
    /// table.
    pub(super) fn add(&self, source: &Source, slot: SlotId, interest: ArmedDirections) -> io::Result<()> {
        let (interest, mode) = if self.is_edge {
            (polling::Event::all(to_key(slot)), PollMode::Edge)
        } else {
            (to_event(slot, interest), PollMode::Oneshot)
        };
        // SAFETY: [fd-outlives-ops] the source is in the poller's table and keeps its descriptor
        // open until it is removed from the table, which happens only after `delete`.
        unsafe { self.poller.add_with_mode(source.socket(), interest, mode) }
    }

    /// One-shot mode: asks again.
    pub(super) fn renew(&self, source: &Source, slot: SlotId, interest: ArmedDirections) -> io::Result<()> {
        self.poller.modify_with_mode(source.socket(), to_event(slot, interest), PollMode::Oneshot)
    }

    pub(super) fn delete(&self, source: &Source) {
        // If the poller has already lost the socket, nothing is left to delete.
        let _ = self.poller.delete(source.socket());
    }

    pub(super) fn wait(&self, events: &mut Events, timeout: Option<Duration>) -> io::Result<()> {
        events.list.clear();
        self.poller.wait(&mut events.list, timeout)?;
        events.note();
        Ok(())
    }

    /// Ends the current wait, or else the next one.
    pub(super) fn notify(&self) {
        self.poller.notify().expect("the poller's own wake-up descriptor takes a ring");
    }
}

#[cfg(unix)]
impl AsFd for Poller {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.poller.as_fd()
    }
}

/// The events that one wait has reported.
#[derive(Debug)]
pub(super) struct Events {
    list: polling::Events,
    /// Where it is counted how many came at once, if the runtime is observed.
    observed: Option<Arc<ObservedWorker>>,
}

impl Events {
    pub(super) fn new(observed: Option<Arc<ObservedWorker>>) -> Events {
        Events { list: polling::Events::new(), observed }
    }

    fn note(&self) {
        let count = self.list.len() as u64;
        if let Some(observed) = self.observed.as_ref().filter(|_| count > 0) {
            observed.batches.note(count);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Event> + '_ {
        self.list.iter().map(|event| Event {
            key: event.key as u64,
            is_readable: event.readable,
            is_writable: event.writable,
            has_ended: true,
        })
    }
}

/// The value that the event's key names, if it is still there.
pub(super) fn find<T>(slots: &mut Slots<T>, key: u64) -> Option<&mut T> {
    if KEY_HAS_GENERATION {
        slots.get_mut(SlotId::from_bits(key))
    } else {
        slots.get_mut_of_index(key as u32)
    }
}

fn to_event(slot: SlotId, interest: ArmedDirections) -> polling::Event {
    polling::Event::new(to_key(slot), interest.read, interest.write)
}

fn to_key(slot: SlotId) -> usize {
    slot.to_bits() as usize
}
