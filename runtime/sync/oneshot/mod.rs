//! A channel for one value, from one task to another.
//!
//! [`channel`] returns the two halves. The [`Sender`] sends at once, without waiting; the
//! [`Receiver`] is a future that returns the value. Either side learns when the other is dropped.
//!
//! # Examples
//! ```
//! # #[heist::main]
//! # async fn main() {
//! use heist::sync::oneshot;
//!
//! let (sender, receiver) = oneshot::channel();
//! heist::spawn(async move {
//!     // Fails only if nobody waits for the value any more.
//!     let _ = sender.send(6 * 7);
//! });
//! assert_eq!(receiver.await, Ok(42));
//! # }
//! ```

mod cell;
pub mod error;
#[cfg(test)]
mod models;
mod state;

use self::cell::{ReceiverHalf, SenderHalf};
use self::error::{RecvError, TryRecvError};
use crate::sync::blocking;
use crate::task::coop::poll_proceed_for;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Returns the two halves of a new channel for one value.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() {
/// let (sender, receiver) = heist::sync::oneshot::channel();
/// assert_eq!(sender.send("hello"), Ok(()));
/// assert_eq!(receiver.await, Ok("hello"));
/// # }
/// ```
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = cell::new();
    (Sender { half: sender }, Receiver { half: Some(receiver) })
}

/// The half that sends the value.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() {
/// use heist::sync::oneshot::{self, Sender};
///
/// fn answer(asker: Sender<u32>) {
///     let _ = asker.send(42);
/// }
///
/// let (sender, receiver) = oneshot::channel();
/// answer(sender);
/// assert_eq!(receiver.await, Ok(42));
/// # }
/// ```
pub struct Sender<T> {
    half: SenderHalf<T>,
}

/// The half that waits for the value: a future.
///
/// It may be polled by reference, so that a task can wait for it and for something else in turns.
/// A poll after the end panics.
///
/// # Cancel safety
/// Cancel safe: a value that has come stays until the receiver is polled or dropped.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() {
/// use heist::sync::oneshot;
/// use heist::time::{Duration, timeout};
///
/// let (sender, mut receiver) = oneshot::channel();
/// assert!(timeout(Duration::from_millis(1), &mut receiver).await.is_err());
/// sender.send(1).unwrap();
/// assert_eq!(receiver.await, Ok(1));
/// # }
/// ```
pub struct Receiver<T> {
    /// Until a value or the end was returned.
    half: Option<ReceiverHalf<T>>,
}

impl<T> Sender<T> {
    /// Sends the value. It does not wait.
    ///
    /// Success means that the receiver was still there, not that it will look at the value.
    ///
    /// # Errors
    /// Returns the value if the receiver was dropped or has closed the channel.
    ///
    /// # Examples
    /// ```
    /// use heist::sync::oneshot;
    ///
    /// let (sender, receiver) = oneshot::channel();
    /// drop(receiver);
    /// assert_eq!(sender.send(1), Err(1));
    /// ```
    pub fn send(self, value: T) -> Result<(), T> {
        self.half.send(value)
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
    /// let (mut sender, receiver) = heist::sync::oneshot::channel::<u32>();
    /// let task = heist::spawn(async move { sender.closed().await });
    /// drop(receiver);
    /// task.await.unwrap();
    /// # }
    /// ```
    pub async fn closed(&mut self) {
        poll_fn(|cx| self.poll_closed(cx)).await;
    }

    /// Returns true if the receiver was dropped or has closed the channel.
    ///
    /// # Examples
    /// ```
    /// let (sender, receiver) = heist::sync::oneshot::channel::<u32>();
    /// assert!(!sender.is_closed());
    /// drop(receiver);
    /// assert!(sender.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.half.load().is_closed()
    }

