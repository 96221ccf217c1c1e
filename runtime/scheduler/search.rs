//! Where a worker looks for work when it has none of its own.

use crate::scheduler::shared::SharedScheduler;
use crate::scheduler::worker::Worker;
use crate::task::Runnable;

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
        let count = shared.workers_count();
        let start = self.random.below(count);
        (0..count)
            .map(|offset| (start + offset) % count)
            .filter(|victim| *victim != self.index() && shared.remotes[*victim].is_worth_sharing())
            .find_map(|victim| shared.remotes[victim].steal(self.queue()))
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
        let shared = self.shared();
        if shared.idle.stop_searching() && shared.work_is_visible() {
            shared.announce();
        }
    }
}
