//! User code whose panics must not get out: wakers and destructors that run in the middle of something else.

use std::any::Any;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;

/// Runs user code whose panic interests nobody.
pub(crate) fn quietly(f: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(f)) {
        discard(payload);
    }
}

/// Wakes all of `wakers`. One that panics is not allowed to silence the others, nor to end a worker.
pub(crate) fn wake_all(wakers: impl IntoIterator<Item = Waker>) {
    wakers.into_iter().for_each(|waker| quietly(|| waker.wake()));
}

/// Drops all of `values`, among which some may be a user's. The same holds for their panics.
pub(crate) fn drop_all<T>(values: impl IntoIterator<Item = T>) {
    values.into_iter().for_each(|value| quietly(|| drop(value)));
}

/// Drops what a panic carried if that is sure not to panic again, and leaks it otherwise.
pub(super) fn discard(payload: Box<dyn Any + Send>) {
    if !payload.is::<&'static str>() && !payload.is::<String>() {
        mem::forget(payload);
    }
}
