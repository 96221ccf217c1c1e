//! Readiness polling: one poller per worker. Each socket is registered once, with the poller of the
//! worker that waited first.
//!
//! Where the platform has edge-triggered polling, the registration never changes: every change of
//! either direction is reported and remembered, whether a task waits or not. Elsewhere the
//! registration is one-shot, and is renewed with the interest of all waiters. There a hang-up or an
//! error would be reported forever to a waiter for another event, and the poller cannot be asked
//! for changes only. So an order that is to be a standing one or a pause is placed after a delay
//! (`rest.rs`).
//!
//! `../DESIGN.md` has the rejected designs. Read the files in this order:
//!
//! - `event.rs`: what a poller reports, and what it is asked for.
//! - `epoll.rs`: this crate's own poller, on Linux.
//! - `portable.rs`: the poller of the crate `polling`, on all other systems, and on Linux with
//!   `--cfg rt_portable`, for tests.
//! - `rest.rs`: orders that are placed after a delay, where there are no edges.
//! - `beside.rs`: sleeping on the pollers of stuck workers as well.

use std::io;
use std::mem;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use crate::primitive::sync::Mutex;
use crate::task::ObservedWorker;
use crossbeam::utils::CachePadded;

use super::leftover::{Harvest, Leftover, clear_away};
use super::op::Op;
use super::readiness::Order;
use super::slots::{SlotId, Slots};
use super::source::Source;
use super::ticket::Ticket;
use super::wake_up::WakeUp;
use super::{Direction, Options, closed};

mod beside;
#[cfg(all(target_os = "linux", not(rt_portable)))]
mod epoll;
mod event;
#[cfg(not(all(target_os = "linux", not(rt_portable))))]
mod portable;
mod rest;

#[cfg(all(target_os = "linux", not(rt_portable)))]
use epoll::{Events, Poller, find};
#[cfg(not(all(target_os = "linux", not(rt_portable))))]
use portable::{Events, Poller, find};

use event::ArmedDirections;
use rest::Rests;

#[derive(Debug)]
pub(super) struct Pollers {
    workers: Box<[CachePadded<PollWorker>]>,
}

#[derive(Debug)]
struct PollWorker {
    poller: Poller,
    wake_up: WakeUp,
    /// Held while waiting. Another worker's `try_lock` then fails, because a sleeping worker is not
    /// stuck.
    events: Mutex<Events>,
    attached: Mutex<Attached>,
}

/// Every source that this poller knows. The table keeps the descriptor open while it is registered.
#[derive(Debug)]
struct Attached {
    sources: Slots<Arc<Source>>,
    /// Orders that are placed later, where there are no edges.
    rests: Rests,
    is_closed: bool,
}

impl Pollers {
    pub(super) fn new(options: &Options) -> io::Result<Pollers> {
        let observed = |index| options.observation.as_ref().map(|all| all.worker(index).clone());
        let workers =
            (0..options.workers).map(|index| PollWorker::new(observed(index)).map(CachePadded::new));
        Ok(Pollers { workers: workers.collect::<io::Result<_>>()? })
    }

    /// Performs at once what can be done at once. A wait becomes an interest.
    pub(super) fn perform(&self, index: usize, op: Op) -> io::Result<()> {
        match op {
            Op::Ready { source, direction, order } => self.attach(index, &source, direction, order),
            Op::Connect { source, address, completion } => {
                let result = source.socket().connect(&address).map(|()| 0);
                let mut wakers = Vec::new();
                completion.finish(result, &mut wakers);
                debug_assert!(wakers.is_empty(), "nobody can wait for an operation that is being started");
                Ok(())
            }
            Op::File(_) | Op::Send { .. } => {
                unreachable!("this back end supports none of it: see `Driver::offers`")
            }
        }
    }

    fn attach(
        &self,
        index: usize,
        source: &Arc<Source>,
        direction: Direction,
        order: Order,
    ) -> io::Result<()> {
        let mut attachment = source.attachment().lock();
        if let Some(ticket) = *attachment {
            let worker = &self.workers[ticket.worker()];
            if worker.poller.is_edge() {
                return Ok(());
            }
            if order == Order::Once {
                worker.attached.lock().rests.end(ticket.slot(), direction);
                return worker.renew(source, ticket.slot());
            }
            worker.attached.lock().rests.begin(ticket.slot(), direction);
            // The worker may be sleeping for longer than that.
            self.ring_doorbell(ticket.worker());
            return Ok(());
        }
        let worker = &self.workers[index];
        let slot = {
            let mut attached = worker.attached.lock();
            if attached.is_closed {
                return Err(closed());
            }
            attached.sources.insert(source.clone())
        };
        if let Err(error) = worker.poller.add(source, slot, ArmedDirections::of(source)) {
            worker.attached.lock().sources.remove(slot);
            return Err(error);
        }
        *attachment = Some(Ticket::new(index, slot));
        Ok(())
    }

