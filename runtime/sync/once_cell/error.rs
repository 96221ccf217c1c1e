//! Why a cell is not set.

use std::error::Error;
use std::fmt;

/// Returned by [`OnceCell::set`](crate::sync::OnceCell::set), with the value.
///
/// # Examples
/// ```
/// use heist::sync::{OnceCell, SetError};
///
/// let cell = OnceCell::new_with(Some(1));
/// assert_eq!(cell.set(2), Err(SetError::AlreadyInitializedError(2)));
/// ```
#[derive(Debug, PartialEq, Eq)]
pub enum SetError<T> {
    /// There is a value already.
    AlreadyInitializedError(T),
    /// A task computes the value now.
    InitializingError(T),
}

impl<T> SetError<T> {
    /// Returns whether there was a value already.
    ///
    /// # Examples
    /// ```
    /// let cell = heist::sync::OnceCell::new_with(Some(1));
    /// assert!(cell.set(2).unwrap_err().is_already_init_err());
    /// ```
    pub fn is_already_init_err(&self) -> bool {
        matches!(self, SetError::AlreadyInitializedError(_))
    }

    /// Returns whether a task computed the value.
    ///
    /// # Examples
    /// ```
    /// let cell = heist::sync::OnceCell::new_with(Some(1));
    /// assert!(!cell.set(2).unwrap_err().is_initializing_err());
    /// ```
    pub fn is_initializing_err(&self) -> bool {
        matches!(self, SetError::InitializingError(_))
    }
}

impl<T> fmt::Display for SetError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SetError::AlreadyInitializedError(_) => "AlreadyInitializedError",
            SetError::InitializingError(_) => "InitializingError",
        })
    }
}

impl<T: fmt::Debug> Error for SetError<T> {}
