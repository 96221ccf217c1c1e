//! What an operation that never waits charges to its task, so that a loop over it lets other tasks
//! run.

use heist::runtime::facade::poll_proceed_outer;
use heist::task::coop::poll_proceed;
use std::task::{Context, Poll, ready};

/// Takes a unit of the budget; pending, with the task woken, if there is none.
pub(crate) fn poll_charge(cx: &mut Context<'_>) -> Poll<()> {
    ready!(poll_proceed(cx)).made_progress();
    Poll::Ready(())
}

/// Runs `operation` if there is a budget, and takes a unit of it if the operation is ready.
pub(crate) fn poll_charged<T>(
    cx: &mut Context<'_>,
    operation: impl FnOnce(&mut Context<'_>) -> Poll<T>,
) -> Poll<T> {
    let restore = ready!(poll_proceed_outer(cx));
    let output = ready!(operation(cx));
    restore.made_progress();
    Poll::Ready(output)
}
