//! Who is next: the choices that a seed makes.

use fastrand::Rng;

use super::threads::Threads;

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
    Priorities { changes: u32, length: u64, at: Vec<u64>, lowest: u64 },
}

/// The least of the priorities that threads begin with: those that the changes give are below.
const PRIORITY_MIN: u64 = 1 << 32;

impl Schedule {
    pub(crate) fn priorities(changes: u32, length: u64) -> Schedule {
        Schedule::Priorities { changes, length: length.max(1), at: Vec::new(), lowest: PRIORITY_MIN }
    }

    /// The schedule of one world: its changes are drawn.
    pub(super) fn begin(&self, random: &mut Rng) -> Schedule {
        let mut schedule = self.clone();
        if let Schedule::Priorities { changes, length, at, .. } = &mut schedule {
            *at = (0..*changes).map(|_| random.u64(1..=*length)).collect();
        }
        schedule
    }

    /// The priority of a new thread.
    pub(super) fn priority(random: &mut Rng) -> u64 {
        random.u64(PRIORITY_MIN..)
    }

    pub(super) fn cost(random: &mut Rng) -> u64 {
        random.u64(COST)
    }

    /// Whether the thread that makes the call number `step` lets others go first. For a change of
    /// priorities also its new priority.
    pub(super) fn is_turn_over(&mut self, step: u64, random: &mut Rng) -> (bool, Option<u64>) {
        match self {
            Schedule::RandomWalk { period } => (random.u32(0..*period) == 0, None),
            Schedule::Priorities { at, lowest, .. } => {
                let changes = at.contains(&step);
                *lowest -= u64::from(changes);
                (true, changes.then_some(*lowest))
            }
        }
    }

    /// The place of the next thread among those that are ready.
    pub(super) fn choose(&self, threads: &Threads, random: &mut Rng) -> Option<usize> {
        let ready = threads.ready();
        match self {
            _ if ready.is_empty() => None,
            Schedule::RandomWalk { .. } => Some(random.usize(..ready.len())),
            Schedule::Priorities { .. } => {
                let priority = |place: &usize| threads.get(ready[*place]).priority;
                (0..ready.len()).max_by_key(priority)
            }
        }
    }
}
