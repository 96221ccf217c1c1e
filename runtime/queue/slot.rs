//! The LIFO slot holds the task that was woken last, because the data it reads are still in the
//! cache.
#![expect(unsafe_code, reason = "turns the stored pointer back into what it came from")]

use std::marker::PhantomData;
use std::ptr::{self, NonNull};

use crate::primitive::atomic::{AtomicPtr, Ordering};

/// A value that is one pointer wide and can be rebuilt from it.
///
/// # Safety
/// `from_raw(into_raw(value))` is `value`, and the pointer may be sent to another thread.
pub(crate) unsafe trait Token: Send + Sized {
    /// The type that the pointer points to.
    type Target;

    fn into_raw(self) -> NonNull<Self::Target>;

    /// # Safety
    /// `raw` came from `into_raw`, and this is the only call for it.
    unsafe fn from_raw(raw: NonNull<Self::Target>) -> Self;
}

pub(crate) struct LifoSlot<T: Token> {
    pointer: AtomicPtr<T::Target>,
    _owns: PhantomData<fn(T) -> T>,
}

impl<T: Token> LifoSlot<T> {
    pub(crate) fn new() -> Self {
        LifoSlot { pointer: AtomicPtr::new(ptr::null_mut()), _owns: PhantomData }
    }

    /// Returns whether the slot seems to be empty: [len-hint].
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        // Ordering: Relaxed is enough for a hint.
        self.pointer.load(Ordering::Relaxed).is_null()
    }

    /// Stores `value` and returns the value that was there.
    #[inline]
    pub(crate) fn replace(&self, value: T) -> Option<T> {
        // Ordering: AcqRel: Release publishes the value to a thief, Acquire takes over the old one,
        // [slot-one].
        Self::rebuild(self.pointer.swap(value.into_raw().as_ptr(), Ordering::AcqRel))
    }

    /// Takes the value that is there. The owner and thieves both call this.
    #[inline]
    pub(crate) fn take(&self) -> Option<T> {
        if self.is_empty() {
            return None;
        }
        // Ordering: Acquire, [slot-one], pairs with the Release of `replace`. An empty slot
        // publishes nothing; but a later swap must not read an older value, which the swap's place
        // in the modification order rules out.
        Self::rebuild(self.pointer.swap(ptr::null_mut(), Ordering::Acquire))
    }

    fn rebuild(raw: *mut T::Target) -> Option<T> {
        // SAFETY: [slot-one]: a non-null pointer came from `into_raw` in `replace`, and no other
        // swap saw it.
        NonNull::new(raw).map(|raw| unsafe { T::from_raw(raw) })
    }
}

impl<T: Token> Drop for LifoSlot<T> {
    fn drop(&mut self) {
        drop(self.take());
    }
}
