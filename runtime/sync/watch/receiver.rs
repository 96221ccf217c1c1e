//! The receiving end, and the value as it is lent.

use super::error::RecvError;
use super::shared::{StateSeen, Version, WatchShared};
use crate::primitive::sync::RwLockReadGuard as ReadGuard;
use crate::task::coop::cooperative;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// Reads the value of a watch channel, and waits for others. Clones have seen what it has seen.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() {
/// let (sender, mut receiver) = heist::sync::watch::channel(0);
/// sender.send(1).unwrap();
/// receiver.changed().await.unwrap();
/// assert_eq!(*receiver.borrow(), 1);
/// # }
/// ```
pub struct Receiver<T> {
    shared: Arc<WatchShared<T>>,
    /// What it has seen.
    version: Version,
}

/// The value of a watch channel, lent for reading. While it exists, senders block.
///
/// # Examples
/// ```
/// let (sender, receiver) = heist::sync::watch::channel(0);
/// sender.send(1).unwrap();
/// let value = receiver.borrow();
/// assert_eq!(*value, 1);
/// assert!(value.has_changed());
/// ```
#[derive(Debug)]
pub struct Ref<'a, T> {
    value: ReadGuard<'a, T>,
    has_changed: bool,
}

impl<'a, T> Ref<'a, T> {
    pub(super) fn new(value: ReadGuard<'a, T>, has_changed: bool) -> Self {
        Ref { value, has_changed }
    }

    /// Returns true if the receiver had not seen this value when it lent it. A value that
    /// [`wait_for`](Receiver::wait_for) has waited for counts as seen.
    ///
    /// # Examples
    /// ```
    /// let (_sender, receiver) = heist::sync::watch::channel(0);
    /// assert!(!receiver.borrow().has_changed());
    /// ```
    pub fn has_changed(&self) -> bool {
        self.has_changed
    }
}

impl<T> Deref for Ref<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> Receiver<T> {
    pub(super) fn new(shared: Arc<WatchShared<T>>, version: Version) -> Self {
        shared.add_receiver();
        Receiver { shared, version }
    }

