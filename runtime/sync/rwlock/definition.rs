//! The lock itself, with its value.

use crate::primitive::cell::UnsafeCell;
use crate::sync::permits::{HasPermits, Permits};

pub(super) const READERS_COUNT_MAX: u32 = u32::MAX >> 3;

/// A lock for a value that many tasks may read at a time, or one may change. A task that waits for
/// it does not block its thread, and a guard may be kept across an `await`.
///
/// Tasks get the lock in the order in which they began to wait. So a writer is not kept out by
/// readers: those that come after it wait until it is done. A task that reads and wants to read
/// again meanwhile may therefore wait for ever. A task that panics with a guard unlocks: there is
/// no poison.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() {
/// use heist::sync::RwLock;
///
/// let lock = RwLock::new(5);
/// {
///     let (first, second) = (lock.read().await, lock.read().await);
///     assert_eq!(*first + *second, 10);
/// }
/// *lock.write().await += 1;
/// assert_eq!(*lock.read().await, 6);
/// # }
/// ```
pub struct RwLock<T: ?Sized> {
    /// How many may read at a time: all permits, which a writer takes.
    pub(super) readers_count_max: u32,
    pub(super) permits: Permits,
    pub(super) value: UnsafeCell<T>,
}

impl<T: ?Sized> HasPermits for RwLock<T> {
    #[inline]
    fn permits(&self) -> &Permits {
        &self.permits
    }
}

impl<T> RwLock<T> {
    /// Creates an unlocked lock, for up to 536,870,911 readers at a time.
    ///
    /// # Examples
    /// ```
    /// let lock = heist::sync::RwLock::new(5);
    /// assert_eq!(*lock.try_read().unwrap(), 5);
    /// ```
    pub fn new(value: T) -> RwLock<T> {
        RwLock::with_max_readers(value, READERS_COUNT_MAX)
    }

    /// Creates an unlocked lock, for up to `max_reads` readers at a time.
    ///
    /// # Panics
    /// Panics if `max_reads` is 0 or more than 536,870,911.
    ///
    /// # Examples
    /// ```
    /// let lock = heist::sync::RwLock::with_max_readers(5, 1);
    /// let first = lock.try_read().unwrap();
    /// assert!(lock.try_read().is_err());
    /// # drop(first);
    /// ```
    #[track_caller]
    pub fn with_max_readers(value: T, max_reads: u32) -> RwLock<T> {
        assert_ne!(max_reads, 0, "a RwLock may not be created with 0 readers");
        assert!(
            max_reads <= READERS_COUNT_MAX,
            "a RwLock may not be created with more than {READERS_COUNT_MAX} readers"
        );
        RwLock {
            readers_count_max: max_reads,
            permits: Permits::new(max_reads as usize),
            value: UnsafeCell::new(value),
        }
    }

    /// As [`RwLock::new`], in a constant, such as a static.
    ///
    /// # Examples
    /// ```
    /// use heist::sync::RwLock;
    ///
    /// static NAMES: RwLock<Vec<String>> = RwLock::const_new(Vec::new());
    /// assert!(NAMES.try_read().unwrap().is_empty());
    /// ```
    #[cfg(not(rt_loom))]
    pub const fn const_new(value: T) -> RwLock<T> {
        RwLock::const_with_max_readers(value, READERS_COUNT_MAX)
    }

    /// As [`RwLock::with_max_readers`], in a constant, such as a static.
    ///
    /// # Panics
    /// Panics if `max_reads` is 0 or more than 536,870,911.
    ///
    /// # Examples
    /// ```
    /// use heist::sync::RwLock;
    ///
    /// static TOTAL: RwLock<u64> = RwLock::const_with_max_readers(0, 16);
    /// assert_eq!(*TOTAL.try_read().unwrap(), 0);
    /// ```
    #[cfg(not(rt_loom))]
    pub const fn const_with_max_readers(value: T, max_reads: u32) -> RwLock<T> {
        assert!(max_reads != 0, "a RwLock may not be created with 0 readers");
        assert!(max_reads <= READERS_COUNT_MAX, "a RwLock may not be created with so many readers");
        RwLock {
            readers_count_max: max_reads,
            permits: Permits::new(max_reads as usize),
            value: UnsafeCell::new(value),
        }
    }

    /// Returns the value.
    ///
    /// # Examples
    /// ```
    /// let lock = heist::sync::RwLock::new(5);
    /// assert_eq!(lock.into_inner(), 5);
    /// ```
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T> From<T> for RwLock<T> {
    fn from(value: T) -> RwLock<T> {
        RwLock::new(value)
    }
}

impl<T: Default> Default for RwLock<T> {
    fn default() -> RwLock<T> {
        RwLock::new(T::default())
    }
}
