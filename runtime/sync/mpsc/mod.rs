//! Channels from many tasks to one.
//!
//! [`channel`] has a bound: a sender waits while so many messages are on their way. Senders that
//! wait are served in the order in which they came. [`unbounded_channel`] has none: sending never
//! waits, and memory is the limit.
//!
//! Messages arrive in the order in which they were sent. Every message that was sent before the
//! receiver closed the channel is received, unless the receiver is dropped.
//!
//! # Between tasks and other threads
//! [`Sender::blocking_send`] and [`Receiver::blocking_recv`] are for threads that run no tasks.
//! [`UnboundedSender::send`] and [`Sender::try_send`] may be called anywhere. A channel belongs to
//! no runtime, so its ends may be used in two of them.
//!
//! # The end
//! [`Receiver::recv`] returns None when all senders are gone and all messages were received.
//! A receiver that wants to stop calls [`Receiver::close`], and then receives what is left.
//!
//! # Examples
//! ```
//! # #[heist::main]
//! # async fn main() {
//! use heist::sync::mpsc;
//!
//! let (sender, mut receiver) = mpsc::channel(16);
//! for worker in 0..3 {
//!     let sender = sender.clone();
//!     heist::spawn(async move { sender.send(worker).await });
//! }
//! // Otherwise the receiver would wait for this one.
//! drop(sender);
//! let mut sum = 0;
//! while let Some(number) = receiver.recv().await {
//!     sum += number;
//! }
//! assert_eq!(sum, 3);
//! # }
//! ```

mod acquire;
mod block;
mod chan;
pub mod error;
#[cfg(test)]
mod models;
mod permit;
mod queue;
mod receiver;
mod receiver_waker;
mod room;
mod rx;
mod sender;
mod unbounded;
mod unbounded_receiver;
mod word;

pub use permit::{OwnedPermit, Permit, PermitIterator};
pub use receiver::Receiver;
pub use sender::{Sender, WeakSender};
pub use unbounded::{UnboundedSender, WeakUnboundedSender};
pub use unbounded_receiver::UnboundedReceiver;

use self::room::Room;

/// The largest capacity.
const CAPACITY_MAX: usize = usize::MAX >> 3;

/// Returns the two ends of a channel that holds up to `buffer` messages.
///
/// Memory is taken as messages come, not for the capacity at once.
///
/// # Panics
/// Panics if `buffer` is zero or above `usize::MAX >> 3`.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() {
/// let (sender, mut receiver) = heist::sync::mpsc::channel(1);
/// sender.send("hello").await.unwrap();
/// assert_eq!(receiver.recv().await, Some("hello"));
/// # }
/// ```
#[must_use]
#[track_caller]
pub fn channel<T>(buffer: usize) -> (Sender<T>, Receiver<T>) {
    assert!(buffer > 0, "mpsc bounded channel requires buffer > 0");
    assert!(
        buffer <= CAPACITY_MAX,
        "a semaphore may not have more than MAX_PERMITS permits ({CAPACITY_MAX})"
    );
    let (tx, rx) = chan::new(Room::new(buffer));
    (Sender::new(tx), Receiver::new(rx))
}

/// Returns the two ends of a channel without a bound.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() {
/// let (sender, mut receiver) = heist::sync::mpsc::unbounded_channel();
/// sender.send("hello").unwrap();
/// assert_eq!(receiver.recv().await, Some("hello"));
/// # }
/// ```
#[must_use]
pub fn unbounded_channel<T>() -> (UnboundedSender<T>, UnboundedReceiver<T>) {
    let (tx, rx) = chan::new(());
    (UnboundedSender::new(tx), UnboundedReceiver::new(rx))
}
