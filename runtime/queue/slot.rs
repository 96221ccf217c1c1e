//! The LIFO slot: the task that was woken last, because what it reads is still in the cache.
#![expect(unsafe_code, reason = "turns the stored pointer back into what it came from")]

use std::marker::PhantomData;
use std::ptr::{self, NonNull};

use crate::primitive::atomic::{AtomicPtr, Ordering};

/// A value that is one pointer wide and can be rebuilt from it.
///
/// # Safety
/// `from_raw(into_raw(value))` is `value`, and the pointer may be sent to another thread.
pub(crate) unsafe trait Token: Send + Sized {
    /// What the pointer points to.
    type Target;

    fn into_raw(self) -> NonNull<Self::Target>;

    /// # Safety
    /// `raw` came from `into_raw`, and this is the only call for it.
    unsafe fn from_raw(raw: NonNull<Self::Target>) -> Self;
}

pub(crate) struct Slot<T: Token> {
    pointer: AtomicPtr<T::Target>,
    _owns: PhantomData<fn(T) -> T>,
}

impl<T: Token> Slot<T> {
    pub(crate) fn new() -> Self {
        Slot { pointer: AtomicPtr::new(ptr::null_mut()), _owns: PhantomData }
    }

    /// Whether something seems to be there: [len-hint].
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        // Ordering: Relaxed is enough for a hint.
        self.pointer.load(Ordering::Relaxed).is_null()
    }

    /// Puts `value` in and gives back what was there.
    #[inline]
    pub(crate) fn replace(&self, value: T) -> Option<T> {
        // Ordering: AcqRel: Release publishes the value to a thief, Acquire takes over the old one, [slot-one].
        Self::rebuild(self.pointer.swap(value.into_raw().as_ptr(), Ordering::AcqRel))
    }

    /// Takes what is there. For the owner and for thieves alike.
    #[inline]
    pub(crate) fn take(&self) -> Option<T> {
        if self.is_empty() {
            return None;
        }
        // Ordering: Acquire, [slot-one], pairs with the Release of `replace`; nothing is published by an empty slot, but a later
        // swap must not read an older value, which the swap's place in the modification order forbids.
        Self::rebuild(self.pointer.swap(ptr::null_mut(), Ordering::Acquire))
    }

    fn rebuild(raw: *mut T::Target) -> Option<T> {
        // SAFETY: [slot-one]: a non-null pointer came from `into_raw` in `replace`, and the swap that saw it is the
        // only one that did.
        NonNull::new(raw).map(|raw| unsafe { T::from_raw(raw) })
    }
}

impl<T: Token> Drop for Slot<T> {
    fn drop(&mut self) {
        drop(self.take());
    }
}
