//! Asking the kernel what a socket is ready for.
//!
//! A new source counts as ready, because its first call is worth a try. A caller that only waits
//! makes no call, so for such a caller the kernel is asked.

use std::io;

use super::op::Op;
use super::readiness::{Arm, Seen};
use super::{Direction, Interest, Ready, Registration};

impl Registration {
    /// What the socket is ready for among `mask`. If it is ready for nothing of it, although this
    /// side was seen ready, the side is cleared, so that a wait waits for the next event.
    pub(crate) fn confirm(&self, direction: Direction, mask: Ready) -> Option<Ready> {
        // The look comes before the question: an event in between raises the version, and the clear
        // leaves the side alone [event-wakes].
        let seen = self.source.side(direction).observe()?;
        let mut ready = self.kernel_state(direction);
        if direction == Direction::Write && self.source.progress(direction).is_at(seen) {
            // The kernel reports room only when there is much of it. A call has written since the
            // last event, and none was refused.
            ready |= Ready::WRITABLE;
        }
        let ready = ready & mask;
        if ready.is_empty() {
            self.block(direction, seen);
            return None;
        }
        Some(ready)
    }

    /// Wakes those who wait in this direction, so that they try again: the system reports nothing.
    #[cfg(windows)]
    pub(crate) fn wake(&self, direction: Direction) {
        let mut wakers = Vec::new();
        // An order stays in place.
        self.source.side(direction).event(false, &mut wakers);
        crate::task::wake_all(wakers);
    }

    /// Calls `f`, which is a call of the program's own, if the socket is ready for `interest`.
    /// Otherwise an event is on order, so that a later try finds out.
    pub(crate) fn try_call<R>(&self, interest: Interest, f: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        let mask = interest.mask();
        let may_write = interest.is_writable() && self.source.side(Direction::Read).observe().is_none();
        let direction = if may_write { Direction::Write } else { interest.direction() };
        let seen = self.source.side(direction).observe();
        let is_ready = match seen {
            Some(_) => !self.is_presumed(direction) || self.confirm(direction, mask).is_some(),
            None => false,
        };
        if !is_ready && self.has_order(direction) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let result = f();
        if let Some(seen) = seen {
            if result.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock) {
                self.block(direction, seen);
                self.has_order(direction);
            } else {
                self.source.progress(direction).note(seen);
            }
        }
        result
    }

    /// Places an order if there is none. Returns whether there is one now: not if the driver has
    /// shut down, and not if an event came meanwhile.
    fn has_order(&self, direction: Direction) -> bool {
        let side = self.source.side(direction);
        match side.order() {
            Arm::Ready => false,
            Arm::Already => true,
            Arm::Needed(order) => {
                let op = Op::Ready { source: self.source.clone(), direction, order };
                let is_placed = self.driver.submit(op).is_ok();
                if !is_placed {
                    side.disarm();
                }
                is_placed
            }
        }
    }

    /// Whether this side counts as ready, and neither an event nor a call has shown that it is.
    pub(crate) fn is_presumed(&self, direction: Direction) -> bool {
        let is_unproven = |seen: Seen| seen.is_first() && !self.source.progress(direction).is_at(seen);
        self.source.side(direction).observe().is_some_and(is_unproven)
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
