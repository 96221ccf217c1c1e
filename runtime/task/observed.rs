//! What is counted of a task while its runtime is observed.
//!
//! A task that is observed has a vtable of its own, and that vtable begins the task's record. So a
//! cell has no room for a record and the ways of other tasks have no step for it: they all go
//! through the vtable anyway. The record ends with its cell.
#![expect(unsafe_code, reason = "a vtable on the heap, which is found again from its task")]

use super::cause::Cause;
#[cfg(all(unix, feature = "console"))]
use super::counted_worker::with_worker;
use super::counted_worker::{OngoingPoll, wake_time};
use super::id::{Id, try_id};
use super::layout::{Header, Vtable};
use super::memory;
#[cfg(all(unix, feature = "console"))]
use super::poll_log::{LoggedPoll, LoggedWake};
use super::raw::{Reference, TaskRef};
use super::stats::TaskStats;
use super::time_stamp::nanos_now;
use crate::primitive::atomic::{AtomicU64, Ordering};
use crate::primitive::cell::UnsafeCell;
use std::ptr::{self, NonNull};
use std::time::Duration;

/// The record of a task. Times are those of `time_stamp.rs`, spans are nanoseconds.
#[repr(C)]
struct Record {
    /// The first field: the header points to it.
    vtable: Vtable,
    /// What the task would have if it were not observed.
    plain: NonNull<Vtable>,
    parent: Option<Id>,
    spawned_at: u64,
    /// When it became due, with `DUE`, or when its last poll began.
    since: AtomicU64,
    busy: AtomicU64,
    scheduled: AtomicU64,
    runs: AtomicU64,
    /// Read by each use and written by the end, so that models see a use that comes too late.
    life: UnsafeCell<()>,
}

#[cfg(all(not(any(rt_loom, rt_shuttle)), target_pointer_width = "64"))]
const _: () = assert!(size_of::<Record>() <= 96, "what observation costs per task");

/// In `since`: the time is that of a wake, and no poll has followed. It takes the place of single
/// nanoseconds.
const DUE: u64 = 1;

/// How often a task was polled, by which worker the last time, and how often by another one than
/// before, as one word that only the runner writes.
#[derive(Clone, Copy)]
struct Runs(u64);

impl Runs {
    const POLLS_BITS: u32 = 40;
    const MOVES_BITS: u32 = 13;
    const MOVES_MAX: u64 = (1 << Runs::MOVES_BITS) - 1;
    const POLLS_MAX: u64 = (1 << Runs::POLLS_BITS) - 1;

    /// The part of the worker is its index and one more; zero is none.
    fn new(polls: u64, moves: u64, worker: u64) -> Runs {
        let counts = polls.min(Runs::POLLS_MAX) | moves.min(Runs::MOVES_MAX) << Runs::POLLS_BITS;
        Runs(counts | worker << (Runs::POLLS_BITS + Runs::MOVES_BITS))
    }

    fn polls(self) -> u64 {
        self.0 & Runs::POLLS_MAX
    }

    fn moves(self) -> u64 {
        self.0 >> Runs::POLLS_BITS & Runs::MOVES_MAX
    }

    fn worker(self) -> u64 {
        self.0 >> (Runs::POLLS_BITS + Runs::MOVES_BITS)
    }

    /// One more poll, by `worker`. Zero, a thread that runs no worker, leaves the last one.
    fn after_poll(self, worker: u64) -> Runs {
        let before = self.worker();
        let has_moved = worker != 0 && before != 0 && worker != before;
        let worker = if worker == 0 { before } else { worker };
        Runs::new(self.polls() + 1, self.moves() + u64::from(has_moved), worker)
    }
}

impl Record {
    /// The record of a task that is spawned now, by the task of this thread.
    fn new(plain: NonNull<Vtable>) -> Record {
        let now = nanos_now();
        // SAFETY: of a new task, so it is the vtable of its types, a constant.
        let rest = unsafe { plain.as_ref() };
        Record {
            vtable: Vtable { run, schedule, free, is_observed: true, ..*rest },
            plain,
            parent: try_id(),
            spawned_at: now,
            since: AtomicU64::new(now | DUE),
            busy: AtomicU64::new(0),
            scheduled: AtomicU64::new(0),
            runs: AtomicU64::new(0),
            life: UnsafeCell::new(()),
        }
    }

