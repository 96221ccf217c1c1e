//! io_uring: one ring per worker. What it does, and its invariants, are told in the room's header.
//!
//! # Rejected
//! - `DEFER_TASKRUN`: completions appear only when the owner enters the kernel. Measured 2026-11: invisible to another
//!   thread for as long as the owner computes, against 2.5 ms with `COOP_TASKRUN`.
//! - `SINGLE_ISSUER`: alone it changes nothing in the kernel (what it spares comes with `DEFER_TASKRUN`), but the ring must
//!   then be enabled by its worker's thread, which may be refused, so that a builder has to wait for every thread. Start and
//!   stop of 2 workers, 2026-11-21, medians of 1000: 176 µs with it, 163 without.
//! - Making each ring on its worker's thread, at the same time: a bare program of two threads and two rings took 180 µs
//!   instead of 142, for all of it changes the memory map of one process. It also would not know what is refused in time.
//! - Sleeping in the ring when nothing is in flight. One way from thread to thread, medians of 3 times 20,000: 5.1 µs and
//!   3.4 µs of CPU by eventfd and ring, 4.1 and 2.7 by a futex; and the first entry of a thread and its end cost it 6 µs each.
//! - A ring made when its worker first needs one: 26 µs less for each that never does, but what is refused would be told by an
//!   operation, and not by the builder.
//! - Queues in memory of ours (`NO_MMAP`): a ring made and closed takes 8.8 µs instead of 23.5, medians of 2000. But after
//!   the close the kernel still writes the last completions of what it cancels, and the memory must not have been given to
//!   somebody else by then. To be had when all that was begun, the doorbell included, is known to have landed; and not with
//!   the crate `io-uring`, which maps queues of the kernel's only.
//! - Each wait on the ring of the worker that polls, whatever the load. 2026-11-21, echo of 64 B over 100 connections, 2
//!   workers: 1.39 times tokio's CPU per request and 1.26 times its time (medians of 8 rounds), with gathering 1.01 and
//!   0.90. Gathering up to a sum of 0.85 instead of 1.5 workers: no gain there, for one worker was just about full.
//! - Gathering up to a sum of 1.0 or 0.7 workers. 2026-11-22, `serve` with files of 4 KiB under wrk, 64 connections, where
//!   the sum is 1.4, medians of 12 interleaved rounds: 0.97 and 0.98 times the CPU per request, but 1.36 and 1.63 times the
//!   99th percentile and 2.4 times the switches. Polling takes 0.94 to 0.95 of the CPU there, with no fewer system calls: of the
//!   1.1 to 1.4 µs between them 0.4 are one-shot polls against edges; the rest is spread over the kernel's copies, switches and
//!   the allocator's lock, without a cause that was found.
//! - Above a sum of 0.9 workers, each wait on the ring where the socket waited first, as polling has it. The same, 16 rounds:
//!   1.00 times the CPU, 1.00 times the requests, 0.93 times the 99th percentile.
//! - Asking the processor early for the memory that a batch of completions leads to, slots, sockets and tasks, and for the next
//!   task of the queue. 2026-11-22, echo of 64 B over 1000 connections, a single-threaded loop on a core of its own, CPU per
//!   request against the same build that does not ask, medians of 18 interleaved rounds: 1.01 with slots and sockets, 1.00
//!   with tasks, 1.00 with all of it: the tenth of the user time that it may save is lost in the noise of the kernel's part.
//! - 4096 completion entries unless more are asked for: 128 KiB in one piece per ring to find and to clear, 7 µs of 32.

use std::io;
use std::mem;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use crossbeam::utils::CachePadded;

use crate::buf::FixedMemory;
use crate::primitive::atomic::{AtomicU64, AtomicUsize, Ordering};
use crate::primitive::sync::{Mutex, MutexGuard};

use super::bell::Bell;
use super::context::Asker;
use super::doorbell::Doorbell;
use super::file::Offered;
use super::mailbox::{Mailbox, Posted};
use super::op::{Op, Ticket};
use super::orphan::{Crop, Orphan, clear_away};
use super::slots::SlotId;
use super::{Options, closed};

mod core;
mod decode;
mod encode;
mod encode_file;
mod interrupt;
mod placement;
mod probe;
mod ring;
mod table;
#[cfg(test)]
mod tests;

