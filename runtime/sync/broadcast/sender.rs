//! The sending end.

use super::error::SendError;
use super::receiver::Receiver;
use super::shared::RingShared;
use std::fmt;
use std::sync::Arc;

/// Sends values to all receivers of a broadcast channel. Clones send into the same one.
///
/// # Examples
/// ```
/// use heist::sync::broadcast::Sender;
///
/// let sender = Sender::new(16);
/// let mut receiver = sender.subscribe();
/// sender.send(1).unwrap();
/// assert_eq!(receiver.try_recv(), Ok(1));
/// ```
pub struct Sender<T> {
    shared: Arc<RingShared<T>>,
}

/// A sender that does not keep the channel open.
///
/// # Examples
/// ```
/// let (sender, _receiver) = heist::sync::broadcast::channel::<u32>(1);
/// let weak = sender.downgrade();
/// assert!(weak.upgrade().is_some());
/// drop(sender);
/// assert!(weak.upgrade().is_none());
/// ```
pub struct WeakSender<T> {
    shared: Arc<RingShared<T>>,
}

impl<T> Sender<T> {
    /// Returns a sender of a channel without receivers. [`subscribe`](Self::subscribe) makes them.
    ///
    /// # Panics
    /// As [`channel`](super::channel).
    ///
    /// # Examples
    /// ```
    /// let sender = heist::sync::broadcast::Sender::new(16);
    /// assert!(sender.send(1).is_err(), "nobody receives it");
    /// ```
    #[track_caller]
    pub fn new(capacity: usize) -> Self {
        Sender::with_receivers(capacity, 0)
    }

    #[track_caller]
    pub(super) fn with_receivers(capacity: usize, receivers_count: usize) -> Self {
        assert!(capacity > 0, "broadcast channel capacity cannot be zero");
        assert!(capacity <= usize::MAX >> 1, "broadcast channel capacity exceeded `usize::MAX / 2`");
        Sender { shared: Arc::new(RingShared::new(capacity.next_power_of_two(), receivers_count)) }
    }

    /// The receiver that was counted when the channel was made.
    pub(super) fn first_receiver(&self) -> Receiver<T> {
        Receiver::new(self.shared.clone(), 0)
    }

    /// Sends a value to all receivers, without waiting. Returns how many there are.
    ///
    /// A receiver that comes later does not receive it.
    ///
    /// # Errors
    /// Returns the value if there is no receiver. Later calls may succeed, because
    /// [`subscribe`](Self::subscribe) makes new ones.
    ///
    /// # Examples
    /// ```
    /// let (sender, receiver) = heist::sync::broadcast::channel(16);
    /// assert_eq!(sender.send(1).unwrap(), 1);
    /// drop(receiver);
    /// assert!(sender.send(2).is_err());
    /// ```
    pub fn send(&self, value: T) -> Result<usize, SendError<T>> {
        self.shared.send(value).map_err(SendError)
    }

    /// Returns a receiver for the values that are sent from now on.
    ///
    /// # Examples
    /// ```
    /// let sender = heist::sync::broadcast::Sender::new(16);
    /// let mut receiver = sender.subscribe();
    /// sender.send(1).unwrap();
    /// assert_eq!(receiver.try_recv(), Ok(1));
    /// ```
    pub fn subscribe(&self) -> Receiver<T> {
        let next = self.shared.add_receiver();
        Receiver::new(self.shared.clone(), next)
    }

    /// Returns a sender that does not keep the channel open.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let (sender, mut receiver) = heist::sync::broadcast::channel::<u32>(1);
    /// let _weak = sender.downgrade();
    /// drop(sender);
    /// assert!(receiver.recv().await.is_err());
    /// # }
    /// ```
    #[must_use = "Downgrade creates a WeakSender without destroying the original non-weak sender."]
    pub fn downgrade(&self) -> WeakSender<T> {
        self.shared.add_weak();
        WeakSender { shared: self.shared.clone() }
    }

