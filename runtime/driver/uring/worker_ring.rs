//! One worker's ring and everything that changes under its lock.
#![expect(unsafe_code, reason = "submits entries whose memory this file owns until the kernel has finished")]

use std::io;
use std::mem;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use crate::buf::FixedMemory;
use crate::driver::doorbell::Doorbell;
use crate::driver::errors::{closed, undone};
use crate::driver::inflight::{Cancel, InFlight};
use crate::driver::leftover::Leftover;
use crate::driver::op::Op;
use crate::driver::slots::SlotId;

use super::entries::{self, Breaking, Cqe, Name};
use super::interrupt;
use super::outbox::{KeptResults, Outbox};
use super::placement::Placement;
use super::ring::{Entered, Ring, Wait};
use super::table::Table;

/// The most entries into the kernel in one harvest, because timers and tasks wait as well.
const ROUNDS_MAX: usize = 16;

/// How often another worker checks whether the kernel has posted the completions that it held back.
/// The checks take about ten microseconds in total.
const HELD_BACK_LOOKS: usize = 500;

/// How long a shutdown sleeps between two checks.
const DRAIN_STEP: Duration = Duration::from_millis(20);

/// The outcome of starting an operation. An operation that is given back must be dropped where no
/// lock is held.
#[must_use]
#[derive(Debug)]
pub(super) enum Started {
    Taken,
    /// The future that submitted it is gone.
    Unwanted(Op),
    /// The worker has shut down.
    Closed(Op),
}

#[derive(Debug)]
pub(super) struct WorkerRing {
    worker: usize,
    pub(super) ring: Ring,
    /// Dropped after the ring [registered-is-held].
    pub(super) table: Table,
    pub(super) in_flight: InFlight,
    pub(super) outbox: Outbox,
    pub(super) placement: Placement,
    pub(super) kept: KeptResults,
    /// The multishot poll on the doorbell is queued or in flight [doorbell-is-armed].
    is_doorbell_armed: bool,
    /// Which poll on the doorbell counts: each thread that serves the ring arms its own.
    doorbell_turn: u16,
    is_closed: bool,
    leaked_count: usize,
}

impl WorkerRing {
    pub(super) fn new(worker: usize, ring: Ring) -> WorkerRing {
        WorkerRing {
            worker,
            ring,
            table: Table::new(),
            in_flight: InFlight::new(),
            outbox: Outbox::new(),
            placement: Placement::new(worker),
            kept: KeptResults::new(),
            is_doorbell_armed: false,
            doorbell_turn: 0,
            is_closed: false,
            leaked_count: 0,
        }
    }

    pub(super) fn bind(&mut self) -> io::Result<()> {
        if self.is_closed {
            return Err(closed());
        }
        self.ring.take_over()?;
        // The load of this thread differs from that of the one before, so it is measured anew.
        self.placement.stay(Instant::now());
        Ok(())
    }

    /// Lets another thread take the ring. The kernel still assigns the operations in flight to this
    /// thread, and posts their completions when this thread enters the kernel or is interrupted.
    /// The doorbell cannot wait for that, so the next thread that sleeps arms its own poll, and
    /// this thread's poll is cancelled.
    pub(super) fn release(&mut self) {
        if self.ring.is_new() {
            return;
        }
        if mem::take(&mut self.is_doorbell_armed) {
            let entry = entries::cancel_doorbell(self.doorbell_turn, self.ring.can_skip_success());
            // SAFETY: a cancel points to nothing.
            unsafe { self.ring.push(entry) };
        }
        self.doorbell_turn = self.doorbell_turn.wrapping_add(1);
        // Only this thread may submit the queued entries. A failure is not lost: the next turn gets
        // the same error.
        let _failure = self.ring.enter(Wait::No);
        self.ring.release();
    }

    /// Keeps the operation for the worker's next turn. Gives it back if the worker has shut down.
    pub(super) fn queue(&mut self, op: Op) -> Result<(), Op> {
        if self.is_closed {
            return Err(op);
        }
        self.outbox.push(op);
        Ok(())
    }

    /// Begins the operations that bypass the page cache, as soon as they form a group. The others
    /// stay in the outbox.
    pub(super) fn begin_direct(&mut self, leftovers: &mut Vec<Leftover>) {
        let ops = self.outbox.take_direct_group();
        if ops.is_empty() {
            return;
        }
        for op in ops {
            if let Started::Unwanted(op) | Started::Closed(op) = self.start(op) {
                leftovers.extend(Leftover::of(op));
            }
        }
        // A failure is not lost: the entries stay in the queue, and the next turn gets the same
        // error.
        let _failure = self.ring.enter(Wait::No);
    }

