//! The future's side of a node in a wheel.
//!
//! ```text
//!            arm                 fired, or reset to the past
//!   Idle ----------> Armed ---------------------------------> Fired
//!    ^  \              |  ^                                    |
//!    |   \             |  | reset while armed: the node moves  |
//!    |    `-- past ----+--+--------------------------> Fired   |
//!    `------------------------- reset -------------------------'
//! ```
//!
//! The entry keeps its home after the node is gone. So it stays with its runtime, and arming it
//! again does not increment a reference count.
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use super::context::{self, NO_RUNTIME, Spot, Ticks};
use super::slab::Key;
use super::timers::HomeRef;

#[derive(Debug)]
pub(super) struct Entry {
    home: Option<HomeRef>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Not in a wheel: never polled, or reset since it fired.
    Idle,
    /// In the wheel of `home`, or fired from it without the entry having noticed yet.
    Armed {
        key: Key,
        tick: u64,
        waker: WakerIdentity,
    },
    Fired,
}

/// Identifies a waker by its two addresses, without a reference to it.
///
/// An identity is valid only while the node holds the waker, because only then can no other waker
/// get its memory. Once the node has fired, `reached` shows it before that memory can be reused:
/// [same-waker]. The identity is that of the clone in the node. A waker that represents another
/// one only for the length of a poll has an identity that means nothing afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct WakerIdentity {
    data: usize,
    vtable: usize,
}

impl WakerIdentity {
    fn of(waker: &Waker) -> Self {
        WakerIdentity { data: waker.data().addr(), vtable: std::ptr::from_ref(waker.vtable()).addr() }
    }
}

impl Entry {
    pub(super) fn new() -> Self {
        Entry { home: None, state: State::Idle }
    }

    /// Returns whether it has fired since it was created or reset.
    pub(super) fn is_fired(&self) -> bool {
        match (&self.state, &self.home) {
            (State::Fired, _) => true,
            (State::Armed { tick, .. }, Some(home)) => home.has_settled(*tick),
            (State::Idle | State::Armed { .. }, _) => false,
        }
    }

    /// Returns `Ready` if `deadline` has passed. Otherwise it is armed for `deadline`, and wakes
    /// the task of `cx` then.
    ///
    /// # Panics
    /// Panics if it must be armed and this thread has no timers.
    #[track_caller]
    pub(super) fn poll_elapsed(&mut self, cx: &Context<'_>, deadline: Instant) -> Poll<()> {
        let is_pending = match (&mut self.state, &self.home) {
            (State::Fired, _) => false,
            (State::Armed { key, tick, waker }, Some(home)) => {
                let is_same = *waker == WakerIdentity::of(cx.waker());
                if home.has_settled(*tick) {
                    false
                } else if is_same && !home.has_reached(*tick) {
                    true
                } else {
                    let held = cx.waker().clone();
                    *waker = WakerIdentity::of(&held);
                    home.replace_waker(*key, held)
                }
            }
            (State::Idle | State::Armed { .. }, _) => self.arm(cx, deadline),
        };
        if is_pending {
            return Poll::Pending;
        }
        self.state = State::Fired;
        Poll::Ready(())
    }

    /// Moves the deadline. An armed node moves at once and keeps its waker. An entry that is not
    /// armed is armed by the next poll.
    pub(super) fn reset(&mut self, deadline: Instant) {
        let (State::Armed { key, tick, .. }, Some(home)) = (&mut self.state, &self.home) else {
            self.state = State::Idle;
            return;
        };
        *tick = home.clock().tick_of_deadline(deadline);
        if !home.rearm(*key, *tick, context::is_owner(home)) {
            self.state = State::Idle;
        }
    }

    /// Puts an idle entry into a wheel. Returns `false` if the deadline has passed.
    #[track_caller]
    fn arm(&mut self, cx: &Context<'_>, deadline: Instant) -> bool {
        match context::spot_for(deadline, &mut self.home) {
            Spot::Past => false,
            Spot::Nowhere => panic!("{NO_RUNTIME}"),
            Spot::Armed { ticks, is_owner } => self.arm_at_home(ticks, is_owner, cx.waker()),
        }
    }

    fn arm_at_home(&mut self, ticks: Ticks, is_owner: bool, waker: &Waker) -> bool {
        let home = self.home.as_ref().expect("an entry that is armed has a home");
        let held = waker.clone();
        let waker = WakerIdentity::of(&held);
        let Some(key) = home.arm(ticks.deadline, ticks.now, held, is_owner) else { return false };
        self.state = State::Armed { key, tick: ticks.deadline, waker };
        true
    }

    /// Returns whether it was put into a wheel and has not noticed since that it fired.
    #[cfg(test)]
    pub(super) fn is_armed(&self) -> bool {
        matches!(self.state, State::Armed { .. })
    }

    /// Returns an entry armed at a given home, as a thread that is not a worker arms it.
    #[cfg(test)]
    pub(super) fn armed_at(home: &HomeRef, waker: &Waker, deadline: Instant) -> Entry {
        let mut entry = Entry { home: Some(home.clone()), state: State::Idle };
        let ticks = Ticks { deadline: home.clock().tick_of_deadline(deadline), now: 0 };
        entry.arm_at_home(ticks, false, waker);
        entry
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if let (State::Armed { key, tick, .. }, Some(home)) = (&self.state, &self.home) {
            if !home.has_settled(*tick) {
                home.disarm(*key);
            }
        }
    }
}
