//! Which timers this thread uses. The worker installs it, so that sleeps need to know no scheduler.
use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::clock::Clock;
use super::timers::{HomeRef, Timers};
use crate::primitive::{clock, thread};

pub(super) const NO_RUNTIME: &str = "there is no heist runtime on this thread; call this from a task, from \
                                     Runtime::block_on, or after Runtime::enter";

/// A deadline that lies this far behind the tick's reading of the clock is ahead of the clock itself, unless the task
/// has kept its worker for as long. Then its sleep takes one more turn of the run loop, no harm done.
const TURN_MAX: Duration = Duration::from_millis(100);

thread::thread_local! {
    static CURRENT: RefCell<Option<Context>> = const { RefCell::new(None) };
}

pub(super) struct Context {
    timers: Arc<Timers>,
    /// `None` on a thread that is no worker.
    worker: Option<usize>,
    /// The clock as the run loop read it at the start of its turn.
    turn_started: Cell<Option<Instant>>,
}

impl Context {
    pub(super) fn new(timers: Arc<Timers>, worker: Option<usize>) -> Self {
        Context { timers, worker, turn_started: Cell::new(None) }
    }
}

/// Keeps a thread's timers installed; dropping it brings the previous ones back.
#[must_use]
pub(crate) struct Guard {
    previous: Option<Context>,
    /// What it brings back belongs to this thread.
    not_send: PhantomData<*const ()>,
}

impl Guard {
    pub(super) fn install(context: Context) -> Guard {
        Guard { previous: CURRENT.with(|current| current.replace(Some(context))), not_send: PhantomData }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let previous = self.previous.take();
        // While the thread ends, the slot may be gone; then nobody will read it.
        let replaced = CURRENT.try_with(|current| current.replace(previous));
        drop(replaced);
    }
}

/// The run loop's reading of [`Timers::now`], to be published once a turn. It spares sleeps a reading of their own.
#[inline]
pub(crate) fn publish_now(now: Instant) {
    with(|context| {
        if let Some(context) = context {
            context.turn_started.set(Some(now));
        }
    });
}

fn with<R>(f: impl FnOnce(Option<&Context>) -> R) -> R {
    // A sleep may be polled or dropped by another thread-local's destructor, when this one is gone.
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

/// The present: on the runtime's clock if there is one.
pub(super) fn now() -> Instant {
    with(|context| context.map_or_else(clock::now, |context| context.timers.now()))
}

/// A reading of the clock of `bound`, or else of this thread, that is before `deadline`. `None` if that has passed.
pub(super) fn now_before(deadline: Instant, bound: Option<&HomeRef>) -> Option<Instant> {
    with(|context| {
        let clock = match (bound, context) {
            (Some(home), _) => Some(home.clock()),
            (None, Some(context)) => Some(context.timers.clock()),
            (None, None) => None,
        };
        if let (Some(context), Some(clock)) = (context, clock) {
            let is_far = |now: &Instant| deadline.saturating_duration_since(*now) >= TURN_MAX;
            if let Some(turn_started) = context.turn_of(clock).filter(is_far) {
                return Some(turn_started);
            }
        }
        let now = clock.map_or_else(clock::now, Clock::now);
        (now < deadline).then_some(now)
    })
}

impl Context {
    /// This turn's reading of `clock`, if it is this thread's and shows the system's time.
    fn turn_of(&self, clock: &Clock) -> Option<Instant> {
        if std::ptr::eq(self.timers.clock(), clock) && !clock.is_altered() {
            self.turn_started.get()
        } else {
            None
        }
    }
}

/// The home for a sleep that is to be armed, and whether this thread is its worker.
///
/// A sleep that was armed before stays with its runtime: `bound` is then its last home, of which it moves away only to
/// the worker of the same runtime that polls it. `None` if there is no runtime at all.
pub(super) fn home_for(bound: Option<HomeRef>) -> Option<(HomeRef, bool)> {
    with(|context| {
        let Some(context) = context else { return bound.map(|home| (home, false)) };
        match (bound, context.worker) {
            (Some(home), _) if !context.timers.is_of(home.shared()) => Some((home, false)),
            (Some(home), Some(worker)) if Arc::ptr_eq(&home, context.timers.home(worker)) => {
                Some((home, true))
            }
            (_, Some(worker)) => Some((context.timers.home(worker).clone(), true)),
            (Some(home), None) => Some((home, false)),
            (None, None) => Some((context.timers.foreign_home().clone(), false)),
        }
    })
}

/// Whether this thread is the worker of `home`.
pub(super) fn is_owner(home: &HomeRef) -> bool {
    with(|context| {
        let Some(context) = context else { return false };
        context.worker.is_some_and(|worker| Arc::ptr_eq(home, context.timers.home(worker)))
    })
}
