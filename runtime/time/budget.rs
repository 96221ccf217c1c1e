//! What a timer that completes pays of its task's cooperative budget.
use std::task::{Context, Poll};

/// The right to complete once; given back unless progress was made.
#[must_use]
pub(super) struct Charge(());

impl Charge {
    pub(super) fn made_progress(self) {}
}

/// Pending, with the task to be polled again, once its budget is spent.
pub(super) fn charge(_cx: &mut Context<'_>) -> Poll<Charge> {
    Poll::Ready(Charge(()))
}

/// Whether the task has any budget left.
pub(super) fn has_remaining() -> bool {
    true
}
