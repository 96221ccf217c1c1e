//! The poller that a driver has for the descriptors of its program.
//!
//! The poller's descriptor is a source of the driver. Its waker does not wake a task: it takes the
//! events out of the poller, passes them on, and waits again. So no back end knows of it, and it
//! works on each of them.

use std::io;
use std::os::fd::{AsFd, RawFd};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Wake, Waker};

use socket2::Socket;

use crate::primitive::sync::Mutex;
use crate::system::poll_state::PollState;
use crate::task::wake_all;

use crate::driver::errors::closed;
use crate::driver::readiness::Cleared;
use crate::driver::ready::Ready;
use crate::driver::side::WaiterRef;
use crate::driver::slots::{SlotId, Slots};
use crate::driver::source::Source;
use crate::driver::{Direction, Driver, Interest, Registration, context};

use super::flags::FdFlags;
use super::{FdEvents, FdPoller};

const IO_IS_DISABLED: &str = "IO is disabled. Call `enable_io` on the runtime builder to enable IO.";

/// A descriptor that is watched. Its owner closes it, before or after this is dropped.
#[derive(Debug)]
pub(crate) struct FdWatch {
    watcher: Arc<FdWatcher>,
    flags: Arc<FdFlags>,
    slot: SlotId,
    fd: RawFd,
}

impl FdWatch {
    /// Watches the descriptor of this number with the current thread's driver.
    ///
    /// Panics outside of a runtime.
    #[track_caller]
    pub(crate) fn new(fd: RawFd, interest: Interest) -> io::Result<FdWatch> {
        let driver = context::current();
        // Only runtimes of the crate `tokio` can lack it. Its `AsyncFd` is heist's.
        assert!(driver.standing.allowed.io, "{IO_IS_DISABLED}");
        FdWatch::with_driver(&driver, fd, interest)
    }

    fn with_driver(driver: &Arc<Driver>, fd: RawFd, interest: Interest) -> io::Result<FdWatch> {
        let (watcher, is_new) = driver.fd_watcher.get(|| FdWatcher::new(driver.clone()))?;
        if is_new {
            watcher.turn();
        }
        FdWatcher::add(watcher, fd, interest)
    }

    pub(crate) fn flags(&self) -> &FdFlags {
        &self.flags
    }
}

/// A waker that panics leaves nothing half done, because no lock is held.
impl UnwindSafe for FdWatch {}
impl RefUnwindSafe for FdWatch {}

impl Registration {
    /// Watches a descriptor with the driver of this registration.
    pub(crate) fn watch(&self, fd: RawFd, interest: Interest) -> io::Result<FdWatch> {
        FdWatch::with_driver(&self.driver, fd, interest)
    }
}

impl Drop for FdWatch {
    fn drop(&mut self) {
        self.watcher.poller.delete(self.fd);
        let entry = self.watcher.table.lock().entries.remove(self.slot);
        drop(entry);
    }
}

#[derive(Debug)]
pub(super) struct FdWatcher {
    /// A second descriptor of the poller, for which the driver waits.
    outer: Registration,
    poller: FdPoller,
    table: Mutex<FdTable>,
    /// Held while events are taken, so that one thread at a time does it.
    events: Mutex<FdEvents>,
    waker: Waker,
}

#[derive(Debug)]
struct FdTable {
    entries: Slots<FdEntry>,
    is_closed: bool,
}

#[derive(Debug)]
struct FdEntry {
    flags: Arc<FdFlags>,
    fd: RawFd,
    /// What may be reported. The kernel is asked for all flags at once where the poller does not
    /// report them.
    mask: Ready,
}

/// How a turn goes on.
enum TurnStep {
    Again,
    /// The driver will call the waker.
    Waits,
    /// The driver has shut down.
    Closed,
}

/// Takes the watcher's events.
#[derive(Debug)]
struct TurnWaker(Weak<FdWatcher>);

