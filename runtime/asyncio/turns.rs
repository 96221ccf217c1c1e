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

/// The tasks that were ready when the wait began and have not had their turn since.
pub(super) struct Turns {
    ahead: Vec<AbortHandle>,
    since: Option<Instant>,
    looks_count: u32,
}

impl Turns {
    pub(super) fn of(tasks: impl IntoIterator<Item = AbortHandle>) -> Turns {
        Turns { ahead: tasks.into_iter().collect(), since: None, looks_count: 0 }
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
        if now.saturating_duration_since(*self.since.get_or_insert(now)) > PATIENCE {
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
