//! What a thread knows while it counts the polls of a worker: where its counts go, and the time
//! that it has read last.
//!
//! A worker that goes straight on from one poll to the next reads the time once for both: the end
//! of one is the beginning of the other. What the worker does in between, which is to take the next
//! task out of a queue, counts as part of the later poll. As soon as it does anything else, which
//! is to look after the driver, to steal, to sleep, to wake another worker or to poll the future of
//! `block_on`, the time is read again.
//!
//! In the same way the last wake of a task that ends, that of its joiner, is the end of its poll.
//! Other wakes read the time: how long ago the poll began, only a reading could tell.
#![expect(unsafe_code, reason = "a thread that knows its worker and its task by address")]

use super::budget::{begin_straight_on, is_straight_on};
use super::latency::ObservedWorker;
use super::layout::Header;
use super::raw::TaskRef;
use super::time_stamp::nanos_now;
use crate::primitive::thread;
use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::Arc;

/// What a thread counts for.
#[derive(Clone, Copy)]
struct WorkerCounts {
    /// The index of the worker and one more; zero is none.
    number: u64,
    observed: Option<NonNull<ObservedWorker>>,
    /// Whether no other thread counts for this worker.
    is_alone: bool,
}

struct CountingThread {
    counts: Cell<WorkerCounts>,
    /// Whether this thread is in the run loop of the worker, and not in something that it calls.
    is_in_loop: Cell<bool>,
    /// In the run loop, the end of the last poll, if the worker has gone straight on since. In a
    /// poll, when the task that has ended woke its joiner. Or else zero.
    last: Cell<u64>,
    polled: Cell<Option<NonNull<Header>>>,
}

thread::thread_local! {
    static THREAD: CountingThread = const {
        CountingThread {
            counts: Cell::new(WorkerCounts { number: 0, observed: None, is_alone: false }),
            is_in_loop: Cell::new(false),
            last: Cell::new(0),
            polled: Cell::new(None),
        }
    };
}

/// While it lives, polls of this thread count for a worker, whose run loop it is in.
pub(crate) struct CountedWorker {
    outer: WorkerCounts,
    was_in_loop: bool,
    /// The thread points there.
    _observed: Arc<ObservedWorker>,
    /// Of one thread.
    _here: PhantomData<*const ()>,
}

impl CountedWorker {
    /// Counts the polls of this thread for the worker `index`, which only this thread runs.
    pub(crate) fn begin(index: usize, observed: Arc<ObservedWorker>) -> CountedWorker {
        let counts = WorkerCounts {
            number: index as u64 + 1,
            observed: Some(NonNull::from(&*observed)),
            is_alone: true,
        };
        THREAD.with(|thread| {
            thread.last.set(0);
            CountedWorker {
                outer: thread.counts.replace(counts),
                was_in_loop: thread.is_in_loop.replace(true),
                _observed: observed,
                _here: PhantomData,
            }
        })
    }
}

impl Drop for CountedWorker {
    fn drop(&mut self) {
        THREAD.with(|thread| {
            thread.last.set(0);
            thread.counts.set(self.outer);
            thread.is_in_loop.set(self.was_in_loop);
        });
    }
}

/// Another thread runs the worker of this thread from now on, or does no more, while a poll of this
/// thread goes on.
pub(crate) fn count_beside_others(is_beside: bool) {
    THREAD.with(|thread| thread.counts.set(WorkerCounts { is_alone: !is_beside, ..thread.counts.get() }));
}

/// The worker of this thread does not go straight on to its next poll.
#[inline]
pub(crate) fn go_aside() {
    THREAD.with(|thread| thread.last.set(0));
}

/// While it lives, the run loop of this thread calls something that may poll tasks itself.
pub(crate) struct OutsideLoop {
    was_in_loop: bool,
    _here: PhantomData<*const ()>,
}

impl OutsideLoop {
    pub(crate) fn begin() -> OutsideLoop {
        go_aside();
        OutsideLoop {
            was_in_loop: THREAD.with(|thread| thread.is_in_loop.replace(false)),
            _here: PhantomData,
        }
    }
}

impl Drop for OutsideLoop {
    fn drop(&mut self) {
        go_aside();
        THREAD.with(|thread| thread.is_in_loop.set(self.was_in_loop));
    }
}

/// Calls `f` with what is counted of the worker of this thread, if it runs one.
#[cfg(all(unix, feature = "console"))]
pub(super) fn with_worker(f: impl FnOnce(&ObservedWorker)) {
    THREAD.with(|thread| thread.counts.get().observed().map(f));
}

impl WorkerCounts {
    fn observed<'a>(self) -> Option<&'a ObservedWorker> {
        // SAFETY: the `CountedWorker` that has set it is still there, or was forgotten: it owns the
        // worker's counts. Callers do not keep the reference.
        self.observed.map(|observed| unsafe { observed.as_ref() })
    }
}

/// A poll of this thread that goes on.
pub(super) struct OngoingPoll {
    pub(super) began: u64,
    /// The part of the worker in a record: its index and one more, or zero.
    pub(super) worker: u64,
    was_in_loop: bool,
    outer: Option<NonNull<Header>>,
}

impl OngoingPoll {
    /// Begins a poll of `task`, which was `due` at that time.
    ///
    /// # Safety
    /// The task is alive until the poll ends.
    #[inline]
    pub(super) unsafe fn begin(task: NonNull<Header>, due: Option<u64>) -> OngoingPoll {
        THREAD.with(|thread| {
            let was_in_loop = thread.is_in_loop.replace(false);
            let began = match thread.last.replace(0) {
                last if last != 0 && was_in_loop && is_straight_on() => last.max(due.unwrap_or(0)),
                _ => nanos_now(),
            };
            let counts = thread.counts.get();
            if let Some(observed) = counts.observed() {
                let waited = due.map_or(0, |due| began.saturating_sub(due));
                observed.schedules.note_of(counts.is_alone, waited);
            }
            let outer = thread.polled.replace(Some(task));
            OngoingPoll { began, worker: counts.number, was_in_loop, outer }
        })
    }

    /// Ends it. Returns when.
    #[inline]
    pub(super) fn end(self) -> u64 {
        THREAD.with(|thread| {
            let ended = match thread.last.get() {
                0 => nanos_now(),
                woken => woken,
            };
            thread.polled.set(self.outer);
            thread.is_in_loop.set(self.was_in_loop);
            thread.last.set(if self.was_in_loop { ended } else { 0 });
            begin_straight_on();
            let counts = thread.counts.get();
            if let Some(observed) = counts.observed() {
                observed.polls.note_of(counts.is_alone, ended.saturating_sub(self.began));
            }
            ended
        })
    }
}

/// The time of a wake by this thread.
#[inline]
pub(super) fn wake_time() -> u64 {
    let now = nanos_now();
    THREAD.with(|thread| {
        // SAFETY: `OngoingPoll::begin` asks that it be alive while it stands there.
        let polled = thread.polled.get().map(|polled| unsafe { TaskRef::from_header(polled) });
        if polled.is_some_and(|polled| polled.state().is_waking_joiner()) {
            thread.last.set(now);
        }
    });
    now
}
