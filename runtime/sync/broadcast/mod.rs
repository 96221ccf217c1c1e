//! A channel from many tasks to many, in which each receiver receives every value.
//!
//! [`channel`] has a capacity, the number of values that are kept for slow receivers. A sender
//! never waits: it overwrites the oldest value. A receiver that has not received that one learns
//! from [`RecvError::Lagged`](error::RecvError::Lagged) how many it has missed, and goes on with
//! the oldest that is there.
//!
//! Values are cloned for each receiver, so large ones are best in an `Arc`. A clone
//! runs under the lock of its value: it must not use the same channel.
//!
//! # Examples
//! ```
//! # #[heist::main]
//! # async fn main() {
//! use heist::sync::broadcast;
//!
//! let (sender, mut first) = broadcast::channel(16);
//! let mut second = sender.subscribe();
//! sender.send(1).unwrap();
//! assert_eq!(first.recv().await, Ok(1));
//! assert_eq!(second.recv().await, Ok(1));
//! # }
//! ```

pub mod error;
#[cfg(test)]
mod models;
mod receiver;
mod sender;
mod shared;
mod slot;

pub use receiver::Receiver;
pub use sender::{Sender, WeakSender};

/// Returns the two ends of a channel that keeps at least `capacity` values for slow receivers. The
/// capacity is rounded up to a power of two.
///
/// # Panics
/// Panics if `capacity` is zero or above `usize::MAX / 2`.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() {
/// let (sender, mut receiver) = heist::sync::broadcast::channel(16);
/// assert_eq!(sender.send("hello").unwrap(), 1);
/// assert_eq!(receiver.recv().await, Ok("hello"));
/// # }
/// ```
#[must_use]
#[track_caller]
pub fn channel<T: Clone>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let sender = Sender::with_receivers(capacity, 1);
    let receiver = sender.first_receiver();
    (sender, receiver)
}
