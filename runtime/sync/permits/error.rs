//! Why there is no permit.

use std::error::Error;
use std::fmt;

/// Returned by the functions of [`Semaphore`](crate::sync::Semaphore) that wait: it is closed.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() {
/// use heist::sync::{AcquireError, Semaphore};
///
/// let semaphore = Semaphore::new(1);
/// semaphore.close();
/// let error: AcquireError = semaphore.acquire().await.unwrap_err();
/// assert_eq!(error.to_string(), "semaphore closed");
/// # }
/// ```
#[derive(Debug)]
pub struct AcquireError(());

impl AcquireError {
    pub(super) fn closed() -> AcquireError {
        AcquireError(())
    }
}

impl fmt::Display for AcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("semaphore closed")
    }
}

impl Error for AcquireError {}

/// Returned by the functions of [`Semaphore`](crate::sync::Semaphore) that do not wait.
///
/// # Examples
/// ```
/// use heist::sync::{Semaphore, TryAcquireError};
///
/// let semaphore = Semaphore::new(0);
/// assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::NoPermits);
/// semaphore.close();
/// assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::Closed);
/// ```
#[derive(Debug, PartialEq, Eq)]
pub enum TryAcquireError {
    /// The semaphore is closed, so it gives no permits any more.
    Closed,
    /// It has fewer permits than were asked for, now.
    NoPermits,
}

impl fmt::Display for TryAcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TryAcquireError::Closed => "semaphore closed",
            TryAcquireError::NoPermits => "no permits available",
        })
    }
}

impl Error for TryAcquireError {}
