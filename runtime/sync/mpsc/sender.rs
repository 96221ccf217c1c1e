//! The sending end of a bounded channel.

use super::acquire::{ClaimError, permits_count};
use super::chan::{Chan, Tx, WeakTx};
use super::error::{SendError, TrySendError};
use super::permit::{OwnedPermit, Permit, PermitIterator};
use super::word::Bounded;
use crate::sync::blocking;
use crate::task::coop::poll_proceed;
use std::fmt;
use std::future::poll_fn;
use std::task::{Poll, ready};

/// Sends messages into a bounded channel. Clones send into the same one.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() {
/// use heist::sync::mpsc::{self, Sender};
///
/// async fn count(sender: Sender<u32>) {
///     for number in 0..3 {
///         sender.send(number).await.unwrap();
///     }
/// }
///
/// let (sender, mut receiver) = mpsc::channel(1);
/// heist::spawn(count(sender));
/// assert_eq!(receiver.recv().await, Some(0));
/// # }
/// ```
pub struct Sender<T> {
    tx: Tx<T, Bounded>,
}

/// A sender that does not keep the channel open.
///
/// # Examples
/// ```
/// let (sender, _receiver) = heist::sync::mpsc::channel::<u32>(1);
/// let weak = sender.downgrade();
/// assert!(weak.upgrade().is_some());
/// drop(sender);
/// assert!(weak.upgrade().is_none());
/// ```
pub struct WeakSender<T> {
    tx: WeakTx<T, Bounded>,
}

impl<T> Sender<T> {
    pub(super) fn new(tx: Tx<T, Bounded>) -> Sender<T> {
        Sender { tx }
    }

    fn chan(&self) -> &Chan<T, Bounded> {
        self.tx.chan()
    }

    pub(super) fn tx(&self) -> &Tx<T, Bounded> {
        &self.tx
    }

    pub(super) fn into_tx(self) -> Tx<T, Bounded> {
        self.tx
    }

    /// Sends a message, and waits for room first. Those who wait are served in their order.
    ///
    /// # Errors
    /// Returns the message if the receiver was dropped or has closed the channel.
    ///
    /// # Cancel safety
    /// If the future is dropped, the message was not sent and is dropped with it, and the place in
    /// the order is lost. [`reserve`](Self::reserve) waits without a message.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let (sender, mut receiver) = heist::sync::mpsc::channel(1);
    /// sender.send(1).await.unwrap();
    /// assert_eq!(receiver.recv().await, Some(1));
    /// # }
    /// ```
    pub async fn send(&self, value: T) -> Result<(), SendError<T>> {
        let mut unsent = Some(value);
        let outcome = poll_fn(|cx| {
            let restore = ready!(poll_proceed(cx));
            let value = unsent.take().expect("it is sent once");
            let Err((refusal, value)) = self.chan().try_send(value) else {
                restore.made_progress();
                return Poll::Ready(Ok(()));
            };
            unsent = Some(value);
            Poll::Ready(Err(refusal))
        })
        .await;
        match (outcome, unsent) {
            (Err(ClaimError::Full), Some(value)) => match self.reserve().await {
                Ok(permit) => {
                    permit.send(value);
                    Ok(())
                }
                Err(_) => Err(SendError(value)),
            },
            (Err(ClaimError::Closed), Some(value)) => Err(SendError(value)),
            (_, _) => Ok(()),
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
    /// let (sender, receiver) = heist::sync::mpsc::channel::<u32>(1);
    /// drop(receiver);
    /// sender.closed().await;
    /// # }
    /// ```
    pub async fn closed(&self) {
        self.chan().closed().await;
    }

    /// Sends a message if there is room now.
    ///
    /// # Errors
    /// Returns the message if there is no room, or if the channel is closed.
    ///
    /// # Examples
    /// ```
    /// use heist::sync::mpsc::{self, error::TrySendError};
    ///
    /// let (sender, _receiver) = mpsc::channel(1);
    /// assert_eq!(sender.try_send(1), Ok(()));
    /// assert_eq!(sender.try_send(2), Err(TrySendError::Full(2)));
    /// ```
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        self.chan().try_send(message).map_err(|(refusal, message)| refused(refusal, message))
    }

    /// Sends a message, and blocks the thread until there is room.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    ///
    /// # Panics
    /// Panics if called in a task or in `block_on`, where waiting would block other tasks.
    ///
    /// # Examples
    /// ```
    /// let (sender, mut receiver) = heist::sync::mpsc::channel(1);
    /// let thread = std::thread::spawn(move || receiver.blocking_recv());
    /// sender.blocking_send(1).unwrap();
    /// assert_eq!(thread.join().unwrap(), Some(1));
    /// ```
    #[track_caller]
    pub fn blocking_send(&self, value: T) -> Result<(), SendError<T>> {
        blocking::block_on(self.send(value))
    }

    /// Returns true if the receiver was dropped or has closed the channel.
    ///
    /// # Examples
    /// ```
    /// let (sender, receiver) = heist::sync::mpsc::channel::<u32>(1);
    /// assert!(!sender.is_closed());
    /// drop(receiver);
    /// assert!(sender.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.chan().seen().is_closed()
    }

