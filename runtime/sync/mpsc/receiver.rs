//! The receiving end of a bounded channel.

use super::chan::Rx;
use super::error::TryRecvError;
use super::word::Bounded;
use crate::sync::blocking;
use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll};

/// Receives the messages of a bounded channel.
///
/// There is one per channel. When it is dropped, the channel is closed and the messages in it are
/// dropped.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() {
/// let (sender, mut receiver) = heist::sync::mpsc::channel(5);
/// heist::spawn(async move {
///     sender.send(1).await.unwrap();
/// });
/// while let Some(number) = receiver.recv().await {
///     assert_eq!(number, 1);
/// }
/// # }
/// ```
pub struct Receiver<T> {
    rx: Rx<T, Bounded>,
}

impl<T> Receiver<T> {
    pub(super) fn new(rx: Rx<T, Bounded>) -> Receiver<T> {
        Receiver { rx }
    }

    /// Receives the next message, and waits for it. None at the end of the channel.
    ///
    /// # Cancel safety
    /// Cancel safe: a future that is dropped has received nothing.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let (sender, mut receiver) = heist::sync::mpsc::channel(5);
    /// sender.send(1).await.unwrap();
    /// drop(sender);
    /// assert_eq!(receiver.recv().await, Some(1));
    /// assert_eq!(receiver.recv().await, None);
    /// # }
    /// ```
    pub async fn recv(&mut self) -> Option<T> {
        poll_fn(|cx| self.rx.poll_recv(cx)).await
    }

    /// Receives up to `limit` messages at once, and waits if there is none. Appends them to
    /// `buffer` and returns their number: zero at the end of the channel, or if `limit` is zero.
    ///
    /// # Cancel safety
    /// Cancel safe: a future that is dropped has received nothing.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let (sender, mut receiver) = heist::sync::mpsc::channel(5);
    /// sender.send(1).await.unwrap();
    /// let mut messages = Vec::new();
    /// assert_eq!(receiver.recv_many(&mut messages, 10).await, 1);
    /// assert_eq!(messages, [1]);
    /// # }
    /// ```
    pub async fn recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> usize {
        poll_fn(|cx| self.rx.poll_recv_many(cx, buffer, limit)).await
    }

