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
//! The entry keeps its timers after the node is gone. So it stays with its runtime, and arming it
//! again does not increment a reference count.
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use super::context::{self, Spot, Ticks};
use super::slab::Key;
use super::timers::WorkerTimersRef;
use crate::blocking::NO_RUNTIME;

#[derive(Debug)]
pub(super) struct TimerEntry {
    timers: Option<WorkerTimersRef>,
    state: EntryState,
}

#[derive(Debug)]
enum EntryState {
    /// Not in a wheel: never polled, or reset since it fired.
    Idle,
    /// In the wheel of `timers`, or fired from it without the entry having noticed yet.
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

impl TimerEntry {
    pub(super) fn new() -> Self {
        TimerEntry { timers: None, state: EntryState::Idle }
    }

    /// Returns whether it has fired since it was created or reset.
    pub(super) fn is_fired(&self) -> bool {
        match (&self.state, &self.timers) {
            (EntryState::Fired, _) => true,
            (EntryState::Armed { tick, .. }, Some(timers)) => timers.has_settled(*tick),
            (EntryState::Idle | EntryState::Armed { .. }, _) => false,
        }
    }

    /// Returns `Ready` if `deadline` has passed. Otherwise it is armed for `deadline`, and wakes
    /// the task of `cx` then.
    ///
    /// # Panics
    /// Panics if it must be armed and this thread has no timers.
    #[track_caller]
    pub(super) fn poll_elapsed(&mut self, cx: &Context<'_>, deadline: Instant) -> Poll<()> {
        let is_pending = match (&mut self.state, &self.timers) {
            (EntryState::Fired, _) => false,
            (EntryState::Armed { key, tick, waker }, Some(timers)) => {
                let is_same = *waker == WakerIdentity::of(cx.waker());
                if timers.has_settled(*tick) {
                    false
                } else if is_same && !timers.has_reached(*tick) {
                    true
                } else {
                    let held = cx.waker().clone();
                    *waker = WakerIdentity::of(&held);
                    timers.replace_waker(*key, held)
                }
            }
            (EntryState::Idle | EntryState::Armed { .. }, _) => self.arm(cx, deadline),
        };
        if is_pending {
            return Poll::Pending;
        }
        self.state = EntryState::Fired;
        Poll::Ready(())
    }

    /// Moves the deadline. An armed node moves at once and keeps its waker. An entry that is not
    /// armed is armed by the next poll.
    pub(super) fn reset(&mut self, deadline: Instant) {
        let (EntryState::Armed { key, tick, .. }, Some(timers)) = (&mut self.state, &self.timers) else {
            self.state = EntryState::Idle;
            return;
        };
        // A deadline that has passed is over now, although its tick may not have come yet.
        let is_past = context::is_past(deadline, timers.clock());
        *tick = if is_past { 0 } else { timers.clock().tick_of_deadline(deadline) };
        if !timers.rearm(*key, *tick, context::is_owner(timers)) {
            self.state = EntryState::Idle;
        }
    }

    /// Puts an idle entry into a wheel. Returns `false` if the deadline has passed.
    #[track_caller]
    fn arm(&mut self, cx: &Context<'_>, deadline: Instant) -> bool {
        match context::spot_for(deadline, &mut self.timers) {
            Spot::Past => false,
            Spot::Nowhere => panic!("{NO_RUNTIME}"),
            Spot::Armed { ticks, is_owner } => self.arm_in(ticks, is_owner, cx.waker()),
        }
    }

    fn arm_in(&mut self, ticks: Ticks, is_owner: bool, waker: &Waker) -> bool {
        let timers = self.timers.as_ref().expect("an entry that is armed has timers");
        let held = waker.clone();
        let waker = WakerIdentity::of(&held);
        let Some(key) = timers.arm(ticks.deadline, ticks.now, held, is_owner) else { return false };
        self.state = EntryState::Armed { key, tick: ticks.deadline, waker };
        true
    }

    /// Returns whether it was put into a wheel and has not noticed since that it fired.
    #[cfg(test)]
    pub(super) fn is_armed(&self) -> bool {
        matches!(self.state, EntryState::Armed { .. })
    }

    /// Returns an entry armed in given timers, as a thread that is not a worker arms it.
    #[cfg(test)]
    pub(super) fn armed_at(timers: &WorkerTimersRef, waker: &Waker, deadline: Instant) -> TimerEntry {
        let mut entry = TimerEntry { timers: Some(timers.clone()), state: EntryState::Idle };
        let ticks = Ticks { deadline: timers.clock().tick_of_deadline(deadline), now: 0 };
        entry.arm_in(ticks, false, waker);
        entry
    }
}

impl Drop for TimerEntry {
    fn drop(&mut self) {
        if let (EntryState::Armed { key, tick, .. }, Some(timers)) = (&self.state, &self.timers) {
            if !timers.has_settled(*tick) {
                timers.disarm(*key);
            }
        }
    }
}
