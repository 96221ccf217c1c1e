//! What an operation that never waits charges to its task, so that a loop over it lets other tasks run.

use heist::task::{consume_budget, coop};
use std::pin::pin;
use std::task::{Context, Poll, ready};

/// Pending, with the task woken, if its budget is spent.
pub(crate) fn poll_available(cx: &mut Context<'_>) -> Poll<()> {
    if coop::has_budget_remaining() {
        return Poll::Ready(());
    }
    cx.waker().wake_by_ref();
    Poll::Pending
}

/// Takes a unit of the budget; pending, with the task woken, if there is none.
pub(crate) fn poll_charge(cx: &mut Context<'_>) -> Poll<()> {
    pin!(consume_budget()).poll(cx)
}

/// Runs `operation` if there is a budget, and takes a unit of it if the operation is ready.
pub(crate) fn poll_charged<T>(
    cx: &mut Context<'_>,
    operation: impl FnOnce(&mut Context<'_>) -> Poll<T>,
) -> Poll<T> {
    ready!(poll_available(cx));
    let output = ready!(operation(cx));
    charge(cx);
    Poll::Ready(output)
}

/// Takes a unit of the budget, unless it is spent.
pub(crate) fn charge(cx: &mut Context<'_>) {
    if coop::has_budget_remaining() {
        let charged = poll_charge(cx);
        debug_assert!(charged.is_ready(), "a budget that remains can be charged");
    }
}
