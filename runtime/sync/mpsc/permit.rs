//! Room in a bounded channel that a sender keeps.

use super::chan::{Chan, Tx};
use super::sender::Sender;
use super::word::Bounded;
use std::fmt;
use std::iter::FusedIterator;
use std::mem;

/// Room for one message. Without a message it is given back when it is dropped.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() {
/// let (sender, mut receiver) = heist::sync::mpsc::channel(1);
/// let permit = sender.reserve().await.unwrap();
/// assert_eq!(sender.capacity(), 0);
/// permit.send(1);
/// assert_eq!(receiver.recv().await, Some(1));
/// # }
/// ```
pub struct Permit<'a, T> {
    chan: &'a Chan<T, Bounded>,
}

/// Room for several messages, as an iterator of [`Permit`].
///
/// # Examples
/// ```
/// let (sender, _receiver) = heist::sync::mpsc::channel(2);
/// let mut permits = sender.try_reserve_many(2).unwrap();
/// permits.next().unwrap().send(1);
/// drop(permits);
/// assert_eq!(sender.capacity(), 1);
/// ```
pub struct PermitIterator<'a, T> {
    chan: &'a Chan<T, Bounded>,
    count: usize,
}

/// Room for one message, with the sender that it belongs to.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() {
/// let (sender, mut receiver) = heist::sync::mpsc::channel(1);
/// let permit = sender.reserve_owned().await.unwrap();
/// permit.send(1);
/// assert_eq!(receiver.recv().await, Some(1));
/// # }
/// ```
pub struct OwnedPermit<T> {
    /// Until the permit is used.
    tx: Option<Tx<T, Bounded>>,
}

impl<'a, T> Permit<'a, T> {
    pub(super) fn new(chan: &'a Chan<T, Bounded>) -> Self {
        Permit { chan }
    }

    /// Sends a message. It does not wait.
    ///
    /// A receiver that has closed the channel receives it as well; one that was dropped does not.
    ///
    /// # Examples
    /// ```
    /// let (sender, mut receiver) = heist::sync::mpsc::channel(1);
    /// let permit = sender.try_reserve().unwrap();
    /// receiver.close();
    /// permit.send(1);
    /// assert_eq!(receiver.try_recv(), Ok(1));
    /// ```
    pub fn send(self, value: T) {
        let chan = self.chan;
        mem::forget(self);
        chan.send_for_permit(value);
    }
}

impl<T> Drop for Permit<'_, T> {
    fn drop(&mut self) {
        self.chan.give_back(1);
    }
}

impl<T> fmt::Debug for Permit<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Permit").finish_non_exhaustive()
    }
}

impl<'a, T> PermitIterator<'a, T> {
    pub(super) fn new(chan: &'a Chan<T, Bounded>, count: usize) -> Self {
        PermitIterator { chan, count }
    }
}

impl<'a, T> Iterator for PermitIterator<'a, T> {
    type Item = Permit<'a, T>;

    fn next(&mut self) -> Option<Permit<'a, T>> {
        self.count = self.count.checked_sub(1)?;
        Some(Permit::new(self.chan))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.count, Some(self.count))
    }
}

impl<T> ExactSizeIterator for PermitIterator<'_, T> {}

impl<T> FusedIterator for PermitIterator<'_, T> {}

impl<T> Drop for PermitIterator<'_, T> {
    fn drop(&mut self) {
        if let Ok(count @ 1..) = u32::try_from(self.count) {
            self.chan.give_back(count);
        }
    }
}

impl<T> fmt::Debug for PermitIterator<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PermitIterator").field("capacity", &self.count).finish_non_exhaustive()
    }
}

impl<T> OwnedPermit<T> {
    pub(super) fn new(sender: Sender<T>) -> Self {
        OwnedPermit { tx: Some(sender.into_tx()) }
    }

    /// Sends a message, and returns the sender.
    ///
    /// # Examples
    /// ```
    /// let (sender, mut receiver) = heist::sync::mpsc::channel(1);
    /// let sender = sender.try_reserve_owned().unwrap().send(1);
    /// assert_eq!(receiver.try_recv(), Ok(1));
    /// assert_eq!(sender.capacity(), 1);
    /// ```
    pub fn send(mut self, value: T) -> Sender<T> {
        let tx = self.tx.take().expect("a permit is used once");
        tx.chan().send_for_permit(value);
        Sender::new(tx)
    }

    /// Gives the room back, and returns the sender.
    ///
    /// # Examples
    /// ```
    /// let (sender, _receiver) = heist::sync::mpsc::channel::<u32>(1);
    /// let sender = sender.try_reserve_owned().unwrap().release();
    /// assert_eq!(sender.capacity(), 1);
    /// ```
    pub fn release(mut self) -> Sender<T> {
        let tx = self.tx.take().expect("a permit is used once");
        tx.chan().give_back(1);
        Sender::new(tx)
    }

    /// Returns true if both are of the same channel.
    ///
    /// # Examples
    /// ```
    /// let (sender, _receiver) = heist::sync::mpsc::channel::<u32>(2);
    /// let first = sender.clone().try_reserve_owned().unwrap();
    /// let second = sender.try_reserve_owned().unwrap();
    /// assert!(first.same_channel(&second));
    /// ```
    pub fn same_channel(&self, other: &Self) -> bool {
        self.tx.as_ref().zip(other.tx.as_ref()).is_some_and(|(tx, other)| tx.is_same(other))
    }

    /// Returns true if the sender is of the permit's channel.
    ///
    /// # Examples
    /// ```
    /// let (sender, _receiver) = heist::sync::mpsc::channel::<u32>(1);
    /// let permit = sender.clone().try_reserve_owned().unwrap();
    /// assert!(permit.same_channel_as_sender(&sender));
    /// ```
    pub fn same_channel_as_sender(&self, sender: &Sender<T>) -> bool {
        self.tx.as_ref().is_some_and(|tx| tx.is_same(sender.tx()))
    }
}

impl<T> Drop for OwnedPermit<T> {
    fn drop(&mut self) {
        if let Some(tx) = &self.tx {
            tx.chan().give_back(1);
        }
    }
}

impl<T> fmt::Debug for OwnedPermit<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("OwnedPermit").finish_non_exhaustive()
    }
}
