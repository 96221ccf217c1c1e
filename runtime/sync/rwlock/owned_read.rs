//! The guard of a reader, with the lock.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::definition::RwLock;
use crate::sync::loan::SharedLoan;
use crate::sync::permits::HeldPermits;

/// The value of an [`RwLock`], or a part of it, to be read, with an `Arc` of the lock. It unlocks
/// the lock when it is dropped.
///
/// # Examples
/// ```
/// use std::sync::Arc;
///
/// use heist::sync::{OwnedRwLockReadGuard, RwLock};
///
/// let lock = Arc::new(RwLock::new(1));
/// let guard: OwnedRwLockReadGuard<i32> = lock.try_read_owned().unwrap();
/// assert_eq!(*guard, 1);
/// ```
#[must_use = "the lock is released when the guard is dropped"]
#[clippy::has_significant_drop]
pub struct OwnedRwLockReadGuard<T: ?Sized, U: ?Sized = T> {
    pub(super) loan: SharedLoan<HeldPermits<Arc<RwLock<T>>>, U>,
}

impl<T: ?Sized, U: ?Sized> OwnedRwLockReadGuard<T, U> {
    /// Narrows the guard to a part of the value.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    ///
    /// use heist::sync::{OwnedRwLockReadGuard, RwLock};
    ///
    /// let lock = Arc::new(RwLock::new((1, "one")));
    /// let guard = lock.try_read_owned().unwrap();
    /// let name = OwnedRwLockReadGuard::map(guard, |pair| &pair.1);
    /// assert_eq!(*name, "one");
    /// ```
    #[inline]
    pub fn map<F, V: ?Sized>(this: Self, f: F) -> OwnedRwLockReadGuard<T, V>
    where
        F: FnOnce(&U) -> &V,
    {
        OwnedRwLockReadGuard { loan: this.loan.map(f) }
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
    /// use heist::sync::{OwnedRwLockReadGuard, RwLock};
    ///
    /// let lock = Arc::new(RwLock::new(vec![1]));
    /// let guard = lock.try_read_owned().unwrap();
    /// let guard = OwnedRwLockReadGuard::try_map(guard, |list| list.get(5)).unwrap_err();
    /// assert_eq!(*guard, [1]);
    /// ```
    #[inline]
    pub fn try_map<F, V: ?Sized>(this: Self, f: F) -> Result<OwnedRwLockReadGuard<T, V>, Self>
    where
        F: FnOnce(&U) -> Option<&V>,
    {
        match this.loan.try_map(f) {
            Ok(loan) => Ok(OwnedRwLockReadGuard { loan }),
            Err(loan) => Err(OwnedRwLockReadGuard { loan }),
        }
    }

    /// Returns the lock that the guard reads.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    ///
    /// use heist::sync::{OwnedRwLockReadGuard, RwLock};
    ///
    /// let lock = Arc::new(RwLock::new(1));
    /// let guard = lock.try_read_owned().unwrap();
    /// assert!(OwnedRwLockReadGuard::rwlock(&guard).try_write().is_err());
    /// ```
    #[inline]
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        this.loan.held().home()
    }
}

impl<T: ?Sized, U: ?Sized> Deref for OwnedRwLockReadGuard<T, U> {
    type Target = U;

    #[inline]
    fn deref(&self) -> &U {
        &self.loan
    }
}

impl<T: ?Sized, U: ?Sized + fmt::Debug> fmt::Debug for OwnedRwLockReadGuard<T, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.loan, f)
    }
}

impl<T: ?Sized, U: ?Sized + fmt::Display> fmt::Display for OwnedRwLockReadGuard<T, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&*self.loan, f)
    }
}
