//! io_uring: one ring per worker.
//!
//! `../DESIGN.md` has the algorithm, the invariants and the rejected designs. Read the files in
//! this order:
//!
//! - `ring.rs`: the two shared queues and the system call between them.
//! - `entries.rs`, `encode_file.rs`: operations to entries, and completions to results.
//! - `outbox.rs`: what waits for a worker's next turn.
//! - `worker_ring.rs`: one worker's ring and everything that changes under its lock.
//! - `worker.rs`: the ring and the ways by which other threads reach it.
//! - `table.rs`: the memory that is registered with a ring.
//! - `loads.rs`: what the workers know of each other when they place waits.
//! - `placement.rs`: the choice of the ring for a worker's waits.
//! - `thread_usage.rs`: what the system has counted for a worker's thread.
//! - `interrupt.rs`: how a busy owner is made to post its completions.
//! - `probe.rs`: whether the kernel offers what this back end needs.

use std::io;
use std::mem;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use crossbeam::utils::CachePadded;

use crate::buf::FixedMemory;
use crate::primitive::atomic::Ordering;
use crate::primitive::sync::MutexGuard;

use super::asker::Asker;
use super::file::OpKind;
use super::leftover::{Harvest, Leftover, clear_away};
use super::mailbox::Posted;
use super::op::Op;
use super::ticket::Ticket;
use super::{Options, closed};

mod encode_file;
mod entries;
mod interrupt;
mod loads;
mod outbox;
mod placement;
mod probe;
mod ring;
mod table;
#[cfg(test)]
mod tests;
mod thread_usage;
mod worker;
mod worker_ring;

use self::outbox::KeptResults;
use self::worker_ring::{Started, WorkerRing};
use loads::Loads;
use probe::{Refusal, Supported};
use ring::Ring;
use worker::{MailboxRequest, RingWorker, begin};

#[derive(Debug)]
pub(super) struct Rings {
    workers: Box<[CachePadded<RingWorker>]>,
    loads: Loads,
    /// Equal for all rings, because they belong to one kernel.
    supported: Supported,
    /// The process that made them. A forked child does not have their memory.
    owner: u32,
}

impl Rings {
    pub(super) fn new(options: &Options) -> io::Result<Rings> {
        if options.workers > 1 {
            interrupt::prepare();
        }
        let mut supported = None;
        let workers = (0..options.workers).map(|index| {
            let ring = Ring::create(options, supported).map_err(Refusal::into_error)?;
            supported = Some(ring.supported());
            let worker = RingWorker::new(index, ring).map_err(Refusal::into_error)?;
            if let Some(observation) = &options.observation {
                worker.worker_ring.lock().in_flight.observe(observation.worker(index).clone());
            }
            Ok(CachePadded::new(worker))
        });
        let workers = workers.collect::<io::Result<_>>()?;
        let loads = Loads::new(options.workers);
        let supported = supported.expect("a driver has at least one worker");
        Ok(Rings { workers, loads, supported, owner: std::process::id() })
    }

    pub(super) fn supports(&self, code: OpKind) -> bool {
        self.supported.has(code)
    }

    pub(super) fn bind(&self, index: usize) -> io::Result<()> {
        let worker = &self.workers[index];
        worker.worker_ring.lock().bind()
    }

    pub(super) fn release(&self, index: usize) {
        self.workers[index].worker_ring.lock().release();
    }

    pub(super) fn submit(&self, index: usize, asker: Asker, op: Op) -> io::Result<()> {
        let worker = &self.workers[index];
        // A refused or unwanted operation is dropped after the match, with the lock released.
        match asker {
            Asker::Foreign => worker.post(MailboxRequest::Start(op)),
            Asker::Worker(_) => {
                let mut leftovers = Vec::new();
                let outcome = worker.change(|worker_ring| {
                    let outcome = worker_ring.queue(op);
                    worker_ring.begin_direct(&mut leftovers);
                    outcome
                });
                // The caller polls a task, so other workers take it for awake.
                clear_away(leftovers);
                outcome.map_err(|_op| closed())
            }
            // Begun at once: no other worker may take it over, and the task could not run elsewhere
            // anyway. It cannot be unwanted, because the task is submitting it right now.
            Asker::Pinned(_) => match worker.change(|worker_ring| worker_ring.start(op)) {
                Started::Taken | Started::Unwanted(_) => Ok(()),
                Started::Closed(_) => Err(closed()),
            },
        }
    }

    pub(super) fn cancel(&self, local: bool, ticket: Ticket) {
        if !self.is_ours() {
            return;
        }
        let worker = &self.workers[ticket.worker()];
        if local {
            worker.worker_ring.lock().cancel(ticket.slot());
        } else {
            // Refused: the worker has shut down, and cancelled everything itself.
            let _ = worker.post(MailboxRequest::Cancel(ticket.slot()));
        }
    }

