//! The clock of one runtime: the system's monotonic clock, or one that a test holds still.
use std::time::{Duration, Instant};

use super::wheel::{NEVER, TICK_MAX};
use crate::primitive::atomic::{AtomicBool, Ordering};
use crate::primitive::clock;
use crate::primitive::sync::Mutex;

/// The length of a tick, a millisecond. Deadlines are rounded up to a whole tick.
const NANOS_PER_TICK: u32 = 1_000_000;
const TICKS_PER_SECOND: u64 = 1_000;
const _: () = assert!(NANOS_PER_TICK as u64 * TICKS_PER_SECOND == 1_000_000_000);

#[derive(Debug)]
pub(crate) struct Clock {
    /// The instant of tick 0.
    start: Instant,
    /// Set at the first pause and never cleared. Before that, this clock is the system's.
    altered: AtomicBool,
    /// True only if one thread runs everything, because only then is it known when nothing is left
    /// to run.
    is_pausable: AtomicBool,
    mode: Mutex<ClockMode>,
}

#[derive(Clone, Copy, Debug)]
enum ClockMode {
    /// The clock showed `here` when the system's clock showed `there`. Both run.
    Running {
        here: Instant,
        there: Instant,
    },
    Paused {
        here: Instant,
    },
}

impl ClockMode {
    fn now(self) -> Instant {
        match self {
            ClockMode::Running { here, there } => here + clock::now().saturating_duration_since(there),
            ClockMode::Paused { here } => here,
        }
    }
}

impl Clock {
    /// `start` is tick 0 and must not be in the future.
    pub(super) fn new(start: Instant) -> Self {
        Clock {
            start,
            altered: AtomicBool::new(false),
            is_pausable: AtomicBool::new(true),
            mode: Mutex::new(ClockMode::Running { here: start, there: start }),
        }
    }

    /// Returns the time that all deadlines of this runtime are compared with.
    #[inline]
    pub(crate) fn now(&self) -> Instant {
        if self.is_altered() { self.altered_now() } else { clock::now() }
    }

    #[cold]
    fn altered_now(&self) -> Instant {
        self.mode.lock().now()
    }

    #[inline]
    pub(super) fn is_altered(&self) -> bool {
        // Ordering: [one-clock] Relaxed. A paused clock belongs to one worker, which made this
        // store itself. Any other thread learns of it through whatever synchronises the two.
        self.altered.load(Ordering::Relaxed)
    }

    /// Returns whether the clock is paused.
    pub(crate) fn is_paused(&self) -> bool {
        self.is_altered() && matches!(*self.mode.lock(), ClockMode::Paused { .. })
    }

    /// Makes `time::pause` refuse this clock. Called before any other thread has the clock.
    pub(crate) fn forbid_pause(&self) {
        // Ordering: [one-clock] Relaxed: the threads that may read it are started after this store.
        self.is_pausable.store(false, Ordering::Relaxed);
    }

    pub(super) fn is_pausable(&self) -> bool {
        // Ordering: [one-clock] Relaxed, for the same reason as the store.
        self.is_pausable.load(Ordering::Relaxed)
    }

    /// Pauses the clock on a whole tick, the next one: a sleep then ends after exactly its length
    /// in whole ticks [whole-tick]. Returns `false` if the clock was paused already.
    pub(crate) fn pause(&self) -> bool {
        let mut mode = self.mode.lock();
        let ClockMode::Running { .. } = *mode else { return false };
        let now = mode.now();
        let here = self.instant_of(self.tick_of_deadline(now)).unwrap_or(now);
        *mode = ClockMode::Paused { here };
        // Ordering: [one-clock] Relaxed, for the reason given at the load.
        self.altered.store(true, Ordering::Relaxed);
        true
    }

    /// Lets the clock run on from the time it shows. Returns `false` if it was running already.
    pub(crate) fn resume(&self) -> bool {
        let mut mode = self.mode.lock();
        let ClockMode::Paused { here } = *mode else { return false };
        *mode = ClockMode::Running { here, there: clock::now() };
        true
    }

    /// Moves a paused clock forward, never back. Returns `false` if the clock is running.
    pub(super) fn advance_to(&self, instant: Instant) -> bool {
        let mut mode = self.mode.lock();
        let ClockMode::Paused { here } = *mode else { return false };
        *mode = ClockMode::Paused { here: here.max(instant) };
        true
    }

    /// Returns the first tick that is not before `deadline`.
    #[inline]
    pub(super) fn tick_of_deadline(&self, deadline: Instant) -> u64 {
        tick_from(self.age_at(deadline))
    }

    /// Returns the last tick that is not after `now`.
    #[inline]
    pub(super) fn tick_of_now(&self, now: Instant) -> u64 {
        tick_until(self.age_at(now))
    }

    /// Returns the time from tick 0 to `instant`.
    #[inline]
    pub(super) fn age_at(&self, instant: Instant) -> Duration {
        instant.saturating_duration_since(self.start)
    }

    /// Returns the start of `tick`. `None` for the tick that never comes, and for ticks beyond the
    /// range of an `Instant`.
    pub(super) fn instant_of(&self, tick: u64) -> Option<Instant> {
        if tick == NEVER { None } else { self.start.checked_add(Duration::from_millis(tick)) }
    }
}

/// Returns the first tick that is not before `age`.
#[inline]
pub(super) fn tick_from(age: Duration) -> u64 {
    ticks(age, age.subsec_nanos().div_ceil(NANOS_PER_TICK))
}

/// Returns the last tick that is not after `age`.
#[inline]
pub(super) fn tick_until(age: Duration) -> u64 {
    ticks(age, age.subsec_nanos() / NANOS_PER_TICK)
}

#[inline]
fn ticks(age: Duration, of_last_second: u32) -> u64 {
    let whole = age.as_secs().saturating_mul(TICKS_PER_SECOND);
    whole.saturating_add(u64::from(of_last_second)).min(TICK_MAX)
}
