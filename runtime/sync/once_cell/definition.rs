//! The cell, and what sets it.
#![expect(unsafe_code, reason = "the holder of the only permit sets the value")]

use std::fmt;
use std::future::Future;

use super::error::SetError;
use crate::sync::permits::{HeldPermits, Permits, PermitsOf, TryAcquireError};
use crate::sync::write_once::WriteOnce;

/// A value that is set once, by an asynchronous function if nobody has set it before.
///
/// If many tasks ask for the value at a time, one of them computes it and the others wait. If that
/// one fails, panics or is dropped, the next one begins anew.
///
/// # Examples
/// ```
/// use heist::sync::OnceCell;
///
/// static ANSWER: OnceCell<u32> = OnceCell::const_new();
///
/// async fn answer() -> u32 {
///     *ANSWER.get_or_init(|| async { 6 * 7 }).await
/// }
///
/// # #[heist::main]
/// # async fn main() {
/// assert_eq!(answer().await, 42);
/// assert_eq!(ANSWER.get(), Some(&42));
/// # }
/// ```
pub struct OnceCell<T> {
    value: WriteOnce<T>,
    /// One permit, the right to set the value. It is closed when the value is set [one-setter].
    permits: Permits,
}

impl<T> OnceCell<T> {
    /// Creates an empty cell.
    ///
    /// # Examples
    /// ```
    /// let cell = heist::sync::OnceCell::<u32>::new();
    /// assert_eq!(cell.get(), None);
    /// ```
    pub fn new() -> OnceCell<T> {
        OnceCell { value: WriteOnce::new(), permits: Permits::new(1) }
    }

    /// As [`OnceCell::new`], in a constant, such as a static.
    ///
    /// # Examples
    /// ```
    /// use heist::sync::OnceCell;
    ///
    /// static NAME: OnceCell<String> = OnceCell::const_new();
    /// assert!(!NAME.initialized());
    /// ```
    #[cfg(not(rt_loom))]
    pub const fn const_new() -> OnceCell<T> {
        OnceCell { value: WriteOnce::new(), permits: Permits::new(1) }
    }

    /// Creates a cell with this value, or an empty one.
    ///
    /// # Examples
    /// ```
    /// let cell = heist::sync::OnceCell::new_with(Some(1));
    /// assert_eq!(cell.get(), Some(&1));
    /// ```
    pub fn new_with(value: Option<T>) -> OnceCell<T> {
        value.map_or_else(OnceCell::new, OnceCell::from)
    }

    /// Creates a cell with this value, in a constant.
    ///
    /// # Examples
    /// ```
    /// use heist::sync::OnceCell;
    ///
    /// static ONE: OnceCell<u32> = OnceCell::const_new_with(1);
    /// assert_eq!(ONE.get(), Some(&1));
    /// ```
    #[cfg(not(rt_loom))]
    pub const fn const_new_with(value: T) -> OnceCell<T> {
        OnceCell { value: WriteOnce::with(value), permits: Permits::new_closed() }
    }

    /// Returns whether there is a value.
    ///
    /// # Examples
    /// ```
    /// let cell = heist::sync::OnceCell::new();
    /// assert!(!cell.initialized());
    /// cell.set(1).unwrap();
    /// assert!(cell.initialized());
    /// ```
    pub fn initialized(&self) -> bool {
        self.value.get().is_some()
    }

    /// Returns the value, if there is one.
    ///
    /// # Examples
    /// ```
    /// let cell = heist::sync::OnceCell::new_with(Some(1));
    /// assert_eq!(cell.get(), Some(&1));
    /// ```
    pub fn get(&self) -> Option<&T> {
        self.value.get()
    }

