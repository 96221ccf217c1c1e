//! Readiness polling: one poller per worker, each socket registered once with the poller of whoever waited first.
//!
//! Where the platform has edge-triggered polling the registration is never touched again: every change of either
//! direction is reported and remembered, whether somebody waits or not. Elsewhere it is one-shot and renewed with the
//! interest of all who wait. There a hang-up or an error would be reported for ever to who waits for something else, and the
//! poller cannot be asked for changes only: an order that is to stand, or to rest, is placed after a pause (`rest.rs`).
//!
//! On Linux the poller is ours, over epoll (`epoll.rs`); elsewhere it is the crate `polling` (`portable.rs`), which
//! `--cfg rt_portable` puts in its place on Linux as well, for tests.
//!
//! # Rejected
//! - `polling` on Linux. A wait of its is five system calls (timerfd, re-arming that and its eventfd, the wait, reading the
//!   eventfd), and its events do not tell the end of a stream from bytes, so that each read ends with a call that would block.
//!   2026-11-21, echo of 64 B, system calls per request over 1, 100 and 1000 connections: 7.9, 3.4 and 4.2; with epoll 3.0, 2.2
//!   and 2.2; tokio's are 3.1, 2.1 and 2.0. CPU per request against tokio's, on a machine that others used too: 1.36 and 1.49
//!   for 100 and 1000 connections, with epoll 1.02 and 1.26.
//! - The crate `mio`, which does both as epoll does here: on Windows it takes none but sockets of its own types.
//! - Sleeping to the microsecond (`epoll_pwait2`, Linux 5.11): timers are due in whole milliseconds, and a filter of system
//!   calls may not know it.

use std::io;
use std::mem;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use crate::primitive::sync::Mutex;
use crossbeam::utils::CachePadded;

use super::bell::Bell;
use super::op::{Op, Ticket};
use super::orphan::{Crop, Orphan, clear_away};
use super::readiness::Order;
use super::slots::{SlotId, Slots};
use super::source::Source;
use super::{Direction, Options, closed};

mod beside;
#[cfg(all(target_os = "linux", not(rt_portable)))]
mod epoll;
#[cfg(not(all(target_os = "linux", not(rt_portable))))]
mod portable;
mod rest;

#[cfg(all(target_os = "linux", not(rt_portable)))]
use epoll::{Events, Poller, find};
#[cfg(not(all(target_os = "linux", not(rt_portable))))]
use portable::{Events, Poller, find};

use rest::Rests;

#[derive(Debug)]
pub(super) struct Pollers {
    workers: Box<[CachePadded<Worker>]>,
}

#[derive(Debug)]
struct Worker {
    poller: Poller,
    bell: Bell,
    /// Held while waiting: a thief's `try_lock` then fails, for a sleeping worker is not stalled.
    events: Mutex<Events>,
    attached: Mutex<Attached>,
}

/// What a poller reports of one source.
#[derive(Clone, Copy, Debug)]
struct Event {
    key: u64,
    /// A hang-up or an error is both.
    is_readable: bool,
    is_writable: bool,
    /// More may have happened than that bytes came or went.
    has_ended: bool,
}

/// Which directions an order is placed for.
#[derive(Clone, Copy, Debug)]
struct Interest {
    read: bool,
    write: bool,
}

impl Interest {
    fn of(source: &Source) -> Interest {
        let is_armed = |direction| source.side(direction).is_armed();
        Interest { read: is_armed(Direction::Read), write: is_armed(Direction::Write) }
    }
}

/// Every source this poller knows. The table keeps the descriptor open while it is registered.
#[derive(Debug)]
struct Attached {
    sources: Slots<Arc<Source>>,
    /// Orders that are placed later, where there are no edges.
    rests: Rests,
    is_closed: bool,
}

impl Pollers {
    pub(super) fn new(options: &Options) -> io::Result<Pollers> {
        let workers = (0..options.workers).map(|_| Worker::new().map(CachePadded::new));
        Ok(Pollers { workers: workers.collect::<io::Result<_>>()? })
    }

    /// Does at once what can be done at once; a wait becomes an interest.
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
            Op::File(_) | Op::Send { .. } | Op::Lent { .. } => {
                unreachable!("this back end offers none of it: see `Backend::offered`")
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
            // It may sleep for longer than that.
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
        if let Err(error) = worker.poller.add(source, slot, Interest::of(source)) {
            worker.attached.lock().sources.remove(slot);
            return Err(error);
        }
        *attachment = Some(Ticket::new(index, slot));
        Ok(())
    }