    /// Receives the next message if it is there. If a sender is just sending it, the call waits
    /// for these few steps.
    ///
    /// # Errors
    /// [`TryRecvError::Empty`] if a message may still come, [`TryRecvError::Disconnected`] at the
    /// end of the channel.
    ///
    /// # Examples
    /// ```
    /// use heist::sync::mpsc::{self, error::TryRecvError};
    ///
    /// let (sender, mut receiver) = mpsc::channel::<u32>(5);
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    /// drop(sender);
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
    /// ```
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        self.rx.try_recv()
    }

    /// Receives the next message, and blocks the thread until it comes. None at the end of the
    /// channel.
    ///
    /// # Panics
    /// Panics if called in a task or in `block_on`, where waiting would block other tasks.
    ///
    /// # Examples
    /// ```
    /// let (sender, mut receiver) = heist::sync::mpsc::channel::<u32>(5);
    /// let thread = std::thread::spawn(move || receiver.blocking_recv());
    /// drop(sender);
    /// assert_eq!(thread.join().unwrap(), None);
    /// ```
    #[track_caller]
    pub fn blocking_recv(&mut self) -> Option<T> {
        blocking::block_on(self.recv())
    }

    /// As [`recv_many`](Self::recv_many), but blocks the thread.
    ///
    /// # Panics
    /// Panics if called in a task or in `block_on`, where waiting would block other tasks.
    ///
    /// # Examples
    /// ```
    /// let (sender, mut receiver) = heist::sync::mpsc::channel(5);
    /// sender.blocking_send(1).unwrap();
    /// let mut messages = Vec::new();
    /// assert_eq!(receiver.blocking_recv_many(&mut messages, 10), 1);
    /// ```
    #[track_caller]
    pub fn blocking_recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> usize {
        blocking::block_on(self.recv_many(buffer, limit))
    }

    /// Closes the channel: nothing can be sent from now on, except with a permit that was
    /// taken before.
    ///
    /// Messages that were sent before are still received.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let (sender, mut receiver) = heist::sync::mpsc::channel(5);
    /// sender.send(1).await.unwrap();
    /// receiver.close();
    /// assert!(sender.is_closed());
    /// assert_eq!(receiver.recv().await, Some(1));
    /// assert_eq!(receiver.recv().await, None);
    /// # }
    /// ```
    pub fn close(&mut self) {
        self.rx.close();
    }

    /// Returns true if nothing can be sent any more: the receiver has closed the channel, or all
    /// senders are gone. Messages may still be there.
    ///
    /// # Examples
    /// ```
    /// let (sender, receiver) = heist::sync::mpsc::channel::<u32>(5);
    /// assert!(!receiver.is_closed());
    /// drop(sender);
    /// assert!(receiver.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.rx.chan().seen().is_closed()
    }

    /// Returns true if no message is there.
    ///
    /// # Examples
    /// ```
    /// let (_sender, receiver) = heist::sync::mpsc::channel::<u32>(5);
    /// assert!(receiver.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.rx.len() == 0
    }

    /// Returns the number of messages that are there.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let (sender, receiver) = heist::sync::mpsc::channel(5);
    /// sender.send(1).await.unwrap();
    /// assert_eq!(receiver.len(), 1);
    /// # }
    /// ```
    pub fn len(&self) -> usize {
        self.rx.len()
    }

    /// Returns how many messages could be sent now. Zero while somebody waits for room.
    ///
    /// # Examples
    /// ```
    /// let (sender, receiver) = heist::sync::mpsc::channel(5);
    /// sender.try_send(1).unwrap();
    /// assert_eq!(receiver.capacity(), 4);
    /// ```
    pub fn capacity(&self) -> usize {
        self.rx.chan().room.free_count(self.rx.chan().seen())
    }

    /// Returns the capacity that the channel was made with.
    ///
    /// # Examples
    /// ```
    /// let (_sender, receiver) = heist::sync::mpsc::channel::<u32>(5);
    /// assert_eq!(receiver.max_capacity(), 5);
    /// ```
    pub fn max_capacity(&self) -> usize {
        self.rx.chan().room.capacity()
    }

    /// Returns ready with a message, or with None at the end of the channel. Otherwise the waker
    /// is called when a message comes. Only the waker of the last call is kept.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let (sender, mut receiver) = heist::sync::mpsc::channel(5);
    /// sender.send(1).await.unwrap();
    /// assert_eq!(std::future::poll_fn(|cx| receiver.poll_recv(cx)).await, Some(1));
    /// # }
    /// ```
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.rx.poll_recv(cx)
    }

    /// As [`recv_many`](Self::recv_many), as one poll.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let (sender, mut receiver) = heist::sync::mpsc::channel(5);
    /// sender.send(1).await.unwrap();
    /// let mut messages = Vec::new();
    /// std::future::poll_fn(|cx| receiver.poll_recv_many(cx, &mut messages, 10)).await;
    /// assert_eq!(messages, [1]);
    /// # }
    /// ```
    pub fn poll_recv_many(&mut self, cx: &mut Context<'_>, buffer: &mut Vec<T>, limit: usize) -> Poll<usize> {
        self.rx.poll_recv_many(cx, buffer, limit)
    }

    /// Returns the number of senders.
    ///
    /// # Examples
    /// ```
    /// let (_sender, receiver) = heist::sync::mpsc::channel::<u32>(5);
    /// assert_eq!(receiver.sender_strong_count(), 1);
    /// ```
    pub fn sender_strong_count(&self) -> usize {
        self.rx.chan().strong_count()
    }

    /// Returns the number of weak senders.
    ///
    /// # Examples
    /// ```
    /// let (sender, receiver) = heist::sync::mpsc::channel::<u32>(5);
    /// let _weak = sender.downgrade();
    /// assert_eq!(receiver.sender_weak_count(), 1);
    /// ```
    pub fn sender_weak_count(&self) -> usize {
        self.rx.chan().weak_count()
    }
}

impl<T> Unpin for Receiver<T> {}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Receiver").finish_non_exhaustive()
    }
}
