//! One who waits, as its future has it.
#![expect(unsafe_code, reason = "a pointer to the list of the home, and an entry that the list points to")]

use std::marker::PhantomPinned;
use std::ops::Deref;
use std::pin::Pin;
use std::ptr;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::entry::{WaitEntry, WaiterStage};
use super::list::{Locked, WaitList};
use crate::task::{WaitReason, note};

/// What has a list of waiters.
pub(crate) trait Home {
    /// What the lock guards besides the waiters.
    type State;
    /// What is noted for each waiter.
    type Wish;

    /// What a dump calls it.
    const NAME: &'static str;

    fn wait_list(&self) -> &WaitList<Self::State, Self::Wish>;
}

/// A reference or an `Arc` of a [`Home`].
///
/// # Safety
/// What it refers to stays alive and where it is, and nobody has it mutably, as long as the
/// reference lives, wherever that is moved to.
pub(crate) unsafe trait HomeRef: Deref<Target: Home> {}

// SAFETY: a reference promises all of it.
unsafe impl<T: Home> HomeRef for &T {}
// SAFETY: an `Arc` moves its pointer only, and has nothing mutably while a second one may exist.
// The waiter keeps its own to itself.
unsafe impl<T: Home> HomeRef for Arc<T> {}

type StateOf<H> = <<H as Deref>::Target as Home>::State;
type WishOf<H> = <<H as Deref>::Target as Home>::Wish;

/// One who waits. It lies in a pinned future.
pub(crate) struct Waiter<H: HomeRef> {
    entry: WaitEntry<WishOf<H>>,
    /// The list of `home`, which does not move.
    list: *const WaitList<StateOf<H>, WishOf<H>>,
    home: H,
    _pinned: PhantomPinned,
}

// SAFETY: only the owner and the holder of the list's lock use the pointers of the entry
// [list-lock]. What the entry holds besides is a waker and a wish. The list is part of the home.
unsafe impl<H: HomeRef + Send> Send for Waiter<H>
where
    StateOf<H>: Send,
    WishOf<H>: Send,
{
}
// SAFETY: as above; a shared waiter gives access to its home, and to the entry under the lock.
unsafe impl<H: HomeRef + Sync> Sync for Waiter<H>
where
    StateOf<H>: Send,
    WishOf<H>: Send,
{
}

/// What a waiter had when it left.
#[must_use]
pub(crate) enum Left<W> {
    /// It was in the list. The waker is to be dropped without the lock.
    Unchosen(W, Option<Waker>),
    /// It was chosen before.
    Chosen(W),
}

impl<H: HomeRef> Waiter<H> {
    #[inline]
    pub(crate) fn new(home: H) -> Waiter<H> {
        let list = ptr::from_ref(home.wait_list());
        Waiter { entry: WaitEntry::new(), list, home, _pinned: PhantomPinned }
    }

    #[inline]
    pub(crate) fn home(&self) -> &H {
        &self.home
    }

    #[inline]
    pub(crate) fn stage(&self) -> WaiterStage {
        self.entry.stage()
    }

