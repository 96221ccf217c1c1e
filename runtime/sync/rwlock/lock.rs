//! The functions that lock.
#![expect(unsafe_code, reason = "a reader has one permit, and a writer all of them")]

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::definition::RwLock;
use super::owned_read::OwnedRwLockReadGuard;
use super::owned_write::OwnedRwLockWriteGuard;
use super::read::RwLockReadGuard;
use super::write::RwLockWriteGuard;
use crate::sync::loan::{ExclusiveLoan, SharedLoan};
use crate::sync::permits::{HeldPermits, PermitsOf};
use crate::sync::{TryLockError, blocking};

// SAFETY: the value goes with the lock.
unsafe impl<T: ?Sized + Send> Send for RwLock<T> {}
// SAFETY: readers on several threads share the value, and a writer may take it to another thread.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLock<T> {}

impl<T: ?Sized> RwLock<T> {
    #[inline]
    async fn wait(&self, count: u32) {
        // It is never closed.
        let outcome = self.permits.acquire(count as usize, PermitsOf::RwLock).await;
        debug_assert!(outcome.is_ok(), "a lock is never closed");
    }

    fn try_wait(&self, count: u32) -> Result<(), TryLockError> {
        self.permits.try_acquire(count as usize).map_err(|_| TryLockError(()))
    }

    /// One permit was acquired.
    #[inline]
    fn loan<R: Deref<Target = RwLock<T>>>(home: R) -> SharedLoan<HeldPermits<R>, T> {
        let value = home.value.with(|value| value);
        // SAFETY: a writer needs all permits, and this loan has one. A reference and an `Arc` of
        // the lock keep it where it is [guard-owns].
        unsafe { SharedLoan::new(HeldPermits::new(home, 1), value) }
    }

    /// All permits were acquired.
    #[inline]
    fn loan_mut<R: Deref<Target = RwLock<T>>>(home: R) -> ExclusiveLoan<HeldPermits<R>, T> {
        let count = home.readers_count_max as usize;
        let value = home.value.with_mut(|value| value);
        // SAFETY: everybody else needs a permit, and this loan has all of them; as above.
        unsafe { ExclusiveLoan::new(HeldPermits::new(home, count), value) }
    }

