//! A back end that never enters the kernel, for whole runtimes under explorers and counting builds.
//!
//! It works like a ring (`uring/`): outbox, mailbox, bell, and the table of operations in flight.
//! Behind it is a [`Kernel`] made of shuttle's locks and condition variables. Threads of the test
//! control it: they end operations, make sockets ready and let time pass. It offers only one
//! operation on files, the removal, which is identified by its path.

use std::io;
use std::mem;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use crossbeam::utils::CachePadded;

use crate::primitive::atomic::{AtomicU64, AtomicUsize, Ordering};
use crate::primitive::sync::Mutex;

use super::asker::Asker;
use super::file::OpKind;
use super::inflight::{Cancel, InFlight};
use super::mailbox::{Mailbox, Posted};
use super::op::Op;
use super::slots::SlotId;
use super::ticket::Ticket;
use super::wake_up::WakeUp;
use super::{Harvest, Leftover, Options, clear_away, closed};

#[cfg_attr(
    not(all(test, rt_shuttle)),
    allow(dead_code, reason = "only scenarios have sockets, and only shuttle a thread for the clock")
)]
mod kernel;

#[cfg(any(rt_shuttle, rt_count))]
pub(crate) use kernel::Kernel;
#[cfg(not(any(rt_shuttle, rt_count)))]
use kernel::Kernel;
use kernel::{Answer, Subject};

#[derive(Debug)]
pub(super) struct Fake {
    workers: Box<[CachePadded<Worker>]>,
    kernel: Arc<Kernel>,
}

#[derive(Debug)]
struct Worker {
    index: usize,
    /// Held by the owner while it sleeps, like that of a ring.
    core: Mutex<Core>,
    mailbox: Mailbox<Request>,
    wake_up: WakeUp,
    in_flight: AtomicUsize,
    stale_count: AtomicU64,
    kernel: Arc<Kernel>,
}

#[derive(Debug)]
struct Core {
    in_flight: InFlight,
    outbox: Vec<Op>,
    is_closed: bool,
}

#[derive(Debug)]
enum Request {
    Start(Op),
    Cancel(SlotId),
}

impl Fake {
    pub(super) fn new(options: &Options) -> Fake {
        let kernel = Arc::new(Kernel::new(options.workers));
        #[cfg(rt_count)]
        kernel.leave_out();
        let worker = |index| Worker {
            index,
            core: Mutex::new(Core { in_flight: InFlight::new(), outbox: Vec::new(), is_closed: false }),
            mailbox: Mailbox::new(),
            wake_up: WakeUp::new(),
            in_flight: AtomicUsize::new(0),
            stale_count: AtomicU64::new(0),
            kernel: kernel.clone(),
        };
        let workers = (0..options.workers).map(|index| CachePadded::new(worker(index)));
        Fake { workers: workers.collect(), kernel }
    }

    #[cfg(any(rt_shuttle, rt_count))]
    pub(super) fn kernel(&self) -> &Arc<Kernel> {
        &self.kernel
    }

    pub(super) fn supports(code: OpKind) -> bool {
        code == OpKind::Remove
    }

    pub(super) fn submit(&self, index: usize, asker: Asker, op: Op) -> io::Result<()> {
        let worker = &self.workers[index];
        match asker {
            Asker::Foreign => worker.post(Request::Start(op)),
            Asker::Worker(_) => {
                let mut core = worker.core.lock();
                if core.is_closed {
                    return Err(closed());
                }
                core.outbox.push(op);
                worker.publish(&core);
                Ok(())
            }
            Asker::Pinned(_) => {
                let mut core = worker.core.lock();
                if core.is_closed {
                    return Err(closed());
                }
                let unwanted = worker.start(&mut core, op);
                worker.publish(&core);
                drop(core);
                drop(unwanted);
                Ok(())
            }
        }
    }

    pub(super) fn cancel(&self, local: bool, ticket: Ticket) {
        let worker = &self.workers[ticket.worker()];
        if local {
            worker.cancel(&mut worker.core.lock(), ticket.slot());
        } else {
            // Refused: the worker has shut down, and cancelled everything itself.
            let _ = worker.post(Request::Cancel(ticket.slot()));
        }
    }

    pub(super) fn is_quiet(&self, index: usize) -> bool {
        let worker = &self.workers[index];
        let is_idle = |core: &Core| core.outbox.is_empty() && !self.kernel.has_completions(index);
        !worker.mailbox.is_pending() && worker.core.try_lock().is_some_and(|core| is_idle(&core))
    }

    pub(super) fn harvest(&self, index: usize, harvest: &mut Harvest<'_>) {
        let worker = &self.workers[index];
        let mut leftovers = Vec::new();
        let mut core = worker.core.lock();
        worker.come_round(&mut core, harvest.wakers, &mut leftovers);
        worker.reap(&mut core, harvest.wakers, &mut leftovers);
        worker.publish(&core);
        drop(core);
        harvest.leave(leftovers);
    }

    pub(super) fn try_harvest(&self, index: usize, harvest: &mut Harvest<'_>) -> bool {
        let worker = &self.workers[index];
        let Some(mut core) = worker.core.try_lock() else { return false };
        let mut leftovers = Vec::new();
        worker.reap(&mut core, harvest.wakers, &mut leftovers);
        worker.publish(&core);
        drop(core);
        harvest.leave(leftovers);
        true
    }

