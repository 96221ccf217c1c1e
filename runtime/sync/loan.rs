//! A pointer to a value, with the permits that make it valid: what the guards of locks are made of.
#![expect(
    unsafe_code,
    reason = "a guard has a pointer to the value of its lock, which may be part of an `Arc`"
)]

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use super::permits::{HasPermits, HeldPermits, Permits};

/// A value that nobody else has as long as `held` lives [guard-owns].
pub(super) struct ExclusiveLoan<H, T: ?Sized> {
    /// Not a reference, which would have to be valid until the guard is gone: the destructor of
    /// `held` may end it before.
    value: *mut T,
    held: H,
    /// A guard gives the value out as it does a `&mut`.
    _as: PhantomData<fn(&mut T) -> &mut T>,
}

/// A value that nobody changes as long as `held` lives [guard-owns].
pub(super) struct SharedLoan<H, T: ?Sized> {
    value: *const T,
    held: H,
}

// SAFETY: a loan gives the value out as a `&mut` does, which may go to another thread if the value
// may.
unsafe impl<H: Send, T: ?Sized + Send> Send for ExclusiveLoan<H, T> {}
// SAFETY: a shared loan gives out a `&`.
unsafe impl<H: Sync, T: ?Sized + Sync> Sync for ExclusiveLoan<H, T> {}
// SAFETY: a loan gives the value out as a `&` does.
unsafe impl<H: Send, T: ?Sized + Sync> Send for SharedLoan<H, T> {}
// SAFETY: as above.
unsafe impl<H: Sync, T: ?Sized + Sync> Sync for SharedLoan<H, T> {}

impl<H, T: ?Sized> ExclusiveLoan<H, T> {
    /// # Safety
    /// As long as `held` lives, also when it is moved, the value is where `value` points to, and
    /// nobody else uses it [guard-owns].
    #[inline]
    pub(super) unsafe fn new(held: H, value: *mut T) -> ExclusiveLoan<H, T> {
        ExclusiveLoan { value, held, _as: PhantomData }
    }

    #[inline]
    pub(super) fn held(&self) -> &H {
        &self.held
    }

    /// Narrows the loan to a part of the value. `f` cannot keep what it gets: the part is all that
    /// is used from then on.
    pub(super) fn map<U: ?Sized>(mut self, f: impl FnOnce(&mut T) -> &mut U) -> ExclusiveLoan<H, U> {
        let value = std::ptr::from_mut(f(&mut self));
        ExclusiveLoan { value, held: self.held, _as: PhantomData }
    }

    /// As `map`, if `f` finds a part.
    pub(super) fn try_map<U: ?Sized>(
        mut self,
        f: impl FnOnce(&mut T) -> Option<&mut U>,
    ) -> Result<ExclusiveLoan<H, U>, Self> {
        match f(&mut self).map(std::ptr::from_mut) {
            Some(value) => Ok(ExclusiveLoan { value, held: self.held, _as: PhantomData }),
            None => Err(self),
        }
    }

    /// Allows nothing but reading from here on. `weaken` may let others read.
    pub(super) fn into_shared(mut self, weaken: impl FnOnce(&mut H)) -> SharedLoan<H, T> {
        weaken(&mut self.held);
        SharedLoan { value: self.value, held: self.held }
    }

    /// As `into_shared`, with a part of the value.
    pub(super) fn map_shared<U: ?Sized>(
        mut self,
        weaken: impl FnOnce(&mut H),
        f: impl FnOnce(&T) -> &U,
    ) -> SharedLoan<H, U> {
        let value = std::ptr::from_ref(f(&self));
        weaken(&mut self.held);
        SharedLoan { value, held: self.held }
    }

    /// As `into_shared`, with a part of the value, if `f` finds one.
    pub(super) fn try_map_shared<U: ?Sized>(
        mut self,
        weaken: impl FnOnce(&mut H),
        f: impl FnOnce(&T) -> Option<&U>,
    ) -> Result<SharedLoan<H, U>, Self> {
        match f(&self).map(std::ptr::from_ref) {
            Some(value) => {
                weaken(&mut self.held);
                Ok(SharedLoan { value, held: self.held })
            }
            None => Err(self),
        }
    }
}

impl<'a, L: HasPermits + ?Sized, T: ?Sized> ExclusiveLoan<HeldPermits<&'a L>, T> {
    /// Forgets what the permits are of.
    pub(super) fn of_permits(self) -> ExclusiveLoan<HeldPermits<&'a Permits>, T> {
        ExclusiveLoan { value: self.value, held: self.held.of_permits(), _as: PhantomData }
    }
}

impl<'a, L: HasPermits + ?Sized, T: ?Sized> SharedLoan<HeldPermits<&'a L>, T> {
    /// Forgets what the permits are of.
    pub(super) fn of_permits(self) -> SharedLoan<HeldPermits<&'a Permits>, T> {
        SharedLoan { value: self.value, held: self.held.of_permits() }
    }
}

impl<H, T: ?Sized> SharedLoan<H, T> {
    /// # Safety
    /// As long as `held` lives, also when it is moved, the value is where `value` points to, and
    /// nobody changes it [guard-owns].
    #[inline]
    pub(super) unsafe fn new(held: H, value: *const T) -> SharedLoan<H, T> {
        SharedLoan { value, held }
    }

    pub(super) fn held(&self) -> &H {
        &self.held
    }

    /// Narrows the loan to a part of the value.
    pub(super) fn map<U: ?Sized>(self, f: impl FnOnce(&T) -> &U) -> SharedLoan<H, U> {
        let value = std::ptr::from_ref(f(&self));
        SharedLoan { value, held: self.held }
    }

    /// Narrows the loan to a part of the value, if `f` finds one.
    pub(super) fn try_map<U: ?Sized>(
        self,
        f: impl FnOnce(&T) -> Option<&U>,
    ) -> Result<SharedLoan<H, U>, Self> {
        match f(&self).map(std::ptr::from_ref) {
            Some(value) => Ok(SharedLoan { value, held: self.held }),
            None => Err(self),
        }
    }
}

impl<H, T: ?Sized> Deref for ExclusiveLoan<H, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: `held` lives, so the value is there and only this loan leads to it [guard-owns].
        unsafe { &*self.value }
    }
}

impl<H, T: ?Sized> DerefMut for ExclusiveLoan<H, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above, and the loan is borrowed exclusively.
        unsafe { &mut *self.value }
    }
}

impl<H, T: ?Sized> Deref for SharedLoan<H, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: `held` lives, so the value is there and nobody changes it [guard-owns].
        unsafe { &*self.value }
    }
}

impl<H, T: ?Sized + fmt::Debug> fmt::Debug for ExclusiveLoan<H, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        T::fmt(self, f)
    }
}

impl<H, T: ?Sized + fmt::Debug> fmt::Debug for SharedLoan<H, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        T::fmt(self, f)
    }
}