use self::core::{Core, Start};
use placement::Load;
use probe::Refusal;
use ring::Ring;

#[derive(Debug)]
pub(super) struct Rings {
    workers: Box<[CachePadded<Worker>]>,
    loads: Box<[CachePadded<Load>]>,
    /// The same for each: they are one kernel's.
    offered: Offered,
}

#[derive(Debug)]
struct Worker {
    /// Held by the owner while it sleeps: a thief's `try_lock` then fails, for a sleeping worker is not stalled.
    core: Mutex<Core>,
    mailbox: Mailbox<Request>,
    bell: Bell,
    doorbell: Doorbell,
    figures: Figures,
}

/// Copied out of the core at every change: its lock is held while the owner sleeps.
#[derive(Debug)]
struct Figures {
    in_flight: AtomicUsize,
    stale_count: AtomicU64,
    leaked_count: AtomicUsize,
}

/// What another thread asks of a ring.
#[derive(Debug)]
enum Request {
    Start(Op),
    Cancel(SlotId),
    /// No operation with this memory comes any more. The letter has a share of it, so that it finds this memory and no
    /// later one at the same address.
    Unregister(Arc<FixedMemory>),
}

impl Rings {
    pub(super) fn new(options: &Options) -> io::Result<Rings> {
        if options.workers > 1 {
            interrupt::prepare();
        }
        let mut offered = None;
        let workers = (0..options.workers).map(|index| {
            let ring = Ring::create(options, offered).map_err(Refusal::into_error)?;
            offered = Some(ring.offered());
            let worker = Worker::new(index, ring).map_err(Refusal::into_error)?;
            Ok(CachePadded::new(worker))
        });
        let workers = workers.collect::<io::Result<_>>()?;
        let loads = (0..options.workers).map(|_| CachePadded::new(Load::new())).collect();
        Ok(Rings { workers, loads, offered: offered.expect("a driver has at least one worker") })
    }

    pub(super) fn offered(&self) -> Offered {
        self.offered
    }

    pub(super) fn bind(&self, index: usize) -> io::Result<()> {
        let worker = &self.workers[index];
        worker.core.lock().bind()
    }

    pub(super) fn release(&self, index: usize) {
        self.workers[index].core.lock().release();
    }

    pub(super) fn submit(&self, index: usize, asker: Asker, op: Op) -> io::Result<()> {
        let worker = &self.workers[index];
        // What is refused or unwanted is dropped after the match: with the lock released.
        match asker {
            Asker::Foreign => worker.post(Request::Start(op)),
            Asker::Worker(_) => {
                let mut orphans = Vec::new();
                let outcome = worker.change(|core| {
                    let outcome = core.queue(op);
                    core.begin_direct(&mut orphans);
                    outcome
                });
                // The caller polls a task: others take it for awake.
                clear_away(orphans);
                outcome.map_err(|_op| closed())
            }
            // Begun at once: nobody else may take it over, and the task could not run elsewhere anyway. It is wanted: the
            // task is just asking.
            Asker::Pinned(_) => match worker.change(|core| core.start(op)) {
                Start::Taken | Start::Unwanted(_) => Ok(()),
                Start::Closed(_) => Err(closed()),
            },
        }
    }

    pub(super) fn cancel(&self, local: bool, ticket: Ticket) {
        let worker = &self.workers[ticket.worker()];
        if local {
            worker.core.lock().cancel(ticket.slot());
        } else {
            // Refused: the worker has shut down, and cancelled everything itself.
            let _ = worker.post(Request::Cancel(ticket.slot()));
        }
    }

