//! epoll, edge-triggered, by number: the descriptors belong to the program.
#![expect(unsafe_code, reason = "asks about descriptors by number, which may be anybody's")]

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::ptr;

use rustix::event::epoll::{self, CreateFlags};

use crate::driver::Interest;
use crate::driver::slots::{SlotId, Slots};
use crate::system::poll_state::PollState;

#[derive(Debug)]
pub(super) struct FdPoller {
    epoll: OwnedFd,
    /// The process that made it. A child that is forked shares the kernel's list with it.
    owner: u32,
}

impl FdPoller {
    pub(super) fn new() -> io::Result<FdPoller> {
        Ok(FdPoller { epoll: epoll::create(CreateFlags::CLOEXEC)?, owner: std::process::id() })
    }

    pub(super) fn add(&self, fd: RawFd, slot: SlotId, interest: Interest) -> io::Result<()> {
        let mut event = libc::epoll_event { events: bits(interest), u64: slot.to_bits() };
        // SAFETY: the kernel reads the event during the call, and checks the number.
        let result =
            unsafe { libc::epoll_ctl(self.epoll.as_raw_fd(), libc::EPOLL_CTL_ADD, fd, &raw mut event) };
        if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    /// Does nothing in a forked child, because it would delete the parent's descriptor.
    pub(super) fn delete(&self, fd: RawFd) {
        if std::process::id() != self.owner {
            return;
        }
        // SAFETY: the kernel checks the number, and reads no event here. If it has already
        // forgotten the descriptor, nothing is left to delete.
        unsafe { libc::epoll_ctl(self.epoll.as_raw_fd(), libc::EPOLL_CTL_DEL, fd, ptr::null_mut()) };
    }

    /// Takes the events that are there, and returns how many.
    pub(super) fn take(&self, events: &mut FdEvents) -> io::Result<usize> {
        loop {
            let capacity = FdEvents::CAPACITY as i32;
            events.0.clear();
            // SAFETY: the vector has room for as many events as the call may write, and is as long
            // as the call reports that it wrote.
            let count = unsafe {
                let result = libc::epoll_wait(self.epoll.as_raw_fd(), events.0.as_mut_ptr(), capacity, 0);
                if let Ok(count) = usize::try_from(result) {
                    events.0.set_len(count);
                }
                result
            };
            if count >= 0 {
                return Ok(events.0.len());
            }
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
    }

    /// The value that the event's key names, if it is still there.
    pub(super) fn find<T>(slots: &mut Slots<T>, key: u64) -> Option<&mut T> {
        slots.get_mut(SlotId::from_bits(key))
    }
}

impl AsFd for FdPoller {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }
}

/// Errors and hang-ups are reported without being asked for. An interest in errors alone asks for
/// bytes as well, because other systems need that.
fn bits(interest: Interest) -> u32 {
    let asked = [
        (interest.is_readable() || interest.is_error(), libc::EPOLLIN | libc::EPOLLRDHUP),
        (interest.is_writable(), libc::EPOLLOUT),
        (interest.is_priority(), libc::EPOLLPRI),
    ];
    let bits = asked.iter().filter(|(is_asked, _)| *is_asked).map(|(_, bits)| *bits);
    bits.fold(libc::EPOLLET, |all, bits| all | bits) as u32
}

/// The events that were taken last.
pub(super) struct FdEvents(Vec<libc::epoll_event>);

impl FdEvents {
    pub(super) const CAPACITY: usize = 256;

    pub(super) fn new() -> FdEvents {
        FdEvents(Vec::with_capacity(FdEvents::CAPACITY))
    }

    /// The keys, with what was reported.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, Option<PollState>)> + '_ {
        // The flags that were asked for are in the lower half, as those of `poll(2)` are.
        self.0.iter().map(|event| (event.u64, Some(PollState::of(event.events as libc::c_short))))
    }
}

impl std::fmt::Debug for FdEvents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FdEvents").field("count", &self.0.len()).finish()
    }
}
