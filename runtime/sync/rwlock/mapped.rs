//! The guard of a writer, for a part of the value.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use super::definition::RwLock;
use crate::sync::loan::ExclusiveLoan;
use crate::sync::permits::{HeldPermits, Permits};

/// A part of the value of an [`RwLock`], to be changed. It unlocks the lock when it is dropped.
/// Returned by [`RwLockWriteGuard::map`](crate::sync::RwLockWriteGuard::map).
///
/// # Examples
/// ```
/// use heist::sync::{RwLock, RwLockMappedWriteGuard, RwLockWriteGuard};
///
/// let lock = RwLock::new((1, "one"));
/// let mut number: RwLockMappedWriteGuard<'_, i32> =
///     RwLockWriteGuard::map(lock.try_write().unwrap(), |pair| &mut pair.0);
/// *number += 1;
/// drop(number);
/// assert_eq!(lock.into_inner().0, 2);
/// ```
#[must_use = "the lock is released when the guard is dropped"]
#[clippy::has_significant_drop]
pub struct RwLockMappedWriteGuard<'a, T: ?Sized> {
    loan: ExclusiveLoan<HeldPermits<&'a Permits>, T>,
    /// `Send` and `Sync` only if readers may share the value.
    _lock: PhantomData<&'a RwLock<T>>,
}

impl<'a, T: ?Sized> RwLockMappedWriteGuard<'a, T> {
    pub(super) fn new(loan: ExclusiveLoan<HeldPermits<&'a Permits>, T>) -> RwLockMappedWriteGuard<'a, T> {
        RwLockMappedWriteGuard { loan, _lock: PhantomData }
    }

    /// Narrows the guard to a part of the value.
    ///
    /// # Examples
    /// ```
    /// use heist::sync::{RwLock, RwLockMappedWriteGuard, RwLockWriteGuard};
    ///
    /// let lock = RwLock::new((1, (2, 3)));
    /// let pair = RwLockWriteGuard::map(lock.try_write().unwrap(), |all| &mut all.1);
    /// let three = RwLockMappedWriteGuard::map(pair, |pair| &mut pair.1);
    /// assert_eq!(*three, 3);
    /// ```
    #[inline]
    pub fn map<F, U: ?Sized>(this: Self, f: F) -> RwLockMappedWriteGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        RwLockMappedWriteGuard::new(this.loan.map(f))
    }

    /// Narrows the guard to a part of the value, if `f` finds one.
    ///
    /// # Errors
    /// Returns the guard if `f` returns `None`.
    ///
    /// # Examples
    /// ```
    /// use heist::sync::{RwLock, RwLockMappedWriteGuard, RwLockWriteGuard};
    ///
    /// let lock = RwLock::new((1, vec![2]));
    /// let list = RwLockWriteGuard::map(lock.try_write().unwrap(), |all| &mut all.1);
    /// let two = RwLockMappedWriteGuard::try_map(list, |list| list.first_mut()).unwrap();
    /// assert_eq!(*two, 2);
    /// ```
    #[inline]
    pub fn try_map<F, U: ?Sized>(this: Self, f: F) -> Result<RwLockMappedWriteGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        match this.loan.try_map(f) {
            Ok(loan) => Ok(RwLockMappedWriteGuard::new(loan)),
            Err(loan) => Err(RwLockMappedWriteGuard::new(loan)),
        }
    }
}

impl<T: ?Sized> Deref for RwLockMappedWriteGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.loan
    }
}

impl<T: ?Sized> DerefMut for RwLockMappedWriteGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.loan
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockMappedWriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.loan, f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for RwLockMappedWriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&*self.loan, f)
    }
}
