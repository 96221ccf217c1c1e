//! On which ring a worker's waits are placed: as many rings are in use as the load needs.
//!
//! Where two workers each serve a few sockets, each is woken for every few events, and every sleep and wake-up costs as
//! much as a request. So the waits of lightly loaded workers gather on the first rings: each worker publishes the share of
//! time that its thread runs; the sum, divided by what one ring can carry, is the number of rings in use; a worker beyond
//! them hands its waits to one of them, by letter. The sum hardly changes when waits move, so they do not swing.
//! A gathered worker that has more to do than is worth keeping is helped by the others, as always; what they then wait
//! for goes back to its ring.
//!
//! The thread's CPU time is what counts, not the time it is awake: on a machine with more threads than cores that would
//! mistake waiting for a core for work. A worker that did not sleep at all is full, whatever it got.
//!
//! A worker that has not come round lately gets no waits [comes-round].

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::primitive::atomic::{AtomicUsize, Ordering};

/// Between two looks at the loads. Long against a turn of the loop, short against a change of the load.
const WINDOW: Duration = Duration::from_millis(5);
/// The load of all workers that one ring serves, of 1000. More than one worker's, for it is only a sixth or so of the work
/// that must be done where the ring is; helpers take of the rest.
const RING_CARRIES_PERMILLE: usize = 1500;

/// What the other workers know of one.
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
        // Ordering: Relaxed: two looks are compared that are milliseconds apart; nothing is published.
        self.turns.load(Ordering::Relaxed)
    }

    fn permille(&self) -> usize {
        // Ordering: Relaxed: a figure to judge by.
        self.permille.load(Ordering::Relaxed)
    }
}

/// A worker's decision, and the window in which its next one is prepared.
#[derive(Debug)]
pub(super) struct Placement {
    index: usize,
    target: usize,
    window: Option<Window>,
    /// Whom the last look saw, and how often it had come round by then.
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

    /// The load of the window's time, of 1000.
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

    /// Places at home, for a window at least: the target was found stuck.
    pub(super) fn stay(&mut self, now: Instant) {
        self.target = self.index;
        self.window = Some(Window::begin(now));
    }

    /// Once per turn of the worker's loop. The target that is given up because it has not come round, if there is one:
    /// letters to it may wait there unread.
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

    /// Takes the candidate if it has come round since the last look, which must have been at the same worker.
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

/// The ring that worker `index` uses when all workers together carry so much.
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

    /// [comes-round]: two looks at the same worker, and it must have moved between them.
    #[test]
    fn a_worker_gets_waits_when_it_has_come_round_and_loses_them_when_it_has_not() {
        let mut placement = Placement::new(2);
        // Alone, and then with a candidate: what was seen of another worker proves nothing of this one.
        assert_eq!((placement.decide(2, |_| 7), placement.target()), (None, 2));
        assert_eq!((placement.decide(0, |_| 8), placement.target()), (None, 2));
        assert_eq!((placement.decide(0, |_| 8), placement.target()), (None, 2));
        assert_eq!((placement.decide(0, |_| 9), placement.target()), (None, 0));
        // Another candidate has to prove itself as well; the one before has not moved either.
        assert_eq!((placement.decide(1, |_| 9), placement.target()), (Some(0), 2));
        assert_eq!((placement.decide(1, |_| 10), placement.target()), (None, 1));
        assert_eq!((placement.decide(1, |_| 10), placement.target()), (Some(1), 2));
    }
}
