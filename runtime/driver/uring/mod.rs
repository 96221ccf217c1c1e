//! io_uring: one ring per worker.

use std::io;
use std::task::Waker;
use std::time::Duration;

use crossbeam::utils::CachePadded;

use crate::primitive::atomic::{AtomicUsize, Ordering};
use crate::primitive::sync::{Mutex, MutexGuard};

use super::mailbox::{Bell, Mailbox, Posted};
use super::op::{Op, Ticket};
use super::slots::SlotId;
use super::{Options, closed};

mod core;
mod decode;
mod doorbell;
mod encode;
mod probe;
mod ring;
#[cfg(test)]
mod tests;

use self::core::{Core, Start};
use doorbell::Doorbell;
use probe::Refusal;
use ring::Ring;

#[derive(Debug)]
pub(super) struct Rings {
    workers: Box<[CachePadded<Worker>]>,
}

#[derive(Debug)]
struct Worker {
    /// Held by the owner while it sleeps: a thief's `try_lock` then fails, for a sleeping worker is not stalled.
    core: Mutex<Core>,
    mailbox: Mailbox<Request>,
    bell: Bell,
    doorbell: Doorbell,
    /// Copied out of the core at every change, for those who do not want its lock.
    in_flight: AtomicUsize,
}

/// What another thread asks of a ring.
#[derive(Debug)]
enum Request {
    Start(Op),
    Cancel(SlotId),
}

impl Rings {
    pub(super) fn new(options: &Options) -> io::Result<Rings> {
        let workers = (0..options.workers).map(|index| {
            let worker = Worker::new(index, options).map_err(Refusal::into_error)?;
            Ok(CachePadded::new(worker))
        });
        Ok(Rings { workers: workers.collect::<io::Result<_>>()? })
    }

    pub(super) fn bind(&self, index: usize) -> io::Result<()> {
        let worker = &self.workers[index];
        worker.core.lock().bind(&worker.doorbell)
    }

    pub(super) fn submit(&self, index: usize, local: bool, op: Op) -> io::Result<()> {
        let worker = &self.workers[index];
        if !local {
            return worker.post(Request::Start(op));
        }
        let mut core = worker.core.lock();
        let start = core.start(op);
        worker.publish(&core);
        drop(core);
        match start {
            Start::Taken | Start::Unwanted(_) => Ok(()),
            Start::Closed(_) => Err(closed()),
        }
    }

    pub(super) fn cancel(&self, local: bool, ticket: Ticket) {
        let worker = &self.workers[ticket.worker];
        if local {
            worker.core.lock().cancel(ticket.slot);
        } else {
            // Refused: the worker has shut down, and cancelled everything itself.
            let _ = worker.post(Request::Cancel(ticket.slot));
        }
    }

    pub(super) fn is_quiet(&self, index: usize) -> bool {
        let worker = &self.workers[index];
        if worker.mailbox.is_pending() {
            return false;
        }
        // Taken: a thief reaps for this worker, so there is something to look at.
        worker.core.try_lock().is_some_and(|mut core| core.is_quiet())
    }

    pub(super) fn harvest(&self, index: usize, wakers: &mut Vec<Waker>) -> io::Result<()> {
        let worker = &self.workers[index];
        let mut orphans = Vec::new();
        let mut core = worker.core.lock();
        worker.open_mail(&mut core, wakers, &mut orphans);
        let outcome = core.pump(wakers, &mut orphans);
        worker.publish(&core);
        drop(core);
        drop(orphans);
        outcome
    }

    pub(super) fn try_harvest(&self, index: usize, wakers: &mut Vec<Waker>) -> bool {
        let worker = &self.workers[index];
        let Some(mut core) = worker.core.try_lock() else { return false };
        let mut orphans = Vec::new();
        core.reap(wakers, &mut orphans);
        worker.publish(&core);
        drop(core);
        drop(orphans);
        true
    }

    pub(super) fn park(
        &self,
        index: usize,
        timeout: Option<Duration>,
        wakers: &mut Vec<Waker>,
    ) -> io::Result<()> {
        let worker = &self.workers[index];
        let mut orphans = Vec::new();
        let mut core = worker.core.lock();
        worker.mailbox.fall_asleep();
        worker.open_mail(&mut core, wakers, &mut orphans);
        let timeout = if worker.bell.consume() { Some(Duration::ZERO) } else { timeout };
        let outcome = core.sleep(&worker.doorbell, timeout, wakers, &mut orphans);
        worker.mailbox.wake_up();
        // Rung while asleep: returning is the answer [ring-ends-park].
        worker.bell.consume();
        worker.publish(&core);
        drop(core);
        drop(orphans);
        outcome
    }

    pub(super) fn ring_doorbell(&self, index: usize) {
        self.workers[index].ring();
    }

    pub(super) fn in_flight(&self, index: usize) -> usize {
        // Ordering: Relaxed: a figure to judge by, not to act on.
        self.workers[index].in_flight.load(Ordering::Relaxed)
    }

    pub(super) fn stale_count(&self, index: usize) -> u64 {
        self.workers[index].core.lock().stale_count()
    }

    pub(super) fn leaked_count(&self, index: usize) -> usize {
        self.workers[index].core.lock().leaked_count()
    }

    pub(super) fn shutdown(&self, index: usize, deadline: Duration, wakers: &mut Vec<Waker>) {
        let worker = &self.workers[index];
        let mut orphans = Vec::new();
        worker.mailbox.close();
        let mut core = worker.core.lock();
        core.close();
        worker.open_mail(&mut core, wakers, &mut orphans);
        core.drain(deadline, wakers, &mut orphans);
        worker.publish(&core);
        drop(core);
        drop(orphans);
    }
}

impl Worker {
    fn new(index: usize, options: &Options) -> Result<Worker, Refusal> {
        let core = Core::new(index, Ring::create(options)?);
        Ok(Worker {
            core: Mutex::new(core),
            mailbox: Mailbox::new(),
            bell: Bell::new(),
            doorbell: Doorbell::new().map_err(Refusal::Setup)?,
            in_flight: AtomicUsize::new(0),
        })
    }

    fn ring(&self) {
        if self.bell.strike() {
            self.doorbell.ring();
        }
    }

    fn post(&self, request: Request) -> io::Result<()> {
        match self.mailbox.post(request) {
            Posted::Quiet => Ok(()),
            Posted::Ring => {
                self.ring();
                Ok(())
            }
            Posted::Refused(_) => Err(closed()),
        }
    }

    fn open_mail(&self, core: &mut Core, wakers: &mut Vec<Waker>, orphans: &mut Vec<Op>) {
        if !self.mailbox.is_pending() {
            return;
        }
        let mut requests = Vec::new();
        self.mailbox.take(&mut requests);
        for request in requests {
            match request {
                Request::Start(op) => match core.start(op) {
                    Start::Taken => {}
                    Start::Unwanted(op) => orphans.push(op),
                    Start::Closed(op) => {
                        op.finish(Err(closed()), wakers);
                        orphans.push(op);
                    }
                },
                Request::Cancel(slot) => core.cancel(slot),
            }
        }
    }

    fn publish(&self, core: &MutexGuard<'_, Core>) {
        // Ordering: Relaxed: a figure to judge by, not to act on.
        self.in_flight.store(core.in_flight(), Ordering::Relaxed);
    }
}
