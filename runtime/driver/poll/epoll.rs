//! epoll: each descriptor is registered once, edge-triggered, and a wait is one system call.
#![expect(unsafe_code, reason = "an event from the kernel might hold an address")]

use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::Errno;

use super::event::{ArmedDirections, Event};
use crate::driver::doorbell::Doorbell;
use crate::driver::slots::{SlotId, Slots};
use crate::driver::source::Source;
use crate::task::ObservedWorker;

/// The room for events that a poller begins with. It doubles after each wait that fills it.
const EVENTS_COUNT_MIN: usize = 64;
/// The most events of one wait; more come with the next.
const EVENTS_COUNT_MAX: usize = 1024;

/// The longest wait; a longer one ends early and is begun again. Milliseconds that do not fit into
/// 31 bits would need a system call that older kernels, and sandboxes that refuse io_uring, may not
/// know.
const WAIT_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// The key that no source has.
const DOORBELL: u64 = SlotId::RESERVED_INDEX as u64;

/// All events of a socket. Hang-ups and errors are reported without being asked for.
const INTEREST: EventFlags =
    EventFlags::IN.union(EventFlags::PRI).union(EventFlags::RDHUP).union(EventFlags::OUT);

/// After these, no call of either direction needs to wait.
const FAILED: EventFlags = EventFlags::HUP.union(EventFlags::ERR);

/// The end of the stream may come with its last bytes, and urgent bytes end a receive early.
const ENDED: EventFlags = FAILED.union(EventFlags::RDHUP).union(EventFlags::PRI);

#[derive(Debug)]
pub(super) struct Poller {
    epoll: OwnedFd,
    doorbell: Doorbell,
    /// The process that made it. A child that is forked shares the kernel's list of sockets with
    /// it.
    owner: u32,
}

impl Poller {
    /// Whether it distinguishes the end of a stream from bytes.
    pub(super) const TELLS_END: bool = true;

    pub(super) fn new() -> io::Result<Poller> {
        let (epoll, doorbell) = (epoll::create(CreateFlags::CLOEXEC)?, Doorbell::new()?);
        let flags = EventFlags::IN | EventFlags::ET;
        epoll::add(&epoll, &doorbell, EventData::new_u64(DOORBELL), flags)?;
        Ok(Poller { epoll, doorbell, owner: std::process::id() })
    }

    pub(super) fn is_edge(&self) -> bool {
        true
    }

    pub(super) fn add(&self, source: &Source, slot: SlotId, _: ArmedDirections) -> io::Result<()> {
        let key = EventData::new_u64(slot.to_bits());
        Ok(epoll::add(&self.epoll, source.socket(), key, INTEREST | EventFlags::ET)?)
    }

    /// Makes the kernel report the state once more.
    pub(super) fn renew(&self, source: &Source, slot: SlotId, _: ArmedDirections) -> io::Result<()> {
        let key = EventData::new_u64(slot.to_bits());
        Ok(epoll::modify(&self.epoll, source.socket(), key, INTEREST | EventFlags::ET)?)
    }

    /// Does nothing in a forked child, because it would delete the parent's socket.
    pub(super) fn delete(&self, source: &Source) {
        if std::process::id() != self.owner {
            return;
        }
        // If the kernel has already forgotten the socket, nothing is left to delete.
        let _ = epoll::delete(&self.epoll, source.socket());
    }

    pub(super) fn wait(&self, events: &mut Events, timeout: Option<Duration>) -> io::Result<()> {
        events.make_room();
        let deadline =
            timeout.filter(|left| !left.is_zero()).and_then(|left| Instant::now().checked_add(left));
        let mut left = timeout;
        loop {
            let limit = left.map(limit);
            match epoll::wait(&self.epoll, spare_capacity(&mut events.list), limit.as_ref()) {
                Ok(_) => return Ok(()),
                // A signal came: the sleep continues.
                Err(Errno::INTR) => {
                    left =
                        deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())).or(left);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Ends the current wait, or else the next one.
    pub(super) fn notify(&self) {
        self.doorbell.ring();
    }
}

impl AsFd for Poller {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }
}

/// The kernel sleeps whole milliseconds, and up to one millisecond too long.
fn limit(left: Duration) -> Timespec {
    Timespec::try_from(left.min(WAIT_MAX)).expect("a day is no overflow")
}

/// The events that one wait has reported.
pub(super) struct Events {
    list: Vec<epoll::Event>,
    /// A wait that has reported so many is looked at before the next one: one that has filled the
    /// room, or any one if they are counted.
    look_from: usize,
    /// Where it is counted how many came at once, if the runtime is observed.
    observed: Option<Arc<ObservedWorker>>,
}

// SAFETY: the data of an event is a number here, never an address: `add`, `renew` and `new` ensure
// that.
unsafe impl Send for Events {}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("count", &self.list.len()).finish_non_exhaustive()
    }
}

