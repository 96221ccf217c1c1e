//! Permits of a semaphore that keep an `Arc` of it.

use std::sync::Arc;

use super::definition::Semaphore;
use crate::sync::permits::HeldPermits;

/// One or more permits of a [`Semaphore`], with an `Arc` of it. They are given back when this is
/// dropped.
///
/// # Examples
/// ```
/// use std::sync::Arc;
///
/// use heist::sync::{OwnedSemaphorePermit, Semaphore};
///
/// let semaphore = Arc::new(Semaphore::new(1));
/// let permit: OwnedSemaphorePermit = semaphore.clone().try_acquire_owned().unwrap();
/// drop(permit);
/// assert_eq!(semaphore.available_permits(), 1);
/// ```
#[must_use = "permits are given back when they are dropped"]
#[clippy::has_significant_drop]
#[derive(Debug)]
pub struct OwnedSemaphorePermit {
    held: HeldPermits<Arc<Semaphore>>,
}

impl OwnedSemaphorePermit {
    pub(super) fn new(held: HeldPermits<Arc<Semaphore>>) -> OwnedSemaphorePermit {
        OwnedSemaphorePermit { held }
    }

    /// Takes the permits away from the semaphore for ever.
    ///
    /// # Examples
    /// ```
    /// # use std::sync::Arc;
    /// # use heist::sync::Semaphore;
    /// let semaphore = Arc::new(Semaphore::new(3));
    /// let permits = semaphore.clone().try_acquire_many_owned(2).unwrap();
    /// permits.forget();
    /// assert_eq!(semaphore.available_permits(), 1);
    /// ```
    pub fn forget(mut self) {
        self.held.forget();
    }

    /// Adds the permits of `other` to these.
    ///
    /// # Panics
    /// Panics if `other` has permits of another semaphore.
    ///
    /// # Examples
    /// ```
    /// # use std::sync::Arc;
    /// # use heist::sync::Semaphore;
    /// let semaphore = Arc::new(Semaphore::new(3));
    /// let mut permits = semaphore.clone().try_acquire_many_owned(2).unwrap();
    /// permits.merge(semaphore.clone().try_acquire_many_owned(1).unwrap());
    /// assert_eq!(permits.num_permits(), 3);
    /// ```
    #[track_caller]
    pub fn merge(&mut self, other: Self) {
        assert!(
            Arc::ptr_eq(self.held.home(), other.held.home()),
            "merging permits from different semaphore instances"
        );
        self.held.merge(other.held);
    }

    /// Takes `n` permits out, as a value of their own. Returns `None` if there are fewer.
    ///
    /// # Examples
    /// ```
    /// # use std::sync::Arc;
    /// # use heist::sync::Semaphore;
    /// let semaphore = Arc::new(Semaphore::new(3));
    /// let mut permits = semaphore.clone().try_acquire_many_owned(3).unwrap();
    /// let one = permits.split(1).unwrap();
    /// assert_eq!((permits.num_permits(), one.num_permits()), (2, 1));
    /// assert!(permits.split(3).is_none());
    /// ```
    pub fn split(&mut self, n: usize) -> Option<Self> {
        self.held.split(n).map(OwnedSemaphorePermit::new)
    }

    /// Returns the semaphore that the permits belong to.
    ///
    /// # Examples
    /// ```
    /// # use std::sync::Arc;
    /// # use heist::sync::Semaphore;
    /// let semaphore = Arc::new(Semaphore::new(3));
    /// let permits = semaphore.clone().try_acquire_many_owned(2).unwrap();
    /// assert_eq!(permits.semaphore().available_permits(), 1);
    /// ```
    pub fn semaphore(&self) -> &Arc<Semaphore> {
        self.held.home()
    }

    /// Returns how many permits there are here.
    ///
    /// # Examples
    /// ```
    /// # use std::sync::Arc;
    /// # use heist::sync::Semaphore;
    /// let semaphore = Arc::new(Semaphore::new(3));
    /// let permits = semaphore.clone().try_acquire_many_owned(2).unwrap();
    /// assert_eq!(permits.num_permits(), 2);
    /// ```
    pub fn num_permits(&self) -> usize {
        self.held.count()
    }
}
