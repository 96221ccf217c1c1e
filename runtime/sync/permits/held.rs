//! Permits in the hands of a user.

use std::mem::ManuallyDrop;
use std::ops::Deref;

use super::acquire::Permits;

/// What has permits: a semaphore, or a lock.
pub(crate) trait HasPermits {
    fn permits(&self) -> &Permits;

    /// Called before permits are given back.
    #[inline]
    fn before_release(&self) {}
}

impl HasPermits for Permits {
    #[inline]
    fn permits(&self) -> &Permits {
        self
    }
}

/// Permits that were acquired. They are given back when this is dropped.
#[derive(Debug)]
pub(crate) struct HeldPermits<R: Deref<Target: HasPermits>> {
    home: R,
    count: usize,
}

impl<R: Deref<Target: HasPermits>> HeldPermits<R> {
    /// `count` permits of `home` were acquired.
    #[inline]
    pub(crate) fn new(home: R, count: usize) -> HeldPermits<R> {
        HeldPermits { home, count }
    }

    #[inline]
    pub(crate) fn home(&self) -> &R {
        &self.home
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Leaves nothing to give back.
    pub(crate) fn forget(&mut self) {
        self.count = 0;
    }

    /// Takes the permits of `other`.
    ///
    /// # Panics
    /// Panics if both together are too many to count.
    pub(crate) fn merge(&mut self, mut other: HeldPermits<R>) {
        self.count = self.count.checked_add(other.count).expect("number of permits overflowed");
        other.count = 0;
    }

    /// Gives all but one back.
    pub(crate) fn keep_one(&mut self) {
        let given = std::mem::replace(&mut self.count, 1) - 1;
        self.home.permits().release(given);
    }

    /// Leaves `count` of the permits to the one that it returns. `None` if there are fewer.
    pub(crate) fn split(&mut self, count: usize) -> Option<HeldPermits<R>>
    where
        R: Clone,
    {
        self.count = self.count.checked_sub(count)?;
        Some(HeldPermits { home: self.home.clone(), count })
    }
}

impl<'a, L: HasPermits + ?Sized> HeldPermits<&'a L> {
    /// Forgets what they are the permits of.
    #[inline]
    pub(crate) fn of_permits(self) -> HeldPermits<&'a Permits> {
        let held = ManuallyDrop::new(self);
        HeldPermits { home: held.home.permits(), count: held.count }
    }
}

impl<R: Deref<Target: HasPermits>> Drop for HeldPermits<R> {
    #[inline]
    fn drop(&mut self) {
        if self.count > 0 {
            self.home.before_release();
            self.home.permits().release(self.count);
        }
    }
}