    pub(super) fn park(&self, index: usize, timeout: Option<Duration>, harvest: &mut Harvest<'_>) {
        let worker = &self.workers[index];
        let mut leftovers = Vec::new();
        let mut core = worker.core.lock();
        worker.mailbox.fall_asleep();
        worker.come_round(&mut core, harvest.wakers, &mut leftovers);
        let is_rung = worker.wake_up.consume();
        if !is_rung && harvest.wakers.is_empty() && leftovers.is_empty() {
            self.kernel.sleep(index, timeout);
        }
        worker.reap(&mut core, harvest.wakers, &mut leftovers);
        worker.mailbox.wake_up();
        // A wake-up was sent during the sleep; returning answers it [ring-ends-park].
        worker.wake_up.consume();
        worker.publish(&core);
        drop(core);
        harvest.leave(leftovers);
    }

    pub(super) fn take_over(&self, index: usize, by: usize, harvest: &mut Harvest<'_>) {
        let (stuck, helper) = (&self.workers[index], &self.workers[by]);
        let starts = stuck.mailbox.take_if(|request| matches!(request, Request::Start(_)));
        let mut ops: Vec<Op> = starts.into_iter().filter_map(Request::into_op).collect();
        if let Some(mut core) = stuck.core.try_lock() {
            ops.append(&mut core.outbox);
            stuck.publish(&core);
        }
        let mut leftovers = Vec::new();
        let mut core = helper.core.lock();
        ops.into_iter().for_each(|op| helper.begin(&mut core, op, harvest.wakers, &mut leftovers));
        helper.publish(&core);
        drop(core);
        harvest.leave(leftovers);
    }

    pub(super) fn ring_doorbell(&self, index: usize) {
        self.workers[index].ring();
    }

    pub(super) fn in_flight(&self, index: usize) -> usize {
        // Ordering: Relaxed: an estimate.
        self.workers[index].in_flight.load(Ordering::Relaxed)
    }

    pub(super) fn stale_count(&self, index: usize) -> u64 {
        // Ordering: Relaxed: an estimate.
        self.workers[index].stale_count.load(Ordering::Relaxed)
    }

    /// The simulated kernel releases everything at once.
    pub(super) fn shutdown(&self, index: usize, wakers: &mut Vec<Waker>) {
        let worker = &self.workers[index];
        let mut leftovers = Vec::new();
        worker.mailbox.close();
        let mut core = worker.core.lock();
        core.is_closed = true;
        worker.come_round(&mut core, wakers, &mut leftovers);
        for slot in core.in_flight.slots() {
            worker.cancel(&mut core, slot);
        }
        worker.reap(&mut core, wakers, &mut leftovers);
        assert_eq!(core.in_flight.len(), 0, "an operation outlived the shutdown");
        worker.publish(&core);
        drop(core);
        clear_away(leftovers);
    }
}

impl Request {
    fn into_op(self) -> Option<Op> {
        match self {
            Request::Start(op) => Some(op),
            Request::Cancel(_) => None,
        }
    }
}

impl Worker {
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

    fn ring(&self) {
        if self.wake_up.send() {
            self.kernel.post(self.index, Answer::Noise);
        }
    }

    /// Begins the operations that tasks and other threads have submitted.
    fn come_round(&self, core: &mut Core, wakers: &mut Vec<Waker>, leftovers: &mut Vec<Leftover>) {
        let mut messages = Vec::new();
        self.mailbox.take(&mut messages);
        for message in messages {
            match message {
                Request::Start(op) => self.begin(core, op, wakers, leftovers),
                Request::Cancel(slot) => self.cancel(core, slot),
            }
        }
        for op in mem::take(&mut core.outbox) {
            self.begin(core, op, wakers, leftovers);
        }
    }

    fn begin(&self, core: &mut Core, op: Op, wakers: &mut Vec<Waker>, leftovers: &mut Vec<Leftover>) {
        if core.is_closed {
            op.finish(Err(closed()), wakers);
            leftovers.extend(Leftover::of(op));
        } else {
            leftovers.extend(self.start(core, op).and_then(Leftover::of));
        }
    }

    /// Gives the operation back if nothing waits for it any more.
    fn start(&self, core: &mut Core, op: Op) -> Option<Op> {
        match core.in_flight.admit(op, self.index, |op, slot| (slot, Subject::of(op))) {
            Ok((slot, subject)) => {
                self.kernel.begin(self.index, slot, subject);
                None
            }
            Err(op) => Some(op),
        }
    }

    fn cancel(&self, core: &mut Core, slot: SlotId) {
        match core.in_flight.cancel(slot) {
            Cancel::Needed => self.kernel.cancel(self.index, slot),
            Cancel::Pointless => {}
        }
    }

    fn reap(&self, core: &mut Core, wakers: &mut Vec<Waker>, leftovers: &mut Vec<Leftover>) {
        for answer in self.kernel.take_answers(self.index) {
            let Answer::End(slot, is_cancelled) = answer else { continue };
            let result = if is_cancelled { Err(io::ErrorKind::Interrupted.into()) } else { Ok(0) };
            core.in_flight.land(slot, result, wakers, leftovers);
        }
    }

    fn publish(&self, core: &Core) {
        // Ordering: Relaxed: estimates.
        self.in_flight.store(core.outbox.len() + core.in_flight.len(), Ordering::Relaxed);
        self.stale_count.store(core.in_flight.stale_count(), Ordering::Relaxed);
    }
}