impl Wake for TurnWaker {
    fn wake(self: Arc<Self>) {
        if let Some(watcher) = self.0.upgrade() {
            watcher.turn();
        }
    }
}

impl FdWatcher {
    fn new(driver: Arc<Driver>) -> io::Result<Arc<FdWatcher>> {
        let poller = FdPoller::new()?;
        // The driver waits for descriptors that are typed as sockets. No call is made that only
        // sockets support.
        let second = Socket::from(poller.as_fd().try_clone_to_owned()?);
        let outer = Registration { source: Arc::new(Source::new(second)), driver };
        Ok(Arc::new_cyclic(|watcher| FdWatcher {
            outer,
            poller,
            table: Mutex::new(FdTable { entries: Slots::new(), is_closed: false }),
            events: Mutex::new(FdEvents::new()),
            waker: Waker::from(Arc::new(TurnWaker(watcher.clone()))),
        }))
    }

    fn add(watcher: Arc<FdWatcher>, fd: RawFd, interest: Interest) -> io::Result<FdWatch> {
        let flags = Arc::new(FdFlags::new());
        let closed_flags = Ready::READ_CLOSED | Ready::WRITE_CLOSED | Ready::ERROR;
        let urgent = if interest.is_priority() { Ready::READABLE } else { Ready::EMPTY };
        let mask = interest.mask() | closed_flags | urgent;
        let mut table = watcher.table.lock();
        if table.is_closed {
            return Err(closed());
        }
        let slot = table.entries.insert(FdEntry { flags: flags.clone(), fd, mask });
        drop(table);
        // In the table first, because the event may come at once.
        if let Err(error) = watcher.poller.add(fd, slot, interest) {
            let entry = watcher.table.lock().entries.remove(slot);
            drop(entry);
            return Err(error);
        }
        Ok(FdWatch { watcher, flags, slot, fd })
    }

    /// Passes on the events that are there, and waits for the next. No waker is called with a lock
    /// held [wake-outside].
    fn turn(&self) {
        loop {
            let mut wakers = Vec::new();
            let step = self.step(&mut wakers);
            wake_all(wakers);
            match step {
                TurnStep::Again => {}
                TurnStep::Waits => return,
                TurnStep::Closed => return self.close(),
            }
        }
    }

    fn step(&self, wakers: &mut Vec<Waker>) -> TurnStep {
        let mut events = self.events.lock();
        let side = self.outer.source.side(Direction::Read);
        let Some(seen) = side.observe() else {
            let mut cx = Context::from_waker(&self.waker);
            return match self.outer.poll_wait(Direction::Read, &mut cx, &mut WaiterRef::Primary) {
                Poll::Pending => TurnStep::Waits,
                Poll::Ready(Ok(())) => TurnStep::Again,
                Poll::Ready(Err(_)) => TurnStep::Closed,
            };
        };
        let Ok(count) = self.poller.take(&mut events) else { return TurnStep::Closed };
        let progress = self.outer.source.progress(Direction::Read);
        if count > 0 {
            progress.note(seen);
        }
        if count < FdEvents::CAPACITY {
            // There are no more, unless the poller's descriptor had an event meanwhile: then the
            // next step finds the side ready [event-wakes].
            let (Cleared::Done | Cleared::Newer) = side.clear(seen, progress.verdict(seen));
        }
        let mut table = self.table.lock();
        for (key, state) in events.iter() {
            // The descriptor was forgotten after the kernel reported it.
            let Some(entry) = FdPoller::find(&mut table.entries, key) else { continue };
            let state = state.map_or_else(|| PollState::now(entry.fd), Ok).unwrap_or_default();
            entry.flags.event(Ready::from(state) & entry.mask, wakers);
        }
        TurnStep::Again
    }

    /// From now on every wait fails.
    fn close(&self) {
        let mut wakers = Vec::new();
        let mut table = self.table.lock();
        table.is_closed = true;
        for entry in table.entries.values() {
            entry.flags.shut(&mut wakers);
        }
        drop(table);
        wake_all(wakers);
    }
}
