//! The guard of a writer, with the lock.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::definition::RwLock;
use super::owned_mapped::OwnedRwLockMappedWriteGuard;
use super::owned_read::OwnedRwLockReadGuard;
use crate::sync::loan::ExclusiveLoan;
use crate::sync::permits::HeldPermits;

/// The value of an [`RwLock`], to be changed, with an `Arc` of the lock. It unlocks the lock when
/// it is dropped.
///
/// # Examples
/// ```
/// use std::sync::Arc;
///
/// use heist::sync::{OwnedRwLockWriteGuard, RwLock};
///
/// let lock = Arc::new(RwLock::new(1));
/// let mut guard: OwnedRwLockWriteGuard<i32> = lock.clone().try_write_owned().unwrap();
/// *guard += 1;
/// drop(guard);
/// assert_eq!(*lock.try_read().unwrap(), 2);
/// ```
#[must_use = "the lock is released when the guard is dropped"]
#[clippy::has_significant_drop]
pub struct OwnedRwLockWriteGuard<T: ?Sized> {
    pub(super) loan: ExclusiveLoan<HeldPermits<Arc<RwLock<T>>>, T>,
}

impl<T: ?Sized> OwnedRwLockWriteGuard<T> {
    /// Narrows the guard to a part of the value.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    ///
    /// use heist::sync::{OwnedRwLockWriteGuard, RwLock};
    ///
    /// let lock = Arc::new(RwLock::new((1, "one")));
    /// let guard = lock.clone().try_write_owned().unwrap();
    /// *OwnedRwLockWriteGuard::map(guard, |pair| &mut pair.0) += 1;
    /// assert_eq!(lock.try_read().unwrap().0, 2);
    /// ```
    #[inline]
    pub fn map<F, U: ?Sized>(this: Self, f: F) -> OwnedRwLockMappedWriteGuard<T, U>
    where
        F: FnOnce(&mut T) -> &mut U,
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
    /// use heist::sync::{OwnedRwLockWriteGuard, RwLock};
    ///
    /// let lock = Arc::new(RwLock::new(vec![1]));
    /// let guard = lock.clone().try_write_owned().unwrap();
    /// let guard = OwnedRwLockWriteGuard::try_map(guard, |list| list.get_mut(5)).unwrap_err();
    /// assert_eq!(*guard, [1]);
    /// ```
    #[inline]
    pub fn try_map<F, U: ?Sized>(this: Self, f: F) -> Result<OwnedRwLockMappedWriteGuard<T, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        match this.loan.try_map(f) {
            Ok(loan) => Ok(OwnedRwLockMappedWriteGuard::new(loan)),
            Err(loan) => Err(OwnedRwLockWriteGuard { loan }),
        }
    }

    /// Lets others read again, and narrows the guard to a part of the value, to be read. Nobody
    /// writes in between.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    ///
    /// use heist::sync::{OwnedRwLockWriteGuard, RwLock};
    ///
    /// let lock = Arc::new(RwLock::new((1, "one")));
    /// let guard = lock.clone().try_write_owned().unwrap();
    /// let name = OwnedRwLockWriteGuard::downgrade_map(guard, |pair| &pair.1);
    /// assert!(lock.try_read().is_ok());
    /// assert_eq!(*name, "one");
    /// ```
    #[inline]
    pub fn downgrade_map<F, U: ?Sized>(this: Self, f: F) -> OwnedRwLockReadGuard<T, U>
    where
        F: FnOnce(&T) -> &U,
    {
        let loan = this.loan.map_shared(HeldPermits::keep_one, f);
        OwnedRwLockReadGuard { loan }
    }

    /// As `downgrade_map`, if `f` finds a part. If not, others were not let in.
    ///
    /// # Errors
    /// Returns the guard if `f` returns `None`.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    ///
    /// use heist::sync::{OwnedRwLockWriteGuard, RwLock};
    ///
    /// let lock = Arc::new(RwLock::new(vec![1]));
    /// let guard = lock.clone().try_write_owned().unwrap();
    /// let guard =
    ///     OwnedRwLockWriteGuard::try_downgrade_map(guard, |list| list.get(5)).unwrap_err();
    /// assert!(lock.try_read().is_err());
    /// assert_eq!(*guard, [1]);
    /// ```
    #[inline]
    pub fn try_downgrade_map<F, U: ?Sized>(this: Self, f: F) -> Result<OwnedRwLockReadGuard<T, U>, Self>
    where
        F: FnOnce(&T) -> Option<&U>,
    {
        match this.loan.try_map_shared(HeldPermits::keep_one, f) {
            Ok(loan) => Ok(OwnedRwLockReadGuard { loan }),
            Err(loan) => Err(OwnedRwLockWriteGuard { loan }),
        }
    }

    /// Returns the guard as one of a part, which is the whole.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    ///
    /// use heist::sync::{OwnedRwLockMappedWriteGuard, OwnedRwLockWriteGuard, RwLock};
    ///
    /// let lock = Arc::new(RwLock::new(1));
    /// let guard = lock.try_write_owned().unwrap();
    /// let guard: OwnedRwLockMappedWriteGuard<i32> =
    ///     OwnedRwLockWriteGuard::into_mapped(guard);
    /// assert_eq!(*guard, 1);
    /// ```
    #[inline]
    pub fn into_mapped(this: Self) -> OwnedRwLockMappedWriteGuard<T, T> {
        OwnedRwLockMappedWriteGuard::new(this.loan)
    }

    /// Lets others read again. Nobody writes in between.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    ///
    /// use heist::sync::RwLock;
    ///
    /// let lock = Arc::new(RwLock::new(1));
    /// let guard = lock.clone().try_write_owned().unwrap();
    /// let guard = guard.downgrade();
    /// assert!(lock.try_read().is_ok() && lock.try_write().is_err());
    /// assert_eq!(*guard, 1);
    /// ```
    #[inline]
    pub fn downgrade(self) -> OwnedRwLockReadGuard<T> {
        OwnedRwLockReadGuard { loan: self.loan.into_shared(HeldPermits::keep_one) }
    }

    /// Returns the lock that the guard has locked.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    ///
    /// use heist::sync::{OwnedRwLockWriteGuard, RwLock};
    ///
    /// let lock = Arc::new(RwLock::new(1));
    /// let guard = lock.try_write_owned().unwrap();
    /// assert!(OwnedRwLockWriteGuard::rwlock(&guard).try_read().is_err());
    /// ```
    #[inline]
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        this.loan.held().home()
    }
}

impl<T: ?Sized> Deref for OwnedRwLockWriteGuard<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.loan
    }
}

impl<T: ?Sized> DerefMut for OwnedRwLockWriteGuard<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.loan
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for OwnedRwLockWriteGuard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.loan, f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for OwnedRwLockWriteGuard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&*self.loan, f)
    }
}
