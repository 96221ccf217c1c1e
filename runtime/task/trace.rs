//! Polls that find out what a task waits for.
//!
//! A dump polls each task that waits, without a budget. So every operation that charges the budget
//! goes the way that it goes when the budget is spent: it does nothing, wakes the task and returns
//! pending. On that way, which is cold, it notes what it waits for. A task that was polled this way
//! is due again, and its next poll is a usual one. Nothing is added to the ways of usual polls.
//!
//! A future that knows no budget is polled as always. It may go on, or complete.

use std::cell::RefCell;

use super::id::{Id, try_id};
use super::wait_reason::WaitReason;
use crate::primitive::thread;

/// More than that, and nobody reads them: a task may await thousands of futures at once.
pub(crate) const REASONS_COUNT_MAX: usize = 16;
/// How often such a poll may go on through operations that stand around others, as with a budget.
const PASSES_COUNT_MAX: u16 = 128;
/// After so many refusals somebody within the poll polls again and again until it is ready: then
/// the poll gets a budget.
const REFUSALS_COUNT_MAX: u16 = 1024;

/// What was noted, and for a lock the number of the time that it was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) reason: WaitReason,
    pub(crate) taking: u64,
}

impl From<WaitReason> for Note {
    fn from(reason: WaitReason) -> Note {
        Note { reason, taking: 0 }
    }
}

/// The notes of a poll of one task.
struct Trace {
    task: Id,
    notes: Vec<Note>,
    passes_count: u16,
    refusals_count: u16,
}

thread::thread_local! {
    static TRACE: RefCell<Option<Trace>> = const { RefCell::new(None) };
}

/// Collects notes of the polls of a task on this thread until it is finished or dropped.
pub(super) struct Tracing {
    outer: Option<Trace>,
}

impl Tracing {
    /// Begins to collect the notes of `task`.
    pub(super) fn of(task: Id) -> Tracing {
        let trace = Trace { task, notes: Vec::new(), passes_count: 0, refusals_count: 0 };
        Tracing { outer: exchange(Some(trace)) }
    }

    pub(super) fn finish(self) -> Vec<Note> {
        exchange(None).map_or_else(Vec::new, |trace| trace.notes)
    }
}

impl Drop for Tracing {
    fn drop(&mut self) {
        drop(exchange(self.outer.take()));
    }
}

/// Sets the trace of this thread, and returns the former one. While the thread ends there is none.
fn exchange(trace: Option<Trace>) -> Option<Trace> {
    TRACE.try_with(|current| std::mem::replace(&mut *current.borrow_mut(), trace)).ok().flatten()
}

/// Calls `f` with the notes of the task that is polled, if this poll is to find out what it waits
/// for. A task that is polled inside of it, as those of a local set are, is polled as always. In
/// destructors of thread-locals there are no notes.
#[cold]
fn with_trace<R>(f: impl FnOnce(&mut Trace) -> R) -> Option<R> {
    let on = |current: &RefCell<Option<Trace>>| {
        current.borrow_mut().as_mut().filter(|trace| Some(trace.task) == try_id()).map(f)
    };
    TRACE.try_with(on).ok().flatten()
}

/// Returns whether this poll is one that finds out what the task waits for.
pub(crate) fn is_traced() -> bool {
    with_trace(|_| ()).is_some()
}

/// Returns whether an operation that stands around others lets such a poll through to them.
pub(super) fn may_pass() -> bool {
    let pass = |trace: &mut Trace| {
        trace.passes_count += 1;
        trace.passes_count <= PASSES_COUNT_MAX
    };
    with_trace(pass).unwrap_or(false)
}

/// Counts an operation that such a poll has refused. Returns whether it needs a budget.
pub(super) fn has_refused_too_often() -> bool {
    let refuse = |trace: &mut Trace| {
        trace.refusals_count += 1;
        trace.refusals_count >= REFUSALS_COUNT_MAX
    };
    with_trace(refuse).unwrap_or(false)
}

/// Notes what the task waits for, if this poll is to find it out. Not on the way of a usual poll:
/// only where the budget is spent, or where a future is polled in vain once more.
#[cold]
pub(crate) fn note<N: Into<Note>>(reason: impl FnOnce() -> N) {
    let has_room = with_trace(|trace| trace.notes.len() < REASONS_COUNT_MAX);
    if has_room == Some(true) {
        let note = reason().into();
        with_trace(|trace| {
            if !trace.notes.contains(&note) {
                trace.notes.push(note);
            }
        });
    }
}
