//! The receiving end.

use super::error::{RecvError, TryRecvError};
use super::shared::{Ahead, RingShared};
use crate::sync::blocking;
use crate::sync::wait_list::{Home as _, Waiter};
use crate::task::coop::cooperative;
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Poll, ready};

/// Receives every value that is sent into a broadcast channel while it exists.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() {
/// use heist::sync::broadcast::error::RecvError;
///
/// let (sender, mut receiver) = heist::sync::broadcast::channel(16);
/// heist::spawn(async move { sender.send(1) });
/// loop {
///     match receiver.recv().await {
///         Ok(number) => assert_eq!(number, 1),
///         Err(RecvError::Lagged(count)) => eprintln!("missed {count}"),
///         Err(RecvError::Closed) => break,
///     }
/// }
/// # }
/// ```
pub struct Receiver<T> {
    shared: Arc<RingShared<T>>,
    /// The position of the next value.
    next: u64,
}

impl<T> Receiver<T> {
    /// The receiver was counted.
    pub(super) fn new(shared: Arc<RingShared<T>>, next: u64) -> Self {
        Receiver { shared, next }
    }

    /// Returns the number of values that this receiver has not received. It may be above the
    /// capacity: then the next one that it receives is a later one.
    ///
    /// # Examples
    /// ```
    /// let (sender, receiver) = heist::sync::broadcast::channel(16);
    /// sender.send(1).unwrap();
    /// assert_eq!(receiver.len(), 1);
    /// ```
    pub fn len(&self) -> usize {
        self.shared.position().wrapping_sub(self.next) as usize
    }

    /// Returns true if this receiver has received all values.
    ///
    /// # Examples
    /// ```
    /// let (_sender, receiver) = heist::sync::broadcast::channel::<u32>(16);
    /// assert!(receiver.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns true if both are of the same channel.
    ///
    /// # Examples
    /// ```
    /// let (_sender, receiver) = heist::sync::broadcast::channel::<u32>(16);
    /// assert!(receiver.same_channel(&receiver.resubscribe()));
    /// ```
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// Returns the number of senders.
    ///
    /// # Examples
    /// ```
    /// let (_sender, receiver) = heist::sync::broadcast::channel::<u32>(16);
    /// assert_eq!(receiver.sender_strong_count(), 1);
    /// ```
    pub fn sender_strong_count(&self) -> usize {
        self.shared.strong_count()
    }

    /// Returns the number of weak senders.
    ///
    /// # Examples
    /// ```
    /// let (sender, receiver) = heist::sync::broadcast::channel::<u32>(16);
    /// let _weak = sender.downgrade();
    /// assert_eq!(receiver.sender_weak_count(), 1);
    /// ```
    pub fn sender_weak_count(&self) -> usize {
        self.shared.weak_count()
    }

    /// Returns true if no sender is left. Values may still be there.
    ///
    /// # Examples
    /// ```
    /// let (sender, receiver) = heist::sync::broadcast::channel::<u32>(16);
    /// assert!(!receiver.is_closed());
    /// drop(sender);
    /// assert!(receiver.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.shared.strong_count() == 0
    }

    /// Goes past the values that this receiver has not received.
    fn skip_until(&mut self, end: u64) {
        while self.next != end {
            let slot = self.shared.slot(self.next).filter(|slot| slot.is_at(self.next));
            let position = self.next;
            self.next = position.wrapping_add(1);
            // The last reader drops the value, after the lock.
            if slot.and_then(|slot| slot.read(position, |_| ())).is_some() {
                continue;
            }
            let ahead = self.shared.ahead(&self.shared.wait_list().lock(), position);
            match ahead {
                // It is there after all.
                Ahead::Value => self.next = position,
                Ahead::Lagged { next, .. } if (end.wrapping_sub(next) as i64) > 0 => self.next = next,
                Ahead::Lagged { .. } | Ahead::Nothing | Ahead::End => self.next = end,
            }
        }
    }
}

impl<T: Clone> Receiver<T> {
    /// Returns another receiver, for the values that are sent from now on.
    ///
    /// # Examples
    /// ```
    /// let (sender, first) = heist::sync::broadcast::channel(16);
    /// sender.send(1).unwrap();
    /// let mut second = first.resubscribe();
    /// sender.send(2).unwrap();
    /// assert_eq!(second.try_recv(), Ok(2));
    /// ```
    pub fn resubscribe(&self) -> Self {
        let next = self.shared.add_receiver();
        Receiver { shared: self.shared.clone(), next }
    }

