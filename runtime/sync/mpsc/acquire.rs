//! Claims of room in a bounded channel, at once or in turn.

use super::chan::Chan;
use super::room::{Room, Space, Wish};
use super::word::{Bounded, PERMITS_COUNT_MAX, WordClaim, WordSeen};
use crate::sync::wait_list::{Home as _, Left, Locked, Waiter};
use crate::task::WaitReason;
use crate::task::coop::poll_proceed_for;
use pin_project_lite::pin_project;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Why a claim was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClaimError {
    Full,
    Closed,
}

type LockedRoom<'a> = Locked<'a, (), Wish>;

impl<T> Chan<T, Bounded> {
    /// Whether the word allows so many more. Waiters come first.
    #[inline]
    fn may(&self, seen: WordSeen<Bounded>, count: u32) -> Result<(), ClaimError> {
        if seen.is_closed() {
            return Err(ClaimError::Closed);
        }
        if seen.has_waiters() {
            return Err(ClaimError::Full);
        }
        match self.room.space(seen, count) {
            Space::Enough | Space::Unknown => Ok(()),
            Space::TooLittle => Err(ClaimError::Full),
        }
    }

    /// Sends if there is room and nobody waits for it.
    #[inline]
    pub(super) fn try_send(&self, value: T) -> Result<(), (ClaimError, T)> {
        let refusal = match self.queue.claim(WordClaim::Message, |seen| self.may(seen, 1)) {
            Ok((slot, _)) => {
                self.queue.publish(slot, value);
                return Ok(());
            }
            Err(refusal) => refusal,
        };
        match refusal {
            ClaimError::Full if self.seen().has_waiters() => self.try_send_in_turn(value),
            refusal => Err((refusal, value)),
        }
    }

    #[cold]
    fn try_send_in_turn(&self, value: T) -> Result<(), (ClaimError, T)> {
        match self.try_permits_in_turn(1) {
            Ok(()) => {
                self.send_for_permit(value);
                Ok(())
            }
            Err(refusal) => Err((refusal, value)),
        }
    }

    /// Claims permits, unless there is too little room or others wait for it.
    pub(super) fn try_claim_permits(&self, count: u32) -> Result<(), ClaimError> {
        if count == 0 {
            // Nothing is not waited for, not even in turn.
            return if self.seen().is_closed() { Err(ClaimError::Closed) } else { Ok(()) };
        }
        loop {
            let seen = self.seen();
            match self.may(seen, count) {
                // A word that is too old fails here.
                Ok(()) if self.queue.word().claim(seen, WordClaim::Permits(count)) => return Ok(()),
                Ok(()) => {}
                Err(ClaimError::Full) if seen.has_waiters() => return self.try_permits_in_turn(count),
                Err(refusal) => return Err(refusal),
            }
        }
    }

    /// The flag of waiters may stand for one that is about to find room. The list knows.
    #[cold]
    fn try_permits_in_turn(&self, count: u32) -> Result<(), ClaimError> {
        let locked = self.room_list();
        if locked.is_empty() { self.claim_now(count) } else { Err(ClaimError::Full) }
    }

    fn room_list(&self) -> LockedRoom<'_> {
        self.room.wait_list().lock()
    }

    /// Claims permits with no regard to waiters. The caller has the lock of the list.
    fn claim_now(&self, count: u32) -> Result<(), ClaimError> {
        loop {
            let seen = self.seen();
            if seen.is_closed() {
                return Err(ClaimError::Closed);
            }
            match self.room.exact_space(seen, count) {
                Space::Unknown => {}
                Space::TooLittle => return Err(ClaimError::Full),
                Space::Enough if self.queue.word().claim(seen, WordClaim::Permits(count)) => return Ok(()),
                Space::Enough => {}
            }
        }
    }

    /// Claims what the first waiter wishes, if there is room for it.
    fn claim_for_first(&self, locked: &mut LockedRoom<'_>) -> bool {
        let wish = locked.first_wish().copied();
        let is_claimed = match wish {
            Some(Wish::Permits(count)) => self.claim_now(count).is_ok(),
            Some(Wish::Closed) | None => false,
        };
        if !is_claimed {
            self.clear_flags_if_empty(locked);
        }
        is_claimed
    }

    fn clear_flags_if_empty(&self, locked: &LockedRoom<'_>) {
        if locked.is_empty() {
            self.queue.word().clear_waiters();
            self.room.clear_waiters();
        }
    }

    /// There may be room for those who wait.
    #[cold]
    pub(super) fn give_room(&self) {
        self.room_list().wake_while(|locked| {
            if self.claim_for_first(locked) { locked.choose_first(|_| ()) } else { None }
        });
    }

    /// The channel is closed: nobody gets room any more.
    pub(super) fn refuse_waiters(&self) {
        self.room_list().wake_while(|locked| {
            let chosen = locked.choose_first(|wish| *wish = Wish::Closed);
            self.clear_flags_if_empty(locked);
            chosen
        });
    }

    /// Permits come back unused.
    pub(super) fn give_back(&self, count: u32) {
        let after = self.queue.word().give_back(count);
        if after.has_waiters() {
            self.give_room();
        }
        if count > 0 && after.is_at_end() {
            self.queue.publish_end();
        }
    }

    /// Waits for so many permits.
    pub(super) fn acquire(&self, count: u32) -> RoomAcquire<'_, T> {
        RoomAcquire { waiter: Waiter::new(&self.room), chan: self, count, has_entered: false }
    }
}