    /// Does not wait for the lock unless `is_ours`, as `Side::shut`.
    pub(super) fn detach(&self, source: &Arc<Source>, ticket: Ticket, is_ours: impl FnOnce() -> bool) {
        let worker = &self.workers[ticket.worker()];
        worker.poller.delete(source);
        let mut attached = match worker.attached.try_lock() {
            Some(attached) => attached,
            None if is_ours() => worker.attached.lock(),
            None => return,
        };
        let removed = attached.sources.remove(ticket.slot());
        drop(attached);
        drop(removed);
    }

    pub(super) fn is_level_at_arm(&self) -> bool {
        self.workers.iter().all(|worker| !worker.poller.is_edge())
    }

    pub(super) fn tells_end(&self) -> bool {
        Poller::TELLS_END
    }

    pub(super) fn is_quiet(&self, index: usize) -> bool {
        self.in_flight(index) == 0
    }

    pub(super) fn in_flight(&self, index: usize) -> usize {
        self.workers[index].attached.lock().sources.len()
    }

    pub(super) fn harvest(&self, index: usize, harvest: &mut Harvest<'_>) -> io::Result<()> {
        let worker = &self.workers[index];
        let mut leftovers = Vec::new();
        let mut events = worker.events.lock();
        let outcome = worker.wait(&mut events, Some(Duration::ZERO), harvest.wakers, &mut leftovers);
        drop(events);
        harvest.leave(leftovers);
        outcome
    }

    pub(super) fn try_harvest(&self, index: usize, harvest: &mut Harvest<'_>) -> bool {
        let worker = &self.workers[index];
        let Some(mut events) = worker.events.try_lock() else { return false };
        let mut leftovers = Vec::new();
        let outcome = worker.wait(&mut events, Some(Duration::ZERO), harvest.wakers, &mut leftovers);
        drop(events);
        harvest.leave(leftovers);
        outcome.is_ok()
    }

    pub(super) fn park(
        &self,
        index: usize,
        stuck: &[usize],
        timeout: Option<Duration>,
        harvest: &mut Harvest<'_>,
    ) -> io::Result<()> {
        let worker = &self.workers[index];
        let mut leftovers = Vec::new();
        let mut events = worker.events.lock();
        let mut timeout = if worker.wake_up.consume() { Some(Duration::ZERO) } else { worker.limit(timeout) };
        if beside::IS_OFFERED && !stuck.is_empty() {
            let pollers = stuck.iter().chain([&index]).map(|index| &self.workers[*index].poller);
            let has_slept = beside::sleep(pollers, timeout)?;
            // A short sleep, because the caller looks at the others after each.
            let alone = || timeout.map_or(beside::ALONE_MAX, |timeout| timeout.min(beside::ALONE_MAX));
            timeout = Some(if has_slept { Duration::ZERO } else { alone() });
        }
        let outcome = worker.wait(&mut events, timeout, harvest.wakers, &mut leftovers);
        // A wake-up was sent during the sleep; returning answers it [ring-ends-park].
        worker.wake_up.consume();
        drop(events);
        harvest.leave(leftovers);
        outcome
    }

    pub(super) fn ring_doorbell(&self, index: usize) {
        let worker = &self.workers[index];
        if worker.wake_up.send() {
            worker.poller.notify();
        }
    }

    pub(super) fn shutdown(&self, index: usize, wakers: &mut Vec<Waker>) {
        let worker = &self.workers[index];
        let sources: Vec<Arc<Source>> = {
            let mut attached = worker.attached.lock();
            attached.is_closed = true;
            attached.sources.drain().collect()
        };
        for source in sources {
            let mut attachment = source.attachment().lock();
            worker.poller.delete(&source);
            *attachment = None;
            drop(attachment);
            source.side(Direction::Read).event(true, wakers);
            source.side(Direction::Write).event(true, wakers);
            clear_away(Leftover::of_socket(source));
        }
    }
}