    /// Receives the next value, and waits for it.
    ///
    /// # Errors
    /// [`RecvError::Lagged`] if values were overwritten that this receiver has not received; it
    /// goes on with the oldest one that is there. [`RecvError::Closed`] if all values were received
    /// and no sender is left.
    ///
    /// # Cancel safety
    /// Cancel safe: a future that is dropped has received nothing.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let (sender, mut receiver) = heist::sync::broadcast::channel(16);
    /// sender.send(1).unwrap();
    /// assert_eq!(receiver.recv().await, Ok(1));
    /// # }
    /// ```
    pub async fn recv(&mut self) -> Result<T, RecvError> {
        cooperative(self.wait_for_value()).await
    }

    async fn wait_for_value(&mut self) -> Result<T, RecvError> {
        let shared = &*self.shared;
        let next = &mut self.next;
        let mut waiter = pin!(Waiter::new(shared));
        let mut has_entered = false;
        poll_fn(move |cx| {
            if has_entered {
                ready!(waiter.as_mut().poll_chosen(cx));
                has_entered = false;
            }
            loop {
                if let Some(value) = read(shared, next) {
                    return Poll::Ready(Ok(value));
                }
                let waker = cx.waker().clone();
                let mut tail = shared.wait_list().lock();
                let ahead = shared.ahead(&tail, *next);
                if ahead == Ahead::Nothing {
                    waiter.as_ref().enter(&mut tail, (), Some(waker));
                    has_entered = true;
                    return Poll::Pending;
                }
                drop(tail);
                match ahead {
                    Ahead::Value | Ahead::Nothing => {}
                    Ahead::End => return Poll::Ready(Err(RecvError::Closed)),
                    Ahead::Lagged { count, next: oldest } => {
                        *next = oldest;
                        return Poll::Ready(Err(RecvError::Lagged(count)));
                    }
                }
            }
        })
        .await
    }

    /// Receives the next value if it is there.
    ///
    /// # Errors
    /// As [`recv`](Self::recv), and [`TryRecvError::Empty`] if a value may still come.
    ///
    /// # Examples
    /// ```
    /// let (sender, mut receiver) = heist::sync::broadcast::channel(16);
    /// assert!(receiver.try_recv().is_err());
    /// sender.send(1).unwrap();
    /// assert_eq!(receiver.try_recv(), Ok(1));
    /// ```
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        loop {
            if let Some(value) = read(&self.shared, &mut self.next) {
                return Ok(value);
            }
            let ahead = self.shared.ahead(&self.shared.wait_list().lock(), self.next);
            match ahead {
                Ahead::Value => {}
                Ahead::Nothing => return Err(TryRecvError::Empty),
                Ahead::End => return Err(TryRecvError::Closed),
                Ahead::Lagged { count, next } => {
                    self.next = next;
                    return Err(TryRecvError::Lagged(count));
                }
            }
        }
    }

    /// Receives the next value, and blocks the thread until it comes.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    ///
    /// # Panics
    /// Panics if called in a task or in `block_on`, where waiting would block other tasks.
    ///
    /// # Examples
    /// ```
    /// let (sender, mut receiver) = heist::sync::broadcast::channel(16);
    /// let thread = std::thread::spawn(move || receiver.blocking_recv());
    /// sender.send(1).unwrap();
    /// assert_eq!(thread.join().unwrap(), Ok(1));
    /// ```
    #[track_caller]
    pub fn blocking_recv(&mut self) -> Result<T, RecvError> {
        blocking::block_on(self.recv())
    }
}

/// The value at `next`, if it is there. Goes past it, also if its clone panics.
#[inline]
fn read<T: Clone>(shared: &RingShared<T>, next: &mut u64) -> Option<T> {
    let position = *next;
    let slot = shared.slot(position).filter(|slot| slot.is_at(position))?;
    slot.read(position, |value| {
        *next = position.wrapping_add(1);
        value.clone()
    })
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        /// Tells the senders, also if the destructor of a value panics.
        struct Last<'a, T>(&'a RingShared<T>, bool);

        impl<T> Drop for Last<'_, T> {
            fn drop(&mut self) {
                if self.1 {
                    self.0.wake_abandoned();
                }
            }
        }

        let shared = self.shared.clone();
        let (end, is_last) = shared.remove_receiver();
        let _last = Last(&shared, is_last);
        self.skip_until(end);
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("broadcast::Receiver")
    }
}