    pub(super) fn unregister(&self, memory: &Arc<FixedMemory>) {
        for worker in &self.workers {
            // Refused: the worker has shut down, and its ring let go of everything.
            let _ = worker.post(Request::Unregister(memory.clone()));
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

    pub(super) fn harvest(&self, index: usize, crop: &mut Crop<'_>) -> io::Result<()> {
        let worker = &self.workers[index];
        let mut orphans = Vec::new();
        let mut core = worker.core.lock();
        worker.open_mail(&mut core, crop.wakers, &mut orphans);
        self.place(index, &mut core, crop.wakers, &mut orphans);
        let outcome = core.pump(crop.wakers, &mut orphans);
        worker.publish(&core);
        drop(core);
        crop.leave(orphans);
        outcome
    }

    pub(super) fn try_harvest(&self, index: usize, crop: &mut Crop<'_>) -> bool {
        let worker = &self.workers[index];
        let Some(mut core) = worker.core.try_lock() else { return false };
        let mut orphans = Vec::new();
        core.reap_for_owner(crop.wakers, &mut orphans);
        worker.publish(&core);
        drop(core);
        crop.leave(orphans);
        true
    }

    pub(super) fn park(
        &self,
        index: usize,
        timeout: Option<Duration>,
        crop: &mut Crop<'_>,
    ) -> io::Result<()> {
        let worker = &self.workers[index];
        let mut orphans = Vec::new();
        let mut core = worker.core.lock();
        worker.mailbox.fall_asleep();
        worker.open_mail(&mut core, crop.wakers, &mut orphans);
        self.place(index, &mut core, crop.wakers, &mut orphans);
        let timeout = if worker.bell.consume() { Some(Duration::ZERO) } else { timeout };
        // What others wait for must not sleep with us: a wake-up, or the end of a stream that an orphan still holds open.
        let outcome = if crop.wakers.is_empty() && orphans.is_empty() && core.has_nothing_in_flight() {
            worker.bell.doze(timeout);
            Ok(())
        } else {
            core.sleep(&worker.doorbell, timeout, crop.wakers, &mut orphans)
        };
        core.placement.slept();
        worker.mailbox.wake_up();
        // Rung while asleep: returning is the answer [ring-ends-park].
        worker.bell.consume();
        worker.publish(&core);
        drop(core);
        crop.leave(orphans);
        outcome
    }

    /// Begins on the ring of `by`, who calls, what the stuck worker `index` was asked for and has not begun.
    pub(super) fn take_over(&self, index: usize, by: usize, crop: &mut Crop<'_>) {
        let (stuck, helper) = (&self.workers[index], &self.workers[by]);
        let mut ops = stuck.unread_ops();
        if let Some(mut core) = stuck.core.try_lock() {
            ops.append(&mut core.take_outbox());
            stuck.publish(&core);
        }
        let mut orphans = Vec::new();
        let mut core = helper.core.lock();
        core.placement.stay(Instant::now());
        for op in ops {
            begin(&mut core, op, crop.wakers, &mut orphans);
        }
        helper.publish(&core);
        drop(core);
        crop.leave(orphans);
    }

    /// Begins on the stuck worker's own ring what it was asked for, and reaps. Not while the worker is at it itself.
    pub(super) fn relieve(&self, index: usize, crop: &mut Crop<'_>) {
        let worker = &self.workers[index];
        let Some(mut core) = worker.core.try_lock() else { return };
        let mut orphans = Vec::new();
        worker.open_mail(&mut core, crop.wakers, &mut orphans);
        for op in core.take_outbox() {
            begin(&mut core, op, crop.wakers, &mut orphans);
        }
        core.reap_for_owner(crop.wakers, &mut orphans);
        // A failure is not lost: the entries stay in the queue, and the owner's next turn meets it again.
        let _failure = core.pump(crop.wakers, &mut orphans);
        worker.publish(&core);
        drop(core);
        crop.leave(orphans);
    }

    /// Begins what the worker's tasks have asked for since its last turn: here, or where waits gather.
    fn place(
        &self,
        index: usize,
        core: &mut MutexGuard<'_, Core>,
        wakers: &mut Vec<Waker>,
        orphans: &mut Vec<Orphan>,
    ) {
        let given_up = core.placement.review(self.loads.iter().map(|load| &**load));
        let mut ops = core.take_outbox();
        if let Some(stuck) = given_up {
            ops.append(&mut self.workers[stuck].unread_ops());
        }
        let target = core.placement.target();
        if target != index {
            self.send(target, &mut ops);
        }
        for op in ops.drain(..) {
            begin(core, op, wakers, orphans);
        }
        core.reuse_outbox(ops);
    }

    /// Hands the waits among these operations to another worker, unless it has shut down. All others stay.
    fn send(&self, target: usize, ops: &mut Vec<Op>) {
        let (waits, others) = mem::take(ops).into_iter().partition(|op| matches!(op, Op::Ready { .. }));
        *ops = others;
        let waits: Vec<Op> = waits;
        if waits.is_empty() {
            return;
        }
        let mut letters = waits.into_iter().map(Request::Start).collect();
        match self.workers[target].mailbox.post_batch(&mut letters) {
            Posted::Quiet => {}
            Posted::Ring => self.workers[target].ring(),
            Posted::Refused(()) => ops.extend(letters.into_iter().filter_map(Request::into_op)),
        }
    }

    pub(super) fn ring_doorbell(&self, index: usize) {
        self.workers[index].ring();
    }

    pub(super) fn in_flight(&self, index: usize) -> usize {
        // Ordering: Relaxed: a figure to judge by, not to act on.
        self.workers[index].figures.in_flight.load(Ordering::Relaxed)
    }

    pub(super) fn has_file_work(&self, index: usize) -> bool {
        self.workers[index].core.lock().has_file_work()
    }

    pub(super) fn stale_count(&self, index: usize) -> u64 {
        // Ordering: Relaxed, as above.
        self.workers[index].figures.stale_count.load(Ordering::Relaxed)
    }

    pub(super) fn leaked_count(&self, index: usize) -> usize {
        // Ordering: Relaxed, as above.
        self.workers[index].figures.leaked_count.load(Ordering::Relaxed)
    }

    pub(super) fn shutdown(&self, index: usize, deadline: Duration, wakers: &mut Vec<Waker>) {
        let worker = &self.workers[index];
        let mut orphans = Vec::new();
        worker.mailbox.close();
        let mut core = worker.core.lock();
        core.close();
        for op in core.take_outbox() {
            begin(&mut core, op, wakers, &mut orphans);
        }
        worker.open_mail(&mut core, wakers, &mut orphans);
        core.drain(deadline, wakers, &mut orphans);
        worker.publish(&core);
        drop(core);
        clear_away(orphans);
    }
}

impl Request {
    fn into_op(self) -> Option<Op> {
        match self {
            Request::Start(op) => Some(op),
            Request::Cancel(_) | Request::Unregister(_) => None,
        }
    }
}

/// Starts the operation, or gives it to `orphans`, to be dropped where no lock is held.
fn begin(core: &mut Core, op: Op, wakers: &mut Vec<Waker>, orphans: &mut Vec<Orphan>) {
    match core.start(op) {
        Start::Taken => {}
        Start::Unwanted(op) => {
            op.withdraw(wakers);
            orphans.extend(Orphan::of(op));
        }
        Start::Closed(op) => {
            op.finish(Err(closed()), wakers);
            orphans.extend(Orphan::of(op));
        }
    }
}

impl Worker {
    fn new(index: usize, ring: Ring) -> Result<Worker, Refusal> {
        Ok(Worker {
            core: Mutex::new(Core::new(index, ring)),
            mailbox: Mailbox::new(),
            bell: Bell::new(),
            doorbell: Doorbell::new().map_err(Refusal::Setup)?,
            figures: Figures {
                in_flight: AtomicUsize::new(0),
                stale_count: AtomicU64::new(0),
                leaked_count: AtomicUsize::new(0),
            },
        })
    }

    fn change<R>(&self, change: impl FnOnce(&mut Core) -> R) -> R {
        let mut core = self.core.lock();
        let result = change(&mut core);
        self.publish(&core);
        result
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

    /// The operations in the mailbox of a worker that does not read it.
    fn unread_ops(&self) -> Vec<Op> {
        let starts = self.mailbox.take_if(|request| matches!(request, Request::Start(_)));
        starts.into_iter().filter_map(Request::into_op).collect()
    }

    fn open_mail(&self, core: &mut Core, wakers: &mut Vec<Waker>, orphans: &mut Vec<Orphan>) {
        if !self.mailbox.is_pending() {
            return;
        }
        let mut requests = Vec::new();
        self.mailbox.take(&mut requests);
        for request in requests {
            match request {
                Request::Start(op) => begin(core, op, wakers, orphans),
                Request::Cancel(slot) => core.cancel(slot),
                Request::Unregister(memory) => core.unregister(&memory),
            }
        }
    }

    fn publish(&self, core: &MutexGuard<'_, Core>) {
        // Ordering: Relaxed: figures to judge by, not to act on.
        self.figures.in_flight.store(core.in_flight(), Ordering::Relaxed);
        self.figures.stale_count.store(core.stale_count(), Ordering::Relaxed);
        self.figures.leaked_count.store(core.leaked_count(), Ordering::Relaxed);
    }
}
