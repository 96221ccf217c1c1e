//! The functions that lock.
#![expect(unsafe_code, reason = "the holder of the only permit has the value")]

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::definition::Mutex;
use super::error::TryLockError;
use super::guard::MutexGuard;
use super::owned::OwnedMutexGuard;
use crate::sync::blocking;
use crate::sync::loan::ExclusiveLoan;
use crate::sync::permits::{HeldPermits, PermitsOf};

// SAFETY: the value goes with the mutex.
unsafe impl<T: ?Sized + Send> Send for Mutex<T> {}
// SAFETY: only the holder of the one permit uses the value, and may take it to another thread.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}

impl<T: ?Sized> Mutex<T> {
    #[inline]
    async fn wait(&self) {
        // It is never closed.
        let outcome = self.permits.acquire(1, PermitsOf::Mutex(&self.holder)).await;
        debug_assert!(outcome.is_ok(), "a mutex is never closed");
    }

    /// The permit was acquired.
    #[inline]
    fn loan<R: Deref<Target = Mutex<T>>>(home: R) -> ExclusiveLoan<HeldPermits<R>, T> {
        home.holder.enter();
        let value = home.value.with_mut(|value| value);
        // SAFETY: the caller has the only permit, and gives it to the loan. A reference and an
        // `Arc` of the mutex keep it where it is [guard-owns].
        unsafe { ExclusiveLoan::new(HeldPermits::new(home, 1), value) }
    }

    /// Waits for the lock.
    ///
    /// # Cancel safety
    /// Cancel safe: a future that is dropped gives up its place in the queue, and nothing else.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let mutex = heist::sync::Mutex::new(1);
    /// let mut guard = mutex.lock().await;
    /// *guard += 1;
    /// assert_eq!(*guard, 2);
    /// # }
    /// ```
    pub async fn lock(&self) -> MutexGuard<'_, T> {
        self.wait().await;
        MutexGuard { loan: Mutex::loan(self) }
    }

    /// Blocks this thread until it has the lock. For threads that run no tasks.
    ///
    /// # Panics
    /// Panics if called on a thread that runs tasks or is inside `block_on`.
    ///
    /// # Examples
    /// ```
    /// let mutex = heist::sync::Mutex::new(1);
    /// *mutex.blocking_lock() += 1;
    /// assert_eq!(mutex.into_inner(), 2);
    /// ```
    #[track_caller]
    pub fn blocking_lock(&self) -> MutexGuard<'_, T> {
        blocking::block_on(self.lock())
    }

    /// As [`Mutex::blocking_lock`]; the guard keeps the `Arc`.
    ///
    /// # Panics
    /// Panics if called on a thread that runs tasks or is inside `block_on`.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    ///
    /// let mutex = Arc::new(heist::sync::Mutex::new(1));
    /// *mutex.clone().blocking_lock_owned() += 1;
    /// assert_eq!(*mutex.blocking_lock(), 2);
    /// ```
    #[track_caller]
    pub fn blocking_lock_owned(self: Arc<Self>) -> OwnedMutexGuard<T> {
        blocking::block_on(self.lock_owned())
    }

    /// As [`Mutex::lock`]; the guard keeps the `Arc`, so it may go to another task.
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
    /// let mutex = Arc::new(heist::sync::Mutex::new(1));
    /// let mut guard = mutex.clone().lock_owned().await;
    /// heist::spawn(async move { *guard += 1 }).await.unwrap();
    /// assert_eq!(*mutex.lock().await, 2);
    /// # }
    /// ```
    pub async fn lock_owned(self: Arc<Self>) -> OwnedMutexGuard<T> {
        self.wait().await;
        OwnedMutexGuard::new(Mutex::loan(self))
    }

    /// Takes the lock if nobody has it now.
    ///
    /// # Errors
    /// Fails if the mutex is locked, or if a task that waits for it is about to get it.
    ///
    /// # Examples
    /// ```
    /// let mutex = heist::sync::Mutex::new(1);
    /// let guard = mutex.try_lock().unwrap();
    /// assert!(mutex.try_lock().is_err());
    /// # drop(guard);
    /// ```
    pub fn try_lock(&self) -> Result<MutexGuard<'_, T>, TryLockError> {
        match self.permits.try_acquire(1) {
            Ok(()) => Ok(MutexGuard { loan: Mutex::loan(self) }),
            Err(_) => Err(TryLockError(())),
        }
    }

    /// As [`Mutex::try_lock`]; the guard keeps the `Arc`.
    ///
    /// # Errors
    /// Fails if the mutex is locked, or if a task that waits for it is about to get it.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    ///
    /// let mutex = Arc::new(heist::sync::Mutex::new(1));
    /// let guard = mutex.clone().try_lock_owned().unwrap();
    /// assert!(mutex.try_lock_owned().is_err());
    /// # drop(guard);
    /// ```
    pub fn try_lock_owned(self: Arc<Self>) -> Result<OwnedMutexGuard<T>, TryLockError> {
        match self.permits.try_acquire(1) {
            Ok(()) => Ok(OwnedMutexGuard::new(Mutex::loan(self))),
            Err(_) => Err(TryLockError(())),
        }
    }

    /// Returns the value without locking: the borrow shows that nobody else has it.
    ///
    /// # Examples
    /// ```
    /// let mut mutex = heist::sync::Mutex::new(1);
    /// *mutex.get_mut() += 1;
    /// assert_eq!(mutex.into_inner(), 2);
    /// ```
    pub fn get_mut(&mut self) -> &mut T {
        // SAFETY: the mutex is borrowed exclusively.
        self.value.with_mut(|value| unsafe { &mut *value })
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("Mutex");
        match self.try_lock() {
            Ok(guard) => fields.field("data", &&*guard),
            Err(_) => fields.field("data", &format_args!("<locked>")),
        };
        fields.finish()
    }
}
