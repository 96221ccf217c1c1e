//! The guard of a part of a value, with the mutex.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::definition::Mutex;
use crate::sync::loan::ExclusiveLoan;
use crate::sync::permits::HeldPermits;

/// A part of the value of a locked [`Mutex`], with an `Arc` of it. It unlocks the mutex when it is
/// dropped. Returned by [`OwnedMutexGuard::map`](crate::sync::OwnedMutexGuard::map).
///
/// # Examples
/// ```
/// use std::sync::Arc;
///
/// use heist::sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard};
///
/// let mutex = Arc::new(Mutex::new((1, "one")));
/// let guard = mutex.clone().try_lock_owned().unwrap();
/// let mut number: OwnedMappedMutexGuard<(i32, &str), i32> =
///     OwnedMutexGuard::map(guard, |pair| &mut pair.0);
/// *number += 1;
/// drop(number);
/// assert_eq!(mutex.try_lock().unwrap().0, 2);
/// ```
#[must_use = "the lock is released when the guard is dropped"]
#[clippy::has_significant_drop]
pub struct OwnedMappedMutexGuard<T: ?Sized, U: ?Sized = T> {
    loan: ExclusiveLoan<HeldPermits<Arc<Mutex<T>>>, U>,
    /// `Sync` only if the whole value is.
    _whole: PhantomData<T>,
}

impl<T: ?Sized, U: ?Sized> OwnedMappedMutexGuard<T, U> {
    pub(super) fn new(loan: ExclusiveLoan<HeldPermits<Arc<Mutex<T>>>, U>) -> OwnedMappedMutexGuard<T, U> {
        OwnedMappedMutexGuard { loan, _whole: PhantomData }
    }

    /// Narrows the guard to a part of the value.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    ///
    /// use heist::sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard};
    ///
    /// let mutex = Arc::new(Mutex::new((1, (2, 3))));
    /// let pair = OwnedMutexGuard::map(mutex.try_lock_owned().unwrap(), |all| &mut all.1);
    /// let three = OwnedMappedMutexGuard::map(pair, |pair| &mut pair.1);
    /// assert_eq!(*three, 3);
    /// ```
    #[inline]
    pub fn map<S: ?Sized, F>(this: Self, f: F) -> OwnedMappedMutexGuard<T, S>
    where
        F: FnOnce(&mut U) -> &mut S,
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
    /// use heist::sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard};
    ///
    /// let mutex = Arc::new(Mutex::new((1, vec![2])));
    /// let list = OwnedMutexGuard::map(mutex.try_lock_owned().unwrap(), |all| &mut all.1);
    /// let two = OwnedMappedMutexGuard::try_map(list, |list| list.first_mut()).unwrap();
    /// assert_eq!(*two, 2);
    /// ```
    #[inline]
    pub fn try_map<S: ?Sized, F>(this: Self, f: F) -> Result<OwnedMappedMutexGuard<T, S>, Self>
    where
        F: FnOnce(&mut U) -> Option<&mut S>,
    {
        match this.loan.try_map(f) {
            Ok(loan) => Ok(OwnedMappedMutexGuard::new(loan)),
            Err(loan) => Err(OwnedMappedMutexGuard::new(loan)),
        }
    }
}

impl<T: ?Sized, U: ?Sized> Deref for OwnedMappedMutexGuard<T, U> {
    type Target = U;

    #[inline]
    fn deref(&self) -> &U {
        &self.loan
    }
}

impl<T: ?Sized, U: ?Sized> DerefMut for OwnedMappedMutexGuard<T, U> {
    #[inline]
    fn deref_mut(&mut self) -> &mut U {
        &mut self.loan
    }
}

impl<T: ?Sized, U: ?Sized + fmt::Debug> fmt::Debug for OwnedMappedMutexGuard<T, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.loan, f)
    }
}

impl<T: ?Sized, U: ?Sized + fmt::Display> fmt::Display for OwnedMappedMutexGuard<T, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&*self.loan, f)
    }
}
