//! Chooses the ring for a worker's waits, so that as many rings are in use as the load needs.
//!
//! If two workers each serve a few sockets, each wakes up for every few events, and every sleep and
//! wake-up costs as much as a request. So the waits of lightly loaded workers gather on the first
//! rings. Each worker publishes the share of time in which its thread runs. The sum, divided by
//! what one ring can carry, is the number of rings in use. A worker beyond them posts its waits to
//! one of them. The sum hardly changes when waits move, so the choice does not oscillate. If the
//! worker of a gathering ring gets more tasks than it should keep, the others help it, as always.
//! The waits of the tasks that they take go back to its ring.
//!
//! The load is the thread's CPU time, not the time in which it is awake. On a machine with more
//! threads than cores, the latter would count waiting for a core as work. A worker that did not
//! sleep at all counts as fully loaded, however much CPU time it got.
//!
//! A worker that has not started a turn lately gets no waits [comes-round].

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::primitive::atomic::{AtomicUsize, Ordering};

/// The time between two looks at the loads. Long compared with a turn of the loop, short compared
/// with a change of the load.
const WINDOW: Duration = Duration::from_millis(5);
/// The load of all workers that one ring serves, in thousandths of one worker. More than 1000,
/// because only about a sixth of the work must be done where the ring is; helpers take from the
/// rest.
const RING_CARRIES_PERMILLE: usize = 1500;

/// The figures of a worker that the others can see.
#[derive(Debug)]
pub(super) struct Load {
    permille: AtomicUsize,
    turns: AtomicUsize,
}

impl Load {
    pub(super) fn new() -> Load {
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

/// A worker's decision, and the window in which its next one is prepared.
#[derive(Debug)]
pub(super) struct Placement {
    index: usize,
    target: usize,
    window: Option<Window>,
    /// The candidate at the last look, and its count of turns then.
    seen: Option<(usize, usize)>,
}

#[derive(Debug)]
struct Window {
    began: Instant,
    cpu_at_begin: Duration,
    has_slept: bool,
}

impl Window {
    fn begin(now: Instant) -> Window {
        Window { began: now, cpu_at_begin: thread_cpu(), has_slept: false }
    }

    /// The load during the window, in thousandths.
    fn permille(&self, elapsed: Duration) -> usize {
        if !self.has_slept {
            return 1000;
        }
        let cpu = thread_cpu().saturating_sub(self.cpu_at_begin);
        (1000.0 * cpu.as_secs_f64() / elapsed.as_secs_f64()).min(1000.0) as usize
    }
}

impl Placement {
    pub(super) const fn new(index: usize) -> Placement {
        Placement { index, target: index, window: None, seen: None }
    }

    /// The ring for this worker's waits.
    pub(super) fn target(&self) -> usize {
        self.target
    }

    pub(super) fn slept(&mut self) {
        if let Some(window) = &mut self.window {
            window.has_slept = true;
        }
    }

    /// Keeps this worker's waits on its own ring, for at least one window, because the target was
    /// found stuck.
    pub(super) fn stay(&mut self, now: Instant) {
        self.target = self.index;
        self.window = Some(Window::begin(now));
    }

    /// Runs once per turn of the worker's loop. If the target has not started a turn, returns it:
    /// it is given up, and requests to it may be unread in its mailbox.
    #[must_use]
    pub(super) fn review<'a, L>(&mut self, loads: L) -> Option<usize>
    where
        L: ExactSizeIterator<Item = &'a Load> + Clone,
    {
        if loads.len() == 1 {
            return None;
        }
        let load = |index: usize| loads.clone().nth(index).expect("a load for each worker");
        let own = load(self.index);
        // Ordering: Relaxed, as in `turns`; only this worker writes it.
        own.turns.store(own.turns().wrapping_add(1), Ordering::Relaxed);
        let now = Instant::now();
        let window = self.window.get_or_insert_with(|| Window::begin(now));
        let elapsed = now.saturating_duration_since(window.began);
        if elapsed < WINDOW {
            return None;
        }
        let permille = window.permille(elapsed);
        let permille = if elapsed < 4 * WINDOW { (own.permille() + permille) / 2 } else { permille };
        // Ordering: Relaxed, as in `permille`.
        own.permille.store(permille, Ordering::Relaxed);
        self.window = Some(Window::begin(now));
        let candidate = target(self.index, loads.clone().map(Load::permille).sum());
        self.decide(candidate, |index| load(index).turns())
    }

    /// Accepts the candidate if it has started a turn since the last look, which must have been at
    /// the same worker.
    fn decide(&mut self, candidate: usize, turns: impl Fn(usize) -> usize) -> Option<usize> {
        let has_come_round =
            |index| matches!(self.seen, Some((seen, count)) if seen == index && turns(index) != count);
        let before = self.target;
        let is_stuck = before != self.index && !has_come_round(before);
        let is_proven = candidate == self.index || has_come_round(candidate);
        self.target = if is_proven { candidate } else { self.index };
        self.seen = Some((candidate, turns(candidate)));
        is_stuck.then_some(before)
    }
}

/// The ring that worker `index` uses when all workers together carry this load.
fn target(index: usize, total_permille: usize) -> usize {
    let rings_in_use = 1 + total_permille / RING_CARRIES_PERMILLE;
    if index < rings_in_use { index } else { index % rings_in_use }
}

fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[cfg(test)]
mod tests {
    use super::{Placement, target};

    #[test]
    fn as_many_rings_are_in_use_as_the_load_needs() {
        let targets = |total| (0..5).map(|index| target(index, total)).collect::<Vec<_>>();
        assert_eq!(targets(0), [0, 0, 0, 0, 0]);
        assert_eq!(targets(1499), [0, 0, 0, 0, 0]);
        assert_eq!(targets(1500), [0, 1, 0, 1, 0]);
        assert_eq!(targets(4500), [0, 1, 2, 3, 0]);
        assert_eq!(targets(6000), [0, 1, 2, 3, 4]);
    }

    /// [comes-round]: two looks at the same worker, and it must have started a turn between them.
    #[test]
    fn a_worker_gets_waits_when_it_has_come_round_and_loses_them_when_it_has_not() {
        let mut placement = Placement::new(2);
        // First without, then with a candidate: what was seen of another worker proves nothing
        // about this one.
        assert_eq!((placement.decide(2, |_| 7), placement.target()), (None, 2));
        assert_eq!((placement.decide(0, |_| 8), placement.target()), (None, 2));
        assert_eq!((placement.decide(0, |_| 8), placement.target()), (None, 2));
        assert_eq!((placement.decide(0, |_| 9), placement.target()), (None, 0));
        // Another candidate must prove itself as well, and the previous one has not moved either.
        assert_eq!((placement.decide(1, |_| 9), placement.target()), (Some(0), 2));
        assert_eq!((placement.decide(1, |_| 10), placement.target()), (None, 1));
        assert_eq!((placement.decide(1, |_| 10), placement.target()), (Some(1), 2));
    }
}