impl PollWorker {
    fn new(observed: Option<Arc<ObservedWorker>>) -> io::Result<PollWorker> {
        let attached = Attached { sources: Slots::new(), rests: Rests::new(), is_closed: false };
        Ok(PollWorker {
            poller: Poller::new()?,
            wake_up: WakeUp::new(),
            events: Mutex::new(Events::new(observed)),
            attached: Mutex::new(attached),
        })
    }

    fn wait(
        &self,
        events: &mut Events,
        timeout: Option<Duration>,
        wakers: &mut Vec<Waker>,
        leftovers: &mut Vec<Leftover>,
    ) -> io::Result<()> {
        match self.poller.wait(events, timeout) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            Err(error) => return Err(error),
        }
        if self.poller.is_edge() {
            self.dispatch_edges(events, wakers);
            return Ok(());
        }
        self.dispatch_once(events, wakers, leftovers)?;
        self.end_rests(leftovers)
    }

    fn dispatch_edges(&self, events: &Events, wakers: &mut Vec<Waker>) {
        let mut attached = self.attached.lock();
        for event in events.iter() {
            // The source was detached after the kernel reported it.
            let Some(source) = find(&mut attached.sources, event.key) else { continue };
            let (read, write) = (source.side(Direction::Read), source.side(Direction::Write));
            if event.has_ended {
                read.distrust();
                write.distrust();
            }
            if event.is_readable {
                read.event(false, wakers);
            }
            if event.is_writable {
                write.event(false, wakers);
            }
        }
    }

    fn dispatch_once(
        &self,
        events: &Events,
        wakers: &mut Vec<Waker>,
        leftovers: &mut Vec<Leftover>,
    ) -> io::Result<()> {
        for event in events.iter() {
            let source = match find(&mut self.attached.lock().sources, event.key) {
                Some(source) => source.clone(),
                None => continue,
            };
            let attachment = source.attachment().lock();
            if let Some(ticket) = *attachment {
                let resting = |direction| self.attached.lock().rests.has(ticket.slot(), direction);
                if event.is_readable && !resting(Direction::Read) {
                    source.side(Direction::Read).event(true, wakers);
                }
                if event.is_writable && !resting(Direction::Write) {
                    source.side(Direction::Write).event(true, wakers);
                }
                // The one shot was for both directions; a task may still wait for the other.
                self.renew(&source, ticket.slot())?;
            }
            drop(attachment);
            // The socket may have been dropped in the meantime.
            leftovers.extend(Leftover::of_socket(source));
        }
        Ok(())
    }

    /// Where there are no edges: asks again for the directions that have an order and do not pause.
    /// If there are none, asks for nothing, because hang-ups and errors would be reported even then
    /// [no-spin].
    fn renew(&self, source: &Source, slot: SlotId) -> io::Result<()> {
        let interest = {
            let rests = &self.attached.lock().rests;
            let armed = ArmedDirections::of(source);
            ArmedDirections {
                read: armed.read && !rests.has(slot, Direction::Read),
                write: armed.write && !rests.has(slot, Direction::Write),
            }
        };
        if interest.read || interest.write { self.poller.renew(source, slot, interest) } else { Ok(()) }
    }

    /// The longest sleep that is allowed.
    fn limit(&self, timeout: Option<Duration>) -> Option<Duration> {
        if self.poller.is_edge() {
            return timeout;
        }
        let left = self.attached.lock().rests.left();
        timeout.into_iter().chain(left).min()
    }

    /// Places the orders whose pause is over.
    fn end_rests(&self, leftovers: &mut Vec<Leftover>) -> io::Result<()> {
        let slots = self.attached.lock().rests.take_over();
        for slot in slots {
            let source = self.attached.lock().sources.get_mut(slot).cloned();
            let Some(source) = source else { continue };
            let attachment = source.attachment().lock();
            if attachment.is_some_and(|ticket| ticket.slot() == slot) {
                self.renew(&source, slot)?;
            }
            drop(attachment);
            // The socket may have been dropped in the meantime.
            leftovers.extend(Leftover::of_socket(source));
        }
        Ok(())
    }
}

impl Drop for Pollers {
    fn drop(&mut self) {
        for worker in &self.workers {
            let sources = mem::take(&mut worker.attached.lock().sources);
            let mut sources = sources;
            for source in sources.drain() {
                worker.poller.delete(&source);
            }
        }
    }
}
