//! The timers of the current thread. The worker installs them, so that sleeps need not know the
//! scheduler.
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::clock::Clock;
use super::timers::{Timers, WorkerTimersRef};
use crate::blocking::NO_RUNTIME;
use crate::primitive::{StaysOnThread, clock, thread};

/// A deadline that is this much later than the turn's reading of the clock is ahead of the clock
/// itself, unless the task has kept its worker for that long. In that case its sleep takes one more
/// turn of the run loop, which does no harm.
const TURN_MAX: Duration = Duration::from_millis(100);

thread::thread_local! {
    static CURRENT: RefCell<Option<CurrentTimers>> = const { RefCell::new(None) };
    static RESIGNED: Cell<Option<TimersWorker>> = const { Cell::new(None) };
}

/// A worker of a runtime. The address of the timers identifies the runtime.
#[derive(Clone, Copy, PartialEq, Eq)]
struct TimersWorker {
    timers: usize,
    worker: usize,
}

fn address(timers: &Timers) -> usize {
    std::ptr::from_ref(timers).addr()
}

struct CurrentTimers {
    timers: Arc<Timers>,
    /// `None` on a thread that is not a worker.
    worker: Option<usize>,
    /// The clock as the run loop read it at the start of its turn.
    turn: Cell<Option<ClockReading>>,
}

/// A reading of the clock, and the values that every sleep armed in this turn derives from it.
#[derive(Clone, Copy)]
struct ClockReading {
    tick: u64,
    /// A deadline at or after this instant is ahead of the clock throughout the turn.
    horizon: Instant,
}

/// The ticks of a deadline, and of a present that is before it.
#[derive(Clone, Copy)]
pub(super) struct Ticks {
    pub(super) deadline: u64,
    pub(super) now: u64,
}

/// The result of looking for a place to arm a sleep.
pub(super) enum Spot {
    /// Its deadline has passed.
    Past,
    /// It is to be armed. `is_owner` is true if this thread is the worker of those timers.
    Armed { ticks: Ticks, is_owner: bool },
    /// It must wait, and there are no timers to wait with.
    Nowhere,
}

impl CurrentTimers {
    fn new(timers: Arc<Timers>, worker: Option<usize>) -> Self {
        CurrentTimers { timers, worker, turn: Cell::new(None) }
    }

    /// Clears the worker of a context that was saved before this thread resigned, so that
    /// restoring it does not make the thread a worker again.
    fn forget_resigned(&mut self) {
        let resigned = RESIGNED.try_with(Cell::get).ok().flatten();
        if resigned
            .is_some_and(|post| post.timers == address(&self.timers) && self.worker == Some(post.worker))
        {
            self.worker = None;
            self.turn.set(None);
        }
    }
}

/// Makes this thread, a worker of `timers`, a thread from outside, also for the contexts that
/// guards restore later.
fn resign(timers: &Timers, worker: usize) {
    RESIGNED.with(|resigned| resigned.set(Some(TimersWorker { timers: address(timers), worker })));
    CURRENT.with(|current| {
        if let Some(context) = current.borrow_mut().as_mut() {
            context.forget_resigned();
        }
    });
}

/// Reverts `resign`.
fn reinstate(timers: &Timers, worker: usize) {
    come_anew(timers);
    CURRENT.with(|current| match current.borrow_mut().as_mut() {
        Some(context) if address(&context.timers) == address(timers) => context.worker = Some(worker),
        _ => {}
    });
}

/// Prepares this thread to become a worker of `timers`, even if it resigned before.
fn come_anew(timers: &Timers) {
    RESIGNED.with(|resigned| {
        if resigned.get().is_some_and(|post| post.timers == address(timers)) {
            resigned.set(None);
        }
    });
}

/// What a guard keeps of a context. Unlike the context it can be shared between threads, as the
/// guard can.
struct SavedTimers {
    timers: Arc<Timers>,
    worker: Option<usize>,
    turn: Option<ClockReading>,
}

impl SavedTimers {
    fn of(context: CurrentTimers) -> SavedTimers {
        SavedTimers { timers: context.timers, worker: context.worker, turn: context.turn.get() }
    }

    fn restore(self) -> CurrentTimers {
        CurrentTimers { timers: self.timers, worker: self.worker, turn: Cell::new(self.turn) }
    }
}

/// Keeps a thread's timers installed. Dropping it restores the previous ones.
#[must_use]
pub(crate) struct TimersGuard {
    previous: Option<SavedTimers>,
    not_send: StaysOnThread,
}

impl TimersGuard {
    fn install(context: CurrentTimers) -> TimersGuard {
        // This thread may be ending, and with it a runtime in its thread-local storage: its sleeps
        // are then those of a foreign thread.
        let previous = CURRENT.try_with(|current| current.replace(Some(context))).ok().flatten();
        TimersGuard { previous: previous.map(SavedTimers::of), not_send: StaysOnThread::default() }
    }
}

impl Drop for TimersGuard {
    fn drop(&mut self) {
        let mut previous = self.previous.take().map(SavedTimers::restore);
        if let Some(context) = &mut previous {
            context.forget_resigned();
        }
        // While the thread ends, the slot may be gone; then nothing will read it.
        let replaced = CURRENT.try_with(|current| current.replace(previous));
        drop(replaced);
    }
}

/// The calls that change which timers a thread has.
impl Timers {
    /// Makes this thread worker `index` until the guard is dropped: its sleeps go to the wheel of
    /// that worker.
    pub(crate) fn bind_worker(self: &Arc<Self>, index: usize) -> TimersGuard {
        assert!(index < self.workers_count(), "there is no worker {index}");
        come_anew(self);
        TimersGuard::install(CurrentTimers::new(self.clone(), Some(index)))
    }

