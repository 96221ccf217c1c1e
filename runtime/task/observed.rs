//! What is counted of a task while its runtime is observed.
//!
//! A task that is observed has a vtable of its own, and that vtable begins the task's record. So a
//! cell has no room for a record and the ways of other tasks have no step for it: they all go
//! through the vtable anyway. The record ends with its cell.
#![expect(unsafe_code, reason = "a vtable on the heap, which is found again from its task")]

use super::cause::Cause;
use super::histogram::Histogram;
use super::id::{Id, try_id};
use super::latency::ObservedWorker;
use super::layout::{Header, Vtable};
use super::nanos::nanos_now;
#[cfg(all(unix, feature = "console"))]
use super::poll_log::{LoggedPoll, LoggedWake, PollLog};
use super::raw::{Reference, TaskRef};
use super::stats::TaskStats;
use crate::primitive::atomic::{AtomicU64, Ordering};
use crate::primitive::cell::UnsafeCell;
use crate::primitive::thread;
use std::cell::RefCell;
use std::ptr::NonNull;
use std::sync::Arc;
use std::time::Duration;

/// The record of a task. Times are those of `nanos.rs`, spans are nanoseconds.
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

/// A worker that a thread runs.
struct RunWorker {
    /// Its index and one more.
    number: u64,
    observed: Arc<ObservedWorker>,
}

thread::thread_local! {
    /// The worker that this thread runs, if its runtime is observed.
    static WORKER: RefCell<Option<RunWorker>> = const { RefCell::new(None) };
}

/// While it lives, polls of this thread count for a worker.
pub(crate) struct CountedWorker {
    outer: Option<RunWorker>,
}

impl CountedWorker {
    /// Counts the polls of this thread for the worker `index`.
    pub(crate) fn begin(index: usize, observed: Arc<ObservedWorker>) -> CountedWorker {
        let worker = RunWorker { number: index as u64 + 1, observed };
        CountedWorker { outer: WORKER.with(|current| current.replace(Some(worker))) }
    }
}

impl Drop for CountedWorker {
    fn drop(&mut self) {
        // While the thread ends, nobody reads it.
        let _ = WORKER.try_with(|current| current.replace(self.outer.take()));
    }
}

/// Notes a time in a histogram of the worker that this thread runs. Returns the worker's part of
/// `Runs`: zero if it runs none.
fn note(of: fn(&ObservedWorker) -> &Histogram, nanos: u64) -> u64 {
    let note = |worker: &RefCell<Option<RunWorker>>| {
        let worker = worker.borrow();
        worker.as_ref().map_or(0, |worker| {
            of(&worker.observed).note(nanos);
            worker.number
        })
    };
    WORKER.try_with(note).unwrap_or(0)
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

    /// A poll begins. Called by the runner. Returns the time.
    fn begin_poll(&self) -> u64 {
        let now = nanos_now();
        // Ordering: Relaxed [one-poller], all: only the runner writes these, and the right to run
        // carries them from one to the next; a dump reads hints.
        let since = self.since.load(Ordering::Relaxed);
        // Whoever looks at a task, or ends it, runs it although it was not due.
        let waited = if since & DUE == 0 { 0 } else { now.saturating_sub(since) };
        // Ordering: Relaxed, as above.
        self.scheduled.store(self.scheduled.load(Ordering::Relaxed) + waited, Ordering::Relaxed);
        let worker = note(|observed| &observed.schedules, waited);
        // Ordering: Relaxed, as above.
        let runs = Runs(self.runs.load(Ordering::Relaxed)).after_poll(worker);
        // Ordering: Relaxed, as above.
        self.runs.store(runs.0, Ordering::Relaxed);
        // Ordering: Relaxed, as above.
        self.since.store(now & !DUE, Ordering::Relaxed);
        now
    }

    /// A poll is over. If the task was woken meanwhile, it is due again, and the caller has the
    /// right to run it. If not, others may run it already.
    fn end_poll(&self, began: u64, ended: u64, is_woken: bool) {
        self.life.with(|_| ());
        let length = ended.saturating_sub(began);
        // Ordering: Relaxed: a sum that only dumps read. An addition, because the next poll may
        // have ended on another thread.
        self.busy.fetch_add(length, Ordering::Relaxed);
        note(|observed| &observed.polls, length);
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
    with_log(|log| log.note_poll(poll));
}

/// Logs that this thread made a task due, if somebody traces its worker.
#[cfg(all(unix, feature = "console"))]
fn log_wake(task: TaskRef<'_>, at: u64) {
    with_log(|log| log.note_wake(LoggedWake { task: task.id(), by: try_id(), at }));
}

#[cfg(all(unix, feature = "console"))]
fn with_log(f: impl FnOnce(&PollLog)) {
    // While the thread ends, nothing is logged.
    let _ = WORKER.try_with(|worker| worker.borrow().as_ref().map(|worker| f(&worker.observed.log)));
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
    let record = Box::leak(Box::new(Record::new(header.vtable)));
    // A record begins with its vtable. It is freed with the cell, so the vtable lasts as long as
    // the header that has it, and the whole record may be reached through this pointer.
    header.vtable = NonNull::from(record).cast();
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
    let began = record.begin_poll();
    // SAFETY: as our caller promises; this is the vtable for the types of the task.
    let is_woken = unsafe { (record.plain().run)(task) };
    let ended = nanos_now();
    log_poll(kept.task(), began, ended);
    record.end_poll(began, ended, is_woken);
    is_woken
}

/// # Safety
/// As `Vtable::schedule`, for a task that is observed.
unsafe fn schedule(task: NonNull<Header>, cause: Cause) {
    // SAFETY: observed, and the caller of `schedule` keeps it alive ([alive-while-scheduling]).
    let record = unsafe { record_of(task) };
    let now = nanos_now();
    record.become_due(now);
    // SAFETY: as above.
    log_wake(unsafe { TaskRef::from_header(task) }, now);
    // SAFETY: as our caller promises; this is the vtable for the types of the task.
    unsafe { (record.plain().schedule)(task, cause) }
}

/// # Safety
/// As `Vtable::free`, for a task that is observed.
unsafe fn free(task: NonNull<Header>) {
    // Not by `record_of`: the box needs the pointer that `observe` has stored.
    // SAFETY: the cell is freed below.
    let record = unsafe { task.as_ref().vtable.cast::<Record>() };
    // SAFETY: observed, so that is a record, and it is alive until it is taken back below.
    let plain = unsafe { record.as_ref() }.plain();
    // SAFETY: as our caller promises; this is the vtable for the types of the task.
    unsafe { (plain.free)(task) };
    // SAFETY: `observe` has made it as a box; the header that pointed to it is gone.
    let record = unsafe { Box::from_raw(record.as_ptr()) };
    record.life.with_mut(|_| ());
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