    /// Waits for room for one message and keeps it.
    ///
    /// # Errors
    /// Fails if the receiver was dropped or has closed the channel.
    ///
    /// # Cancel safety
    /// Cancel safe: room that was found is given back. The place in the order is lost.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let (sender, mut receiver) = heist::sync::mpsc::channel(1);
    /// let permit = sender.reserve().await.unwrap();
    /// assert!(sender.try_send(2).is_err());
    /// permit.send(1);
    /// assert_eq!(receiver.recv().await, Some(1));
    /// # }
    /// ```
    pub async fn reserve(&self) -> Result<Permit<'_, T>, SendError<()>> {
        self.chan().acquire(1).await.map_err(|_| SendError(()))?;
        Ok(Permit::new(self.chan()))
    }

    /// Waits for room for `n` messages and keeps it. The permits come out of the iterator.
    ///
    /// The room is taken when there is enough of it. Until then those that come later wait behind
    /// this call, and [`capacity`](Self::capacity) counts the room that there is.
    ///
    /// # Errors
    /// Fails if the receiver was dropped or has closed the channel, or if `n` is above the
    /// capacity or above 2^30 - 1.
    ///
    /// # Cancel safety
    /// As [`reserve`](Self::reserve).
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let (sender, mut receiver) = heist::sync::mpsc::channel(2);
    /// for (number, permit) in sender.reserve_many(2).await.unwrap().enumerate() {
    ///     permit.send(number);
    /// }
    /// assert_eq!(receiver.recv().await, Some(0));
    /// assert_eq!(receiver.recv().await, Some(1));
    /// # }
    /// ```
    pub async fn reserve_many(&self, n: usize) -> Result<PermitIterator<'_, T>, SendError<()>> {
        let count = permits_count(n, self.max_capacity()).ok_or(SendError(()))?;
        self.chan().acquire(count).await.map_err(|_| SendError(()))?;
        Ok(PermitIterator::new(self.chan(), n))
    }

    /// As [`reserve`](Self::reserve), but the permit owns the sender.
    ///
    /// # Errors
    /// As `reserve`; the sender is dropped.
    ///
    /// # Cancel safety
    /// As `reserve`; the sender is dropped.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let (sender, mut receiver) = heist::sync::mpsc::channel(1);
    /// let permit = sender.reserve_owned().await.unwrap();
    /// heist::spawn(async move { permit.send(1) });
    /// assert_eq!(receiver.recv().await, Some(1));
    /// # }
    /// ```
    pub async fn reserve_owned(self) -> Result<OwnedPermit<T>, SendError<()>> {
        self.chan().acquire(1).await.map_err(|_| SendError(()))?;
        Ok(OwnedPermit::new(self))
    }

    /// Keeps room for one message if there is room now.
    ///
    /// # Errors
    /// Fails if there is no room, or if the channel is closed.
    ///
    /// # Examples
    /// ```
    /// let (sender, mut receiver) = heist::sync::mpsc::channel(1);
    /// sender.try_reserve().unwrap().send(1);
    /// assert!(sender.try_reserve().is_err());
    /// assert_eq!(receiver.try_recv(), Ok(1));
    /// ```
    pub fn try_reserve(&self) -> Result<Permit<'_, T>, TrySendError<()>> {
        self.chan().try_claim_permits(1).map_err(|refusal| refused(refusal, ()))?;
        Ok(Permit::new(self.chan()))
    }

    /// Keeps room for `n` messages if there is room now.
    ///
    /// # Errors
    /// Fails if there is too little room, or if the channel is closed.
    ///
    /// # Examples
    /// ```
    /// let (sender, _receiver) = heist::sync::mpsc::channel::<u32>(2);
    /// assert_eq!(sender.try_reserve_many(2).unwrap().len(), 2);
    /// assert!(sender.try_reserve_many(3).is_err());
    /// ```
    pub fn try_reserve_many(&self, n: usize) -> Result<PermitIterator<'_, T>, TrySendError<()>> {
        let count = permits_count(n, self.max_capacity()).ok_or(TrySendError::Full(()))?;
        self.chan().try_claim_permits(count).map_err(|refusal| refused(refusal, ()))?;
        Ok(PermitIterator::new(self.chan(), n))
    }

    /// As [`try_reserve`](Self::try_reserve), but the permit owns the sender.
    ///
    /// # Errors
    /// Returns the sender if there is no room, or if the channel is closed.
    ///
    /// # Examples
    /// ```
    /// let (sender, mut receiver) = heist::sync::mpsc::channel(1);
    /// let permit = sender.try_reserve_owned().unwrap();
    /// let sender = permit.send(1);
    /// assert!(sender.try_reserve_owned().is_err());
    /// assert_eq!(receiver.try_recv(), Ok(1));
    /// ```
    pub fn try_reserve_owned(self) -> Result<OwnedPermit<T>, TrySendError<Self>> {
        match self.chan().try_claim_permits(1) {
            Ok(()) => Ok(OwnedPermit::new(self)),
            Err(refusal) => Err(refused(refusal, self)),
        }
    }

    /// Returns true if both send into the same channel.
    ///
    /// # Examples
    /// ```
    /// let (sender, _receiver) = heist::sync::mpsc::channel::<u32>(1);
    /// assert!(sender.same_channel(&sender.clone()));
    /// ```
    pub fn same_channel(&self, other: &Self) -> bool {
        self.tx.is_same(&other.tx)
    }

    /// Returns how many messages could be sent now. Zero while somebody waits for room.
    ///
    /// # Examples
    /// ```
    /// let (sender, _receiver) = heist::sync::mpsc::channel(5);
    /// sender.try_send(1).unwrap();
    /// assert_eq!(sender.capacity(), 4);
    /// ```
    pub fn capacity(&self) -> usize {
        self.chan().room.free_count(self.chan().seen())
    }

    /// Returns a sender that does not keep the channel open.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let (sender, mut receiver) = heist::sync::mpsc::channel::<u32>(1);
    /// let _weak = sender.downgrade();
    /// drop(sender);
    /// assert_eq!(receiver.recv().await, None);
    /// # }
    /// ```
    #[must_use = "Downgrade creates a WeakSender without destroying the original non-weak sender."]
    pub fn downgrade(&self) -> WeakSender<T> {
        WeakSender { tx: self.tx.downgrade() }
    }

    /// Returns the capacity that the channel was made with.
    ///
    /// # Examples
    /// ```
    /// let (sender, _receiver) = heist::sync::mpsc::channel(5);
    /// sender.try_send(1).unwrap();
    /// assert_eq!(sender.max_capacity(), 5);
    /// ```
    pub fn max_capacity(&self) -> usize {
        self.chan().room.capacity()
    }

    /// Returns the number of senders.
    ///
    /// # Examples
    /// ```
    /// let (sender, _receiver) = heist::sync::mpsc::channel::<u32>(1);
    /// let _second = sender.clone();
    /// assert_eq!(sender.strong_count(), 2);
    /// ```
    pub fn strong_count(&self) -> usize {
        self.chan().strong_count()
    }

    /// Returns the number of weak senders.
    ///
    /// # Examples
    /// ```
    /// let (sender, _receiver) = heist::sync::mpsc::channel::<u32>(1);
    /// let _weak = sender.downgrade();
    /// assert_eq!(sender.weak_count(), 1);
    /// ```
    pub fn weak_count(&self) -> usize {
        self.chan().weak_count()
    }
}

