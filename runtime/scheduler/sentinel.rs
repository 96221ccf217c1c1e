//! Sentinels: parked workers that watch the running ones, so that no work is stranded behind a long
//! poll.

use std::time::{Duration, Instant};

use crate::driver::{Crop, clear_away};
use crate::primitive::clock;
use crate::scheduler::Shared;
use crate::scheduler::worker::Worker;

/// False in a build without sentinels, which measures their cost: `benches/sentinel.sh`.
pub(super) const IS_WATCHED: bool = !cfg!(rt_unwatched);

/// A worker's memory of its last look at the others.
pub(super) struct Watch {
    looked_at: Instant,
    /// The workers that were stuck at the last look and whose completions we could reap. A sleep on
    /// duty ends for their next completions.
    stuck: Vec<usize>,
    /// Whether at the last look all others slept and none had moved.
    was_quiet: bool,
    is_on_duty: bool,
    /// The number of looks since a worker was stuck.
    calm_looks: u32,
}

impl Watch {
    /// The period between two looks. Work behind a long poll waits for a period and a stall at
    /// most, and for the kernel's next timer interrupt, at which it hands over the completions of a
    /// busy thread.
    const ALERT: Duration = Duration::from_millis(3);

    /// The period after this many looks without a stuck worker. A look costs 30 to 50 µs of CPU,
    /// mostly for the kernel's part of a sleep with a time-out. At the shorter period that is 1.5 %
    /// of the CPU of a server that never stalls.
    const CALM: Duration = Duration::from_millis(10);
    const CALM_LOOKS_COUNT: u32 = 64;

    /// A worker that has not come round for this long is stuck. A healthy worker comes round each
    /// time its budget is spent, ten times in this period, but the system may have taken its core
    /// away for a while.
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

    /// Called before a sleep. Returns whether it is a sleep on duty. Such a sleep has a time-out,
    /// so it costs more and may end for nothing. If all others have slept since the last look,
    /// there is no worker to watch. A worker that wakes up makes sure that it is watched.
    pub(super) fn begin(&mut self, shared: &Shared, index: usize) -> bool {
        let is_active = !self.was_quiet || !self.is_quiet(shared, index);
        self.is_on_duty = IS_WATCHED && is_active && shared.idle.try_take_duty();
        if !self.is_on_duty {
            self.stuck.clear();
        }
        self.is_on_duty
    }

    /// Returns how long a sleep on duty lasts.
    pub(super) fn period(&self) -> Duration {
        if self.calm_looks < Watch::CALM_LOOKS_COUNT { Watch::ALERT } else { Watch::CALM }
    }

    /// Returns the workers whose completions end this sleep as well.
    pub(super) fn stuck(&self) -> &[usize] {
        &self.stuck
    }

    /// Returns whether all others sleep and did not come round since the last look.
    fn is_quiet(&self, shared: &Shared, index: usize) -> bool {
        shared.others(index).all(|(_, remote)| {
            remote.gate.is_closed() && remote.came_round_at(shared.epoch) <= self.looked_at
        })
    }
}

impl Worker {
    /// Records for sentinels that this worker looks after everything of its own now.
    pub(super) fn come_round(&self, now: Instant) {
        if IS_WATCHED {
            let shared = self.shared();
            shared.remotes[self.index()].come_round(shared.epoch, now);
        }
    }

    /// Called after a sleep on duty. Helps the workers that are stuck.
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

    /// Takes over everything that a stuck worker cannot serve: queue, LIFO slot, completions,
    /// unsubmitted operations and due timers.
    fn rescue(&mut self, shared: &Shared, other: usize, now: Instant) {
        let remote = &shared.remotes[other];
        // Takes all of them; otherwise each task would wait for a look of its own.
        for _ in 0..remote.backlog() {
            let Some(task) = remote.rob(self.queue()) else { break };
            self.take_in(task);
        }
        if let Some(task) = remote.lifo.take() {
            self.take_in(task);
        }
        // If refused, the worker is harvesting itself. A sleep on the completions that it is about
        // to reap would end at once.
        if shared.driver.try_harvest(other, Crop::new(&mut self.wakers, &mut self.orphans)) {
            self.watch.stuck.push(other);
        }
        let index = self.index();
        shared.driver.take_over(other, index, Crop::new(&mut self.wakers, &mut self.orphans));
        shared.timers.try_fire_due(other, now, &mut self.wakers);
    }

    /// Called before the first task after a sleep. Makes sure that this worker is watched, by a
    /// sleeping worker, `[watched]`, or by the lookout, `[called]`.
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

    /// Called before work that may take long. Other workers must not rely on this one's search, and
    /// some thread must watch it.
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
        // Not earlier: sentinels would take each other's looks for work and never rest.
        self.come_round(self.round_began());
        self.post_sentinel();
    }

    /// Drops what harvests have left. This comes last, because a close may wait for a peer, and a
    /// destructor is user code.
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
