//! The waker of a channel's receiver.
//!
//! It stays where it is from one wait to the next, and senders wake it by reference, so a task that
//! waits often clones it once. Each wait that a sender ends is one *use*. The receiver counts the
//! uses that have begun, the senders those that are over. Only when both are equal does the
//! receiver change the waker.
#![expect(unsafe_code, reason = "a place that the receiver writes and senders read")]

use crate::primitive::atomic::{AtomicU32, Ordering};
use crate::primitive::cell::UnsafeCell;
use crate::sync::spin::Spin;
use std::task::Waker;

pub(super) struct ReceiverWaker {
    waker: UnsafeCell<Option<Waker>>,
    /// Uses that have begun, or will when a sender finds the mark. The receiver's.
    begun_count: UnsafeCell<u32>,
    over_count: AtomicU32,
}

/// Counts a use as over, also if the waker panics.
struct Use<'a>(&'a AtomicU32);

impl Drop for Use<'_> {
    fn drop(&mut self) {
        // Ordering: [mpsc-waker] Release: the receiver may change the waker after this use.
        self.0.fetch_add(1, Ordering::Release);
    }
}

impl ReceiverWaker {
    pub(super) fn new() -> ReceiverWaker {
        ReceiverWaker {
            waker: UnsafeCell::new(None),
            begun_count: UnsafeCell::new(0),
            over_count: AtomicU32::new(0),
        }
    }

    /// Called once by the sender that has found the receiver's mark.
    #[inline]
    pub(super) fn wake(&self) {
        let _use = Use(&self.over_count);
        self.waker.with(|waker| {
            // SAFETY: the mark has begun a use, so the receiver leaves the waker alone until it is
            // over.
            if let Some(waker) = unsafe { &*waker } {
                waker.wake_by_ref();
            }
        });
    }

    /// Whether it wakes the same task as `waker`.
    ///
    /// # Safety
    /// The caller is the receiver.
    pub(super) unsafe fn is_of(&self, waker: &Waker) -> bool {
        // SAFETY: only the receiver changes the waker.
        self.waker.with(|own| unsafe { (*own).as_ref().is_some_and(|own| own.will_wake(waker)) })
    }

    /// Makes it wake the task of `waker`, and begins a use. Returns false if it could not, because
    /// a sender has been using the former waker for long.
    ///
    /// # Safety
    /// The caller is the receiver, and its mark is in no slot.
    #[inline]
    pub(super) unsafe fn prepare(&self, waker: &Waker) -> bool {
        // SAFETY: as the caller promises.
        if !unsafe { self.is_of(waker) } {
            let own = Some(waker.clone());
            if !self.wait_for_uses() {
                return false;
            }
            // SAFETY: all uses are over, so only the receiver is here.
            drop(self.waker.with_mut(|place| unsafe { std::mem::replace(&mut *place, own) }));
        }
        // SAFETY: the count is the receiver's.
        self.begun_count.with_mut(|count| unsafe { *count = (*count).wrapping_add(1) });
        true
    }

    /// No sender will find the last mark.
    ///
    /// # Safety
    /// The caller is the receiver.
    pub(super) unsafe fn mark_taken_back(&self) {
        // SAFETY: the count is the receiver's.
        self.begun_count.with_mut(|count| unsafe { *count = (*count).wrapping_sub(1) });
    }

    /// Drops the waker if no sender uses it; else it is dropped with the channel.
    ///
    /// # Safety
    /// The caller is the receiver, and its mark is in no slot.
    pub(super) unsafe fn forget(&self) {
        if self.is_unused() {
            // SAFETY: all uses are over, so only the receiver is here.
            drop(self.waker.with_mut(|place| unsafe { (*place).take() }));
        }
    }

    fn is_unused(&self) -> bool {
        // SAFETY: the count is the receiver's, as are all callers.
        let begun_count = self.begun_count.with(|count| unsafe { *count });
        // Ordering: [mpsc-waker] Acquire: the waker is changed after its uses.
        self.over_count.load(Ordering::Acquire) == begun_count
    }

    /// Waits for a sender that has published a message and is about to wake, or does it now. Not
    /// for ever: its waker may be what has called us.
    fn wait_for_uses(&self) -> bool {
        const ROUNDS_COUNT: usize = 10;
        let mut pause = Spin::new();
        for _ in 0..ROUNDS_COUNT {
            if self.is_unused() {
                return true;
            }
            pause.wait();
        }
        self.is_unused()
    }
}
