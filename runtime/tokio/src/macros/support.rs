//! What expansions of the macros name. No part of the API; most of it
//! needs the feature `macros`.

pub use std::future::{Future, IntoFuture};
pub use std::pin::Pin;
pub use std::result::Result;
pub use std::task::{Context, Poll, ready};

#[cfg(feature = "macros")]
pub use super::maybe_done::{MaybeDone, maybe_done};
#[cfg(feature = "macros")]
pub use super::start::{Biased, FirstTurn, Rotating, start_anywhere, start_at_first};
#[cfg(feature = "macros")]
pub use std::future::poll_fn;

/// Pending, with the task woken, if its budget is spent.
#[cfg(feature = "macros")]
#[doc(hidden)]
#[inline]
pub fn poll_budget_available(cx: &mut Context<'_>) -> Poll<()> {
    if heist::task::coop::has_budget_remaining() {
        return Poll::Ready(());
    }
    cx.waker().wake_by_ref();
    Poll::Pending
}
