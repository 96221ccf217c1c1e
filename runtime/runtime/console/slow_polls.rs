//! The last slow polls of a runtime.

use std::collections::VecDeque;
use std::time::Instant;

use crate::primitive::clock;
use crate::primitive::sync::Mutex;
use crate::runtime::SlowPoll;

/// How many are kept.
const KEPT_COUNT_MAX: usize = 64;

/// The last slow polls of a runtime, oldest first. One that goes on is listed once, and replaced
/// when it is over.
pub(super) struct SlowPollLog {
    polls: Mutex<VecDeque<ReportedPoll>>,
}

#[derive(Clone)]
pub(super) struct ReportedPoll {
    pub(super) poll: SlowPoll,
    /// When it was reported.
    pub(super) at: Instant,
    /// Nothing reports the end of a poll that ended while the machine stood still. Then the next
    /// one of its worker shows it, and `poll` has the time until its report.
    pub(super) is_over: bool,
}

impl SlowPollLog {
    pub(super) fn new() -> SlowPollLog {
        SlowPollLog { polls: Mutex::new(VecDeque::with_capacity(KEPT_COUNT_MAX)) }
    }

    pub(super) fn note(&self, poll: &SlowPoll) {
        let logged = ReportedPoll { poll: poll.clone(), at: clock::now(), is_over: poll.is_over() };
        let mut polls = self.polls.lock();
        // A worker is in one poll at a time.
        let goes_on =
            |earlier: &&mut ReportedPoll| !earlier.is_over && earlier.poll.worker() == poll.worker();
        for earlier in polls.iter_mut().filter(goes_on) {
            if earlier.poll.task() == poll.task() {
                *earlier = logged;
                return;
            }
            earlier.is_over = true;
        }
        if polls.len() == KEPT_COUNT_MAX {
            polls.pop_front();
        }
        polls.push_back(logged);
    }

    pub(super) fn polls(&self) -> Vec<ReportedPoll> {
        self.polls.lock().iter().cloned().collect()
    }
}

#[cfg(all(test, not(any(rt_loom, rt_shuttle))))]
mod tests {
    use std::sync::Arc;

    use super::{KEPT_COUNT_MAX, SlowPollLog};
    use crate::runtime::slow_poll::{SlowPollHook, SlowPollOptions};
    use crate::scheduler::watchdog::SeenPoll;
    use crate::task::Id;

    /// Reports polls of these tasks, workers and ends. Returns what is listed.
    fn listed(reports: impl IntoIterator<Item = (Id, usize, bool)>) -> Vec<(Option<Id>, bool)> {
        let log = Arc::new(SlowPollLog::new());
        let noted = log.clone();
        let hook: Arc<SlowPollHook> = Arc::new(move |poll| noted.note(poll));
        let (duration, report) = SlowPollOptions::new().report(Some(hook)).expect("somebody wants to know");
        for (task, worker, is_over) in reports {
            let task = Some(task);
            report(SeenPoll { task, name: None, location: None, worker, duration, is_over });
        }
        log.polls().iter().map(|logged| (logged.poll.task(), logged.is_over)).collect()
    }

    #[test]
    fn the_end_of_a_poll_replaces_its_beginning() {
        let (one, other) = (Id::next(), Id::next());
        let reports = [(one, 0, false), (other, 1, false), (one, 0, true), (one, 0, false)];
        assert_eq!(listed(reports), [(Some(one), true), (Some(other), false), (Some(one), false)]);
    }

    /// Mutant: only a poll of the same task is looked at.
    #[test]
    fn a_poll_whose_end_was_missed_is_over_when_its_worker_is_in_another_one() {
        let (one, other) = (Id::next(), Id::next());
        assert_eq!(listed([(one, 0, false), (other, 0, false)]), [(Some(one), true), (Some(other), false)]);
        assert_eq!(listed([(one, 0, false), (other, 1, false)]), [(Some(one), false), (Some(other), false)]);
    }

    #[test]
    fn the_oldest_polls_make_room() {
        let ids: Vec<Id> = (0..=KEPT_COUNT_MAX).map(|_| Id::next()).collect();
        let found = listed(ids.iter().map(|id| (*id, 0, true)));
        let expected: Vec<(Option<Id>, bool)> = ids[1..].iter().map(|id| (Some(*id), true)).collect();
        assert_eq!(found, expected);
    }
}
