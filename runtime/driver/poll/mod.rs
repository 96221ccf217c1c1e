//! Readiness polling: one poller per worker, each socket registered once with the poller of whoever waited first.
//!
//! Where the platform has edge-triggered polling the registration is never touched again: every change of either
//! direction is reported and remembered, whether somebody waits or not. Elsewhere it is one-shot and renewed with the
//! interest of all who wait.

use std::io;
use std::mem;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use crossbeam::utils::CachePadded;
use polling::{Events, Poller};

use crate::primitive::sync::Mutex;

use super::bell::Bell;
use super::op::{Op, Ticket};
use super::slots::Slots;
use super::source::Source;
use super::{Direction, Options, closed};

mod beside;
mod interest;

#[derive(Debug)]
pub(super) struct Pollers {
    workers: Box<[CachePadded<Worker>]>,
}

#[derive(Debug)]
struct Worker {
    poller: Poller,
    is_edge: bool,
    bell: Bell,
    /// Held while waiting: a thief's `try_lock` then fails, for a sleeping worker is not stalled.
    events: Mutex<Events>,
    attached: Mutex<Attached>,
}

/// Every source this poller knows. The table keeps the descriptor open while it is registered.
#[derive(Debug)]
struct Attached {
    sources: Slots<Arc<Source>>,
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
            Op::Ready { source, direction: _ } => self.attach(index, &source),
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

    fn attach(&self, index: usize, source: &Arc<Source>) -> io::Result<()> {
        let mut attachment = source.attachment().lock();
        if let Some(ticket) = *attachment {
            let worker = &self.workers[ticket.worker()];
            return if worker.is_edge { Ok(()) } else { interest::renew(&worker.poller, source, ticket) };
        }
        let worker = &self.workers[index];
        let slot = {
            let mut attached = worker.attached.lock();
            if attached.is_closed {
                return Err(closed());
            }
            attached.sources.insert(source.clone())
        };
        let ticket = Ticket::new(index, slot);
        if let Err(error) = interest::add(&worker.poller, worker.is_edge, source, ticket) {
            worker.attached.lock().sources.remove(slot);
            return Err(error);
        }
        *attachment = Some(ticket);
        Ok(())
    }

    pub(super) fn detach(&self, source: &Arc<Source>, ticket: Ticket) {
        let worker = &self.workers[ticket.worker()];
        interest::delete(&worker.poller, source);
        let removed = worker.attached.lock().sources.remove(ticket.slot());
        drop(removed);
    }

    pub(super) fn is_level_at_arm(&self) -> bool {
        self.workers.iter().all(|worker| !worker.is_edge)
    }

    pub(super) fn is_quiet(&self, index: usize) -> bool {
        self.in_flight(index) == 0
    }

    pub(super) fn in_flight(&self, index: usize) -> usize {
        self.workers[index].attached.lock().sources.len()
    }

    pub(super) fn harvest(&self, index: usize, wakers: &mut Vec<Waker>) -> io::Result<()> {
        let worker = &self.workers[index];
        let mut events = worker.events.lock();
        worker.wait(&mut events, Some(Duration::ZERO), wakers)
    }

    pub(super) fn try_harvest(&self, index: usize, wakers: &mut Vec<Waker>) -> bool {
        let worker = &self.workers[index];
        let Some(mut events) = worker.events.try_lock() else { return false };
        worker.wait(&mut events, Some(Duration::ZERO), wakers).is_ok()
    }

    pub(super) fn park(
        &self,
        index: usize,
        stuck: &[usize],
        timeout: Option<Duration>,
        wakers: &mut Vec<Waker>,
    ) -> io::Result<()> {
        let worker = &self.workers[index];
        let mut events = worker.events.lock();
        let mut timeout = if worker.bell.consume() { Some(Duration::ZERO) } else { timeout };
        if beside::IS_OFFERED && !stuck.is_empty() {
            let pollers = stuck.iter().chain([&index]).map(|index| &self.workers[*index].poller);
            beside::sleep(pollers, timeout)?;
            timeout = Some(Duration::ZERO);
        }
        let outcome = worker.wait(&mut events, timeout, wakers);
        // Rung while asleep: returning is the answer [ring-ends-park].
        worker.bell.consume();
        outcome
    }

    pub(super) fn ring_doorbell(&self, index: usize) {
        let worker = &self.workers[index];
        if worker.bell.strike() {
            worker.poller.notify().expect("the poller's own wake-up descriptor takes a ring");
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
            interest::delete(&worker.poller, &source);
            *attachment = None;
            drop(attachment);
            source.side(Direction::Read).event(true, wakers);
            source.side(Direction::Write).event(true, wakers);
        }
    }
}

impl Worker {
    fn new() -> io::Result<Worker> {
        let poller = Poller::new()?;
        let attached = Attached { sources: Slots::new(), is_closed: false };
        Ok(Worker {
            is_edge: poller.supports_edge(),
            poller,
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
    ) -> io::Result<()> {
        events.clear();
        match self.poller.wait(events, timeout) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            Err(error) => return Err(error),
        }
        if self.is_edge {
            self.dispatch_edges(events, wakers);
            return Ok(());
        }
        self.dispatch_once(events, wakers)
    }

    fn dispatch_edges(&self, events: &Events, wakers: &mut Vec<Waker>) {
        let mut attached = self.attached.lock();
        for event in events.iter() {
            // A source that was detached after the kernel reported it.
            let Some(source) = interest::find(&mut attached.sources, event.key) else { continue };
            // The poller reports a hang-up or an error as both.
            if event.readable {
                source.side(Direction::Read).event(false, wakers);
            }
            if event.writable {
                source.side(Direction::Write).event(false, wakers);
            }
        }
    }

    fn dispatch_once(&self, events: &Events, wakers: &mut Vec<Waker>) -> io::Result<()> {
        for event in events.iter() {
            let source = match interest::find(&mut self.attached.lock().sources, event.key) {
                Some(source) => source.clone(),
                None => continue,
            };
            if event.readable {
                source.side(Direction::Read).event(true, wakers);
            }
            if event.writable {
                source.side(Direction::Write).event(true, wakers);
            }
            let attachment = source.attachment().lock();
            if let Some(ticket) = *attachment {
                // The one shot was for both directions; the other may still be waited for.
                interest::renew(&self.poller, &source, ticket)?;
            }
        }
        Ok(())
    }
}

impl Drop for Pollers {
    fn drop(&mut self) {
        for worker in &self.workers {
            let sources = mem::replace(&mut worker.attached.lock().sources, Slots::new());
            let mut sources = sources;
            for source in sources.drain() {
                interest::delete(&worker.poller, &source);
            }
        }
    }
}
