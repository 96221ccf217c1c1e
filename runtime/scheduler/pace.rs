//! A worker's time budget: how many polls it makes between two harvests.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::primitive::clock;

/// How long a worker runs tasks before it looks at the driver, the timers, its mailbox, the
/// injector and its overflow.
const BUDGET: Duration = Duration::from_micros(150);
/// The clock is read after at most this many polls.
const POLLS_BETWEEN_HARVESTS_MAX: u32 = 127;

/// The number of polls that fit into the time budget, learnt from the length of earlier polls.
pub(super) struct Pace {
    polls: Cell<u32>,
    polls_max: Cell<u32>,
    pub(super) since: Cell<Instant>,
}

impl Pace {
    pub(super) fn new() -> Pace {
        Pace { polls: Cell::new(0), polls_max: Cell::new(1), since: Cell::new(clock::now()) }
    }

    /// Counts a poll. Returns `true` if the budget may be spent.
    #[inline]
    pub(super) fn tick(&self) -> bool {
        let polls = self.polls.get() + 1;
        self.polls.set(polls);
        polls > self.polls_max.get()
    }

    /// Makes the next `tick` report a spent budget.
    pub(super) fn hurry(&self) {
        self.polls_max.set(0);
    }

    /// Returns the time from the last `restart` or `resume` to `now`.
    pub(super) fn nanos_until(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.since.get()).as_nanos() as u64
    }

    /// Returns the mean length, in nanoseconds, of the polls in that time, if there were any.
    pub(super) fn mean_poll(&self, nanos: u64) -> Option<u64> {
        nanos.checked_div(u64::from(self.polls.get()))
    }

    /// Starts a new budget at `now`. The next count is the mean of the last one and the measured
    /// one. So one long poll does not make the loop read the clock all the time, and one burst of
    /// short polls does not make it late.
    pub(super) fn restart(&self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.since.get()).as_nanos().max(1);
        let fitting = BUDGET.as_nanos() * u128::from(self.polls.get()) / elapsed;
        let fitting = fitting.clamp(1, u128::from(POLLS_BETWEEN_HARVESTS_MAX)) as u32;
        self.polls_max.set((self.polls_max.get() + fitting).div_ceil(2));
        self.resume(now);
    }

    /// Starts a new budget after a sleep, whose length reveals nothing about the polls.
    pub(super) fn resume(&self, now: Instant) {
        self.polls.set(0);
        self.since.set(now);
    }
}
