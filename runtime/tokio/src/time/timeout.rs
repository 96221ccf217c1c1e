//! Futures with a time limit.

use std::future::{Future, IntoFuture};
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::{Duration, Instant, error};
use crate::context;

/// Returns the output of `future`, or an error if `duration` passes first.
#[track_caller]
pub fn timeout<F>(duration: Duration, future: F) -> Timeout<F::IntoFuture>
where
    F: IntoFuture,
{
    context::time();
    Timeout { inner: heist::time::timeout(duration, future), pinned: PhantomPinned }
}

/// Returns the output of `future`, or an error if `deadline` passes first.
#[track_caller]
pub fn timeout_at<F>(deadline: Instant, future: F) -> Timeout<F::IntoFuture>
where
    F: IntoFuture,
{
    context::time();
    Timeout { inner: heist::time::timeout_at(deadline, future), pinned: PhantomPinned }
}

pin_project! {
    /// The future of [`timeout`] and [`timeout_at`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct Timeout<T> {
        #[pin]
        inner: heist::time::Timeout<T>,
        #[pin]
        pinned: PhantomPinned,
    }
}

impl<T> Timeout<T> {
    /// Returns the future that has a limit.
    pub fn get_ref(&self) -> &T {
        self.inner.get_ref()
    }

    /// Returns the future that has a limit.
    pub fn get_mut(&mut self) -> &mut T {
        self.inner.get_mut()
    }

    /// Takes the limit away.
    pub fn into_inner(self) -> T {
        self.inner.into_inner()
    }
}

impl<T> Future for Timeout<T>
where
    T: Future,
{
    type Output = Result<T::Output, error::Elapsed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().inner.poll(cx)
    }
}