    /// This thread, which is worker `index`, hands its role to another thread. From now on its
    /// sleeps are those of a thread from outside, until it comes back.
    pub(crate) fn leave_worker(&self, index: usize) {
        resign(self, index);
    }

    /// This thread, which left the role of worker `index`, takes it again. No thread was bound to
    /// it meanwhile.
    pub(crate) fn come_back(&self, index: usize) {
        reinstate(self, index);
    }

    /// Lets sleeps of this thread, which is not a worker, use these timers until the guard is
    /// dropped.
    pub(crate) fn enter(self: &Arc<Self>) -> TimersGuard {
        TimersGuard::install(CurrentTimers::new(self.clone(), None))
    }
}

/// Publishes the run loop's reading of [`Timers::now`]. Called once per turn, so that sleeps need
/// not read the clock.
#[inline]
pub(crate) fn publish_now(now: Instant) {
    with(|context| {
        if let Some(context) = context {
            let tick = context.timers.clock().tick_of_now(now);
            context.turn.set(Some(ClockReading { tick, horizon: now + TURN_MAX }));
        }
    });
}

#[inline]
fn with<R>(f: impl FnOnce(Option<&CurrentTimers>) -> R) -> R {
    // The destructor of another thread-local may poll or drop a sleep when this one is gone.
    let mut f = Some(f);
    let result = CURRENT.try_with(|current| f.take().map(|f| f(current.borrow().as_ref())));
    match (result, f) {
        (Ok(Some(result)), _) => result,
        (_, Some(f)) => f(None),
        (_, None) => unreachable!("`f` was called, so there is a result"),
    }
}

/// Calls `f` with this thread's timers.
///
/// # Panics
/// Panics if there are none.
#[track_caller]
pub(super) fn with_timers<R>(f: impl FnOnce(&Timers) -> R) -> R {
    match with(|context| context.map(|context| context.timers.clone())) {
        Some(timers) => f(&timers),
        None => panic!("{NO_RUNTIME}"),
    }
}

/// Returns the present, on the runtime's clock if there is a runtime.
pub(super) fn now() -> Instant {
    with(|context| context.map_or_else(clock::now, |context| context.timers.now()))
}

impl CurrentTimers {
    /// Returns this turn's reading of `clock`, if `clock` is this thread's and shows the system's
    /// time.
    fn turn_of(&self, clock: &Clock) -> Option<ClockReading> {
        if std::ptr::eq(self.timers.clock(), clock) && !clock.is_altered() { self.turn.get() } else { None }
    }

    /// Chooses the timers of a sleep that is to be armed. This is `target`, where it was before,
    /// unless that belongs to the same runtime and this thread is another worker of it. Returns
    /// `true` if this thread is the worker of the chosen timers.
    #[inline]
    fn settle(&self, target: &mut Option<WorkerTimersRef>) -> bool {
        let Some(worker) = self.worker else {
            target.get_or_insert_with(|| self.timers.any_worker().clone());
            return false;
        };
        let own = self.timers.worker(worker);
        match target {
            Some(target) if Arc::ptr_eq(target, own) => true,
            Some(target) if !self.timers.is_of(target.shared()) => false,
            _ => {
                *target = Some(own.clone());
                true
            }
        }
    }
}

impl Ticks {
    /// Returns `None` if the deadline has passed. A deadline far ahead needs no reading of the
    /// clock.
    #[inline]
    fn of(deadline: Instant, clock: &Clock, turn: Option<ClockReading>) -> Option<Ticks> {
        if let Some(turn) = turn {
            if deadline >= turn.horizon {
                return Some(Ticks { deadline: clock.tick_of_deadline(deadline), now: turn.tick });
            }
        }
        Ticks::read(deadline, clock)
    }

    /// Reads the clock.
    #[inline(never)]
    fn read(deadline: Instant, clock: &Clock) -> Option<Ticks> {
        let now = clock.now();
        (now < deadline)
            .then(|| Ticks { deadline: clock.tick_of_deadline(deadline), now: clock.tick_of_now(now) })
    }
}

/// Finds where a sleep is to be armed, and for which tick. A sleep that was armed before stays with
/// its runtime: `target` is where it was last, and it moves only to the worker of the same runtime
/// that polls it. `target` is filled if the sleep is to be armed.
#[inline]
pub(super) fn spot_for(deadline: Instant, target: &mut Option<WorkerTimersRef>) -> Spot {
    with(|context| {
        let clock =
            target.as_ref().map(|target| target.clock()).or(context.map(|context| context.timers.clock()));
        let Some(clock) = clock else {
            return if deadline <= Instant::now() { Spot::Past } else { Spot::Nowhere };
        };
        let turn = context.and_then(|context| context.turn_of(clock));
        let Some(ticks) = Ticks::of(deadline, clock, turn) else { return Spot::Past };
        let is_owner = context.is_some_and(|context| context.settle(target));
        Spot::Armed { ticks, is_owner }
    })
}

/// Returns whether `clock` has reached the deadline. One far ahead needs no reading of the clock.
pub(super) fn is_past(deadline: Instant, clock: &Clock) -> bool {
    let turn = with(|context| context.and_then(|context| context.turn_of(clock)));
    turn.is_none_or(|turn| deadline < turn.horizon) && clock.now() >= deadline
}

/// Returns whether this thread is the worker of `target`.
pub(super) fn is_owner(target: &WorkerTimersRef) -> bool {
    with(|context| {
        let Some(context) = context else { return false };
        context.worker.is_some_and(|worker| Arc::ptr_eq(target, context.timers.worker(worker)))
    })
}