    /// Returns the number of values that not all receivers have received.
    ///
    /// # Examples
    /// ```
    /// let (sender, mut receiver) = heist::sync::broadcast::channel(16);
    /// sender.send(1).unwrap();
    /// assert_eq!(sender.len(), 1);
    /// receiver.try_recv().unwrap();
    /// assert_eq!(sender.len(), 0);
    /// ```
    pub fn len(&self) -> usize {
        self.shared.len()
    }

    /// Returns true if all receivers have received all values.
    ///
    /// # Examples
    /// ```
    /// let (sender, _receiver) = heist::sync::broadcast::channel(16);
    /// assert!(sender.is_empty());
    /// sender.send(1).unwrap();
    /// assert!(!sender.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.shared.len() == 0
    }

    /// Returns the number of receivers.
    ///
    /// # Examples
    /// ```
    /// let (sender, receiver) = heist::sync::broadcast::channel::<u32>(16);
    /// let _second = receiver.resubscribe();
    /// assert_eq!(sender.receiver_count(), 2);
    /// ```
    pub fn receiver_count(&self) -> usize {
        self.shared.receivers_count()
    }

    /// Returns true if both are of the same channel.
    ///
    /// # Examples
    /// ```
    /// let sender = heist::sync::broadcast::Sender::<u32>::new(16);
    /// assert!(sender.same_channel(&sender.clone()));
    /// ```
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// Waits until no receiver is left.
    ///
    /// # Cancel safety
    /// Cancel safe: it takes nothing.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let (sender, receiver) = heist::sync::broadcast::channel::<u32>(16);
    /// drop(receiver);
    /// sender.closed().await;
    /// # }
    /// ```
    pub async fn closed(&self) {
        self.shared.wait_until_abandoned().await;
    }

    /// Returns the number of senders.
    ///
    /// # Examples
    /// ```
    /// let sender = heist::sync::broadcast::Sender::<u32>::new(16);
    /// let _second = sender.clone();
    /// assert_eq!(sender.strong_count(), 2);
    /// ```
    pub fn strong_count(&self) -> usize {
        self.shared.strong_count()
    }

    /// Returns the number of weak senders.
    ///
    /// # Examples
    /// ```
    /// let sender = heist::sync::broadcast::Sender::<u32>::new(16);
    /// let _weak = sender.downgrade();
    /// assert_eq!(sender.weak_count(), 1);
    /// ```
    pub fn weak_count(&self) -> usize {
        self.shared.weak_count()
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.shared.add_sender();
        Sender { shared: self.shared.clone() }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.shared.remove_sender();
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("broadcast::Sender")
    }
}

impl<T> WeakSender<T> {
    /// Returns a sender, or None if all senders are gone.
    ///
    /// # Examples
    /// ```
    /// let (sender, mut receiver) = heist::sync::broadcast::channel(1);
    /// let weak = sender.downgrade();
    /// weak.upgrade().unwrap().send(1).unwrap();
    /// assert_eq!(receiver.try_recv(), Ok(1));
    /// ```
    #[must_use]
    pub fn upgrade(&self) -> Option<Sender<T>> {
        self.shared.revive_sender().then(|| Sender { shared: self.shared.clone() })
    }

    /// As [`Sender::strong_count`].
    pub fn strong_count(&self) -> usize {
        self.shared.strong_count()
    }

    /// As [`Sender::weak_count`].
    pub fn weak_count(&self) -> usize {
        self.shared.weak_count()
    }
}

impl<T> Clone for WeakSender<T> {
    fn clone(&self) -> Self {
        self.shared.add_weak();
        WeakSender { shared: self.shared.clone() }
    }
}

impl<T> Drop for WeakSender<T> {
    fn drop(&mut self) {
        self.shared.remove_weak();
    }
}

impl<T> fmt::Debug for WeakSender<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("broadcast::WeakSender")
    }
}
