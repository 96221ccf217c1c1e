//! The lock itself, with its value.

use crate::primitive::cell::UnsafeCell;
use crate::sync::permits::{HasPermits, Holder, Permits};

/// A lock for a value that tasks share. A task that waits for it does not block its thread, and a
/// guard may be kept across an `await`.
///
/// Tasks get the lock in the order in which they began to wait. For a value that is used between
/// two `await`s only, [`std::sync::Mutex`] is the better lock. A task that panics with the guard
/// unlocks the mutex: there is no poison.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() {
/// use std::sync::Arc;
///
/// use heist::sync::Mutex;
/// use heist::task::JoinSet;
///
/// let count = Arc::new(Mutex::new(0));
/// let mut tasks = JoinSet::new();
/// for _ in 0..10 {
///     let count = count.clone();
///     tasks.spawn(async move { *count.lock().await += 1 });
/// }
/// tasks.join_all().await;
/// assert_eq!(*count.lock().await, 10);
/// # }
/// ```
pub struct Mutex<T: ?Sized> {
    pub(super) permits: Permits,
    pub(super) holder: Holder,
    pub(super) value: UnsafeCell<T>,
}

impl<T: ?Sized> HasPermits for Mutex<T> {
    #[inline]
    fn permits(&self) -> &Permits {
        &self.permits
    }

    #[inline]
    fn before_release(&self) {
        self.holder.leave();
    }
}

impl<T> Mutex<T> {
    /// Creates an unlocked mutex.
    ///
    /// # Examples
    /// ```
    /// let mutex = heist::sync::Mutex::new(5);
    /// assert_eq!(*mutex.try_lock().unwrap(), 5);
    /// ```
    pub fn new(t: T) -> Mutex<T> {
        Mutex { permits: Permits::new(1), holder: Holder::new(), value: UnsafeCell::new(t) }
    }

    /// Creates a mutex in a constant, such as a static.
    ///
    /// # Examples
    /// ```
    /// use heist::sync::Mutex;
    ///
    /// static NAMES: Mutex<Vec<String>> = Mutex::const_new(Vec::new());
    /// NAMES.try_lock().unwrap().push("Ada".to_owned());
    /// ```
    #[cfg(not(rt_loom))]
    pub const fn const_new(t: T) -> Mutex<T> {
        Mutex { permits: Permits::new(1), holder: Holder::new(), value: UnsafeCell::new(t) }
    }

    /// Returns the value.
    ///
    /// # Examples
    /// ```
    /// let mutex = heist::sync::Mutex::new(5);
    /// assert_eq!(mutex.into_inner(), 5);
    /// ```
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T> From<T> for Mutex<T> {
    fn from(value: T) -> Mutex<T> {
        Mutex::new(value)
    }
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Mutex<T> {
        Mutex::new(T::default())
    }
}
