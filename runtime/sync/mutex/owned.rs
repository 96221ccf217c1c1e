//! The guard that keeps its mutex.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::definition::Mutex;
use super::owned_mapped::OwnedMappedMutexGuard;
use crate::sync::loan::ExclusiveLoan;
use crate::sync::permits::HeldPermits;

/// The value of a locked [`Mutex`], with an `Arc` of it. It unlocks the mutex when it is dropped.
///
/// # Examples
/// ```
/// use std::sync::Arc;
///
/// use heist::sync::{Mutex, OwnedMutexGuard};
///
/// let mutex = Arc::new(Mutex::new(1));
/// let mut guard: OwnedMutexGuard<i32> = mutex.clone().try_lock_owned().unwrap();
/// *guard += 1;
/// drop(guard);
/// assert_eq!(*mutex.try_lock().unwrap(), 2);
/// ```
#[must_use = "the lock is released when the guard is dropped"]
#[clippy::has_significant_drop]
pub struct OwnedMutexGuard<T: ?Sized> {
    loan: ExclusiveLoan<HeldPermits<Arc<Mutex<T>>>, T>,
}

impl<T: ?Sized> OwnedMutexGuard<T> {
    #[inline]
    pub(super) fn new(loan: ExclusiveLoan<HeldPermits<Arc<Mutex<T>>>, T>) -> OwnedMutexGuard<T> {
        OwnedMutexGuard { loan }
    }

    /// Narrows the guard to a part of the value.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    ///
    /// use heist::sync::{Mutex, OwnedMutexGuard};
    ///
    /// let mutex = Arc::new(Mutex::new((1, "one")));
    /// let guard = mutex.clone().try_lock_owned().unwrap();
    /// *OwnedMutexGuard::map(guard, |pair| &mut pair.0) += 1;
    /// assert_eq!(*mutex.try_lock().unwrap(), (2, "one"));
    /// ```
    #[inline]
    pub fn map<U: ?Sized, F>(this: Self, f: F) -> OwnedMappedMutexGuard<T, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        OwnedMappedMutexGuard::new(this.loan.map(f))
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
    /// use heist::sync::{Mutex, OwnedMutexGuard};
    ///
    /// let mutex = Arc::new(Mutex::new(vec![1]));
    /// let guard = mutex.try_lock_owned().unwrap();
    /// let guard = OwnedMutexGuard::try_map(guard, |list| list.get_mut(5)).unwrap_err();
    /// assert_eq!(*guard, [1]);
    /// ```
    #[inline]
    pub fn try_map<U: ?Sized, F>(this: Self, f: F) -> Result<OwnedMappedMutexGuard<T, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        match this.loan.try_map(f) {
            Ok(loan) => Ok(OwnedMappedMutexGuard::new(loan)),
            Err(loan) => Err(OwnedMutexGuard { loan }),
        }
    }

    /// Returns the mutex that the guard has locked.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    ///
    /// use heist::sync::{Mutex, OwnedMutexGuard};
    ///
    /// let mutex = Arc::new(Mutex::new(1));
    /// let guard = mutex.try_lock_owned().unwrap();
    /// assert!(OwnedMutexGuard::mutex(&guard).try_lock().is_err());
    /// ```
    #[inline]
    pub fn mutex(this: &Self) -> &Arc<Mutex<T>> {
        this.loan.held().home()
    }
}

impl<T: ?Sized> Deref for OwnedMutexGuard<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.loan
    }
}

impl<T: ?Sized> DerefMut for OwnedMutexGuard<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.loan
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for OwnedMutexGuard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.loan, f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for OwnedMutexGuard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&*self.loan, f)
    }
}
