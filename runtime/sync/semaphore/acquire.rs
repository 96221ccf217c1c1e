//! The functions that take permits.

use std::sync::Arc;

use super::definition::Semaphore;
use super::owned::OwnedSemaphorePermit;
use super::permit::SemaphorePermit;
use crate::sync::blocking;
use crate::sync::permits::{AcquireError, HeldPermits, PermitsOf, TryAcquireError};

impl Semaphore {
    /// Waits for a permit.
    ///
    /// # Errors
    /// Fails if the semaphore is closed.
    ///
    /// # Cancel safety
    /// Cancel safe: a future that is dropped has taken no permit. It gives up its place in the
    /// queue.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let semaphore = heist::sync::Semaphore::new(1);
    /// let permit = semaphore.acquire().await.unwrap();
    /// assert_eq!(semaphore.available_permits(), 0);
    /// drop(permit);
    /// assert_eq!(semaphore.available_permits(), 1);
    /// # }
    /// ```
    pub async fn acquire(&self) -> Result<SemaphorePermit<'_>, AcquireError> {
        self.permits.acquire(1, PermitsOf::Semaphore).await?;
        Ok(SemaphorePermit::new(HeldPermits::new(self, 1)))
    }

    /// Waits for `n` permits, which it gets together.
    ///
    /// # Errors
    /// Fails if the semaphore is closed.
    ///
    /// # Cancel safety
    /// Cancel safe: a future that is dropped has taken no permit. It gives up its place in the
    /// queue.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let semaphore = heist::sync::Semaphore::new(5);
    /// let permits = semaphore.acquire_many(3).await.unwrap();
    /// assert_eq!((permits.num_permits(), semaphore.available_permits()), (3, 2));
    /// # }
    /// ```
    pub async fn acquire_many(&self, n: u32) -> Result<SemaphorePermit<'_>, AcquireError> {
        self.permits.acquire(n as usize, PermitsOf::Semaphore).await?;
        Ok(SemaphorePermit::new(HeldPermits::new(self, n as usize)))
    }

    /// Takes a permit if there is one now.
    ///
    /// # Errors
    /// Fails if there is none, or if the semaphore is closed.
    ///
    /// # Examples
    /// ```
    /// let semaphore = heist::sync::Semaphore::new(1);
    /// let permit = semaphore.try_acquire().unwrap();
    /// assert!(semaphore.try_acquire().is_err());
    /// # drop(permit);
    /// ```
    pub fn try_acquire(&self) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        self.permits.try_acquire(1)?;
        Ok(SemaphorePermit::new(HeldPermits::new(self, 1)))
    }

    /// Takes `n` permits if there are as many now.
    ///
    /// # Errors
    /// Fails if there are fewer, or if the semaphore is closed.
    ///
    /// # Examples
    /// ```
    /// let semaphore = heist::sync::Semaphore::new(2);
    /// assert!(semaphore.try_acquire_many(3).is_err());
    /// assert_eq!(semaphore.try_acquire_many(2).unwrap().num_permits(), 2);
    /// ```
    pub fn try_acquire_many(&self, n: u32) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        self.permits.try_acquire(n as usize)?;
        Ok(SemaphorePermit::new(HeldPermits::new(self, n as usize)))
    }

    /// Blocks this thread until it has a permit. For threads that run no tasks.
    ///
    /// # Errors
    /// Fails if the semaphore is closed.
    ///
    /// # Panics
    /// Panics if called on a thread that runs tasks or is inside `block_on`.
    ///
    /// # Examples
    /// ```
    /// let semaphore = heist::sync::Semaphore::new(1);
    /// let permit = semaphore.blocking_acquire().unwrap();
    /// assert_eq!(semaphore.available_permits(), 0);
    /// # drop(permit);
    /// ```
    #[track_caller]
    pub fn blocking_acquire(&self) -> Result<SemaphorePermit<'_>, AcquireError> {
        blocking::block_on(self.acquire())
    }

    /// Blocks this thread until it has `n` permits. For threads that run no tasks.
    ///
    /// # Errors
    /// Fails if the semaphore is closed.
    ///
    /// # Panics
    /// Panics if called on a thread that runs tasks or is inside `block_on`.
    ///
    /// # Examples
    /// ```
    /// let semaphore = heist::sync::Semaphore::new(3);
    /// assert_eq!(semaphore.blocking_acquire_many(2).unwrap().num_permits(), 2);
    /// ```
    #[track_caller]
    pub fn blocking_acquire_many(&self, n: u32) -> Result<SemaphorePermit<'_>, AcquireError> {
        blocking::block_on(self.acquire_many(n))
    }

    /// As [`Semaphore::acquire`]; the permit keeps the `Arc`, so it may go to another task.
    ///
    /// # Errors
    /// Fails if the semaphore is closed.
    ///
    /// # Cancel safety
    /// Cancel safe: a future that is dropped has taken no permit. It gives up its place in the
    /// queue.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// use std::sync::Arc;
    ///
    /// let semaphore = Arc::new(heist::sync::Semaphore::new(1));
    /// let permit = semaphore.clone().acquire_owned().await.unwrap();
    /// heist::spawn(async move { drop(permit) }).await.unwrap();
    /// assert_eq!(semaphore.available_permits(), 1);
    /// # }
    /// ```
    pub async fn acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, AcquireError> {
        self.permits.acquire(1, PermitsOf::Semaphore).await?;
        Ok(OwnedSemaphorePermit::new(HeldPermits::new(self, 1)))
    }

    /// As [`Semaphore::acquire_many`]; the permits keep the `Arc`.
    ///
    /// # Errors
    /// Fails if the semaphore is closed.
    ///
    /// # Cancel safety
    /// Cancel safe: a future that is dropped has taken no permit. It gives up its place in the
    /// queue.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// use std::sync::Arc;
    ///
    /// let semaphore = Arc::new(heist::sync::Semaphore::new(3));
    /// let permits = semaphore.clone().acquire_many_owned(2).await.unwrap();
    /// assert_eq!((permits.num_permits(), semaphore.available_permits()), (2, 1));
    /// # }
    /// ```
    pub async fn acquire_many_owned(self: Arc<Self>, n: u32) -> Result<OwnedSemaphorePermit, AcquireError> {
        self.permits.acquire(n as usize, PermitsOf::Semaphore).await?;
        Ok(OwnedSemaphorePermit::new(HeldPermits::new(self, n as usize)))
    }

    /// As [`Semaphore::try_acquire`]; the permit keeps the `Arc`.
    ///
    /// # Errors
    /// Fails if there is none, or if the semaphore is closed.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    ///
    /// let semaphore = Arc::new(heist::sync::Semaphore::new(3));
    /// let permit = semaphore.clone().try_acquire_owned().unwrap();
    /// assert_eq!(semaphore.available_permits(), 2);
    /// # drop(permit);
    /// ```
    pub fn try_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        self.permits.try_acquire(1)?;
        Ok(OwnedSemaphorePermit::new(HeldPermits::new(self, 1)))
    }

    /// As [`Semaphore::try_acquire_many`]; the permits keep the `Arc`.
    ///
    /// # Errors
    /// Fails if there are fewer, or if the semaphore is closed.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    ///
    /// let semaphore = Arc::new(heist::sync::Semaphore::new(3));
    /// assert!(semaphore.try_acquire_many_owned(4).is_err());
    /// ```
    pub fn try_acquire_many_owned(self: Arc<Self>, n: u32) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        self.permits.try_acquire(n as usize)?;
        Ok(OwnedSemaphorePermit::new(HeldPermits::new(self, n as usize)))
    }

    /// As [`Semaphore::blocking_acquire`]; the permit keeps the `Arc`.
    ///
    /// # Errors
    /// Fails if the semaphore is closed.
    ///
    /// # Panics
    /// Panics if called on a thread that runs tasks or is inside `block_on`.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    ///
    /// let semaphore = Arc::new(heist::sync::Semaphore::new(3));
    /// assert_eq!(semaphore.blocking_acquire_owned().unwrap().num_permits(), 1);
    /// ```
    #[track_caller]
    pub fn blocking_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, AcquireError> {
        blocking::block_on(self.acquire_owned())
    }

    /// As [`Semaphore::blocking_acquire_many`]; the permits keep the `Arc`.
    ///
    /// # Errors
    /// Fails if the semaphore is closed.
    ///
    /// # Panics
    /// Panics if called on a thread that runs tasks or is inside `block_on`.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    ///
    /// let semaphore = Arc::new(heist::sync::Semaphore::new(3));
    /// assert_eq!(semaphore.blocking_acquire_many_owned(2).unwrap().num_permits(), 2);
    /// ```
    #[track_caller]
    pub fn blocking_acquire_many_owned(
        self: Arc<Self>,
        n: u32,
    ) -> Result<OwnedSemaphorePermit, AcquireError> {
        blocking::block_on(self.acquire_many_owned(n))
    }
}