    /// Locks the list of its home.
    #[inline]
    pub(crate) fn lock(&self) -> Locked<'_, StateOf<H>, WishOf<H>> {
        // SAFETY: the list belongs to the home, which stays where it is for as long as the waiter
        // has the reference to it.
        unsafe { &*self.list }.lock()
    }

    /// Takes the outcome of a waiter that was chosen, which is idle then.
    #[inline]
    pub(crate) fn take_outcome(self: Pin<&mut Self>) -> Option<WishOf<H>> {
        if self.stage() != WaiterStage::Chosen {
            return None;
        }
        self.entry.set_idle();
        // SAFETY: it is not in the list, and this is its owner.
        unsafe { self.entry.with(|place| place.wish.take()) }
    }

    /// Takes the outcome of a waiter that was chosen. If it still waits, has it woken by the waker
    /// of `cx`. Pending for one that is idle.
    #[inline]
    pub(crate) fn poll_chosen(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<WishOf<H>> {
        match self.as_mut().take_outcome() {
            Some(outcome) => Poll::Ready(outcome),
            None => self.poll_waiting(cx),
        }
    }

    #[inline(never)]
    fn poll_waiting(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<WishOf<H>> {
        let mut clone = None;
        loop {
            let locked = self.lock();
            if self.stage() == WaiterStage::Waiting {
                // SAFETY: it is in the list, whose lock this is [list-lock].
                let has_clone = unsafe {
                    self.entry.with(|place| match &place.waker {
                        Some(known) if known.will_wake(cx.waker()) => true,
                        _ if clone.is_none() => false,
                        _ => {
                            std::mem::swap(&mut place.waker, &mut clone);
                            true
                        }
                    })
                };
                drop(locked);
                if has_clone {
                    note(|| WaitReason::of_sync(H::Target::NAME, &*self.home));
                    // The former waker, or the clone that was not needed, is dropped without the
                    // lock.
                    return Poll::Pending;
                }
                // A clone is user code, which does not run under the lock.
                clone = Some(cx.waker().clone());
                continue;
            }
            drop(locked);
            return match self.as_mut().take_outcome() {
                Some(outcome) => Poll::Ready(outcome),
                None => Poll::Pending,
            };
        }
    }

    /// Puts the waiter at the end of the list of its home. `waker` is woken when it is chosen.
    ///
    /// # Panics
    /// Panics if the waiter is not idle, or if the list is another one.
    #[inline]
    pub(crate) fn enter(
        self: Pin<&Self>,
        locked: &mut Locked<'_, StateOf<H>, WishOf<H>>,
        wish: WishOf<H>,
        waker: Option<Waker>,
    ) {
        assert!(locked.is_of(self.list), "a waiter enters the list of its home");
        assert_eq!(self.stage(), WaiterStage::Idle, "a waiter enters once");
        // SAFETY: it is pinned, and its destructor takes it out of the list. All who have it shared
        // come here, or to `leave`, under this lock; its owner cannot have it mutably meanwhile.
        unsafe { locked.link(&self.get_ref().entry, wish, waker) };
    }

    /// Takes the waiter out of its list, or takes the outcome of one that was chosen. `None` if it
    /// is idle.
    ///
    /// # Panics
    /// Panics if the list is not that of its home.
    pub(crate) fn leave(
        self: Pin<&Self>,
        locked: &mut Locked<'_, StateOf<H>, WishOf<H>>,
    ) -> Option<Left<WishOf<H>>> {
        assert!(locked.is_of(self.list), "a waiter leaves the list of its home");
        let entry = &self.get_ref().entry;
        let stage = entry.stage();
        match stage {
            WaiterStage::Idle => return None,
            // SAFETY: it entered this list, the only one it may enter, and nobody has chosen it.
            WaiterStage::Waiting => unsafe { locked.unlink(entry) },
            WaiterStage::Chosen => {}
        }
        entry.set_idle();
        // SAFETY: it is out of the list, and all who have it shared come here under this lock.
        let (wish, waker) = unsafe { entry.with(|place| (place.wish.take(), place.waker.take())) };
        let wish = wish?;
        Some(if stage == WaiterStage::Chosen { Left::Chosen(wish) } else { Left::Unchosen(wish, waker) })
    }

    /// Leaves the list, and forgets an outcome.
    #[cold]
    fn leave_by_itself(self: Pin<&Self>) {
        let mut locked = self.lock();
        let left = self.leave(&mut locked);
        drop(locked);
        drop(left);
    }
}

impl<H: HomeRef> Drop for Waiter<H> {
    #[inline]
    fn drop(&mut self) {
        if self.stage() == WaiterStage::Waiting {
            // SAFETY: it was pinned when it entered the list, and its destructor does not move it.
            unsafe { Pin::new_unchecked(&*self) }.leave_by_itself();
        }
    }
}
