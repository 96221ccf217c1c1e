//! Who is next: the choices that a seed makes.

use std::ops::Range;
use std::sync::Arc;

use fastrand::Rng;

use super::threads::{ThreadId, Threads};

/// A call costs this many nanoseconds of the world's time, at least and at most: a loop that waits
/// for the clock ends, and threads that do the same drift apart.
const COST: std::ops::RangeInclusive<u64> = 50..=450;

/// How a world chooses between threads.
#[derive(Clone, Debug)]
pub(crate) enum Schedule {
    /// One call in `period` passes the turn on, to a thread by chance.
    RandomWalk { period: u32 },
    /// The ready thread of the highest priority runs; at `changes` calls, chosen among the first
    /// `length`, the thread that makes it gets the lowest priority of all. Finds each fault that
    /// needs `changes + 1` ordered steps with a probability that has a lower bound.
    ///
    /// Source: Burckhardt, Kothari, Musuvathi, Nagarakatte, "A randomized scheduler with
    /// probabilistic guarantees of finding bugs", ASPLOS 2010.
    Priorities { changes: u32, length: u64 },
    /// A thread goes on as long as it can, and then the one that waits longest; but for these.
    Decided(Arc<[Decision]>),
}

/// A choice that is not the usual one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    /// The number of the choice in its world.
    pub(crate) choice: u64,
    /// The place of the thread among those that are ready.
    pub(crate) place: u32,
}

/// Which choices of a world are remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remembered {
    Nothing,
    /// Those that were not the usual ones.
    Made,
    /// Those that could have been others, after the last that was decided: one decision for each
    /// other outcome.
    Possible,
}

/// Makes the choices of one world, and remembers them.
pub(super) struct Chooser {
    schedule: Schedule,
    random: Rng,
    /// The steps at which priorities change.
    changes: Vec<u64>,
    lowest_priority: u64,
    choices_count: u64,
    remembered: Remembered,
    decisions: Vec<Decision>,
}

/// The least of the priorities that threads begin with: those that the changes give are below.
const PRIORITY_MIN: u64 = 1 << 32;

/// One in so many awaits of a task is interrupted, where threads go by priority.
const INTERRUPTION: u32 = 8;

/// Draws of schedules are others than those of the network: a world whose schedule is changed by
/// hand has the same delays.
const APART: u64 = 0x5851_f42d_4c95_7f2d;

impl Chooser {
    pub(super) fn new(schedule: &Schedule, seed: u64, remembered: Remembered) -> Chooser {
        let mut random = Rng::with_seed(seed ^ APART);
        let changes = match schedule {
            Schedule::Priorities { changes, length } => {
                (0..*changes).map(|_| random.u64(1..=(*length).max(1))).collect()
            }
            Schedule::RandomWalk { .. } | Schedule::Decided(_) => Vec::new(),
        };
        Chooser {
            schedule: schedule.clone(),
            random,
            changes,
            lowest_priority: PRIORITY_MIN,
            choices_count: 0,
            remembered,
            decisions: Vec::new(),
        }
    }

    /// The priority of a new thread.
    pub(super) fn priority(&mut self) -> u64 {
        self.random.u64(PRIORITY_MIN..)
    }

    pub(super) fn cost(&mut self) -> u64 {
        self.random.u64(COST)
    }

    /// Whether the thread that makes the call number `step` lets others go first. If it does,
    /// [`choose`](Self::choose) is called next.
    pub(super) fn is_turn_over(&mut self, step: u64, thread: ThreadId, threads: &mut Threads) -> bool {
        self.choices_count += 1;
        self.note_possible(0..threads.ready().len());
        match &self.schedule {
            Schedule::RandomWalk { period } => self.random.u32(0..*period) == 0,
            Schedule::Priorities { .. } => {
                if self.changes.contains(&step) {
                    self.lowest_priority -= 1;
                    threads.get_mut(thread).priority = self.lowest_priority;
                }
                true
            }
            Schedule::Decided(decisions) => decided(decisions, self.choices_count).is_some(),
        }
    }

    /// Whether a task that could go on lets others run.
    pub(super) fn is_interrupted(&mut self) -> bool {
        self.choices_count += 1;
        self.note_possible(0..1);
        let is_interrupted = match &self.schedule {
            Schedule::RandomWalk { period } => self.random.u32(0..*period) == 0,
            Schedule::Priorities { .. } => self.random.u32(0..INTERRUPTION) == 0,
            Schedule::Decided(decisions) => decided(decisions, self.choices_count).is_some(),
        };
        if is_interrupted {
            self.note_made(0);
        }
        is_interrupted
    }

    /// The place of the next thread among those that are ready. `going_on` is the thread that has
    /// just let others go first; otherwise the thread that ran waits.
    pub(super) fn choose(&mut self, threads: &Threads, going_on: Option<ThreadId>) -> Option<usize> {
        let ready = threads.ready();
        if going_on.is_none() {
            self.choices_count += 1;
            self.note_possible(1..ready.len());
        }
        let usual = going_on.map_or(0, |_| ready.len().saturating_sub(1));
        let place = match &self.schedule {
            _ if ready.is_empty() => return None,
            Schedule::RandomWalk { .. } => self.random.usize(..ready.len()),
            Schedule::Priorities { .. } => {
                let priority = |place: &usize| threads.get(ready[*place]).priority;
                (0..ready.len()).max_by_key(priority)?
            }
            Schedule::Decided(decisions) => {
                decided(decisions, self.choices_count).map_or(usual, |place| place as usize % ready.len())
            }
        };
        if place != usual {
            self.note_made(place);
        }
        Some(place)
    }

    fn note_made(&mut self, place: usize) {
        if self.remembered == Remembered::Made {
            self.note(place);
        }
    }

    fn note_possible(&mut self, places: Range<usize>) {
        let is_noted = match &self.schedule {
            _ if self.remembered != Remembered::Possible => false,
            Schedule::Decided(decisions) => {
                decisions.last().is_none_or(|last| last.choice < self.choices_count)
            }
            Schedule::RandomWalk { .. } | Schedule::Priorities { .. } => true,
        };
        if is_noted {
            places.for_each(|place| self.note(place));
        }
    }

    fn note(&mut self, place: usize) {
        let place = u32::try_from(place).expect("fewer threads than numbers");
        self.decisions.push(Decision { choice: self.choices_count, place });
    }

    /// The decisions that were remembered, in their order.
    pub(super) fn take_decisions(&mut self) -> Vec<Decision> {
        std::mem::take(&mut self.decisions)
    }
}

fn decided(decisions: &[Decision], choice: u64) -> Option<u32> {
    let found = decisions.binary_search_by_key(&choice, |decision| decision.choice);
    found.ok().map(|at| decisions[at].place)
}
