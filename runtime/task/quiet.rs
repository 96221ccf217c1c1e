//! Calls user code whose panics must not get out: wakers, and destructors that run in the middle of
//! something else.

use std::any::Any;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;

/// Runs user code and discards its panic.
pub(crate) fn quietly(f: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(f)) {
        discard(payload);
    }
}

/// Wakes all of `wakers`. A panic of one neither keeps the others from being woken nor ends a
/// worker.
pub(crate) fn wake_all(wakers: impl IntoIterator<Item = Waker>) {
    wakers.into_iter().for_each(|waker| quietly(|| waker.wake()));
}

/// Drops all of `values`, some of which may belong to users. Panics are treated as in [`wake_all`].
pub(crate) fn drop_all<T>(values: impl IntoIterator<Item = T>) {
    values.into_iter().for_each(|value| quietly(|| drop(value)));
}

/// Drops a panic's payload if its destructor is certain not to panic again, and leaks it otherwise.
pub(super) fn discard(payload: Box<dyn Any + Send>) {
    if !payload.is::<&'static str>() && !payload.is::<String>() {
        mem::forget(payload);
    }
}
