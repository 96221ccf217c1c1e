//! Where a worker looks for work when it has none of its own.

use crate::scheduler::remote::Remote;
use crate::scheduler::shared::SharedScheduler;
use crate::scheduler::worker::Worker;
use crate::task::{Runnable, go_aside};

impl Worker {
    /// Searches the injector, then steals half of a neighbour's queue.
    pub(super) fn search(&mut self, shared: &SharedScheduler) -> Option<Runnable> {
        if let Some(task) = self.take_share(shared) {
            return Some(task);
        }
        if shared.workers_count() == 1 {
            return None;
        }
        if !self.is_searching {
            self.is_searching = shared.idle.try_search();
            if !self.is_searching {
                return None;
            }
        }
        let start = self.random.below(shared.workers_count());
        shared.surplus.find(start, |victim| {
            let is_other = victim != self.index() && shared.has_surplus(victim);
            is_other.then(|| self.steal_from(&shared.remotes[victim])).flatten()
        })
    }

    /// Moves half of the tasks of another worker here, as far as they fit, and returns one of them
    /// to run at once.
    pub(super) fn steal_from(&self, victim: &Remote) -> Option<Runnable> {
        let before = self.queue().added_count();
        let task = victim.steal(self.queue())?;
        go_aside();
        let added_count = self.queue().added_count().wrapping_sub(before);
        self.count_steal(u64::from(added_count) + 1);
        Some(task)
    }

    /// Counts a theft of so many tasks.
    pub(super) fn count_steal(&self, tasks_count: u64) {
        self.local().remote().figures.count_steal(tasks_count);
        if let Some(observed) = self.shared().observed_worker(self.index()) {
            observed.steals.note(tasks_count);
        }
    }

    /// Takes a fair share of the injector: returns one task to run at once and puts the rest into
    /// this worker's ring.
    pub(super) fn take_share(&self, shared: &SharedScheduler) -> Option<Runnable> {
        if shared.injector.len() == 0 {
            return None;
        }
        shared.injector.pop_share(self.queue(), shared.idle.takers_count(self.is_searching))
    }

    /// Called when a search found something. The last searcher makes up for all pushes that were
    /// not announced meanwhile.
    pub(super) fn stop_searching(&mut self) {
        self.is_searching = false;
        let (shared, index) = (self.shared(), self.index());
        // What was found may be more than one task, and is listed while this worker still counts as
        // searching: who parks later sees it.
        if shared.remotes[index].is_worth_sharing() {
            shared.announce_backlog(index);
        }
        if shared.idle.stop_searching() && shared.work_is_visible() {
            shared.announce();
        }
    }
}