    /// The functions for the types of the task.
    fn plain(&self) -> &'static Vtable {
        // SAFETY: a constant, as in `new`.
        unsafe { self.plain.as_ref() }
    }

    /// The task has become due. Called by the holder of the right to run.
    fn become_due(&self, now: u64) {
        self.life.with(|_| ());
        // Ordering: Relaxed [one-poller]: the right to run carries it to the runner; a dump reads a
        // hint.
        self.since.store(now | DUE, Ordering::Relaxed);
    }

    /// When the task became due. `None` if it was not: whoever looks at a task, or ends it, runs it
    /// all the same. Called by the runner.
    fn due_since(&self) -> Option<u64> {
        // Ordering: Relaxed [one-poller]: the right to run carries it to us.
        let since = self.since.load(Ordering::Relaxed);
        (since & DUE != 0).then_some(since & !DUE)
    }

    /// A poll has begun. Called by the runner.
    fn begin_poll(&self, poll: &OngoingPoll, due: Option<u64>) {
        let waited = due.map_or(0, |due| poll.began.saturating_sub(due));
        // Ordering: Relaxed [one-poller], all: only the runner writes these, and the right to run
        // carries them from one to the next; a dump reads hints.
        self.scheduled.store(self.scheduled.load(Ordering::Relaxed) + waited, Ordering::Relaxed);
        // Ordering: Relaxed, as above.
        let runs = Runs(self.runs.load(Ordering::Relaxed)).after_poll(poll.worker);
        // Ordering: Relaxed, as above.
        self.runs.store(runs.0, Ordering::Relaxed);
        // Ordering: Relaxed, as above.
        self.since.store(poll.began & !DUE, Ordering::Relaxed);
    }

    /// A poll is over. If the task was woken meanwhile, it is due again, and the caller has the
    /// right to run it. If not, others may run it already.
    fn end_poll(&self, began: u64, ended: u64, is_woken: bool) {
        self.life.with(|_| ());
        let length = ended.saturating_sub(began);
        // Ordering: Relaxed: a sum that only dumps read. An addition, because the next poll may
        // have ended on another thread.
        self.busy.fetch_add(length, Ordering::Relaxed);
        if is_woken {
            self.become_due(ended);
        }
    }

    /// What a dump shows. `is_running` and `is_due` are what the task does.
    fn stats(&self, is_running: bool, is_due: bool) -> TaskStats {
        let now = nanos_now();
        self.life.with(|_| ());
        // Ordering: Relaxed, all: hints.
        let since = now.saturating_sub(self.since.load(Ordering::Relaxed));
        // Ordering: Relaxed, as above.
        let runs = Runs(self.runs.load(Ordering::Relaxed));
        // Ordering: Relaxed, as above.
        let busy = self.busy.load(Ordering::Relaxed) + if is_running { since } else { 0 };
        // Ordering: Relaxed, as above.
        let scheduled = self.scheduled.load(Ordering::Relaxed) + if is_due { since } else { 0 };
        let age = now.saturating_sub(self.spawned_at);
        TaskStats {
            parent: self.parent,
            polls: runs.polls(),
            busy: Duration::from_nanos(busy),
            scheduled: Duration::from_nanos(scheduled),
            idle: Duration::from_nanos(age.saturating_sub(busy).saturating_sub(scheduled)),
            age: Duration::from_nanos(age),
            worker: usize::try_from(runs.worker()).ok().and_then(|worker| worker.checked_sub(1)),
            moves: runs.moves(),
        }
    }
}

/// Logs a poll of this thread, if somebody traces its worker.
#[cfg(all(unix, feature = "console"))]
fn log_poll(task: TaskRef<'_>, began: u64, ended: u64) {
    let poll = || LoggedPoll { task: task.id(), location: task.location(), began, ended };
    with_worker(|worker| worker.log.note_poll(poll));
}

/// Logs that this thread made a task due, if somebody traces its worker.
#[cfg(all(unix, feature = "console"))]
fn log_wake(task: TaskRef<'_>, at: u64) {
    with_worker(|worker| worker.log.note_wake(LoggedWake { task: task.id(), by: try_id(), at }));
}