    /// Takes ownership of the operation and puts it into the submission queue.
    pub(super) fn start(&mut self, op: Op) -> Started {
        if self.is_closed {
            return Started::Closed(op);
        }
        let (ring, table) = (&self.ring, &mut self.table);
        let admitted = self.in_flight.admit(op, self.worker, |op, slot| {
            let fixed = op.fixed_flight();
            let buffer_index =
                fixed.and_then(|(flight, region)| table.index_of(ring, region, || flight.fixed_memory()));
            entries::op(op, slot, buffer_index)
        });
        let entry = match admitted {
            Ok(entry) => entry,
            Err(op) => return Started::Unwanted(op),
        };
        // SAFETY: [owned-until-terminal] the operation owns what the entry points to, on the heap,
        // and a reference to its descriptor. It is in the table, which gives it up only when its
        // terminal completion was reaped, or leaks it. [registered-is-held] A table index names the
        // memory that contains the address, until the operation is over.
        unsafe { self.ring.push(entry) };
        Started::Taken
    }

    /// No operation with this memory is in flight, and none will come.
    pub(super) fn unregister(&mut self, memory: &Arc<FixedMemory>) {
        self.table.forget(&self.ring, memory);
    }

    pub(super) fn cancel(&mut self, slot: SlotId) {
        match self.in_flight.cancel(slot) {
            Cancel::Needed => {
                let entry = entries::cancel(slot, self.ring.can_skip_success());
                // SAFETY: a cancel points to nothing.
                unsafe { self.ring.push(entry) };
            }
            Cancel::Pointless => {}
        }
    }

    pub(super) fn stale_count(&self) -> u64 {
        self.in_flight.stale_count()
    }

    pub(super) fn leaked_count(&self) -> usize {
        self.leaked_count
    }

    pub(super) fn in_flight(&self) -> usize {
        self.outbox.len() + self.in_flight.len()
    }

    /// Whether an operation on a file or a path is queued here or in flight.
    pub(super) fn has_file_work(&self) -> bool {
        self.outbox.iter().chain(self.in_flight.ops()).any(Op::is_of_file)
    }

    pub(super) fn is_quiet(&mut self) -> bool {
        let has_nothing = self.outbox.len() == 0 && self.kept.is_empty();
        has_nothing && !self.ring.wants_entry() && !self.ring.has_completions()
    }

    /// Only the doorbell could end a sleep [dozes-for-nothing].
    pub(super) fn has_nothing_in_flight(&mut self) -> bool {
        self.in_flight.len() == 0 && self.is_quiet()
    }

    /// Submits and reaps without blocking.
    pub(super) fn pump(&mut self, wakers: &mut Vec<Waker>, leftovers: &mut Vec<Leftover>) -> io::Result<()> {
        for _ in 0..ROUNDS_MAX {
            let mut entered = Entered::Done;
            if self.ring.wants_entry() {
                entered = self.ring.enter(Wait::No)?;
            }
            let reaped_count = self.reap(wakers, leftovers);
            // Nothing was reaped: the flag may announce another thread's completions, and stay set
            // until the next one of this thread.
            if entered == Entered::Busy || (reaped_count == 0 && !self.ring.has_backlog()) || self.is_quiet()
            {
                break;
            }
        }
        Ok(())
    }

    /// Sleeps until one completion comes, unless there is something to do already.
    pub(super) fn sleep(
        &mut self,
        doorbell: &Doorbell,
        timeout: Option<Duration>,
        wakers: &mut Vec<Waker>,
        leftovers: &mut Vec<Leftover>,
    ) -> io::Result<()> {
        self.kept.move_to(wakers, leftovers);
        self.arm_doorbell(doorbell);
        while self.ring.has_backlog() {
            if self.ring.enter(Wait::No)? == Entered::Busy {
                break;
            }
            self.reap(wakers, leftovers);
        }
        // Do not sleep before the kernel has received everything: a cancel, or the poll on the
        // doorbell itself [doorbell-is-armed].
        let is_told = !self.ring.has_backlog() && self.is_doorbell_armed;
        // Nor on results that others wait for: a wake-up, or the end of a stream that an `Leftover`
        // still holds open.
        let is_idle = !self.ring.has_completions() && wakers.is_empty() && leftovers.is_empty();
        let wait = if is_told && is_idle { Wait::One(timeout) } else { Wait::No };
        let entered = self.ring.enter(wait)?;
        self.reap(wakers, leftovers);
        if entered == Entered::Busy {
            // Most likely out of memory: let others run before the next try.
            std::thread::yield_now();
        }
        Ok(())
    }

