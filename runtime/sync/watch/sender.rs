//! The sending end.

use super::error::SendError;
use super::receiver::{Receiver, Ref};
use super::shared::WatchShared;
use crate::task::coop::cooperative;
use std::fmt;
use std::mem;
use std::sync::Arc;

/// Changes the value of a watch channel. Clones change the same one.
///
/// # Examples
/// ```
/// use heist::sync::watch::Sender;
///
/// let sender = Sender::new(0);
/// let receiver = sender.subscribe();
/// sender.send(1).unwrap();
/// assert_eq!(*receiver.borrow(), 1);
/// ```
pub struct Sender<T> {
    shared: Arc<WatchShared<T>>,
}

impl<T> Sender<T> {
    /// Returns a sender of a channel without receivers. [`subscribe`](Self::subscribe) makes them.
    ///
    /// # Examples
    /// ```
    /// let sender = heist::sync::watch::Sender::new(1);
    /// assert_eq!(sender.receiver_count(), 0);
    /// ```
    pub fn new(init: T) -> Self {
        Sender { shared: Arc::new(WatchShared::new(init)) }
    }

    /// Replaces the value and tells the receivers.
    ///
    /// # Errors
    /// Returns the value if no receiver is left. [`send_replace`](Self::send_replace) keeps it in
    /// that case.
    ///
    /// # Examples
    /// ```
    /// let (sender, receiver) = heist::sync::watch::channel(0);
    /// sender.send(1).unwrap();
    /// drop(receiver);
    /// assert!(sender.send(2).is_err());
    /// ```
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        if self.receiver_count() == 0 {
            return Err(SendError(value));
        }
        self.send_replace(value);
        Ok(())
    }

    /// Changes the value in place and tells the receivers.
    ///
    /// # Panics
    /// A panic of `modify` goes on. The value stays as `modify` left it, and receivers are not
    /// told.
    ///
    /// # Examples
    /// ```
    /// let (sender, receiver) = heist::sync::watch::channel(vec![1]);
    /// sender.send_modify(|numbers| numbers.push(2));
    /// assert_eq!(*receiver.borrow(), [1, 2]);
    /// ```
    pub fn send_modify<F>(&self, modify: F)
    where
        F: FnOnce(&mut T),
    {
        self.send_if_modified(|value| {
            modify(value);
            true
        });
    }

    /// Changes the value in place, and tells the receivers if `modify` returns true. Returns what
    /// `modify` returns.
    ///
    /// # Panics
    /// As [`send_modify`](Self::send_modify).
    ///
    /// # Examples
    /// ```
    /// let (sender, receiver) = heist::sync::watch::channel(1);
    /// let raise = |value: &mut u32| {
    ///     let is_higher = 5 > *value;
    ///     *value = 5.max(*value);
    ///     is_higher
    /// };
    /// assert!(sender.send_if_modified(raise));
    /// assert!(!sender.send_if_modified(raise));
    /// assert_eq!(*receiver.borrow(), 5);
    /// ```
    pub fn send_if_modified<F>(&self, modify: F) -> bool
    where
        F: FnOnce(&mut T) -> bool,
    {
        self.shared.change(modify)
    }

    /// Replaces the value, tells the receivers if there are any, and returns the former value.
    ///
    /// # Examples
    /// ```
    /// let sender = heist::sync::watch::Sender::new(1);
    /// assert_eq!(sender.send_replace(2), 1);
    /// assert_eq!(*sender.borrow(), 2);
    /// ```
    pub fn send_replace(&self, mut value: T) -> T {
        self.send_modify(|place| mem::swap(place, &mut value));
        value
    }

    /// Returns the value. [`Ref::has_changed`] of it is false.
    ///
    /// # Examples
    /// ```
    /// let sender = heist::sync::watch::Sender::new(1);
    /// assert_eq!(*sender.borrow(), 1);
    /// ```
    pub fn borrow(&self) -> Ref<'_, T> {
        Ref::new(self.shared.read().0, false)
    }

    /// Returns true if no receiver is left.
    ///
    /// # Examples
    /// ```
    /// let (sender, receiver) = heist::sync::watch::channel(1);
    /// assert!(!sender.is_closed());
    /// drop(receiver);
    /// assert!(sender.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.receiver_count() == 0
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
    /// let (sender, receiver) = heist::sync::watch::channel(1);
    /// drop(receiver);
    /// sender.closed().await;
    /// # }
    /// ```
    pub async fn closed(&self) {
        cooperative(self.shared.wait_until_abandoned()).await;
    }

    /// Returns a receiver that counts the present value as seen.
    ///
    /// # Examples
    /// ```
    /// let sender = heist::sync::watch::Sender::new(1);
    /// let receiver = sender.subscribe();
    /// assert!(!receiver.has_changed().unwrap());
    /// ```
    pub fn subscribe(&self) -> Receiver<T> {
        let version = self.shared.seen().version();
        Receiver::new(self.shared.clone(), version)
    }

    /// Returns the number of receivers.
    ///
    /// # Examples
    /// ```
    /// let (sender, receiver) = heist::sync::watch::channel(1);
    /// let _second = receiver.clone();
    /// assert_eq!(sender.receiver_count(), 2);
    /// ```
    pub fn receiver_count(&self) -> usize {
        self.shared.receivers_count()
    }

    /// Returns the number of senders.
    ///
    /// # Examples
    /// ```
    /// let sender = heist::sync::watch::Sender::new(1);
    /// let _second = sender.clone();
    /// assert_eq!(sender.sender_count(), 2);
    /// ```
    pub fn sender_count(&self) -> usize {
        self.shared.senders_count()
    }

    /// Returns true if both are of the same channel.
    ///
    /// # Examples
    /// ```
    /// let sender = heist::sync::watch::Sender::new(1);
    /// assert!(sender.same_channel(&sender.clone()));
    /// ```
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
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

impl<T: Default> Default for Sender<T> {
    fn default() -> Self {
        Sender::new(T::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for Sender<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sender").field("shared", &*self.shared).finish()
    }
}