#[cfg(not(all(unix, feature = "console")))]
fn log_poll(_task: TaskRef<'_>, _began: u64, _ended: u64) {}

#[cfg(not(all(unix, feature = "console")))]
fn log_wake(_task: TaskRef<'_>, _at: u64) {}

/// Gives a task a record.
///
/// # Safety
/// The task is new: no other thread knows it, and the caller uses no reference to its header.
pub(super) unsafe fn observe(task: NonNull<Header>) {
    // SAFETY: as our caller promises, so this borrow is the only one.
    let header = unsafe { &mut *task.as_ptr() };
    let record = memory::allocate::<Record>();
    // SAFETY: the memory is for a record, and ours.
    unsafe { record.write(Record::new(header.vtable)) };
    // A record begins with its vtable. It is freed with the cell, so the vtable lasts as long as
    // the header that has it, and the whole record may be reached through this pointer.
    header.vtable = record.cast();
}

/// The record of a task that is observed.
///
/// # Safety
/// The task is observed, and alive during `'a`.
unsafe fn record_of<'a>(task: NonNull<Header>) -> &'a Record {
    // SAFETY: `observe` has stored a pointer to a record, which ends with the task.
    unsafe { task.as_ref().vtable.cast::<Record>().as_ref() }
}

/// # Safety
/// As `Vtable::run`, for a task that is observed.
unsafe fn run(task: NonNull<Header>) -> bool {
    // The task may end by this run, and its record with it.
    // SAFETY: the right to run keeps the task alive until then ([runnable-is-alive]).
    let kept = unsafe { TaskRef::from_header(task) }.to_reference();
    // SAFETY: observed, as our caller promises, and alive as long as `kept`.
    let record = unsafe { record_of(kept.task().as_ptr()) };
    let due = record.due_since();
    // SAFETY: `kept` outlives the poll.
    let poll = unsafe { OngoingPoll::begin(task, due) };
    record.begin_poll(&poll, due);
    // SAFETY: as our caller promises; this is the vtable for the types of the task.
    let is_woken = unsafe { (record.plain().run)(task) };
    let (began, ended) = (poll.began, poll.end());
    log_poll(kept.task(), began, ended);
    record.end_poll(began, ended, is_woken);
    is_woken
}

/// # Safety
/// As `Vtable::schedule`, for a task that is observed.
unsafe fn schedule(task: NonNull<Header>, cause: Cause) {
    // SAFETY: observed, and the caller of `schedule` keeps it alive ([alive-while-scheduling]).
    let record = unsafe { record_of(task) };
    let now = wake_time();
    record.become_due(now);
    // SAFETY: as above.
    log_wake(unsafe { TaskRef::from_header(task) }, now);
    // SAFETY: as our caller promises; this is the vtable for the types of the task.
    unsafe { (record.plain().schedule)(task, cause) }
}

/// # Safety
/// As `Vtable::free`, for a task that is observed.
unsafe fn free(task: NonNull<Header>) {
    // Not by `record_of`: the memory needs the pointer that `observe` has stored.
    // SAFETY: the cell is freed below.
    let record = unsafe { task.as_ref().vtable.cast::<Record>() };
    // SAFETY: observed, so that is a record, and it is alive until it is taken back below.
    let plain = unsafe { record.as_ref() }.plain();
    // SAFETY: as our caller promises; this is the vtable for the types of the task.
    unsafe { (plain.free)(task) };
    // SAFETY: the header that pointed to it is gone, so nobody else uses it.
    unsafe { record.as_ref() }.life.with_mut(|_| ());
    // SAFETY: as above; `observe` has written it there.
    unsafe { ptr::drop_in_place(record.as_ptr()) };
    // SAFETY: the memory comes from `allocate`, for a record.
    unsafe { memory::release(record) };
}

impl Reference {
    /// What was counted of the task, if it is observed.
    pub(super) fn stats(&self, is_running: bool, is_due: bool) -> Option<TaskStats> {
        let task = self.task();
        // SAFETY: observed, and alive because we own a reference.
        task.vtable().is_observed.then(|| unsafe { record_of(task.as_ptr()) }.stats(is_running, is_due))
    }
}

#[cfg(all(test, not(any(rt_loom, rt_shuttle))))]
mod tests {
    use super::Runs;

    #[test]
    fn counts_of_runs_stay_apart_and_stop_at_their_ends() {
        let mut runs = Runs::new(0, 0, 0);
        for worker in [1, 1, 2, 0, 2, 1024] {
            runs = runs.after_poll(worker);
        }
        assert_eq!((runs.polls(), runs.moves(), runs.worker()), (6, 2, 1024));
        let full = Runs::new(Runs::POLLS_MAX, Runs::MOVES_MAX, 1).after_poll(2);
        assert_eq!((full.polls(), full.moves(), full.worker()), (Runs::POLLS_MAX, Runs::MOVES_MAX, 2));
    }
}