    pub(super) fn unregister(&self, memory: &Arc<FixedMemory>) {
        for worker in &self.workers {
            // Refused: the worker has shut down, and its ring has released everything.
            let _ = worker.post(MailboxRequest::Unregister(memory.clone()));
        }
    }

    pub(super) fn is_quiet(&self, index: usize) -> bool {
        let worker = &self.workers[index];
        if worker.mailbox.is_pending() {
            return false;
        }
        // If the lock is taken, another worker reaps for this one, so there is something to look
        // at.
        worker.worker_ring.try_lock().is_some_and(|mut worker_ring| worker_ring.is_quiet())
    }

    pub(super) fn harvest(&self, index: usize, harvest: &mut Harvest<'_>) -> io::Result<()> {
        let worker = &self.workers[index];
        let mut leftovers = Vec::new();
        let mut worker_ring = worker.worker_ring.lock();
        worker.read_mailbox(&mut worker_ring, harvest.wakers, &mut leftovers);
        self.submit_outbox(index, &mut worker_ring, harvest.wakers, &mut leftovers);
        let outcome = worker_ring.pump(harvest.wakers, &mut leftovers);
        worker.publish(&worker_ring);
        drop(worker_ring);
        harvest.leave(leftovers);
        outcome
    }

    pub(super) fn try_harvest(&self, index: usize, harvest: &mut Harvest<'_>) -> bool {
        let worker = &self.workers[index];
        let Some(mut worker_ring) = worker.worker_ring.try_lock() else { return false };
        let mut leftovers = Vec::new();
        worker_ring.reap_for_owner(harvest.wakers, &mut leftovers);
        worker.publish(&worker_ring);
        drop(worker_ring);
        harvest.leave(leftovers);
        true
    }

    pub(super) fn park(
        &self,
        index: usize,
        timeout: Option<Duration>,
        harvest: &mut Harvest<'_>,
    ) -> io::Result<()> {
        let worker = &self.workers[index];
        let mut leftovers = Vec::new();
        let mut worker_ring = worker.worker_ring.lock();
        worker.mailbox.fall_asleep();
        worker.read_mailbox(&mut worker_ring, harvest.wakers, &mut leftovers);
        self.submit_outbox(index, &mut worker_ring, harvest.wakers, &mut leftovers);
        let timeout = if worker.wake_up.consume() { Some(Duration::ZERO) } else { timeout };
        // Do not sleep on results that others wait for: a wake-up, or the end of a stream that an
        // `Leftover` still holds open.
        let outcome =
            if harvest.wakers.is_empty() && leftovers.is_empty() && worker_ring.has_nothing_in_flight() {
                worker.wake_up.doze(timeout);
                Ok(())
            } else {
                worker_ring.sleep(&worker.doorbell, timeout, harvest.wakers, &mut leftovers)
            };
        worker_ring.placement.slept();
        worker.mailbox.wake_up();
        // A wake-up was sent during the sleep; returning answers it [ring-ends-park].
        worker.wake_up.consume();
        worker.publish(&worker_ring);
        drop(worker_ring);
        harvest.leave(leftovers);
        outcome
    }

    /// Begins, on the ring of the calling worker `by`, the operations that the stuck worker `index`
    /// was asked for and has not begun.
    pub(super) fn take_over(&self, index: usize, by: usize, harvest: &mut Harvest<'_>) {
        let (stuck, helper) = (&self.workers[index], &self.workers[by]);
        let mut ops = stuck.unread_ops();
        if let Some(mut worker_ring) = stuck.worker_ring.try_lock() {
            ops.append(&mut worker_ring.outbox.take());
            stuck.publish(&worker_ring);
        }
        let mut leftovers = Vec::new();
        let mut worker_ring = helper.worker_ring.lock();
        worker_ring.placement.stay(Instant::now());
        for op in ops {
            begin(&mut worker_ring, op, harvest.wakers, &mut leftovers);
        }
        helper.publish(&worker_ring);
        drop(worker_ring);
        harvest.leave(leftovers);
    }

    /// Begins on the stuck worker's own ring the operations that it was asked for, and reaps. Does
    /// nothing while the worker itself uses its ring.
    pub(super) fn relieve(&self, index: usize, harvest: &mut Harvest<'_>) {
        let worker = &self.workers[index];
        let Some(mut worker_ring) = worker.worker_ring.try_lock() else { return };
        let mut leftovers = Vec::new();
        worker.read_mailbox(&mut worker_ring, harvest.wakers, &mut leftovers);
        for op in worker_ring.outbox.take() {
            begin(&mut worker_ring, op, harvest.wakers, &mut leftovers);
        }
        worker_ring.reap_for_owner(harvest.wakers, &mut leftovers);
        // A failure is not lost: the entries stay in the queue, and the owner's next turn gets the
        // same error.
        let _failure = worker_ring.pump(harvest.wakers, &mut leftovers);
        worker.publish(&worker_ring);
        drop(worker_ring);
        harvest.leave(leftovers);
    }

