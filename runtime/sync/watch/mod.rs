//! A channel that keeps the latest value, for many receivers.
//!
//! A receiver that looks sees the value that was sent last; values that were sent before and that
//! it has not seen are gone. Each receiver notes which value it has seen, so it can wait for
//! another one by [`Receiver::changed`]. It suits configurations, shutdown signals and progress.
//!
//! [`Ref`], which [`Receiver::borrow`] returns, holds a lock for reading. While it exists, senders
//! block. Keep it for short, and never across an `await`.
//!
//! # Examples
//! ```
//! # #[heist::main]
//! # async fn main() {
//! use heist::sync::watch;
//!
//! let (sender, mut receiver) = watch::channel("starting");
//! let task = heist::spawn(async move {
//!     while receiver.changed().await.is_ok() {
//!         println!("the server is {}", *receiver.borrow_and_update());
//!     }
//! });
//! sender.send("ready").unwrap();
//! drop(sender);
//! task.await.unwrap();
//! # }
//! ```

pub mod error;
#[cfg(test)]
mod models;
mod receiver;
mod sender;
mod shared;
mod value_lock;

pub use receiver::{Receiver, Ref};
pub use sender::Sender;

/// Returns the two ends of a channel with a first value, which the receiver counts as seen.
///
/// # Examples
/// ```
/// let (sender, receiver) = heist::sync::watch::channel(1);
/// assert_eq!(*receiver.borrow(), 1);
/// sender.send(2).unwrap();
/// assert_eq!(*receiver.borrow(), 2);
/// ```
#[must_use]
pub fn channel<T>(init: T) -> (Sender<T>, Receiver<T>) {
    let sender = Sender::new(init);
    let receiver = sender.subscribe();
    (sender, receiver)
}
