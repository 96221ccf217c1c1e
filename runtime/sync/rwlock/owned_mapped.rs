//! The guard of a writer, for a part of the value, with the lock.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::definition::RwLock;
use crate::sync::loan::ExclusiveLoan;
use crate::sync::permits::HeldPermits;

/// A part of the value of an [`RwLock`], to be changed, with an `Arc` of the lock. It unlocks the
/// lock when it is dropped. Returned by
/// [`OwnedRwLockWriteGuard::map`](crate::sync::OwnedRwLockWriteGuard::map).
///
/// # Examples
/// ```
/// use std::sync::Arc;
///
/// use heist::sync::{OwnedRwLockMappedWriteGuard, OwnedRwLockWriteGuard, RwLock};
///
/// let lock = Arc::new(RwLock::new((1, "one")));
/// let guard = lock.clone().try_write_owned().unwrap();
/// let mut number: OwnedRwLockMappedWriteGuard<(i32, &str), i32> =
///     OwnedRwLockWriteGuard::map(guard, |pair| &mut pair.0);
/// *number += 1;
/// drop(number);
/// assert_eq!(lock.try_read().unwrap().0, 2);
/// ```
#[must_use = "the lock is released when the guard is dropped"]
#[clippy::has_significant_drop]
pub struct OwnedRwLockMappedWriteGuard<T: ?Sized, U: ?Sized = T> {
    loan: ExclusiveLoan<HeldPermits<Arc<RwLock<T>>>, U>,
    /// `Send` and `Sync` only if readers may share the part.
    _part: PhantomData<Arc<RwLock<U>>>,
}

impl<T: ?Sized, U: ?Sized> OwnedRwLockMappedWriteGuard<T, U> {
    pub(super) fn new(
        loan: ExclusiveLoan<HeldPermits<Arc<RwLock<T>>>, U>,
    ) -> OwnedRwLockMappedWriteGuard<T, U> {
        OwnedRwLockMappedWriteGuard { loan, _part: PhantomData }
    }

    /// Narrows the guard to a part of the value.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    ///
    /// use heist::sync::{OwnedRwLockMappedWriteGuard, OwnedRwLockWriteGuard, RwLock};
    ///
    /// let lock = Arc::new(RwLock::new((1, (2, 3))));
    /// let guard = lock.try_write_owned().unwrap();
    /// let pair = OwnedRwLockWriteGuard::map(guard, |all| &mut all.1);
    /// let three = OwnedRwLockMappedWriteGuard::map(pair, |pair| &mut pair.1);
    /// assert_eq!(*three, 3);
    /// ```
    #[inline]
    pub fn map<F, V: ?Sized>(this: Self, f: F) -> OwnedRwLockMappedWriteGuard<T, V>
    where
        F: FnOnce(&mut U) -> &mut V,
    {
        OwnedRwLockMappedWriteGuard::new(this.loan.map(f))
    }

    /// Narrows the guard to a part of the value, if `f` finds one.
    ///
    /// # Errors
    /// Returns the guard if `f` returns `None`.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    ///
    /// use heist::sync::{OwnedRwLockMappedWriteGuard, OwnedRwLockWriteGuard, RwLock};
    ///
    /// let lock = Arc::new(RwLock::new((1, vec![2])));
    /// let guard = lock.try_write_owned().unwrap();
    /// let list = OwnedRwLockWriteGuard::map(guard, |all| &mut all.1);
    /// let two = OwnedRwLockMappedWriteGuard::try_map(list, |list| list.first_mut()).unwrap();
    /// assert_eq!(*two, 2);
    /// ```
    #[inline]
    pub fn try_map<F, V: ?Sized>(this: Self, f: F) -> Result<OwnedRwLockMappedWriteGuard<T, V>, Self>
    where
        F: FnOnce(&mut U) -> Option<&mut V>,
    {
        match this.loan.try_map(f) {
            Ok(loan) => Ok(OwnedRwLockMappedWriteGuard::new(loan)),
            Err(loan) => Err(OwnedRwLockMappedWriteGuard::new(loan)),
        }
    }

    /// Returns the lock that the guard has locked.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    ///
    /// use heist::sync::{OwnedRwLockMappedWriteGuard, OwnedRwLockWriteGuard, RwLock};
    ///
    /// let lock = Arc::new(RwLock::new(1));
    /// let guard = OwnedRwLockWriteGuard::into_mapped(lock.try_write_owned().unwrap());
    /// assert!(OwnedRwLockMappedWriteGuard::rwlock(&guard).try_read().is_err());
    /// ```
    #[inline]
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        this.loan.held().home()
    }
}

impl<T: ?Sized, U: ?Sized> Deref for OwnedRwLockMappedWriteGuard<T, U> {
    type Target = U;

    #[inline]
    fn deref(&self) -> &U {
        &self.loan
    }
}

impl<T: ?Sized, U: ?Sized> DerefMut for OwnedRwLockMappedWriteGuard<T, U> {
    #[inline]
    fn deref_mut(&mut self) -> &mut U {
        &mut self.loan
    }
}

impl<T: ?Sized, U: ?Sized + fmt::Debug> fmt::Debug for OwnedRwLockMappedWriteGuard<T, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.loan, f)
    }
}

impl<T: ?Sized, U: ?Sized + fmt::Display> fmt::Display for OwnedRwLockMappedWriteGuard<T, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&*self.loan, f)
    }
}
