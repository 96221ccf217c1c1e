//! The semaphore itself.

use std::fmt;

use crate::sync::permits::{HasPermits, PERMITS_COUNT_MAX, Permits};

/// A number of permits that tasks take, wait for and give back. It limits how many of them do
/// something at a time.
///
/// Tasks get their permits in the order in which they began to wait. A task that wants many permits
/// keeps those that want few, and came later, waiting. A permit is given back when it is dropped.
///
/// # Examples
/// At most two of ten tasks work at a time:
/// ```
/// # #[heist::main]
/// # async fn main() {
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// use heist::sync::Semaphore;
/// use heist::task::{JoinSet, yield_now};
///
/// let semaphore = Arc::new(Semaphore::new(2));
/// let working = Arc::new(AtomicUsize::new(0));
/// let mut tasks = JoinSet::new();
/// for _ in 0..10 {
///     let (semaphore, working) = (semaphore.clone(), working.clone());
///     tasks.spawn(async move {
///         let _permit = semaphore.acquire().await.unwrap();
///         assert!(working.fetch_add(1, Ordering::Relaxed) < 2);
///         yield_now().await;
///         working.fetch_sub(1, Ordering::Relaxed);
///     });
/// }
/// tasks.join_all().await;
/// # }
/// ```
pub struct Semaphore {
    pub(super) permits: Permits,
}

impl HasPermits for Semaphore {
    #[inline]
    fn permits(&self) -> &Permits {
        &self.permits
    }
}

impl Semaphore {
    /// The largest number of permits that a semaphore can have: `usize::MAX >> 3`.
    pub const MAX_PERMITS: usize = PERMITS_COUNT_MAX;

    /// Creates a semaphore with this number of permits.
    ///
    /// # Panics
    /// Panics if there are more than [`Semaphore::MAX_PERMITS`].
    ///
    /// # Examples
    /// ```
    /// let semaphore = heist::sync::Semaphore::new(3);
    /// assert_eq!(semaphore.available_permits(), 3);
    /// ```
    #[track_caller]
    pub fn new(permits: usize) -> Semaphore {
        assert_countable(permits);
        Semaphore { permits: Permits::new(permits) }
    }

    /// Creates a semaphore in a constant, such as a static.
    ///
    /// # Panics
    /// Panics if there are more permits than [`Semaphore::MAX_PERMITS`].
    ///
    /// # Examples
    /// ```
    /// use heist::sync::Semaphore;
    ///
    /// static CONNECTIONS: Semaphore = Semaphore::const_new(100);
    /// let _permit = CONNECTIONS.try_acquire().unwrap();
    /// assert_eq!(CONNECTIONS.available_permits(), 99);
    /// ```
    #[cfg(not(rt_loom))]
    pub const fn const_new(permits: usize) -> Semaphore {
        assert!(permits <= PERMITS_COUNT_MAX, "a semaphore may not have more than MAX_PERMITS permits");
        Semaphore { permits: Permits::new(permits) }
    }

    /// Returns the number of permits that are there now. It is 0 while somebody waits.
    ///
    /// # Examples
    /// ```
    /// let semaphore = heist::sync::Semaphore::new(3);
    /// let permit = semaphore.try_acquire().unwrap();
    /// assert_eq!(semaphore.available_permits(), 2);
    /// # drop(permit);
    /// ```
    pub fn available_permits(&self) -> usize {
        self.permits.count()
    }

    /// Adds permits.
    ///
    /// # Panics
    /// Panics if there would be more than [`Semaphore::MAX_PERMITS`].
    ///
    /// # Examples
    /// ```
    /// let semaphore = heist::sync::Semaphore::new(0);
    /// semaphore.add_permits(2);
    /// assert_eq!(semaphore.available_permits(), 2);
    /// ```
    pub fn add_permits(&self, n: usize) {
        self.permits.release(n);
    }

    /// Takes up to `n` of the permits that are there away for ever. Returns how many.
    ///
    /// # Examples
    /// ```
    /// let semaphore = heist::sync::Semaphore::new(2);
    /// assert_eq!(semaphore.forget_permits(5), 2);
    /// assert_eq!(semaphore.available_permits(), 0);
    /// ```
    pub fn forget_permits(&self, n: usize) -> usize {
        self.permits.forget(n)
    }

    /// Closes the semaphore: it gives no permits any more, and all who wait get an error.
    ///
    /// # Examples
    /// ```
    /// let semaphore = heist::sync::Semaphore::new(1);
    /// semaphore.close();
    /// assert!(semaphore.try_acquire().is_err());
    /// ```
    pub fn close(&self) {
        self.permits.close();
    }

    /// Returns whether the semaphore is closed.
    ///
    /// # Examples
    /// ```
    /// let semaphore = heist::sync::Semaphore::new(1);
    /// assert!(!semaphore.is_closed());
    /// semaphore.close();
    /// assert!(semaphore.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.permits.is_closed()
    }
}

#[track_caller]
fn assert_countable(permits: usize) {
    assert!(
        permits <= PERMITS_COUNT_MAX,
        "a semaphore may not have more than MAX_PERMITS permits ({PERMITS_COUNT_MAX})"
    );
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Semaphore").field("permits", &self.available_permits()).finish()
    }
}