    /// Returns the value, and does not count it as seen: [`changed`](Self::changed) still returns
    /// at once.
    ///
    /// # Examples
    /// ```
    /// let (sender, receiver) = heist::sync::watch::channel(0);
    /// sender.send(1).unwrap();
    /// assert_eq!(*receiver.borrow(), 1);
    /// assert!(receiver.has_changed().unwrap());
    /// ```
    pub fn borrow(&self) -> Ref<'_, T> {
        let (value, version) = self.shared.read();
        Ref::new(value, version != self.version)
    }

    /// Returns the value, and counts it as seen.
    ///
    /// # Examples
    /// ```
    /// let (sender, mut receiver) = heist::sync::watch::channel(0);
    /// sender.send(1).unwrap();
    /// assert_eq!(*receiver.borrow_and_update(), 1);
    /// assert!(!receiver.has_changed().unwrap());
    /// ```
    pub fn borrow_and_update(&mut self) -> Ref<'_, T> {
        let (value, version) = self.shared.read();
        let has_changed = version != self.version;
        self.version = version;
        Ref::new(value, has_changed)
    }

    /// Returns true if the value is one that this receiver has not seen.
    ///
    /// # Errors
    /// Fails if no sender is left.
    ///
    /// # Examples
    /// ```
    /// let (sender, receiver) = heist::sync::watch::channel(0);
    /// assert!(!receiver.has_changed().unwrap());
    /// sender.send(1).unwrap();
    /// assert!(receiver.has_changed().unwrap());
    /// drop(sender);
    /// assert!(receiver.has_changed().is_err());
    /// ```
    pub fn has_changed(&self) -> Result<bool, RecvError> {
        let seen = self.shared.seen();
        if seen.is_closed() { Err(RecvError(())) } else { Ok(seen.version() != self.version) }
    }

    /// Returns true if no sender is left.
    ///
    /// # Examples
    /// ```
    /// let (sender, receiver) = heist::sync::watch::channel(0);
    /// assert!(!receiver.is_closed());
    /// drop(sender);
    /// assert!(receiver.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.shared.seen().is_closed()
    }

    /// Counts the present value as not seen.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let (_sender, mut receiver) = heist::sync::watch::channel(0);
    /// receiver.mark_changed();
    /// receiver.changed().await.unwrap();
    /// # }
    /// ```
    pub fn mark_changed(&mut self) {
        self.version = self.version.outdated();
    }

    /// Counts the present value as seen.
    ///
    /// # Examples
    /// ```
    /// let (sender, mut receiver) = heist::sync::watch::channel(0);
    /// sender.send(1).unwrap();
    /// receiver.mark_unchanged();
    /// assert!(!receiver.has_changed().unwrap());
    /// ```
    pub fn mark_unchanged(&mut self) {
        self.version = self.shared.seen().version();
    }

    /// Waits for a value that this receiver has not seen, and counts it as seen.
    ///
    /// # Errors
    /// Fails if no sender is left and the last value was seen.
    ///
    /// # Cancel safety
    /// Cancel safe: a future that is dropped has counted nothing as seen.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let (sender, mut receiver) = heist::sync::watch::channel(0);
    /// sender.send(1).unwrap();
    /// receiver.changed().await.unwrap();
    /// assert_eq!(*receiver.borrow(), 1);
    /// # }
    /// ```
    pub async fn changed(&mut self) -> Result<(), RecvError> {
        cooperative(self.wait_for_another()).await
    }

    async fn wait_for_another(&mut self) -> Result<(), RecvError> {
        let Receiver { shared, version } = self;
        let another = |seen: StateSeen| {
            if seen.version() != *version {
                return Some(Ok(seen.version()));
            }
            seen.is_closed().then_some(Err(RecvError(())))
        };
        let latest = shared.wait_for_change(another).await?;
        *version = latest;
        Ok(())
    }

    /// Waits for a value for which `f` returns true, and counts it as seen. The present value is
    /// the first that `f` is asked about, seen or not.
    ///
    /// # Errors
    /// Fails if no sender is left and `f` has returned false for the last value.
    ///
    /// # Panics
    /// A panic of `f` goes on, and leaves the channel as it was.
    ///
    /// # Cancel safety
    /// Cancel safe: values that `f` has refused count as seen, others do not.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// let (sender, mut receiver) = heist::sync::watch::channel(0);
    /// heist::spawn(async move {
    ///     for number in 1..=3 {
    ///         sender.send(number).unwrap();
    ///     }
    ///     sender.closed().await;
    /// });
    /// assert_eq!(*receiver.wait_for(|number| *number == 3).await.unwrap(), 3);
    /// # }
    /// ```
    pub async fn wait_for(&mut self, f: impl FnMut(&T) -> bool) -> Result<Ref<'_, T>, RecvError> {
        cooperative(self.wait_for_one_that(f)).await
    }

    async fn wait_for_one_that(&mut self, mut f: impl FnMut(&T) -> bool) -> Result<Ref<'_, T>, RecvError> {
        let mut is_closed = false;
        loop {
            {
                let (value, version) = self.shared.read();
                let has_changed = version != self.version;
                self.version = version;
                if (!is_closed || has_changed) && f(&value) {
                    return Ok(Ref::new(value, has_changed));
                }
            }
            if is_closed {
                return Err(RecvError(()));
            }
            let seen_version = self.version;
            let latest = |seen: StateSeen| {
                let is_another = seen.version() != seen_version;
                (is_another || seen.is_closed()).then_some((seen.version(), !is_another))
            };
            (self.version, is_closed) = self.shared.wait_for_change(latest).await;
        }
    }

    /// Returns true if both are of the same channel.
    ///
    /// # Examples
    /// ```
    /// let (_sender, receiver) = heist::sync::watch::channel(0);
    /// assert!(receiver.same_channel(&receiver.clone()));
    /// ```
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        Receiver::new(self.shared.clone(), self.version)
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.shared.remove_receiver();
    }
}

impl<T: fmt::Debug> fmt::Debug for Receiver<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut form = formatter.debug_struct("Receiver");
        form.field("shared", &*self.shared).field("version", &self.version).finish()
    }
}

impl<T: fmt::Debug> fmt::Debug for WatchShared<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seen = self.seen();
        formatter
            .debug_struct("Shared")
            .field("version", &seen.version())
            .field("is_closed", &seen.is_closed())
            .field("receivers_count", &self.receivers_count())
            .finish_non_exhaustive()
    }
}
