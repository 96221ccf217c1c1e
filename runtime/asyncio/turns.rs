//! A wait with a time limit of zero: tasks that are ready to run get their turn, as in asyncio.

use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crate::primitive::clock;
use crate::task::AbortHandle;

/// If no task has had a turn for this long, the wait ends: a task may be always ready, or in a long
/// poll.
const PATIENCE: Duration = Duration::from_millis(50);
/// After this many checks without success the tasks run on other threads, and this thread yields to
/// them.
const LOOKS_COUNT: u32 = 32;
/// The wait lasts for this many checks in any case: on a busy machine the time alone may pass
/// before the system lets any other thread run.
const LOOKS_COUNT_MIN: u32 = 256;

/// The tasks that were ready when the wait began and have not had their turn since.
pub(super) struct Turns {
    ahead: Vec<AbortHandle>,
    since: Option<Instant>,
    looks_count: u32,
    has_begun: bool,
}

impl Turns {
    pub(super) fn of(tasks: impl IntoIterator<Item = AbortHandle>) -> Turns {
        let ahead: Vec<AbortHandle> = tasks.into_iter().collect();
        let has_begun = !ahead.is_empty();
        Turns { ahead, since: None, looks_count: 0, has_begun }
    }

    /// Called when the turns are over. Returns whether it is the first call, and there were tasks.
    pub(super) fn are_new_over(&mut self) -> bool {
        std::mem::take(&mut self.has_begun)
    }

    /// Returns `Ready` when each task has had its turn, or none has for [`PATIENCE`]. Otherwise the
    /// caller yields and is woken at once.
    pub(super) fn poll_taken(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let before = self.ahead.len();
        self.ahead.retain(AbortHandle::has_turn_ahead);
        if self.ahead.is_empty() {
            return Poll::Ready(());
        }
        let now = clock::now();
        if self.ahead.len() < before {
            (self.since, self.looks_count) = (None, 0);
        }
        let has_waited = now.saturating_duration_since(*self.since.get_or_insert(now)) > PATIENCE;
        if has_waited && self.looks_count > LOOKS_COUNT_MIN {
            self.ahead.clear();
            return Poll::Ready(());
        }
        self.looks_count += 1;
        if self.looks_count > LOOKS_COUNT {
            std::thread::yield_now();
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
