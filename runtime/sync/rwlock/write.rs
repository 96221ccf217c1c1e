//! The guard of a writer.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use super::definition::RwLock;
use super::mapped::RwLockMappedWriteGuard;
use super::read::RwLockReadGuard;
use crate::sync::loan::ExclusiveLoan;
use crate::sync::permits::{HeldPermits, Permits};

/// The value of an [`RwLock`], to be changed. It unlocks the lock when it is dropped.
///
/// # Examples
/// ```
/// use heist::sync::{RwLock, RwLockWriteGuard};
///
/// let lock = RwLock::new(1);
/// let mut guard: RwLockWriteGuard<'_, i32> = lock.try_write().unwrap();
/// *guard += 1;
/// drop(guard);
/// assert_eq!(lock.into_inner(), 2);
/// ```
#[must_use = "the lock is released when the guard is dropped"]
#[clippy::has_significant_drop]
pub struct RwLockWriteGuard<'a, T: ?Sized> {
    loan: ExclusiveLoan<HeldPermits<&'a Permits>, T>,
    /// `Send` and `Sync` only if readers may share the value.
    _lock: PhantomData<&'a RwLock<T>>,
}

impl<'a, T: ?Sized> RwLockWriteGuard<'a, T> {
    #[inline]
    pub(super) fn new(loan: ExclusiveLoan<HeldPermits<&'a RwLock<T>>, T>) -> RwLockWriteGuard<'a, T> {
        RwLockWriteGuard::with(loan.of_permits())
    }

    fn with(loan: ExclusiveLoan<HeldPermits<&'a Permits>, T>) -> RwLockWriteGuard<'a, T> {
        RwLockWriteGuard { loan, _lock: PhantomData }
    }

    /// Narrows the guard to a part of the value.
    ///
    /// # Examples
    /// ```
    /// use heist::sync::{RwLock, RwLockWriteGuard};
    ///
    /// let lock = RwLock::new((1, "one"));
    /// let guard = lock.try_write().unwrap();
    /// *RwLockWriteGuard::map(guard, |pair| &mut pair.0) += 1;
    /// assert_eq!(lock.try_read().unwrap().0, 2);
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
    /// use heist::sync::{RwLock, RwLockWriteGuard};
    ///
    /// let lock = RwLock::new(vec![1]);
    /// let guard = lock.try_write().unwrap();
    /// let guard = RwLockWriteGuard::try_map(guard, |list| list.get_mut(5)).unwrap_err();
    /// assert_eq!(*guard, [1]);
    /// ```
    #[inline]
    pub fn try_map<F, U: ?Sized>(this: Self, f: F) -> Result<RwLockMappedWriteGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        match this.loan.try_map(f) {
            Ok(loan) => Ok(RwLockMappedWriteGuard::new(loan)),
            Err(loan) => Err(RwLockWriteGuard::with(loan)),
        }
    }

    /// Lets others read again, and narrows the guard to a part of the value, to be read. Nobody
    /// writes in between.
    ///
    /// # Examples
    /// ```
    /// use heist::sync::{RwLock, RwLockWriteGuard};
    ///
    /// let lock = RwLock::new((1, "one"));
    /// let guard = lock.try_write().unwrap();
    /// let name = RwLockWriteGuard::downgrade_map(guard, |pair| &pair.1);
    /// assert!(lock.try_read().is_ok());
    /// assert_eq!(*name, "one");
    /// ```
    #[inline]
    pub fn downgrade_map<F, U: ?Sized>(this: Self, f: F) -> RwLockReadGuard<'a, U>
    where
        F: FnOnce(&T) -> &U,
    {
        let loan = this.loan.map_shared(HeldPermits::keep_one, f);
        RwLockReadGuard { loan }
    }

    /// As `downgrade_map`, if `f` finds a part. If not, others were not let in.
    ///
    /// # Errors
    /// Returns the guard if `f` returns `None`.
    ///
    /// # Examples
    /// ```
    /// use heist::sync::{RwLock, RwLockWriteGuard};
    ///
    /// let lock = RwLock::new(vec![1]);
    /// let guard = lock.try_write().unwrap();
    /// let guard = RwLockWriteGuard::try_downgrade_map(guard, |list| list.get(5)).unwrap_err();
    /// assert!(lock.try_read().is_err());
    /// assert_eq!(*guard, [1]);
    /// ```
    #[inline]
    pub fn try_downgrade_map<F, U: ?Sized>(this: Self, f: F) -> Result<RwLockReadGuard<'a, U>, Self>
    where
        F: FnOnce(&T) -> Option<&U>,
    {
        match this.loan.try_map_shared(HeldPermits::keep_one, f) {
            Ok(loan) => Ok(RwLockReadGuard { loan }),
            Err(loan) => Err(RwLockWriteGuard::with(loan)),
        }
    }

    /// Returns the guard as one of a part, which is the whole.
    ///
    /// # Examples
    /// ```
    /// use heist::sync::{RwLock, RwLockMappedWriteGuard, RwLockWriteGuard};
    ///
    /// let lock = RwLock::new(1);
    /// let guard = lock.try_write().unwrap();
    /// let guard: RwLockMappedWriteGuard<'_, i32> = RwLockWriteGuard::into_mapped(guard);
    /// assert_eq!(*guard, 1);
    /// ```
    #[inline]
    pub fn into_mapped(this: Self) -> RwLockMappedWriteGuard<'a, T> {
        RwLockMappedWriteGuard::new(this.loan)
    }

    /// Lets others read again. Nobody writes in between.
    ///
    /// # Examples
    /// ```
    /// use heist::sync::RwLock;
    ///
    /// let lock = RwLock::new(1);
    /// let guard = lock.try_write().unwrap();
    /// let guard = guard.downgrade();
    /// assert!(lock.try_read().is_ok() && lock.try_write().is_err());
    /// assert_eq!(*guard, 1);
    /// ```
    #[inline]
    pub fn downgrade(self) -> RwLockReadGuard<'a, T> {
        RwLockReadGuard { loan: self.loan.into_shared(HeldPermits::keep_one) }
    }
}

impl<T: ?Sized> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.loan
    }
}

impl<T: ?Sized> DerefMut for RwLockWriteGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.loan
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockWriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.loan, f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for RwLockWriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&*self.loan, f)
    }
}
