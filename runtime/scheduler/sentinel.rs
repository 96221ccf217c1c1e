//! Parked workers that watch those who run: nothing is stranded behind a long poll.

use std::time::{Duration, Instant};

use crate::primitive::atomic::Ordering;
use crate::primitive::clock;
use crate::scheduler::Shared;
use crate::scheduler::worker::Worker;

/// False in a build that measures what sentinels cost by having none: `benches/sentinel.sh`.
pub(super) const IS_WATCHED: bool = !cfg!(rt_unwatched);

/// What a worker remembers of the others from its last look.
pub(super) struct Watch {
    seen: Box<[Seen]>,
    /// Who was stuck at the last look, and let us reap its completions: a sleep on duty ends for the next of them.
    stuck: Vec<usize>,
    /// Whether the last look saw nobody move and everybody asleep.
    was_quiet: bool,
    is_on_duty: bool,
}

/// A worker as it was last seen to move.
#[derive(Clone, Copy)]
struct Seen {
    ticks: u64,
    since: Instant,
}

impl Watch {
    /// Two looks make a stall: what waits behind a long poll waits for two periods at most, and for the kernel's next
    /// timer interrupt, at which it hands over the completions of a busy thread.
    pub(super) const PERIOD: Duration = Duration::from_millis(2);

    /// Who is still in the same poll after this long is stuck. A sentinel that has work of its own may look around every
    /// few microseconds: two looks alone would make a stall of every poll.
    const STALL: Duration = Duration::from_millis(1);

    pub(super) fn new(workers_count: usize) -> Watch {
        let seen = Seen { ticks: 0, since: clock::now() };
        let seen = vec![seen; workers_count].into();
        Watch { seen, stuck: Vec::new(), was_quiet: true, is_on_duty: false }
    }

    /// Before a sleep: whether this one is spent on duty. A sleep with a time-out costs more, and ends for nothing: where all
    /// others sleep since the last look there is nobody to watch. Whoever wakes up sees to it that it is watched.
    pub(super) fn begin(&mut self, shared: &Shared, index: usize) -> bool {
        let is_active = !self.was_quiet || self.others_moved(shared, index);
        self.is_on_duty = IS_WATCHED && is_active && shared.idle.try_take_duty();
        if !self.is_on_duty {
            self.stuck.clear();
        }
        self.is_on_duty
    }

    /// Whose completions end this sleep as well.
    pub(super) fn stuck(&self) -> &[usize] {
        &self.stuck
    }

    fn others_moved(&self, shared: &Shared, index: usize) -> bool {
        let others = shared.remotes.iter().enumerate().filter(|(other, _)| *other != index);
        // Ordering: Relaxed, as in `Worker::run_task`.
        others.into_iter().any(|(other, remote)| {
            !remote.gate.is_closed() || remote.ticks.load(Ordering::Relaxed) != self.seen[other].ticks
        })
    }
}

impl Worker {
    /// After a sleep on duty: helps whoever is stuck.
    pub(super) fn look_around(&mut self, shared: &Shared, now: Instant) {
        if !self.watch.is_on_duty {
            return;
        }
        self.watch.stuck.clear();
        let mut is_quiet = true;
        // Not `now`, which a test may have stopped.
        let looked_at = clock::now();
        let index = self.index();
        for (other, remote) in shared.remotes.iter().enumerate().filter(|(other, _)| *other != index) {
            // Ordering: Relaxed, as in `run_task`.
            let ticks = remote.ticks.load(Ordering::Relaxed);
            let seen = &mut self.watch.seen[other];
            let (moved, is_asleep) = (seen.ticks != ticks, remote.gate.is_closed());
            is_quiet &= is_asleep && !moved;
            if moved || is_asleep {
                *seen = Seen { ticks, since: looked_at };
            } else if looked_at.duration_since(seen.since) >= Watch::STALL {
                self.rescue(shared, other, now);
            }
        }
        self.watch.was_quiet = is_quiet;
    }

    /// Takes over what a stuck worker cannot serve: queue, LIFO slot, completions, orders, due timers.
    fn rescue(&mut self, shared: &Shared, other: usize, now: Instant) {
        let remote = &shared.remotes[other];
        // All of it, so that what waits for the stuck worker does not wait for one look each.
        for _ in 0..remote.backlog() {
            let Some(task) = remote.rob(self.queue()) else { break };
            self.take_in(task);
        }
        if let Some(task) = remote.lifo.take() {
            self.take_in(task);
        }
        // Refused: it is at it itself, and to sleep on what it is about to reap would be no sleep.
        if shared.driver.try_harvest(other, &mut self.wakers) {
            self.watch.stuck.push(other);
        }
        shared.driver.take_over(other, self.index(), &mut self.wakers);
        shared.timers.try_fire_due(other, now, &mut self.wakers);
    }

    /// Before the first task after a sleep: somebody must watch us while others sleep, `[watched]`.
    pub(super) fn post_sentinel(&self) {
        let shared = self.shared();
        if IS_WATCHED && shared.workers_count() > 1 {
            if let Some(index) = shared.idle.sentinel_to_wake() {
                shared.unpark(index);
            }
        }
    }
}
