//! Who is next: the choices that a seed makes.

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

/// Makes the choices of one world, and remembers them.
pub(super) struct Chooser {
    schedule: Schedule,
    random: Rng,
    /// The steps at which priorities change.
    changes: Vec<u64>,
    lowest_priority: u64,
    choices_count: u64,
    decisions: Option<Vec<Decision>>,
}

/// The least of the priorities that threads begin with: those that the changes give are below.
const PRIORITY_MIN: u64 = 1 << 32;

/// One in so many awaits of a task is interrupted, where threads go by priority.
const INTERRUPTION: u32 = 8;

/// Draws of schedules are others than those of the network: a world whose schedule is changed by
/// hand has the same delays.
const APART: u64 = 0x5851_f42d_4c95_7f2d;

impl Chooser {
    /// Remembers its decisions if `is_kept`.
    pub(super) fn new(schedule: &Schedule, seed: u64, is_kept: bool) -> Chooser {
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
            decisions: is_kept.then(Vec::new),
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
        let is_interrupted = match &self.schedule {
            Schedule::RandomWalk { period } => self.random.u32(0..*period) == 0,
            Schedule::Priorities { .. } => self.random.u32(0..INTERRUPTION) == 0,
            Schedule::Decided(decisions) => decided(decisions, self.choices_count).is_some(),
        };
        if let Some(kept) = self.decisions.as_mut().filter(|_| is_interrupted) {
            kept.push(Decision { choice: self.choices_count, place: 0 });
        }
        is_interrupted
    }

    /// The place of the next thread among those that are ready. `going_on` is the thread that has
    /// just let others go first; otherwise the thread that ran waits.
    pub(super) fn choose(&mut self, threads: &Threads, going_on: Option<ThreadId>) -> Option<usize> {
        let ready = threads.ready();
        if going_on.is_none() {
            self.choices_count += 1;
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
        if let Some(kept) = self.decisions.as_mut().filter(|_| place != usual) {
            let place = u32::try_from(place).expect("fewer threads than numbers");
            kept.push(Decision { choice: self.choices_count, place });
        }
        Some(place)
    }

    /// The decisions that were not the usual ones.
    pub(super) fn take_decisions(&mut self) -> Vec<Decision> {
        self.decisions.take().unwrap_or_default()
    }
}

fn decided(decisions: &[Decision], choice: u64) -> Option<u32> {
    let found = decisions.binary_search_by_key(&choice, |decision| decision.choice);
    found.ok().map(|at| decisions[at].place)
}
