//! How a worker sleeps.

use std::time::Duration;

use crate::driver::Harvest;
use crate::scheduler::paused::PausedClock;
use crate::scheduler::shared::SharedScheduler;
use crate::scheduler::slack::Slack;
use crate::scheduler::worker::Worker;

impl Worker {
    /// Sleeps, unless the call that the program wants to be made before gives this worker work.
    pub(super) fn park(&mut self, shared: &SharedScheduler) {
        if !self.is_sleep_watched {
            return self.sleep(shared);
        }
        let hooks = shared.blocking.hooks();
        self.inside(|| hooks.before_sleep());
        let local = self.local();
        if local.remote().lifo.is_empty() && local.remote().backlog() == 0 && local.pinned.is_empty() {
            self.sleep_counted(shared);
        }
        self.inside(|| hooks.after_sleep());
    }

    /// Sleeps, and counts for how long if the runtime is observed: by the runtime's clock, from now
    /// until the worker is awake, without what it does then.
    fn sleep_counted(&mut self, shared: &SharedScheduler) {
        let turns = &shared.figures(self.index()).sleep_turns;
        let (began, turn) = (shared.timers.now(), turns.get());
        self.sleep(shared);
        // Otherwise it saw work in its last look, and did not sleep.
        if turns.get() != turn {
            let length = self.round_began().saturating_duration_since(began);
            let observed = shared.observed_worker(self.index());
            observed.into_iter().for_each(|observed| observed.parks.note_times(length, 1));
        }
    }

    /// Sleeps in the driver until a completion, a due timer or an unpark.
    fn sleep(&mut self, shared: &SharedScheduler) {
        let index = self.index();
        shared.idle.park(index, std::mem::take(&mut self.is_searching));
        if shared.work_is_visible() {
            shared.idle.unpark_to_search(index);
            self.is_searching = true;
            crate::primitive::let_others_run();
            return;
        }
        let remote = &*shared.remotes[index];
        self.measure(remote, shared.timers.now());
        let on_duty = self.watch.begin(shared, index);
        let clock = PausedClock::of(shared, index);
        let timeout = clock.sleep_limit().or_else(|| self.sleep_limit(on_duty));
        // The notifier left work for the next round, which must not sleep or move the clock.
        let mut is_notified = !remote.gate.close();
        let timeout = if is_notified { Some(Duration::ZERO) } else { timeout };
        let harvest = Harvest::new(&mut self.wakers, &mut self.leftovers);
        remote.figures.begin_sleep(self.is_fresh);
        let outcome = shared.driver.park_beside(index, self.watch.stuck(), timeout, harvest);
        is_notified |= remote.gate.open();
        remote.figures.end_sleep();
        Self::expect_driver(outcome);
        if on_duty {
            shared.idle.leave_duty();
        }
        self.is_searching = shared.idle.unpark(index);
        self.is_fresh = true;
        if !is_notified && self.wakers.is_empty() && clock.may_advance(shared, index) {
            shared.timers.advance_to_next(index);
        }
        let now = shared.timers.now();
        self.local().pace.resume(now);
        shared.slack.look(shared.epoch, now);
        self.collect(now);
        self.look_around(shared, now);
        self.dispatch();
        self.clear_away();
    }

    /// Returns how long to sleep: until the next deadline, or a sentinel's next look.
    fn sleep_limit(&self, on_duty: bool) -> Option<Duration> {
        let shared = self.shared();
        let deadline = shared.timers.next_deadline(self.index());
        let sleep = deadline.map(|deadline| deadline.saturating_duration_since(shared.timers.now()));
        let sleep = Slack::limit(sleep);
        if !on_duty {
            return sleep;
        }
        let period = self.watch.period();
        Some(sleep.map_or(period, |sleep| sleep.min(period)))
    }
}