    /// Waits until it may read.
    ///
    /// # Cancel safety
    /// Cancel safe: a future that is dropped gives up its place in the queue, and nothing else.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let lock = heist::sync::RwLock::new(5);
    /// let guard = lock.read().await;
    /// assert!(lock.try_read().is_ok() && lock.try_write().is_err());
    /// assert_eq!(*guard, 5);
    /// # }
    /// ```
    pub async fn read(&self) -> RwLockReadGuard<'_, T> {
        self.wait(1).await;
        RwLockReadGuard { loan: RwLock::loan(self).of_permits() }
    }

    /// Blocks this thread until it may read. For threads that run no tasks.
    ///
    /// # Panics
    /// Panics if called on a thread that runs tasks or is inside `block_on`.
    ///
    /// # Examples
    /// ```
    /// let lock = heist::sync::RwLock::new(5);
    /// assert_eq!(*lock.blocking_read(), 5);
    /// ```
    #[track_caller]
    pub fn blocking_read(&self) -> RwLockReadGuard<'_, T> {
        blocking::block_on(self.read())
    }

    /// As [`RwLock::read`]; the guard keeps the `Arc`, so it may go to another task.
    ///
    /// # Cancel safety
    /// Cancel safe: a future that is dropped gives up its place in the queue, and nothing else.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// use std::sync::Arc;
    ///
    /// let lock = Arc::new(heist::sync::RwLock::new(5));
    /// let guard = lock.clone().read_owned().await;
    /// assert_eq!(heist::spawn(async move { *guard }).await.unwrap(), 5);
    /// # }
    /// ```
    pub async fn read_owned(self: Arc<Self>) -> OwnedRwLockReadGuard<T> {
        self.wait(1).await;
        OwnedRwLockReadGuard { loan: RwLock::loan(self) }
    }

    /// Reads if nobody writes, or waits to write, now.
    ///
    /// # Errors
    /// Fails if the lock is not to be had at once.
    ///
    /// # Examples
    /// ```
    /// let lock = heist::sync::RwLock::new(5);
    /// let guard = lock.try_write().unwrap();
    /// assert!(lock.try_read().is_err());
    /// # drop(guard);
    /// ```
    pub fn try_read(&self) -> Result<RwLockReadGuard<'_, T>, TryLockError> {
        self.try_wait(1)?;
        Ok(RwLockReadGuard { loan: RwLock::loan(self).of_permits() })
    }

    /// As [`RwLock::try_read`]; the guard keeps the `Arc`.
    ///
    /// # Errors
    /// Fails if the lock is not to be had at once.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    ///
    /// let lock = Arc::new(heist::sync::RwLock::new(5));
    /// assert_eq!(*lock.try_read_owned().unwrap(), 5);
    /// ```
    pub fn try_read_owned(self: Arc<Self>) -> Result<OwnedRwLockReadGuard<T>, TryLockError> {
        self.try_wait(1)?;
        Ok(OwnedRwLockReadGuard { loan: RwLock::loan(self) })
    }

    /// Waits until it may write.
    ///
    /// # Cancel safety
    /// Cancel safe: a future that is dropped gives up its place in the queue, and nothing else.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let lock = heist::sync::RwLock::new(5);
    /// *lock.write().await += 1;
    /// assert_eq!(*lock.read().await, 6);
    /// # }
    /// ```
    pub async fn write(&self) -> RwLockWriteGuard<'_, T> {
        self.wait(self.readers_count_max).await;
        RwLockWriteGuard::new(RwLock::loan_mut(self))
    }

    /// Blocks this thread until it may write. For threads that run no tasks.
    ///
    /// # Panics
    /// Panics if called on a thread that runs tasks or is inside `block_on`.
    ///
    /// # Examples
    /// ```
    /// let lock = heist::sync::RwLock::new(5);
    /// *lock.blocking_write() += 1;
    /// assert_eq!(lock.into_inner(), 6);
    /// ```
    #[track_caller]
    pub fn blocking_write(&self) -> RwLockWriteGuard<'_, T> {
        blocking::block_on(self.write())
    }

    /// As [`RwLock::write`]; the guard keeps the `Arc`, so it may go to another task.
    ///
    /// # Cancel safety
    /// Cancel safe: a future that is dropped gives up its place in the queue, and nothing else.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// use std::sync::Arc;
    ///
    /// let lock = Arc::new(heist::sync::RwLock::new(5));
    /// let mut guard = lock.clone().write_owned().await;
    /// heist::spawn(async move { *guard += 1 }).await.unwrap();
    /// assert_eq!(*lock.read().await, 6);
    /// # }
    /// ```
    pub async fn write_owned(self: Arc<Self>) -> OwnedRwLockWriteGuard<T> {
        self.wait(self.readers_count_max).await;
        OwnedRwLockWriteGuard { loan: RwLock::loan_mut(self) }
    }

    /// Writes if nobody has the lock now.
    ///
    /// # Errors
    /// Fails if the lock is not to be had at once.
    ///
    /// # Examples
    /// ```
    /// let lock = heist::sync::RwLock::new(5);
    /// let guard = lock.try_read().unwrap();
    /// assert!(lock.try_write().is_err());
    /// # drop(guard);
    /// ```
    pub fn try_write(&self) -> Result<RwLockWriteGuard<'_, T>, TryLockError> {
        self.try_wait(self.readers_count_max)?;
        Ok(RwLockWriteGuard::new(RwLock::loan_mut(self)))
    }

    /// As [`RwLock::try_write`]; the guard keeps the `Arc`.
    ///
    /// # Errors
    /// Fails if the lock is not to be had at once.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    ///
    /// let lock = Arc::new(heist::sync::RwLock::new(5));
    /// *lock.clone().try_write_owned().unwrap() += 1;
    /// assert_eq!(*lock.try_read().unwrap(), 6);
    /// ```
    pub fn try_write_owned(self: Arc<Self>) -> Result<OwnedRwLockWriteGuard<T>, TryLockError> {
        self.try_wait(self.readers_count_max)?;
        Ok(OwnedRwLockWriteGuard { loan: RwLock::loan_mut(self) })
    }

    /// Returns the value without locking: the borrow shows that nobody else has it.
    ///
    /// # Examples
    /// ```
    /// let mut lock = heist::sync::RwLock::new(5);
    /// *lock.get_mut() += 1;
    /// assert_eq!(lock.into_inner(), 6);
    /// ```
    pub fn get_mut(&mut self) -> &mut T {
        // SAFETY: the lock is borrowed exclusively.
        self.value.with_mut(|value| unsafe { &mut *value })
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("RwLock");
        match self.try_read() {
            Ok(guard) => fields.field("data", &&*guard),
            Err(_) => fields.field("data", &format_args!("<locked>")),
        };
        fields.finish()
    }
}
