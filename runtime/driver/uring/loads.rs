//! What the workers of a runtime decide by when they place waits: see `placement.rs`.

use crossbeam::utils::CachePadded;

use crate::primitive::atomic::{AtomicUsize, Ordering};

/// The load of all workers that one ring serves, in thousandths of one worker. More than 1000,
/// because only about a sixth of the work must be done where the ring is; helpers take from the
/// rest.
const RING_CARRIES_PERMILLE: usize = 1500;

/// The figures of a worker that the others can see.
#[derive(Debug)]
struct Load {
    permille: AtomicUsize,
    turns: AtomicUsize,
}

impl Load {
    fn new() -> Load {
        Load { permille: AtomicUsize::new(0), turns: AtomicUsize::new(0) }
    }

    fn turns(&self) -> usize {
        // Ordering: Relaxed: compares two looks that are milliseconds apart; nothing is published.
        self.turns.load(Ordering::Relaxed)
    }

    fn permille(&self) -> usize {
        // Ordering: Relaxed: a figure to decide by, which may be a little old.
        self.permille.load(Ordering::Relaxed)
    }
}

/// What all workers of a runtime decide by.
#[derive(Debug)]
pub(super) struct Loads {
    workers: Box<[CachePadded<Load>]>,
    /// The first ring in use; the others in use follow it, round the end.
    first: Box<CachePadded<AtomicUsize>>,
}

impl Loads {
    pub(super) fn new(workers_count: usize) -> Loads {
        let workers = (0..workers_count).map(|_| CachePadded::new(Load::new())).collect();
        Loads { workers, first: Box::new(CachePadded::new(AtomicUsize::new(0))) }
    }

    pub(super) fn len(&self) -> usize {
        self.workers.len()
    }

    /// How many turns the worker has started.
    pub(super) fn turns(&self, index: usize) -> usize {
        self.workers[index].turns()
    }

    /// Counts a turn of the worker, which alone calls this, and returns how many there were.
    pub(super) fn count_turn(&self, index: usize) -> usize {
        let own = &self.workers[index];
        let turns = own.turns().wrapping_add(1);
        // Ordering: Relaxed, as in `turns`; only this worker writes it.
        own.turns.store(turns, Ordering::Relaxed);
        turns
    }

    /// The load of the worker, in thousandths.
    pub(super) fn permille(&self, index: usize) -> usize {
        self.workers[index].permille()
    }

    /// Publishes the load of the worker, which alone calls this.
    pub(super) fn publish(&self, index: usize, permille: usize) {
        // Ordering: Relaxed, as in `permille`.
        self.workers[index].permille.store(permille, Ordering::Relaxed);
    }

    fn total_permille(&self) -> usize {
        self.workers.iter().map(|load| load.permille()).sum()
    }

    pub(super) fn first(&self) -> usize {
        // Ordering: Relaxed: a figure to decide by; whoever sees it late decides a turn later.
        self.first.load(Ordering::Relaxed)
    }

    /// Only the worker whose ring is the first in use calls this.
    pub(super) fn move_on(&self, first: usize) {
        // Ordering: Relaxed, as in `first`.
        self.first.store((first + 1) % self.workers.len(), Ordering::Relaxed);
    }

    /// The ring for the waits of worker `index`.
    pub(super) fn target(&self, index: usize, first: usize) -> usize {
        target(index, first, self.workers.len(), self.total_permille())
    }
}

/// The ring that worker `index` of `workers_count` uses when all workers together carry this load.
fn target(index: usize, first: usize, workers_count: usize, total_permille: usize) -> usize {
    let rings_in_use = (1 + total_permille / RING_CARRIES_PERMILLE).min(workers_count);
    let rank = (index + workers_count - first) % workers_count;
    (first + rank % rings_in_use) % workers_count
}

#[cfg(test)]
mod tests {
    use super::{Loads, target};

    #[test]
    fn as_many_rings_are_in_use_as_the_load_needs() {
        let targets = |total| (0..5).map(|index| target(index, 0, 5, total)).collect::<Vec<_>>();
        assert_eq!(targets(0), [0, 0, 0, 0, 0]);
        assert_eq!(targets(1499), [0, 0, 0, 0, 0]);
        assert_eq!(targets(1500), [0, 1, 0, 1, 0]);
        assert_eq!(targets(4500), [0, 1, 2, 3, 0]);
        assert_eq!(targets(6000), [0, 1, 2, 3, 4]);
        assert_eq!(targets(60_000), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn the_rings_in_use_begin_where_the_gathering_has_moved_to() {
        let targets = |first, total| (0..4).map(|index| target(index, first, 4, total)).collect::<Vec<_>>();
        assert_eq!(targets(1, 0), [1, 1, 1, 1]);
        assert_eq!(targets(3, 1500), [0, 3, 0, 3]);
        assert_eq!(targets(2, 60_000), [0, 1, 2, 3]);
    }

    #[test]
    fn the_gathering_moves_on_round_all_rings() {
        let loads = Loads::new(3);
        let mut seen = Vec::new();
        for _ in 0..4 {
            seen.push(loads.first());
            loads.move_on(loads.first());
        }
        assert_eq!(seen, [0, 1, 2, 0]);
    }
}
