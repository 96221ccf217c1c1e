//! How many polls a worker makes between two looks at what comes from outside.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::primitive::clock;

/// How long a worker runs tasks before it looks at the driver, the timers, its mail, the injector and its overflow.
const BUDGET: Duration = Duration::from_micros(150);
/// The clock is read after this many polls at the latest.
const POLLS_BETWEEN_HARVESTS_MAX: u32 = 127;

/// How many polls fit into the time budget, learnt from how long they took.
pub(super) struct Pace {
    polls: Cell<u32>,
    polls_max: Cell<u32>,
    pub(super) since: Cell<Instant>,
}

impl Pace {
    pub(super) fn new() -> Pace {
        Pace { polls: Cell::new(0), polls_max: Cell::new(1), since: Cell::new(clock::now()) }
    }

    /// Counts a poll. `true`: the budget may be spent.
    #[inline]
    pub(super) fn tick(&self) -> bool {
        let polls = self.polls.get() + 1;
        self.polls.set(polls);
        polls > self.polls_max.get()
    }

    /// The budget is spent, whatever it was.
    pub(super) fn hurry(&self) {
        self.polls_max.set(0);
    }

    /// The mean length of the polls since the last call, if there were any.
    pub(super) fn mean_poll(&self, now: Instant) -> Option<Duration> {
        let polls = self.polls.get();
        (polls > 0).then(|| now.saturating_duration_since(self.since.get()) / polls)
    }

    /// Starts a new budget at `now`. The next count follows the last one's pace, halfway, so that one long poll does not
    /// make the loop look at the clock all the time, nor one burst of short ones make it blind.
    pub(super) fn restart(&self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.since.get()).as_nanos().max(1);
        let fitting = BUDGET.as_nanos() * u128::from(self.polls.get()) / elapsed;
        let fitting = fitting.clamp(1, u128::from(POLLS_BETWEEN_HARVESTS_MAX)) as u32;
        self.polls_max.set((self.polls_max.get() + fitting).div_ceil(2));
        self.resume(now);
    }

    /// Starts a new budget after a sleep: how long it took says nothing about the polls.
    pub(super) fn resume(&self, now: Instant) {
        self.polls.set(0);
        self.since.set(now);
    }
}
