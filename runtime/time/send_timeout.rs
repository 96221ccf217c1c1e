//! Sending into a channel for at most so long. It stands here because channels know no time.

use super::timeout::timeout;
use crate::sync::mpsc::Sender;
use crate::sync::mpsc::error::SendTimeoutError;
use std::time::Duration;

impl<T> Sender<T> {
    /// As [`send`](Self::send), but waits for room for at most `timeout`.
    ///
    /// # Errors
    /// Returns the message if there was no room for so long, or if the channel is closed.
    ///
    /// # Panics
    /// The future panics if it has to wait outside of a runtime.
    ///
    /// # Cancel safety
    /// As `send`.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// use heist::sync::mpsc::{self, error::SendTimeoutError};
    /// use heist::time::Duration;
    ///
    /// let (sender, _receiver) = mpsc::channel(1);
    /// sender.send_timeout(1, Duration::from_millis(1)).await.unwrap();
    /// let outcome = sender.send_timeout(2, Duration::from_millis(1)).await;
    /// assert_eq!(outcome, Err(SendTimeoutError::Timeout(2)));
    /// # }
    /// ```
    pub async fn send_timeout(&self, value: T, timeout: Duration) -> Result<(), SendTimeoutError<T>> {
        match self::timeout(timeout, self.reserve()).await {
            Ok(Ok(permit)) => {
                permit.send(value);
                Ok(())
            }
            Ok(Err(_)) => Err(SendTimeoutError::Closed(value)),
            Err(_) => Err(SendTimeoutError::Timeout(value)),
        }
    }
}
