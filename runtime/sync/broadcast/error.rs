//! Errors of the channel from many tasks to many.

use std::fmt;

/// No receiver is left. It holds the value that was not sent.
///
/// # Examples
/// ```
/// use heist::sync::broadcast::{self, error::SendError};
///
/// let (sender, receiver) = broadcast::channel(1);
/// drop(receiver);
/// assert!(matches!(sender.send(1), Err(SendError(1))));
/// ```
#[derive(Debug)]
pub struct SendError<T>(pub T);

/// Why [`recv`](super::Receiver::recv) has no value.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() {
/// use heist::sync::broadcast::{self, error::RecvError};
///
/// let (sender, mut receiver) = broadcast::channel(1);
/// sender.send(1).unwrap();
/// sender.send(2).unwrap();
/// assert_eq!(receiver.recv().await, Err(RecvError::Lagged(1)));
/// assert_eq!(receiver.recv().await, Ok(2));
/// drop(sender);
/// assert_eq!(receiver.recv().await, Err(RecvError::Closed));
/// # }
/// ```
#[derive(Debug, PartialEq, Eq, Clone)]
pub enum RecvError {
    /// All values were received, and no sender is left.
    Closed,
    /// The receiver was too slow: so many values were overwritten. It goes on with the oldest one
    /// that is there.
    Lagged(u64),
}

/// Why [`try_recv`](super::Receiver::try_recv) has no value.
///
/// # Examples
/// ```
/// use heist::sync::broadcast::{self, error::TryRecvError};
///
/// let (sender, mut receiver) = broadcast::channel::<u32>(1);
/// assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
/// drop(sender);
/// assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
/// ```
#[derive(Debug, PartialEq, Eq, Clone)]
pub enum TryRecvError {
    /// All values were received so far.
    Empty,
    /// All values were received, and no sender is left.
    Closed,
    /// The receiver was too slow: so many values were overwritten. It goes on with the oldest one
    /// that is there.
    Lagged(u64),
}

impl<T> fmt::Display for SendError<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("channel closed")
    }
}

impl<T: fmt::Debug> std::error::Error for SendError<T> {}

impl fmt::Display for RecvError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecvError::Closed => formatter.write_str("channel closed"),
            RecvError::Lagged(count) => write!(formatter, "channel lagged by {count}"),
        }
    }
}

impl std::error::Error for RecvError {}

impl fmt::Display for TryRecvError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TryRecvError::Empty => formatter.write_str("channel empty"),
            TryRecvError::Closed => formatter.write_str("channel closed"),
            TryRecvError::Lagged(count) => write!(formatter, "channel lagged by {count}"),
        }
    }
}

impl std::error::Error for TryRecvError {}
