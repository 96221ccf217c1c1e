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
}

impl SlowPollLog {
    pub(super) fn new() -> SlowPollLog {
        SlowPollLog { polls: Mutex::new(VecDeque::with_capacity(KEPT_COUNT_MAX)) }
    }

    pub(super) fn note(&self, poll: &SlowPoll) {
        let logged = ReportedPoll { poll: poll.clone(), at: clock::now() };
        let mut polls = self.polls.lock();
        let is_its_beginning = |earlier: &ReportedPoll| {
            let earlier = &earlier.poll;
            !earlier.is_over() && (earlier.worker(), earlier.task()) == (poll.worker(), poll.task())
        };
        if let Some(place) = polls.iter().rposition(is_its_beginning) {
            polls[place] = logged;
            return;
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
