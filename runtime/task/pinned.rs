//! A future that must not leave its thread, in a task whose Runnable could.
#![expect(unsafe_code, reason = "projects a pin, and drops in place only on the right thread")]

use super::id::Id;
use crate::primitive::thread;
use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A future that is polled and dropped on the thread it was made on, wherever its task's Runnable
/// travels ([pinned-stays]). The scheduler brings it to the right thread. If the scheduler is ever
/// wrong, the process ends before the future is touched. Nothing weaker is sound: unwinding would
/// drop the future, and leaking it would free memory that was promised to stay until the destructor
/// has run.
pub(super) struct PinnedFuture<F> {
    thread: Id,
    future: ManuallyDrop<F>,
}

thread::thread_local! {
    /// An id for this thread that no other thread ever has. It is taken from the ids of tasks.
    static THREAD: Cell<Option<Id>> = const { Cell::new(None) };
}

/// Returns the id of this thread.
pub(crate) fn this_thread() -> Id {
    THREAD.with(|cell| match cell.get() {
        Some(thread) => thread,
        None => {
            let thread = Id::next();
            cell.set(Some(thread));
            thread
        }
    })
}

impl<F> PinnedFuture<F> {
    pub(super) fn new(future: F) -> PinnedFuture<F> {
        PinnedFuture { thread: this_thread(), future: ManuallyDrop::new(future) }
    }

    #[inline]
    fn abort_elsewhere(&self) {
        if self.thread != this_thread() {
            eprintln!(
                "heist: a local task was run away from its thread, which is a bug of the scheduler: aborting"
            );
            std::process::abort();
        }
    }
}

impl<F: Future> Future for PinnedFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.abort_elsewhere();
        // SAFETY: `future` is structurally pinned: it is never moved out, and `drop` drops it in
        // place.
        unsafe { self.map_unchecked_mut(|pinned| &mut *pinned.future) }.poll(cx)
    }
}

impl<F> Drop for PinnedFuture<F> {
    fn drop(&mut self) {
        self.abort_elsewhere();
        // SAFETY: dropped once, in place, and not used after this.
        unsafe { ManuallyDrop::drop(&mut self.future) };
    }
}
