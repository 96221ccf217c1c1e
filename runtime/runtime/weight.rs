//! Futures and closures of many bytes are boxed as soon as they are passed in.

use std::marker::PhantomData;

/// Futures of more bytes are boxed as soon as they are passed in: they are moved a few times on the
/// way to their cell, and each move of an unoptimised build takes that much stack.
const LARGE: usize = if cfg!(debug_assertions) { 2 * 1024 } else { 16 * 1024 };

/// A constant of the type, so that an unoptimised build reserves no stack for the branch that it
/// does not take.
///
/// # Examples
/// ```
/// assert!(!heist::runtime::facade::Weight::<u8>::IS_LARGE);
/// ```
pub struct Weight<F>(PhantomData<F>);

impl<F> Weight<F> {
    /// Whether a value of this type is boxed when it is passed in.
    pub const IS_LARGE: bool = size_of::<F>() > LARGE;
}

/// Evaluates an expression with a future, which is boxed first if it is large; `closure` instead of
/// `future` for a closure. This is the only place that decides. It is a macro, because the two
/// expressions have different types, and because a function would move the future once more. The
/// crate `tokio` uses it too.
#[doc(hidden)]
#[macro_export]
macro_rules! __boxed_if_large {
    (future $future:ident: $type:ident, $call:expr) => {
        if $crate::runtime::facade::Weight::<$type>::IS_LARGE {
            let $future = ::std::boxed::Box::pin($future);
            $call
        } else {
            $call
        }
    };
    (closure $closure:ident: $type:ident, $call:expr) => {
        if $crate::runtime::facade::Weight::<$type>::IS_LARGE {
            let $closure = ::std::boxed::Box::new($closure);
            $call
        } else {
            $call
        }
    };
}

pub use __boxed_if_large as boxed_if_large;
