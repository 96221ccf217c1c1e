//! Asking the kernel what a socket is ready for.
//!
//! A new source counts as ready, because its first call is worth a try. A caller that only waits
//! makes no call, so for such a caller the kernel is asked.

use super::readiness::Seen;
use super::{Direction, Ready, Registration};

impl Registration {
    /// What the socket is ready for among `mask`. If it is ready for nothing of it, although this
    /// side was seen ready, the side is cleared, so that a wait waits for the next event.
    pub(crate) fn confirm(&self, direction: Direction, mask: Ready) -> Option<Ready> {
        // The look comes before the question: an event in between raises the version, and the clear
        // leaves the side alone [event-wakes].
        let seen = self.source.side(direction).observe()?;
        let ready = self.kernel_state(direction) & mask;
        if ready.is_empty() {
            self.block(direction, seen);
            return None;
        }
        Some(ready)
    }

    /// Whether this side counts as ready, and no event has said so.
    pub(crate) fn is_presumed(&self, direction: Direction) -> bool {
        self.source.side(direction).observe().is_some_and(Seen::is_first)
    }

    /// An error is pending for either direction: the next call of it returns the error.
    #[cfg(unix)]
    fn kernel_state(&self, _: Direction) -> Ready {
        use std::os::fd::AsRawFd;

        use crate::system::poll_state::PollState;

        let state = PollState::now(self.socket().as_raw_fd()).unwrap_or_default();
        let ready = Ready::from(state);
        if ready.is_error() { ready | Ready::READABLE | Ready::WRITABLE } else { ready }
    }

    /// The caller's own call finds out.
    #[cfg(not(unix))]
    fn kernel_state(&self, direction: Direction) -> Ready {
        match direction {
            Direction::Read => Ready::READABLE,
            Direction::Write => Ready::WRITABLE,
        }
    }
}
