//! The futures that wait for a notification.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::definition::Notify;
use super::wait::NotifyWait;

pin_project! {
    /// The future returned by [`Notify::notified`].
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// use heist::sync::{Notify, futures::Notified};
    ///
    /// let notify = Notify::new();
    /// let notified: Notified<'_> = notify.notified();
    /// notify.notify_one();
    /// notified.await;
    /// # }
    /// ```
    #[must_use = "futures do nothing unless polled or awaited"]
    pub struct Notified<'a> {
        #[pin]
        wait: NotifyWait<&'a Notify>,
    }
}

pin_project! {
    /// The future returned by [`Notify::notified_owned`].
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// use std::sync::Arc;
    ///
    /// use heist::sync::{Notify, futures::OwnedNotified};
    ///
    /// let notify = Arc::new(Notify::new());
    /// let notified: OwnedNotified = notify.clone().notified_owned();
    /// notify.notify_one();
    /// heist::spawn(notified).await.unwrap();
    /// # }
    /// ```
    #[must_use = "futures do nothing unless polled or awaited"]
    pub struct OwnedNotified {
        #[pin]
        wait: NotifyWait<Arc<Notify>>,
    }
}

impl Notify {
    /// Waits for a notification, or takes the permit.
    ///
    /// The future gets the calls of [`notify_waiters`](Notify::notify_waiters) from its creation
    /// on, and those of [`notify_one`](Notify::notify_one) from its first poll on, or from
    /// [`enable`](crate::sync::futures::Notified::enable) on. Tasks are woken in the order in which
    /// they began to wait.
    ///
    /// # Cancel safety
    /// Cancel safe: a future that is dropped gives up its place in the queue, and passes the
    /// notification of `notify_one` on if it had got it.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// use std::sync::Arc;
    ///
    /// let notify = Arc::new(heist::sync::Notify::new());
    /// let other = notify.clone();
    /// heist::spawn(async move { other.notify_one() });
    /// notify.notified().await;
    /// # }
    /// ```
    #[inline]
    pub fn notified(&self) -> Notified<'_> {
        Notified { wait: NotifyWait::new(self) }
    }

    /// As [`Notify::notified`]; the future keeps the `Arc`, so it may go to another task.
    ///
    /// # Cancel safety
    /// Cancel safe, as `notified` is.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// use std::sync::Arc;
    ///
    /// let notify = Arc::new(heist::sync::Notify::new());
    /// let task = heist::spawn(notify.clone().notified_owned());
    /// notify.notify_one();
    /// task.await.unwrap();
    /// # }
    /// ```
    #[inline]
    pub fn notified_owned(self: Arc<Self>) -> OwnedNotified {
        OwnedNotified { wait: NotifyWait::new(self) }
    }
}

impl Notified<'_> {
    /// Begins to wait without a poll: what [`Notify::notify_one`] does from now on is not missed.
    /// Returns true if it was notified; then the future is ready.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main]
    /// # async fn main() {
    /// use std::pin::pin;
    ///
    /// let notify = heist::sync::Notify::new();
    /// let mut notified = pin!(notify.notified());
    /// assert!(!notified.as_mut().enable());
    /// // Look whether there is something to do, then:
    /// notify.notify_one();
    /// notified.await;
    /// # }
    /// ```
    pub fn enable(self: Pin<&mut Self>) -> bool {
        self.project().wait.enable()
    }
}

impl OwnedNotified {
    /// As [`Notified::enable`].
    pub fn enable(self: Pin<&mut Self>) -> bool {
        self.project().wait.enable()
    }
}

impl Future for Notified<'_> {
    type Output = ();

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.project().wait.poll(cx)
    }
}

impl Future for OwnedNotified {
    type Output = ();

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.project().wait.poll(cx)
    }
}

impl fmt::Debug for Notified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notified").finish_non_exhaustive()
    }
}

impl fmt::Debug for OwnedNotified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedNotified").finish_non_exhaustive()
    }
}