impl Events {
    pub(super) fn new(observed: Option<Arc<ObservedWorker>>) -> Events {
        let list = Vec::with_capacity(EVENTS_COUNT_MIN);
        Events { look_from: if observed.is_some() { 1 } else { list.capacity() }, list, observed }
    }

    /// Forgets the events of the last wait. If there may have been more, the next has more room.
    fn make_room(&mut self) {
        if self.list.len() >= self.look_from {
            self.look();
        }
        self.list.clear();
    }

    #[cold]
    fn look(&mut self) {
        let (count, room) = (self.list.len(), self.list.capacity());
        if let Some(observed) = &self.observed {
            let size = self.iter().count() as u64;
            // A wake-up alone is no event.
            if size > 0 {
                observed.batches.note(size);
            }
        }
        if count == room && room < EVENTS_COUNT_MAX {
            self.list.clear();
            self.list.reserve_exact(2 * room);
            if self.observed.is_none() {
                self.look_from = self.list.capacity();
            }
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Event> + '_ {
        self.list.iter().filter(|event| event.data.u64() != DOORBELL).map(|event| {
            let (key, flags) = (event.data.u64(), event.flags);
            Event {
                key,
                is_readable: flags.intersects(EventFlags::IN | ENDED),
                is_writable: flags.intersects(EventFlags::OUT | FAILED),
                has_ended: flags.intersects(ENDED),
            }
        })
    }
}

/// The value that the event's key names, if it is still there.
pub(super) fn find<T>(slots: &mut Slots<T>, key: u64) -> Option<&mut T> {
    slots.get_mut(SlotId::from_bits(key))
}

#[cfg(test)]
mod tests {
    use super::{
        Duration, EVENTS_COUNT_MAX, EVENTS_COUNT_MIN, EventData, EventFlags, Events, Poller, epoll, limit,
    };

    #[test]
    fn a_wait_that_fills_the_room_makes_more_and_the_rest_comes_with_the_next() {
        let poller = Poller::new().unwrap();
        let eventfd = rustix::event::eventfd(1, rustix::event::EventfdFlags::CLOEXEC).unwrap();
        let ready: Vec<_> = (0..500).map(|_| eventfd.try_clone().unwrap()).collect();
        for (key, fd) in ready.iter().enumerate() {
            let data = EventData::new_u64(key as u64);
            epoll::add(&poller.epoll, fd, data, EventFlags::IN | EventFlags::ET).unwrap();
        }
        let mut events = Events::new(None);
        let (mut rooms, mut keys) = (Vec::new(), Vec::new());
        while keys.len() < ready.len() {
            poller.wait(&mut events, Some(Duration::ZERO)).unwrap();
            assert!(events.iter().next().is_some(), "{} of {} events came", keys.len(), ready.len());
            rooms.push(events.list.capacity());
            keys.extend(events.iter().map(|event| event.key));
        }
        assert_eq!(rooms, [EVENTS_COUNT_MIN, 128, 256, 512]);
        keys.sort_unstable();
        assert!(keys.into_iter().eq(0..ready.len() as u64), "each comes once");
        let event = events.list[0];
        for _ in 0..3 {
            events.list.resize(events.list.capacity(), event);
            events.make_room();
        }
        assert_eq!(events.list.capacity(), EVENTS_COUNT_MAX);
    }

    #[test]
    fn no_wait_needs_more_than_the_oldest_call_can_express() {
        for days in [1, 25, 30_000] {
            let limit = limit(Duration::from_secs(days * 24 * 60 * 60));
            assert!(i32::try_from(limit.tv_sec * 1000).is_ok(), "{days} days");
        }
        assert!(i32::try_from(limit(Duration::MAX).tv_sec * 1000).is_ok());
        assert_eq!(limit(Duration::from_micros(1500)).tv_nsec, 1_500_000);
    }
}