fn refused<T>(refusal: ClaimError, value: T) -> TrySendError<T> {
    match refusal {
        ClaimError::Full => TrySendError::Full(value),
        ClaimError::Closed => TrySendError::Closed(value),
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Sender { tx: self.tx.clone() }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sender").field("capacity", &self.max_capacity()).finish_non_exhaustive()
    }
}

impl<T> WeakSender<T> {
    /// Returns a sender, or None if all senders are gone.
    ///
    /// # Examples
    /// ```
    /// let (sender, mut receiver) = heist::sync::mpsc::channel(1);
    /// let weak = sender.downgrade();
    /// weak.upgrade().unwrap().try_send(1).unwrap();
    /// assert_eq!(receiver.try_recv(), Ok(1));
    /// ```
    pub fn upgrade(&self) -> Option<Sender<T>> {
        self.tx.upgrade().map(Sender::new)
    }

    /// As [`Sender::strong_count`].
    pub fn strong_count(&self) -> usize {
        self.tx.chan().strong_count()
    }

    /// As [`Sender::weak_count`].
    pub fn weak_count(&self) -> usize {
        self.tx.chan().weak_count()
    }
}

impl<T> Clone for WeakSender<T> {
    fn clone(&self) -> Self {
        WeakSender { tx: self.tx.clone() }
    }
}

impl<T> fmt::Debug for WeakSender<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("WeakSender").finish()
    }
}
