//! The sending end of a channel without a bound.

use super::chan::{Chan, Tx, WeakTx};
use super::error::SendError;
use super::word::{Unbounded, WordClaim};
use std::fmt;

/// Sends messages into a channel without a bound. Clones send into the same one.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() {
/// use heist::sync::mpsc::{self, UnboundedSender};
///
/// fn count(sender: UnboundedSender<u32>) {
///     for number in 0..3 {
///         sender.send(number).unwrap();
///     }
/// }
///
/// let (sender, mut receiver) = mpsc::unbounded_channel();
/// count(sender);
/// assert_eq!(receiver.recv().await, Some(0));
/// # }
/// ```
pub struct UnboundedSender<T> {
    tx: Tx<T, Unbounded>,
}

/// A sender that does not keep the channel open.
///
/// # Examples
/// ```
/// let (sender, _receiver) = heist::sync::mpsc::unbounded_channel::<u32>();
/// let weak = sender.downgrade();
/// assert!(weak.upgrade().is_some());
/// drop(sender);
/// assert!(weak.upgrade().is_none());
/// ```
pub struct WeakUnboundedSender<T> {
    tx: WeakTx<T, Unbounded>,
}

impl<T> UnboundedSender<T> {
    pub(super) fn new(tx: Tx<T, Unbounded>) -> Self {
        UnboundedSender { tx }
    }

    fn chan(&self) -> &Chan<T, Unbounded> {
        self.tx.chan()
    }

    /// Sends a message. It does not wait.
    ///
    /// # Errors
    /// Returns the message if the receiver was dropped or has closed the channel.
    ///
    /// # Examples
    /// ```
    /// let (sender, mut receiver) = heist::sync::mpsc::unbounded_channel();
    /// sender.send(1).unwrap();
    /// assert_eq!(receiver.try_recv(), Ok(1));
    /// drop(receiver);
    /// assert!(sender.send(2).is_err());
    /// ```
    pub fn send(&self, message: T) -> Result<(), SendError<T>> {
        let queue = &self.chan().queue;
        let may = |seen: super::word::WordSeen<Unbounded>| if seen.is_closed() { Err(()) } else { Ok(()) };
        match queue.claim(WordClaim::Message, may) {
            Ok((slot, _)) => {
                queue.publish(slot, message);
                Ok(())
            }
            Err(()) => Err(SendError(message)),
        }
    }

    /// Waits until the receiver is dropped or closes the channel.
    ///
    /// # Cancel safety
    /// Cancel safe: it takes nothing.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let (sender, receiver) = heist::sync::mpsc::unbounded_channel::<u32>();
    /// drop(receiver);
    /// sender.closed().await;
    /// # }
    /// ```
    pub async fn closed(&self) {
        self.chan().closed().await;
    }

    /// Returns true if the receiver was dropped or has closed the channel.
    ///
    /// # Examples
    /// ```
    /// let (sender, receiver) = heist::sync::mpsc::unbounded_channel::<u32>();
    /// assert!(!sender.is_closed());
    /// drop(receiver);
    /// assert!(sender.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.chan().seen().is_closed()
    }

    /// Returns true if both send into the same channel.
    ///
    /// # Examples
    /// ```
    /// let (sender, _receiver) = heist::sync::mpsc::unbounded_channel::<u32>();
    /// assert!(sender.same_channel(&sender.clone()));
    /// ```
    pub fn same_channel(&self, other: &Self) -> bool {
        self.tx.is_same(&other.tx)
    }

    /// Returns a sender that does not keep the channel open.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let (sender, mut receiver) = heist::sync::mpsc::unbounded_channel::<u32>();
    /// let _weak = sender.downgrade();
    /// drop(sender);
    /// assert_eq!(receiver.recv().await, None);
    /// # }
    /// ```
    #[must_use = "Downgrade creates a WeakSender without destroying the original non-weak sender."]
    pub fn downgrade(&self) -> WeakUnboundedSender<T> {
        WeakUnboundedSender { tx: self.tx.downgrade() }
    }

    /// Returns the number of senders.
    ///
    /// # Examples
    /// ```
    /// let (sender, _receiver) = heist::sync::mpsc::unbounded_channel::<u32>();
    /// assert_eq!(sender.strong_count(), 1);
    /// ```
    pub fn strong_count(&self) -> usize {
        self.chan().strong_count()
    }

    /// Returns the number of weak senders.
    ///
    /// # Examples
    /// ```
    /// let (sender, _receiver) = heist::sync::mpsc::unbounded_channel::<u32>();
    /// assert_eq!(sender.weak_count(), 0);
    /// ```
    pub fn weak_count(&self) -> usize {
        self.chan().weak_count()
    }
}

impl<T> Clone for UnboundedSender<T> {
    fn clone(&self) -> Self {
        UnboundedSender { tx: self.tx.clone() }
    }
}

impl<T> fmt::Debug for UnboundedSender<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("UnboundedSender").finish_non_exhaustive()
    }
}

impl<T> WeakUnboundedSender<T> {
    /// Returns a sender, or None if all senders are gone.
    ///
    /// # Examples
    /// ```
    /// let (sender, mut receiver) = heist::sync::mpsc::unbounded_channel();
    /// let weak = sender.downgrade();
    /// weak.upgrade().unwrap().send(1).unwrap();
    /// assert_eq!(receiver.try_recv(), Ok(1));
    /// ```
    pub fn upgrade(&self) -> Option<UnboundedSender<T>> {
        self.tx.upgrade().map(UnboundedSender::new)
    }

    /// As [`UnboundedSender::strong_count`].
    pub fn strong_count(&self) -> usize {
        self.tx.chan().strong_count()
    }

    /// As [`UnboundedSender::weak_count`].
    pub fn weak_count(&self) -> usize {
        self.tx.chan().weak_count()
    }
}

impl<T> Clone for WeakUnboundedSender<T> {
    fn clone(&self) -> Self {
        WeakUnboundedSender { tx: self.tx.clone() }
    }
}

impl<T> fmt::Debug for WeakUnboundedSender<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("WeakUnboundedSender").finish()
    }
}
