//! The error of time limits.
use std::error::Error;
use std::fmt;
use std::io;

/// The error of [`timeout`](super::timeout()) and [`timeout_at`](super::timeout_at()): the
/// deadline passed before the future completed.
///
/// It converts into an [`io::Error`] of the kind [`io::ErrorKind::TimedOut`], so that `?` works
/// beside I/O.
///
/// # Examples
/// ```
/// use heist::time::{self, Duration};
/// use std::io;
///
/// async fn limited() -> io::Result<()> {
///     time::timeout(Duration::from_millis(5), std::future::pending::<()>()).await?;
///     Ok(())
/// }
///
/// let late = heist::runtime::Runtime::new()?.block_on(limited());
/// assert_eq!(late.unwrap_err().kind(), io::ErrorKind::TimedOut);
/// # Ok::<(), io::Error>(())
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct Elapsed(());

impl Elapsed {
    pub(super) fn new() -> Self {
        Elapsed(())
    }
}

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("deadline has elapsed")
    }
}

impl Error for Elapsed {}

impl From<Elapsed> for io::Error {
    fn from(elapsed: Elapsed) -> io::Error {
        io::Error::new(io::ErrorKind::TimedOut, elapsed)
    }
}
