//! Errors of the channel that keeps the latest value.

use std::fmt;

/// No receiver is left. It holds the value that was not sent.
///
/// # Examples
/// ```
/// use heist::sync::watch::{self, error::SendError};
///
/// let (sender, receiver) = watch::channel(0);
/// drop(receiver);
/// assert_eq!(sender.send(1), Err(SendError(1)));
/// ```
#[derive(PartialEq, Eq, Clone, Copy)]
pub struct SendError<T>(pub T);

/// No sender is left, so the value will not change.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() {
/// use heist::sync::watch::{self, error::RecvError};
///
/// let (sender, mut receiver) = watch::channel(0);
/// drop(sender);
/// let error: RecvError = receiver.changed().await.unwrap_err();
/// assert_eq!(error.to_string(), "channel closed");
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct RecvError(pub(super) ());

impl<T> fmt::Debug for SendError<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SendError").finish_non_exhaustive()
    }
}

impl<T> fmt::Display for SendError<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("channel closed")
    }
}

impl<T> std::error::Error for SendError<T> {}

impl fmt::Display for RecvError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("channel closed")
    }
}

impl std::error::Error for RecvError {}