    /// Returns the value, to be changed, if there is one.
    ///
    /// # Examples
    /// ```
    /// let mut cell = heist::sync::OnceCell::new_with(Some(1));
    /// *cell.get_mut().unwrap() += 1;
    /// assert_eq!(cell.get(), Some(&2));
    /// ```
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.value.get_mut()
    }

    /// Sets the value.
    ///
    /// # Errors
    /// Returns the value if there is one already, or if a task computes one.
    ///
    /// # Examples
    /// ```
    /// let cell = heist::sync::OnceCell::new();
    /// assert!(cell.set(1).is_ok());
    /// assert!(cell.set(2).unwrap_err().is_already_init_err());
    /// ```
    pub fn set(&self, value: T) -> Result<(), SetError<T>> {
        // The value is there a moment before the permits are closed.
        if self.initialized() {
            return Err(SetError::AlreadyInitializedError(value));
        }
        match self.permits.try_acquire(1) {
            Ok(()) => {
                self.set_with(HeldPermits::new(&self.permits, 1), value);
                Ok(())
            }
            Err(TryAcquireError::NoPermits) => Err(SetError::InitializingError(value)),
            Err(TryAcquireError::Closed) => Err(SetError::AlreadyInitializedError(value)),
        }
    }

    /// Sets the value by the right to do so, which ends.
    fn set_with(&self, mut right: HeldPermits<&Permits>, value: T) {
        // SAFETY: it takes the only permit to come here, and it is never given back [one-setter].
        unsafe { self.value.set(value) };
        right.forget();
        self.permits.close();
    }

    /// Returns the value. If there is none, computes it, or waits for the task that does.
    ///
    /// # Cancel safety
    /// A future that is dropped while it computes leaves the cell empty, and the next task that
    /// waits computes the value.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let cell = heist::sync::OnceCell::new();
    /// assert_eq!(cell.get_or_init(|| async { 1 }).await, &1);
    /// assert_eq!(cell.get_or_init(|| async { 2 }).await, &1);
    /// # }
    /// ```
    pub async fn get_or_init<F, Fut>(&self, f: F) -> &T
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = T>,
    {
        if let Some(value) = self.value.get() {
            return value;
        }
        if self.permits.acquire(1, PermitsOf::OnceCell).await.is_ok() {
            let right = HeldPermits::new(&self.permits, 1);
            self.set_with(right, f().await);
        }
        self.is_set()
    }

    /// As [`OnceCell::get_or_init`], with a function that may fail: then the cell stays empty, and
    /// the next task that waits calls its own function.
    ///
    /// # Errors
    /// Returns the error of `f`.
    ///
    /// # Cancel safety
    /// A future that is dropped while it computes leaves the cell empty, and the next task that
    /// waits computes the value.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let cell = heist::sync::OnceCell::new();
    /// assert_eq!(cell.get_or_try_init(|| async { "x".parse::<i32>() }).await.ok(), None);
    /// assert_eq!(cell.get_or_try_init(|| async { "1".parse::<i32>() }).await, Ok(&1));
    /// # }
    /// ```
    pub async fn get_or_try_init<E, F, Fut>(&self, f: F) -> Result<&T, E>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        if let Some(value) = self.value.get() {
            return Ok(value);
        }
        if self.permits.acquire(1, PermitsOf::OnceCell).await.is_ok() {
            let right = HeldPermits::new(&self.permits, 1);
            self.set_with(right, f().await?);
        }
        Ok(self.is_set())
    }

    fn is_set(&self) -> &T {
        self.value.get().expect("[one-setter]: no permit is given when the value is there")
    }

    /// Returns the value, if there is one.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(heist::sync::OnceCell::new_with(Some(1)).into_inner(), Some(1));
    /// ```
    pub fn into_inner(self) -> Option<T> {
        self.value.into_inner()
    }

    /// Takes the value out, and leaves an empty cell.
    ///
    /// # Examples
    /// ```
    /// let mut cell = heist::sync::OnceCell::new_with(Some(1));
    /// assert_eq!(cell.take(), Some(1));
    /// assert_eq!(cell.get(), None);
    /// ```
    pub fn take(&mut self) -> Option<T> {
        std::mem::take(self).into_inner()
    }
}

impl<T> From<T> for OnceCell<T> {
    fn from(value: T) -> OnceCell<T> {
        OnceCell { value: WriteOnce::with(value), permits: Permits::new_closed() }
    }
}

impl<T> Default for OnceCell<T> {
    fn default() -> OnceCell<T> {
        OnceCell::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for OnceCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnceCell").field("value", &self.get()).finish()
    }
}

impl<T: Clone> Clone for OnceCell<T> {
    fn clone(&self) -> OnceCell<T> {
        OnceCell::new_with(self.get().cloned())
    }
}

impl<T: PartialEq> PartialEq for OnceCell<T> {
    fn eq(&self, other: &OnceCell<T>) -> bool {
        self.get() == other.get()
    }
}

impl<T: Eq> Eq for OnceCell<T> {}