/// What a claim of `count` permits can be, if at all.
pub(super) fn permits_count(count: usize, capacity: usize) -> Option<u32> {
    u32::try_from(count).ok().filter(|_| count <= capacity).filter(|count| *count <= PERMITS_COUNT_MAX)
}

pin_project! {
    /// Waits for permits, in turn. Permits that come after it was dropped are given back.
    pub(super) struct RoomAcquire<'a, T> {
        #[pin]
        waiter: Waiter<&'a Room>,
        chan: &'a Chan<T, Bounded>,
        count: u32,
        has_entered: bool,
    }

    impl<T> PinnedDrop for RoomAcquire<'_, T> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if *this.has_entered {
                leave(this.chan, this.waiter.as_ref());
            }
        }
    }
}

/// A future that waited is dropped. What it has got goes to the next, who may also find room
/// because a larger wish went away.
#[cold]
fn leave<T>(chan: &Chan<T, Bounded>, waiter: Pin<&Waiter<&Room>>) {
    let mut locked = waiter.lock();
    let left = waiter.leave(&mut locked);
    drop(locked);
    match left {
        Some(Left::Chosen(Wish::Permits(count))) => chan.give_back(count),
        Some(Left::Unchosen(_, waker)) => {
            chan.give_room();
            drop(waker);
        }
        Some(Left::Chosen(Wish::Closed)) | None => {}
    }
}

impl<T> Future for RoomAcquire<'_, T> {
    type Output = Result<(), ClaimError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let room = &self.chan.room;
        let reason = move || WaitReason::of_sync(Room::NAME, room);
        let restore = ready!(poll_proceed_for(cx, reason));
        let mut this = self.project();
        let outcome = if *this.has_entered {
            let wish = ready!(this.waiter.as_mut().poll_chosen(cx));
            *this.has_entered = false;
            match wish {
                // As for those that still waited when the channel was closed.
                Wish::Permits(count) if this.chan.seen().is_closed() => {
                    this.chan.give_back(count);
                    Err(ClaimError::Closed)
                }
                Wish::Permits(_) => Ok(()),
                Wish::Closed => Err(ClaimError::Closed),
            }
        } else {
            match this.chan.try_claim_permits(*this.count) {
                Err(ClaimError::Full) => {
                    let entered = enter(this.chan, this.waiter.as_ref(), *this.count, cx);
                    *this.has_entered = entered.is_pending();
                    ready!(entered)
                }
                outcome => outcome,
            }
        };
        restore.made_progress();
        Poll::Ready(outcome)
    }
}

/// Enters the list, unless there is room after all.
#[cold]
fn enter<T>(
    chan: &Chan<T, Bounded>,
    waiter: Pin<&Waiter<&Room>>,
    count: u32,
    cx: &mut Context<'_>,
) -> Poll<Result<(), ClaimError>> {
    let waker = cx.waker().clone();
    let mut locked = waiter.lock();
    // From here on every party that makes room takes the lock, or has made it before.
    chan.queue.word().set_waiters();
    chan.room.set_waiters();
    let outcome = if locked.is_empty() {
        chan.claim_now(count)
    } else if chan.seen().is_closed() {
        Err(ClaimError::Closed)
    } else {
        Err(ClaimError::Full)
    };
    if outcome == Err(ClaimError::Full) {
        waiter.enter(&mut locked, Wish::Permits(count), Some(waker));
        return Poll::Pending;
    }
    chan.clear_flags_if_empty(&locked);
    drop(locked);
    drop(waker);
    Poll::Ready(outcome)
}
