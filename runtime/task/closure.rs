//! A closure as a task: a pool runs it once, and it is joined and aborted like any other task.

use super::budget;
use super::cause::Cause;
use super::id::Id;
use super::join::JoinHandle;
use super::layout::Header;
use super::owned;
use super::runnable::Runnable;
use super::schedule::Schedule;
#[cfg(feature = "tracing")]
use super::spans::Spanned;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Makes a task of `f` that is in no list. Running the Runnable runs `f`; dropping it cancels the
/// task.
pub(crate) fn blocking<F, T>(f: F, id: Id, location: &'static Location<'static>) -> (Runnable, JoinHandle<T>)
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let closure = Closure(Some(f));
    #[cfg(feature = "tracing")]
    let (closure, location) = Spanned::blocking::<F>(closure, id, location).with_site(location);
    owned::unlisted(closure, Unscheduled, id, location)
}

/// Ready at its first poll. It is `Unpin` because nothing in it is ever pinned.
struct Closure<F>(Option<F>);

impl<F> Unpin for Closure<F> {}

impl<F: FnOnce() -> T, T> Future for Closure<F> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<T> {
        let f = self.0.take().expect("a task is not polled again after it was ready");
        // The closure may block, and may wait for futures of its own, as long as it likes.
        Poll::Ready(budget::without_budget(f))
    }
}

/// The scheduler of a task that is due from birth and never pending, so that `schedule` is never
/// called.
struct Unscheduled;

impl Schedule for Unscheduled {
    fn schedule(&self, task: Runnable, _cause: Cause) {
        debug_assert!(false, "a closure is never idle");
        drop(task);
    }

    fn release(&self, _task: &Header) {}
}
