//! A wait for no time at all: tasks that are ready to run get their turn, as in asyncio.

use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crate::primitive::clock;
use crate::task::AbortHandle;

/// A task that is always ready, or in a long poll, is not waited for: so long nobody else has had a turn.
const PATIENCE: Duration = Duration::from_millis(10);
/// After so many looks in vain the others run on other threads, and this one makes room for them.
const LOOKS_COUNT: u32 = 32;

/// Tasks that were ready when the wait began, and have not had their turn since.
pub(super) struct Turns {
    ahead: Vec<AbortHandle>,
    since: Option<Instant>,
    looks_count: u32,
}

impl Turns {
    pub(super) fn of(tasks: impl IntoIterator<Item = AbortHandle>) -> Turns {
        Turns { ahead: tasks.into_iter().collect(), since: None, looks_count: 0 }
    }

    /// Ready when each of them has had its turn, or none has for [`PATIENCE`]; else the caller yields, and is woken at once.
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
