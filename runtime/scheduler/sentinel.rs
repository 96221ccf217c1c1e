//! Parked workers that watch those who run: nothing is stranded behind a long poll.

use std::time::{Duration, Instant};

use crate::driver::{Crop, clear_away};
use crate::primitive::clock;
use crate::scheduler::Shared;
use crate::scheduler::worker::Worker;

/// False in a build that measures what sentinels cost by having none: `benches/sentinel.sh`.
pub(super) const IS_WATCHED: bool = !cfg!(rt_unwatched);

/// What a worker remembers of its last look at the others.
pub(super) struct Watch {
    looked_at: Instant,
    /// Who was stuck at the last look, and let us reap its completions: a sleep on duty ends for the next of them.
    stuck: Vec<usize>,
    /// Whether the last look saw nobody move and everybody asleep.
    was_quiet: bool,
    is_on_duty: bool,
    /// Looks since somebody was stuck.
    calm_looks: u32,
}

impl Watch {
    /// What waits behind a long poll waits for a period and a stall at most, and for the kernel's next timer interrupt, at
    /// which it hands over the completions of a busy thread.
    const ALERT: Duration = Duration::from_millis(3);

    /// The period when the last looks, this many, found nobody stuck. A look costs 30 to 50 µs of CPU, most of it the
    /// kernel's for a sleep with a time-out: at the shorter period that is 1.5 % of a server that never stalls.
    const CALM: Duration = Duration::from_millis(10);
    const CALM_LOOKS_COUNT: u32 = 64;

    /// Who has not come round for this long is stuck. Who is well comes round each time its budget is spent, ten times in
    /// as long; but the system may have taken its core away for a while.
    const STALL: Duration = Duration::from_millis(2);

    pub(super) fn new() -> Watch {
        Watch {
            looked_at: clock::now(),
            stuck: Vec::new(),
            was_quiet: true,
            is_on_duty: false,
            calm_looks: 0,
        }
    }

    /// Before a sleep: whether this one is spent on duty. A sleep with a time-out costs more, and ends for nothing: where all
    /// others sleep since the last look there is nobody to watch. Whoever wakes up sees to it that it is watched.
    pub(super) fn begin(&mut self, shared: &Shared, index: usize) -> bool {
        let is_active = !self.was_quiet || !self.is_quiet(shared, index);
        self.is_on_duty = IS_WATCHED && is_active && shared.idle.try_take_duty();
        if !self.is_on_duty {
            self.stuck.clear();
        }
        self.is_on_duty
    }

    /// How long a sleep on duty lasts.
    pub(super) fn period(&self) -> Duration {
        if self.calm_looks < Watch::CALM_LOOKS_COUNT { Watch::ALERT } else { Watch::CALM }
    }

    /// Whose completions end this sleep as well.
    pub(super) fn stuck(&self) -> &[usize] {
        &self.stuck
    }

    /// Whether all others sleep, and did not come round since the last look.
    fn is_quiet(&self, shared: &Shared, index: usize) -> bool {
        shared.others(index).all(|(_, remote)| {
            remote.gate.is_closed() && remote.came_round_at(shared.epoch) <= self.looked_at
        })
    }
}

impl Worker {
    /// Tells sentinels that we look after everything of ours.
    pub(super) fn come_round(&self, now: Instant) {
        if IS_WATCHED {
            let shared = self.shared();
            shared.remotes[self.index()].come_round(shared.epoch, now);
        }
    }

    /// After a sleep on duty: helps whoever is stuck.
    pub(super) fn look_around(&mut self, shared: &Shared, now: Instant) {
        if !self.watch.is_on_duty {
            return;
        }
        let index = self.index();
        self.watch.stuck.clear();
        self.watch.was_quiet = self.watch.is_quiet(shared, index);
        self.watch.looked_at = now;
        self.watch.calm_looks = self.watch.calm_looks.saturating_add(1);
        for (other, remote) in shared.others(index) {
            let is_late = now.saturating_duration_since(remote.came_round_at(shared.epoch)) >= Watch::STALL;
            if is_late && !remote.gate.is_closed() {
                self.watch.calm_looks = 0;
                self.rescue(shared, other, now);
            }
        }
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
        if shared.driver.try_harvest(other, Crop::new(&mut self.wakers, &mut self.orphans)) {
            self.watch.stuck.push(other);
        }
        let index = self.index();
        shared.driver.take_over(other, index, Crop::new(&mut self.wakers, &mut self.orphans));
        shared.timers.try_fire_due(other, now, &mut self.wakers);
    }

    /// Before the first task after a sleep: somebody must watch us, one of those who sleep, `[watched]`, or the lookout,
    /// `[called]`.
    pub(super) fn post_sentinel(&self) {
        let shared = self.shared();
        if !IS_WATCHED || !shared.lookout().is_offered() {
            return;
        }
        if let Some(index) = shared.idle.sentinel_to_wake() {
            shared.unpark(index);
        } else if !shared.idle.has_sentinel() {
            shared.call_lookout();
        }
    }

    /// Before something that may take long: others must not rely on our search, and somebody must watch us.
    #[inline]
    pub(super) fn set_to_work(&mut self) {
        if self.is_searching {
            self.stop_searching();
        }
        if self.is_fresh {
            self.begin_work();
        }
    }

    fn begin_work(&mut self) {
        self.is_fresh = false;
        // Not before: sentinels would take each other's looks for work, and never rest.
        self.come_round(self.round_began());
        self.post_sentinel();
    }

    /// Drops what harvests have left: the last thing, for a close may wait for a peer, and a destructor is the user's.
    #[inline]
    pub(super) fn clear_away(&mut self) {
        if !self.orphans.is_empty() {
            self.drop_orphans();
        }
    }

    fn drop_orphans(&mut self) {
        self.set_to_work();
        let orphans = std::mem::take(&mut self.orphans);
        self.inside(|| clear_away(orphans));
    }
}
