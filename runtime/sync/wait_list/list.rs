//! The list itself, and what its lock allows.
#![expect(unsafe_code, reason = "pointers to entries that lie in pinned futures")]

use std::ops::{Deref, DerefMut};
use std::ptr;
use std::task::Waker;

use super::entry::{Place, WaitEntry};
use super::wake_batch::{Chosen, WakeBatch};
use crate::primitive::sync::{Mutex, MutexGuard};

/// A lock around a state and the waiters.
pub(crate) struct WaitList<S, W> {
    inside: Mutex<ListInside<S, W>>,
}

struct ListInside<S, W> {
    state: S,
    /// Null if the list is empty, as is `last`.
    first: *const WaitEntry<W>,
    last: *const WaitEntry<W>,
    /// How many waiters have entered so far.
    next_turn: u64,
}

// SAFETY: the pointers lead to entries whose cells only the holder of the lock uses [list-lock],
// and which hold a `W` and a `Waker`, which is `Send`.
unsafe impl<S: Send, W: Send> Send for ListInside<S, W> {}

impl<S, W> WaitList<S, W> {
    #[cfg(not(rt_loom))]
    pub(crate) const fn new(state: S) -> WaitList<S, W> {
        WaitList { inside: Mutex::new(ListInside::new(state)) }
    }

    /// loom's locks are made at run time.
    #[cfg(rt_loom)]
    pub(crate) fn new(state: S) -> WaitList<S, W> {
        WaitList { inside: Mutex::new(ListInside::new(state)) }
    }

    #[inline]
    pub(crate) fn lock(&self) -> Locked<'_, S, W> {
        Locked { inside: self.inside.lock(), list: self }
    }
}

impl<S, W> ListInside<S, W> {
    const fn new(state: S) -> ListInside<S, W> {
        ListInside { state, first: ptr::null(), last: ptr::null(), next_turn: 0 }
    }
}

/// A list whose lock is held. It refers to the state. No user code runs while it exists.
pub(crate) struct Locked<'a, S, W> {
    inside: MutexGuard<'a, ListInside<S, W>>,
    list: &'a WaitList<S, W>,
}

impl<S, W> Deref for Locked<'_, S, W> {
    type Target = S;

    #[inline]
    fn deref(&self) -> &S {
        &self.inside.state
    }
}

impl<S, W> DerefMut for Locked<'_, S, W> {
    #[inline]
    fn deref_mut(&mut self) -> &mut S {
        &mut self.inside.state
    }
}

impl<'a, S, W> Locked<'a, S, W> {
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.inside.first.is_null()
    }

    /// The turn of the next waiter that enters. All who wait now have lower ones, the first waiter
    /// has the lowest.
    pub(crate) fn next_turn(&self) -> u64 {
        self.inside.next_turn
    }

    /// Returns whether the first waiter entered before `turn`.
    pub(crate) fn has_one_before(&self, turn: u64) -> bool {
        // SAFETY: it is in the list, so it lives [leaves-first], and the lock is held [list-lock].
        unsafe { self.inside.first.as_ref().is_some_and(|first| first.with(|place| place.turn < turn)) }
    }

    /// The wish of the first waiter.
    #[inline]
    pub(crate) fn first_wish(&mut self) -> Option<&mut W> {
        let first = self.inside.first;
        // SAFETY: it is in the list, so it lives [leaves-first], and the lock is held [list-lock].
        // The borrow of `self` keeps every other access to the wish away.
        unsafe { first.as_ref()?.wish() }
    }

    pub(super) fn is_of(&self, list: *const WaitList<S, W>) -> bool {
        ptr::eq(self.list, list)
    }

    /// Puts an idle entry at the end.
    ///
    /// # Safety
    /// The entry stays where it is until it is unlinked or chosen, its owner lets nobody use its
    /// place meanwhile, and it is idle.
    #[inline]
    pub(super) unsafe fn link(&mut self, entry: &WaitEntry<W>, wish: W, waker: Option<Waker>) {
        let inside = &mut *self.inside;
        let turn = inside.next_turn;
        inside.next_turn += 1;
        let previous = std::mem::replace(&mut inside.last, ptr::from_ref(entry));
        let place = Place { previous, next: ptr::null(), turn, waker, wish: Some(wish) };
        // SAFETY: an idle entry's place belongs to its owner, who is here.
        unsafe { entry.with(|former| *former = place) };
        // SAFETY: the neighbour is in the list, so it lives [leaves-first].
        match unsafe { previous.as_ref() } {
            // SAFETY: the lock is held [list-lock].
            Some(previous) => unsafe { previous.with(|place| place.next = entry) },
            None => inside.first = entry,
        }
        entry.set_waiting();
    }

    /// Chooses the first waiter: `set` makes its wish the outcome. `None` if nobody waits.
    #[inline]
    pub(crate) fn choose_first(&mut self, set: impl FnOnce(&mut W)) -> Option<Chosen> {
        self.choose(self.inside.first, set)
    }

    /// As [`Locked::choose_first`], with the one that entered last.
    pub(crate) fn choose_last(&mut self, set: impl FnOnce(&mut W)) -> Option<Chosen> {
        self.choose(self.inside.last, set)
    }

    #[inline]
    fn choose(&mut self, entry: *const WaitEntry<W>, set: impl FnOnce(&mut W)) -> Option<Chosen> {
        // SAFETY: it is null or in the list, so it lives [leaves-first].
        let entry = unsafe { entry.as_ref() }?;
        // SAFETY: as above.
        unsafe { self.unlink(entry) };
        // SAFETY: its stage is still waiting, and the lock is held [list-lock].
        let waker = unsafe {
            entry.with(|place| {
                place.wish.as_mut().map(set);
                place.waker.take()
            })
        };
        entry.set_chosen();
        Some(Chosen(waker))
    }

    /// Takes an entry out of the list; its stage is the caller's.
    ///
    /// # Safety
    /// The entry is in this list.
    pub(super) unsafe fn unlink(&mut self, entry: &WaitEntry<W>) {
        // SAFETY: the entry is in the list, and the lock is held [list-lock].
        let (previous, next) = unsafe { entry.with(|place| (place.previous, place.next)) };
        // SAFETY: neighbours are in the list, so they live [leaves-first].
        match unsafe { previous.as_ref() } {
            // SAFETY: as above.
            Some(previous) => unsafe { previous.with(|place| place.next = next) },
            None => self.inside.first = next,
        }
        // SAFETY: as above.
        match unsafe { next.as_ref() } {
            // SAFETY: as above.
            Some(next) => unsafe { next.with(|place| place.previous = previous) },
            None => self.inside.last = previous,
        }
    }

    /// Calls `choose` until it returns `None`, and wakes those that it returns without the lock, in
    /// batches: between two batches others have the lock. A waker that panics keeps no other from
    /// being woken; the first panic goes on when all are.
    pub(crate) fn wake_while(self, mut choose: impl FnMut(&mut Self) -> Option<Chosen>) {
        let list = self.list;
        let mut locked = self;
        // One is the usual number.
        let Some(first) = choose(&mut locked) else { return };
        let Some(second) = choose(&mut locked) else {
            drop(locked);
            return first.wake();
        };
        let mut batch = WakeBatch::new();
        batch.push(first);
        batch.push(second);
        let mut locked = locked;
        loop {
            let is_done = loop {
                if batch.is_full() {
                    break false;
                }
                match choose(&mut locked) {
                    Some(chosen) => batch.push(chosen),
                    None => break true,
                }
            };
            drop(locked);
            batch.wake_all();
            if is_done {
                return batch.end();
            }
            locked = list.lock();
        }
    }
}
