//! A value that is written once and read without a lock.
#![expect(unsafe_code, reason = "a value is shared after it was written, and never changed again")]

use crate::primitive::atomic::{AtomicBool, Ordering};
use crate::primitive::cell::UnsafeCell;

pub(super) struct WriteOnce<T> {
    is_set: AtomicBool,
    value: UnsafeCell<Option<T>>,
}

// SAFETY: the value goes with it.
unsafe impl<T: Send> Send for WriteOnce<T> {}
// SAFETY: threads share the value, and one of them may have written it for another to drop.
unsafe impl<T: Send + Sync> Sync for WriteOnce<T> {}

impl<T> WriteOnce<T> {
    #[cfg(not(rt_loom))]
    pub(super) const fn new() -> WriteOnce<T> {
        WriteOnce { is_set: AtomicBool::new(false), value: UnsafeCell::new(None) }
    }

    #[cfg(rt_loom)]
    pub(super) fn new() -> WriteOnce<T> {
        WriteOnce { is_set: AtomicBool::new(false), value: UnsafeCell::new(None) }
    }

    #[cfg(not(rt_loom))]
    pub(super) const fn with(value: T) -> WriteOnce<T> {
        WriteOnce { is_set: AtomicBool::new(true), value: UnsafeCell::new(Some(value)) }
    }

    #[cfg(rt_loom)]
    pub(super) fn with(value: T) -> WriteOnce<T> {
        WriteOnce { is_set: AtomicBool::new(true), value: UnsafeCell::new(Some(value)) }
    }

    #[inline]
    pub(super) fn get(&self) -> Option<&T> {
        // Ordering: Acquire [written-once]: who sees that it is set sees the value.
        if !self.is_set.load(Ordering::Acquire) {
            return None;
        }
        // SAFETY: it is set, so nobody writes it any more, and nobody has it mutably, because
        // `self` is shared [written-once].
        self.value.with(|value| unsafe { (*value).as_ref() })
    }

    pub(super) fn get_mut(&mut self) -> Option<&mut T> {
        // SAFETY: `self` is borrowed exclusively.
        self.value.with_mut(|value| unsafe { (*value).as_mut() })
    }

    /// Writes the value.
    ///
    /// # Safety
    /// It is not set, and nobody else sets it meanwhile.
    pub(super) unsafe fn set(&self, value: T) {
        // SAFETY: it is not set, so nobody reads it, and the caller is the only one to write it
        // [written-once]. There is no former value to drop.
        self.value.with_mut(|place| unsafe { place.write(Some(value)) });
        // Ordering: Release [written-once], as in `get`.
        self.is_set.store(true, Ordering::Release);
    }

    pub(super) fn into_inner(self) -> Option<T> {
        self.value.into_inner()
    }
}
