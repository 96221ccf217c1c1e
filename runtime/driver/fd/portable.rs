//! The poller of the crate `polling`, edge-triggered. It reports less than the kernel knows, so the
//! kernel is asked for the flags of each descriptor that has an event.
#![expect(unsafe_code, reason = "the poller does not own the descriptors it watches")]

use std::io;
use std::num::NonZeroUsize;
use std::os::fd::{AsFd, BorrowedFd, RawFd};
use std::time::Duration;

use polling::PollMode;

use crate::driver::Interest;
use crate::driver::slots::{SlotId, Slots};
use crate::system::poll_state::PollState;

/// On 32-bit platforms a key is an index alone. A very late event may then reach a newer
/// descriptor, whose flags the kernel is asked for.
const KEY_HAS_GENERATION: bool = usize::BITS >= u64::BITS;

#[derive(Debug)]
pub(super) struct FdPoller(polling::Poller);

impl FdPoller {
    /// Fails where the system has no edges, because a descriptor whose state nobody changes would
    /// be reported again and again.
    pub(super) fn new() -> io::Result<FdPoller> {
        let poller = polling::Poller::new()?;
        if poller.supports_edge() { Ok(FdPoller(poller)) } else { Err(io::ErrorKind::Unsupported.into()) }
    }

    pub(super) fn add(&self, fd: RawFd, slot: SlotId, interest: Interest) -> io::Result<()> {
        let is_readable = interest.is_readable() || interest.is_error();
        let mut event = polling::Event::new(slot.to_bits() as usize, is_readable, interest.is_writable());
        if interest.is_priority() {
            event = event.with_priority();
        }
        // SAFETY: `FdWatch` deletes the descriptor before its owner has it back. An owner that
        // closes it earlier loses events and nothing else, because a poller holds no memory of it.
        unsafe { self.0.add_with_mode(fd, event, PollMode::Edge) }
    }

    pub(super) fn delete(&self, fd: RawFd) {
        // SAFETY: the number is borrowed for this call, and the kernel checks it. If the poller has
        // already lost the descriptor, nothing is left to delete.
        let _ = self.0.delete(unsafe { BorrowedFd::borrow_raw(fd) });
    }

    /// Takes the events that are there, and returns how many.
    pub(super) fn take(&self, events: &mut FdEvents) -> io::Result<usize> {
        loop {
            events.0.clear();
            match self.0.wait(&mut events.0, Some(Duration::ZERO)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
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
}

impl AsFd for FdPoller {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The events that were taken last.
#[derive(Debug)]
pub(super) struct FdEvents(polling::Events);

impl FdEvents {
    pub(super) const CAPACITY: usize = 256;

    pub(super) fn new() -> FdEvents {
        FdEvents(polling::Events::with_capacity(NonZeroUsize::new(FdEvents::CAPACITY).expect("not zero")))
    }

    /// The keys. The kernel knows the flags.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, Option<PollState>)> + '_ {
        self.0.iter().map(|event| (event.key as u64, None))
    }
}
