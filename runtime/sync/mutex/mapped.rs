//! The guard of a part of a value.

use std::fmt;
use std::ops::{Deref, DerefMut};

use crate::sync::loan::ExclusiveLoan;
use crate::sync::permits::{HeldPermits, Permits};

/// A part of the value of a locked [`Mutex`](crate::sync::Mutex). It unlocks the mutex when it is
/// dropped. Returned by [`MutexGuard::map`](crate::sync::MutexGuard::map).
///
/// # Examples
/// ```
/// use heist::sync::{MappedMutexGuard, Mutex, MutexGuard};
///
/// let mutex = Mutex::new((1, "one"));
/// let mut number: MappedMutexGuard<'_, i32> =
///     MutexGuard::map(mutex.try_lock().unwrap(), |pair| &mut pair.0);
/// *number += 1;
/// drop(number);
/// assert_eq!(mutex.into_inner(), (2, "one"));
/// ```
#[must_use = "the lock is released when the guard is dropped"]
#[clippy::has_significant_drop]
pub struct MappedMutexGuard<'a, T: ?Sized> {
    pub(super) loan: ExclusiveLoan<HeldPermits<&'a Permits>, T>,
}

impl<'a, T: ?Sized> MappedMutexGuard<'a, T> {
    /// Narrows the guard to a part of the value.
    ///
    /// # Examples
    /// ```
    /// use heist::sync::{MappedMutexGuard, Mutex, MutexGuard};
    ///
    /// let mutex = Mutex::new((1, (2, 3)));
    /// let pair = MutexGuard::map(mutex.try_lock().unwrap(), |all| &mut all.1);
    /// let three = MappedMutexGuard::map(pair, |pair| &mut pair.1);
    /// assert_eq!(*three, 3);
    /// ```
    #[inline]
    pub fn map<U: ?Sized, F>(this: Self, f: F) -> MappedMutexGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        MappedMutexGuard { loan: this.loan.map(f) }
    }

    /// Narrows the guard to a part of the value, if `f` finds one.
    ///
    /// # Errors
    /// Returns the guard if `f` returns `None`.
    ///
    /// # Examples
    /// ```
    /// use heist::sync::{MappedMutexGuard, Mutex, MutexGuard};
    ///
    /// let mutex = Mutex::new((1, vec![2]));
    /// let list = MutexGuard::map(mutex.try_lock().unwrap(), |all| &mut all.1);
    /// let two = MappedMutexGuard::try_map(list, |list| list.first_mut()).unwrap();
    /// assert_eq!(*two, 2);
    /// ```
    #[inline]
    pub fn try_map<U: ?Sized, F>(this: Self, f: F) -> Result<MappedMutexGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        match this.loan.try_map(f) {
            Ok(loan) => Ok(MappedMutexGuard { loan }),
            Err(loan) => Err(MappedMutexGuard { loan }),
        }
    }
}

impl<T: ?Sized> Deref for MappedMutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.loan
    }
}

impl<T: ?Sized> DerefMut for MappedMutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.loan
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MappedMutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.loan, f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MappedMutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&*self.loan, f)
    }
}
