//! Errors of the channel for one value.

use std::fmt;

/// The sender was dropped without a value, or the receiver had closed the channel.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() {
/// use heist::sync::oneshot::{self, error::RecvError};
///
/// let (sender, receiver) = oneshot::channel::<u32>();
/// drop(sender);
/// let error: RecvError = receiver.await.unwrap_err();
/// assert_eq!(error.to_string(), "channel closed");
/// # }
/// ```
#[derive(Debug, Eq, PartialEq, Clone)]
pub struct RecvError(pub(super) ());

/// Why [`try_recv`](super::Receiver::try_recv) has no value.
///
/// # Examples
/// ```
/// use heist::sync::oneshot::{self, error::TryRecvError};
///
/// let (sender, mut receiver) = oneshot::channel::<u32>();
/// assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
/// drop(sender);
/// assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
/// ```
#[derive(Debug, Eq, PartialEq, Clone)]
pub enum TryRecvError {
    /// The sender has not sent so far.
    Empty,
    /// No value will come: it was sent and received, or never will be sent.
    Closed,
}

impl fmt::Display for RecvError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("channel closed")
    }
}

impl std::error::Error for RecvError {}

impl fmt::Display for TryRecvError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            TryRecvError::Empty => "channel empty",
            TryRecvError::Closed => "channel closed",
        })
    }
}

impl std::error::Error for TryRecvError {}