    /// Begins the operations that the worker's tasks have submitted since its last turn, on this
    /// ring or on the ring where waits gather.
    fn submit_outbox(
        &self,
        index: usize,
        worker_ring: &mut MutexGuard<'_, WorkerRing>,
        wakers: &mut Vec<Waker>,
        leftovers: &mut Vec<Leftover>,
    ) {
        let mut ops = worker_ring.outbox.take();
        let is_asleep = |index: usize| self.workers[index].mailbox.is_asleep();
        let given_up = worker_ring.placement.review(&self.loads, ops.len(), is_asleep);
        if let Some(stuck) = given_up {
            ops.append(&mut self.workers[stuck].unread_ops());
        }
        let target = worker_ring.placement.target();
        if target != index {
            self.send(target, &mut ops);
        }
        for op in ops.drain(..) {
            begin(worker_ring, op, wakers, leftovers);
        }
        worker_ring.outbox.reuse(ops);
    }

    /// Hands the waits among these operations to another worker, unless it has shut down. All
    /// others stay.
    fn send(&self, target: usize, ops: &mut Vec<Op>) {
        let (waits, others) = mem::take(ops).into_iter().partition(Op::is_wait);
        *ops = others;
        let waits: Vec<Op> = waits;
        if waits.is_empty() {
            return;
        }
        let mut messages = waits.into_iter().map(MailboxRequest::Start).collect();
        match self.workers[target].mailbox.post_batch(&mut messages) {
            Posted::Quiet => {}
            Posted::Ring => self.workers[target].ring(),
            Posted::Refused(()) => ops.extend(messages.into_iter().filter_map(MailboxRequest::into_op)),
        }
    }

    /// Whether this process may touch the rings: a forked child may not. It has no threads that
    /// would release the locks that they held, either.
    fn is_ours(&self) -> bool {
        std::process::id() == self.owner
    }

    /// Submits the cancels that this worker was asked for, and closes the sockets whose waits they
    /// end, so that nobody finds them by their names. All other results wait for the worker's turn,
    /// because this is called in a drop. Does nothing in a forked child, which has no rings.
    pub(super) fn close_dropped(&self, index: usize) {
        if !self.is_ours() {
            return;
        }
        let worker = &self.workers[index];
        let (mut wakers, mut leftovers) = (Vec::new(), Vec::new());
        let mut worker_ring = worker.worker_ring.lock();
        let kept = mem::replace(&mut worker_ring.kept, KeptResults::new());
        worker.read_mailbox(&mut worker_ring, &mut wakers, &mut leftovers);
        for op in worker_ring.outbox.take_closing() {
            begin(&mut worker_ring, op, &mut wakers, &mut leftovers);
        }
        // A failure is not lost: the entries stay in the queue, and the worker's next turn gets the
        // same error.
        let _failure = worker_ring.pump(&mut wakers, &mut leftovers);
        let (closing, others): (Vec<_>, Vec<_>) = leftovers.into_iter().partition(Leftover::is_closing);
        worker_ring.kept = kept;
        worker_ring.kept.add(wakers, others);
        worker.publish(&worker_ring);
        drop(worker_ring);
        clear_away(closing);
    }

    pub(super) fn ring_doorbell(&self, index: usize) {
        self.workers[index].ring();
    }

    pub(super) fn in_flight(&self, index: usize) -> usize {
        // Ordering: Relaxed: an estimate; no decision relies on its being exact.
        self.workers[index].figures.in_flight.load(Ordering::Relaxed)
    }

    pub(super) fn has_file_work(&self, index: usize) -> bool {
        self.workers[index].worker_ring.lock().has_file_work()
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
        let mut leftovers = Vec::new();
        worker.mailbox.close();
        let mut worker_ring = worker.worker_ring.lock();
        worker_ring.close();
        for op in worker_ring.outbox.take() {
            begin(&mut worker_ring, op, wakers, &mut leftovers);
        }
        worker.read_mailbox(&mut worker_ring, wakers, &mut leftovers);
        worker_ring.kept.move_to(wakers, &mut leftovers);
        worker_ring.drain(deadline, wakers, &mut leftovers);
        worker.publish(&worker_ring);
        drop(worker_ring);
        clear_away(leftovers);
    }
}
