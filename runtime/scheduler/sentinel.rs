//! Sentinels: parked workers that watch the running ones, so that no work is stranded behind a long
//! poll.

use std::time::Instant;

use crate::driver::{Harvest, clear_away};
use crate::scheduler::shared::SharedScheduler;
use crate::scheduler::watch::{IS_WATCHED, Watch};
use crate::scheduler::worker::Worker;

impl Worker {
    /// Records for sentinels that this worker looks after everything of its own now.
    pub(super) fn check_in(&self, now: Instant) {
        if IS_WATCHED {
            let shared = self.shared();
            shared.remotes[self.index()].check_in(shared.epoch, now);
        }
    }

    /// Called after a sleep on duty. Helps the workers that are stuck.
    pub(super) fn look_around(&mut self, shared: &SharedScheduler, now: Instant) {
        if !self.watch.is_on_duty {
            return;
        }
        let index = self.index();
        self.watch.stuck.clear();
        self.watch.was_quiet = self.watch.is_quiet(shared, index);
        self.watch.looked_at = now;
        self.watch.calm_looks = self.watch.calm_looks.saturating_add(1);
        for (other, remote) in shared.others(index) {
            let is_late = now.saturating_duration_since(remote.checked_in_at(shared.epoch)) >= Watch::STALL;
            if is_late && !remote.gate.is_closed() {
                self.watch.calm_looks = 0;
                self.rescue(shared, other, now);
            }
        }
    }

    /// Takes over everything that a stuck worker cannot serve: queue, LIFO slot, completions,
    /// unsubmitted operations and due timers.
    fn rescue(&mut self, shared: &SharedScheduler, other: usize, now: Instant) {
        let remote = &shared.remotes[other];
        // Takes all of them; otherwise each task would wait for a look of its own.
        for _ in 0..remote.backlog() {
            let Some(task) = self.steal_from(remote) else { break };
            self.take_in(task);
        }
        if let Some(task) = remote.lifo.take() {
            self.count_steal(1);
            self.take_in(task);
        }
        // If refused, the worker is harvesting itself. A sleep on the completions that it is about
        // to reap would end at once.
        if shared.driver.try_harvest(other, Harvest::new(&mut self.wakers, &mut self.leftovers)) {
            self.watch.stuck.push(other);
        }
        let index = self.index();
        shared.driver.take_over(other, index, Harvest::new(&mut self.wakers, &mut self.leftovers));
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
        self.check_in(self.round_began());
        self.post_sentinel();
    }

    /// Drops what harvests have left. This comes last, because a close may wait for a peer, and a
    /// destructor is user code.
    #[inline]
    pub(super) fn clear_away(&mut self) {
        if !self.leftovers.is_empty() {
            self.drop_leftovers();
        }
    }

    fn drop_leftovers(&mut self) {
        self.set_to_work();
        let leftovers = std::mem::take(&mut self.leftovers);
        self.inside(|| clear_away(leftovers));
    }
}
