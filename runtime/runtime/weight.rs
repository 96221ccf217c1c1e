//! Futures and closures of many bytes are boxed as soon as they are passed in.

use std::marker::PhantomData;

/// Futures of more bytes are boxed as soon as they are passed in: they are moved a few times on the
/// way to their cell, and each move of an unoptimised build takes that much stack.
const LARGE: usize = if cfg!(debug_assertions) { 2 * 1024 } else { 16 * 1024 };

/// A constant of the type, so that an unoptimised build reserves no stack for the branch that it
/// does not take.
pub(super) struct Weight<F>(PhantomData<F>);

impl<F> Weight<F> {
    pub(super) const IS_LARGE: bool = size_of::<F>() > LARGE;
}

/// Evaluates an expression with a future, which is boxed first if it is large; `closure` instead of
/// `future` for a closure. This is the only place that decides. It is a macro, because the two
/// expressions have different types, and because a function would move the future once more.
macro_rules! boxed_if_large {
    (future $future:ident: $type:ident, $call:expr) => {
        if $crate::runtime::weight::Weight::<$type>::IS_LARGE {
            let $future = ::std::boxed::Box::pin($future);
            $call
        } else {
            $call
        }
    };
    (closure $closure:ident: $type:ident, $call:expr) => {
        if $crate::runtime::weight::Weight::<$type>::IS_LARGE {
            let $closure = ::std::boxed::Box::new($closure);
            $call
        } else {
            $call
        }
    };
}

pub(super) use boxed_if_large;