    /// Returns ready if the channel is closed; otherwise the waker is called when it is. Only the
    /// waker of the last call is kept.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let (mut sender, receiver) = heist::sync::oneshot::channel::<u32>();
    /// drop(receiver);
    /// std::future::poll_fn(|cx| sender.poll_closed(cx)).await;
    /// # }
    /// ```
    pub fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let half = &self.half;
        let restore = ready!(poll_proceed_for(cx, move || half.wait_reason()));
        ready!(self.half.poll_closed(cx.waker()));
        restore.made_progress();
        Poll::Ready(())
    }
}

impl<T> Receiver<T> {
    /// Closes the channel: no value can be sent from now on.
    ///
    /// A value that was sent before is still received.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let (sender, mut receiver) = heist::sync::oneshot::channel();
    /// receiver.close();
    /// assert_eq!(sender.send(1), Err(1));
    /// assert!(receiver.await.is_err());
    /// # }
    /// ```
    pub fn close(&mut self) {
        if let Some(half) = &self.half {
            half.close();
        }
    }

    /// Returns true if the receiver has returned a value or the end of the channel. A poll would
    /// panic.
    ///
    /// # Examples
    /// ```
    /// let (sender, mut receiver) = heist::sync::oneshot::channel();
    /// sender.send(1).unwrap();
    /// assert!(!receiver.is_terminated());
    /// receiver.try_recv().unwrap();
    /// assert!(receiver.is_terminated());
    /// ```
    pub fn is_terminated(&self) -> bool {
        self.half.is_none()
    }

    /// Returns true if no value is there to be received now.
    ///
    /// # Examples
    /// ```
    /// let (sender, receiver) = heist::sync::oneshot::channel();
    /// assert!(receiver.is_empty());
    /// sender.send(1).unwrap();
    /// assert!(!receiver.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        !self.half.as_ref().is_some_and(|half| half.load().is_sent())
    }

    /// Returns the value if it has come.
    ///
    /// # Errors
    /// [`TryRecvError::Empty`] if the value may still come, [`TryRecvError::Closed`] if it was
    /// received before or will never come.
    ///
    /// # Examples
    /// ```
    /// let (sender, mut receiver) = heist::sync::oneshot::channel();
    /// sender.send(1).unwrap();
    /// assert_eq!(receiver.try_recv(), Ok(1));
    /// ```
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let Some(half) = &self.half else { return Err(TryRecvError::Closed) };
        let seen = half.load();
        if !seen.is_sent() && !seen.is_without_value() {
            return Err(TryRecvError::Empty);
        }
        self.half.take().and_then(ReceiverHalf::finish).ok_or(TryRecvError::Closed)
    }

    /// Blocks the thread until the value comes.
    ///
    /// # Errors
    /// As awaiting the receiver: [`RecvError`] if no value will come.
    ///
    /// # Panics
    /// Panics if called in a task or in `block_on`, where waiting would block other tasks.
    ///
    /// # Examples
    /// ```
    /// let (sender, receiver) = heist::sync::oneshot::channel();
    /// let thread = std::thread::spawn(move || receiver.blocking_recv());
    /// sender.send(1).unwrap();
    /// assert_eq!(thread.join().unwrap(), Ok(1));
    /// ```
    #[track_caller]
    pub fn blocking_recv(self) -> Result<T, RecvError> {
        blocking::block_on(self)
    }
}

impl<T> Future for Receiver<T> {
    type Output = Result<T, RecvError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(half) = &self.half else { panic!("called after complete") };
        let restore = ready!(poll_proceed_for(cx, move || half.wait_reason()));
        ready!(half.poll(cx.waker()));
        restore.made_progress();
        Poll::Ready(self.half.take().and_then(ReceiverHalf::finish).ok_or(RecvError(())))
    }
}

impl<T: fmt::Debug> fmt::Debug for Sender<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sender").field("state", &self.half.load()).finish()
    }
}

impl<T: fmt::Debug> fmt::Debug for Receiver<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.half.as_ref().map(ReceiverHalf::load);
        formatter.debug_struct("Receiver").field("state", &state).finish()
    }
}