    /// Reaps for an owner that is busy elsewhere, after making the kernel post the completions that
    /// it holds back.
    pub(super) fn reap_for_owner(&mut self, wakers: &mut Vec<Waker>, leftovers: &mut Vec<Leftover>) {
        if self.ring.is_held_back() {
            interrupt::owners();
            for _ in 0..HELD_BACK_LOOKS {
                if !self.ring.is_held_back() {
                    break;
                }
                std::hint::spin_loop();
            }
        }
        self.reap(wakers, leftovers);
    }

    /// Takes every completion that is there. Never enters the kernel, so another worker may do it.
    pub(super) fn reap(&mut self, wakers: &mut Vec<Waker>, leftovers: &mut Vec<Leftover>) -> usize {
        if !self.kept.is_empty() {
            self.kept.move_to(wakers, leftovers);
        }
        let mut reaped_count = 0;
        while let Some(cqe) = self.ring.pop() {
            reaped_count += 1;
            match cqe.name {
                Name::Doorbell(turn) if turn == self.doorbell_turn => {
                    self.is_doorbell_armed &= !cqe.is_terminal;
                }
                Name::Doorbell(_) => {}
                Name::Cancel => {}
                Name::Slot(slot) if !cqe.is_terminal => {
                    self.in_flight.answer(slot, self.result(&cqe), wakers, leftovers);
                }
                Name::Slot(slot) => self.in_flight.land(slot, self.result(&cqe), wakers, leftovers),
            }
        }
        self.in_flight.end_batch();
        reaped_count
    }

    /// The result for the waiting future. A future that cancelled its operation no longer waits. So
    /// if an operation was broken off and still has a waiter, the reason is the end of this worker
    /// or of the thread that submitted it [undone-begins-anew].
    fn result(&self, cqe: &Cqe) -> io::Result<i32> {
        match cqe.breaking(self.ring.has_moved() || self.is_closed) {
            None => cqe.result(),
            Some(_) if self.is_closed => Err(closed()),
            Some(Breaking) => Err(undone()),
        }
    }

    /// Arms the poll on the doorbell, also again after the kernel has ended the multishot poll. The
    /// kernel does so when the completion queue overflows, and when the thread that armed it exits.
    fn arm_doorbell(&mut self, doorbell: &Doorbell) {
        if !self.is_doorbell_armed {
            self.is_doorbell_armed = true;
            // SAFETY: it names the doorbell's descriptor, which lives as long as the ring.
            unsafe { self.ring.push(entries::doorbell(doorbell, self.doorbell_turn)) };
        }
    }

    /// From now on no operation is started.
    pub(super) fn close(&mut self) {
        self.is_closed = true;
    }

    /// Cancels everything and waits until it completes. Leaks what does not complete in time.
    pub(super) fn drain(
        &mut self,
        deadline: Duration,
        wakers: &mut Vec<Waker>,
        leftovers: &mut Vec<Leftover>,
    ) {
        if self.ring.is_new() {
            return;
        }
        let started = Instant::now();
        if self.in_flight.len() > 0 {
            // SAFETY: a cancel points to nothing.
            unsafe { self.ring.push(entries::cancel_all()) };
        }
        while self.in_flight.len() > 0 {
            let Some(left) = deadline.checked_sub(started.elapsed()) else { break };
            let must_reap = self.ring.has_completions() || self.ring.has_backlog();
            let wait = if must_reap { Wait::No } else { Wait::One(Some(left.min(DRAIN_STEP))) };
            let entered = self.ring.enter(wait);
            let before_count = self.in_flight.len();
            self.reap(wakers, leftovers);
            if entered.is_err() {
                break;
            }
            if self.in_flight.len() == before_count {
                // This kernel cannot cancel everything at once: cancel one by one.
                for slot in self.in_flight.slots() {
                    self.cancel(slot);
                }
            }
        }
        self.leak(wakers);
        // A leaked operation keeps its pages, and its memory [owned-until-terminal].
        self.table.clear(&self.ring);
    }

    fn leak(&mut self, wakers: &mut Vec<Waker>) {
        self.leaked_count += self.in_flight.leak(wakers);
    }
}

impl Drop for WorkerRing {
    fn drop(&mut self) {
        // The driver was never shut down. Its wakers are dropped here, where no lock is held.
        self.leak(&mut Vec::new());
    }
}
