//! What a list sees of a waiter.
#![expect(unsafe_code, reason = "entries that lie in pinned futures, and that the lock of their list guards")]

use std::ptr;
use std::task::Waker;

use crate::primitive::atomic::{AtomicU8, Ordering};
use crate::primitive::cell::UnsafeCell;

/// Where a waiter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaiterStage {
    /// It is not in the list, and has no outcome.
    Idle,
    /// It is in the list.
    Waiting,
    /// It was taken out of the list, and has its outcome.
    Chosen,
}

const IDLE: u8 = 0;
const WAITING: u8 = 1;
const CHOSEN: u8 = 2;

/// What a list sees of a waiter.
pub(super) struct WaitEntry<W> {
    /// Changes from idle to waiting by the owner, and from waiting to chosen or back to idle by the
    /// holder of the lock; from chosen to idle by the owner.
    stage: AtomicU8,
    /// Belongs to the holder of the lock while the stage is waiting, and else to the waiter's
    /// owner.
    place: UnsafeCell<Place<W>>,
}

pub(super) struct Place<W> {
    pub(super) previous: *const WaitEntry<W>,
    pub(super) next: *const WaitEntry<W>,
    pub(super) turn: u64,
    pub(super) waker: Option<Waker>,
    pub(super) wish: Option<W>,
}

impl<W> WaitEntry<W> {
    #[inline]
    pub(super) fn new() -> WaitEntry<W> {
        let place = Place { previous: ptr::null(), next: ptr::null(), turn: 0, waker: None, wish: None };
        WaitEntry { stage: AtomicU8::new(IDLE), place: UnsafeCell::new(place) }
    }

    #[inline]
    pub(super) fn stage(&self) -> WaiterStage {
        // Ordering: Acquire [chosen-last]: who finds the waiter chosen reads its outcome and frees
        // it after the last access of the thread that chose it.
        match self.stage.load(Ordering::Acquire) {
            IDLE => WaiterStage::Idle,
            WAITING => WaiterStage::Waiting,
            _ => WaiterStage::Chosen,
        }
    }

    /// The last access of the thread that chose the waiter.
    pub(super) fn set_chosen(&self) {
        // Ordering: Release [chosen-last], as in `stage`.
        self.stage.store(CHOSEN, Ordering::Release);
    }

    pub(super) fn set_waiting(&self) {
        // Ordering: Relaxed: others look at it under the lock only, which is held here.
        self.stage.store(WAITING, Ordering::Relaxed);
    }

    pub(super) fn set_idle(&self) {
        // Ordering: Relaxed: the entry is out of the list, so only its owner looks at it, or others
        // that have the waiter shared, under the lock.
        self.stage.store(IDLE, Ordering::Relaxed);
    }

    /// # Safety
    /// The caller owns the place: it holds the list's lock and the entry is in the list, or it owns
    /// the waiter and the entry is not. `f` uses no other reference to the same place.
    pub(super) unsafe fn with<R>(&self, f: impl FnOnce(&mut Place<W>) -> R) -> R {
        // SAFETY: the caller owns the place [list-lock].
        self.place.with_mut(|place| f(unsafe { &mut *place }))
    }

    /// # Safety
    /// As for `with`, for as long as the reference lives.
    pub(super) unsafe fn wish<'a>(&self) -> Option<&'a mut W> {
        // SAFETY: the caller owns the place [list-lock].
        self.place.with_mut(|place| unsafe { (*place).wish.as_mut() })
    }
}
