//! Why a lock is not to be had at once.

use std::error::Error;
use std::fmt;

/// Returned by [`Mutex::try_lock`](crate::sync::Mutex::try_lock), and by the functions of
/// [`RwLock`](crate::sync::RwLock) that do not wait: another task has the lock.
///
/// # Examples
/// ```
/// use heist::sync::{Mutex, TryLockError};
///
/// let mutex = Mutex::new(0);
/// let _guard = mutex.try_lock().unwrap();
/// let error: TryLockError = mutex.try_lock().unwrap_err();
/// assert_eq!(error.to_string(), "operation would block");
/// ```
#[derive(Debug)]
pub struct TryLockError(pub(in crate::sync) ());

impl fmt::Display for TryLockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("operation would block")
    }
}

impl Error for TryLockError {}