    pub(super) fn detach(&self, source: &Arc<Source>, ticket: Ticket) {
        let worker = &self.workers[ticket.worker()];
        worker.poller.delete(source);
        let removed = worker.attached.lock().sources.remove(ticket.slot());
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

    pub(super) fn harvest(&self, index: usize, crop: &mut Crop<'_>) -> io::Result<()> {
        let worker = &self.workers[index];
        let mut orphans = Vec::new();
        let mut events = worker.events.lock();
        let outcome = worker.wait(&mut events, Some(Duration::ZERO), crop.wakers, &mut orphans);
        drop(events);
        crop.leave(orphans);
        outcome
    }

    pub(super) fn try_harvest(&self, index: usize, crop: &mut Crop<'_>) -> bool {
        let worker = &self.workers[index];
        let Some(mut events) = worker.events.try_lock() else { return false };
        let mut orphans = Vec::new();
        let outcome = worker.wait(&mut events, Some(Duration::ZERO), crop.wakers, &mut orphans);
        drop(events);
        crop.leave(orphans);
        outcome.is_ok()
    }

    pub(super) fn park(
        &self,
        index: usize,
        stuck: &[usize],
        timeout: Option<Duration>,
        crop: &mut Crop<'_>,
    ) -> io::Result<()> {
        let worker = &self.workers[index];
        let mut orphans = Vec::new();
        let mut events = worker.events.lock();
        let mut timeout = if worker.bell.consume() { Some(Duration::ZERO) } else { worker.limit(timeout) };
        if beside::IS_OFFERED && !stuck.is_empty() {
            let pollers = stuck.iter().chain([&index]).map(|index| &self.workers[*index].poller);
            beside::sleep(pollers, timeout)?;
            timeout = Some(Duration::ZERO);
        }
        let outcome = worker.wait(&mut events, timeout, crop.wakers, &mut orphans);
        // Rung while asleep: returning is the answer [ring-ends-park].
        worker.bell.consume();
        drop(events);
        crop.leave(orphans);
        outcome
    }

    pub(super) fn ring_doorbell(&self, index: usize) {
        let worker = &self.workers[index];
        if worker.bell.strike() {
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
            clear_away(Orphan::of_socket(source));
        }
    }
}

impl Worker {
    fn new() -> io::Result<Worker> {
        let attached = Attached { sources: Slots::new(), rests: Rests::new(), is_closed: false };
        Ok(Worker {
            poller: Poller::new()?,
            bell: Bell::new(),
            events: Mutex::new(Events::new()),
            attached: Mutex::new(attached),
        })
    }

    fn wait(
        &self,
        events: &mut Events,
        timeout: Option<Duration>,
        wakers: &mut Vec<Waker>,
        orphans: &mut Vec<Orphan>,
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
        self.dispatch_once(events, wakers, orphans)?;
        self.end_rests(orphans)
    }

    fn dispatch_edges(&self, events: &Events, wakers: &mut Vec<Waker>) {
        let mut attached = self.attached.lock();
        for event in events.iter() {
            // A source that was detached after the kernel reported it.
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
        orphans: &mut Vec<Orphan>,
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
                // The one shot was for both directions; the other may still be waited for.
                self.renew(&source, ticket.slot())?;
            }
            drop(attachment);
            // The socket may have been dropped meanwhile.
            orphans.extend(Orphan::of_socket(source));
        }
        Ok(())
    }

    /// Where there are no edges: asks again for what is waited for and does not rest. Without such nothing is asked for, for
    /// hang-ups and errors would be reported all the same [no-spin].
    fn renew(&self, source: &Source, slot: SlotId) -> io::Result<()> {
        let interest = {
            let rests = &self.attached.lock().rests;
            let armed = Interest::of(source);
            Interest {
                read: armed.read && !rests.has(slot, Direction::Read),
                write: armed.write && !rests.has(slot, Direction::Write),
            }
        };
        if interest.read || interest.write { self.poller.renew(source, slot, interest) } else { Ok(()) }
    }

    /// How long a sleep may be.
    fn limit(&self, timeout: Option<Duration>) -> Option<Duration> {
        if self.poller.is_edge() {
            return timeout;
        }
        let left = self.attached.lock().rests.left();
        timeout.into_iter().chain(left).min()
    }

    /// Places the orders whose rest is over.
    fn end_rests(&self, orphans: &mut Vec<Orphan>) -> io::Result<()> {
        let slots = self.attached.lock().rests.take_over();
        for slot in slots {
            let source = self.attached.lock().sources.get_mut(slot).cloned();
            let Some(source) = source else { continue };
            let attachment = source.attachment().lock();
            if attachment.is_some_and(|ticket| ticket.slot() == slot) {
                self.renew(&source, slot)?;
            }
            drop(attachment);
            // The socket may have been dropped meanwhile.
            orphans.extend(Orphan::of_socket(source));
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
