//! Futures and closures of many bytes are boxed as soon as they are passed in.

use std::marker::PhantomData;

#[cfg(feature = "tracing")]
use crate::task::BoxedSize;

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

    /// Notes for the span of the next task of this thread that a value of this type was boxed for
    /// it. Does nothing without the feature `tracing`.
    ///
    /// # Examples
    /// ```
    /// let noted = heist::runtime::facade::Weight::<[u8; 100_000]>::note_boxed();
    /// drop(noted);
    /// ```
    #[inline]
    pub fn note_boxed() -> NotedSize {
        NotedSize {
            #[cfg(feature = "tracing")]
            _size: BoxedSize::new(size_of::<F>()),
        }
    }
}

/// Ends what [`Weight::note_boxed`] has begun.
///
/// # Examples
/// ```
/// use heist::runtime::facade::{NotedSize, Weight};
///
/// let noted: NotedSize = Weight::<u8>::note_boxed();
/// ```
pub struct NotedSize {
    #[cfg(feature = "tracing")]
    _size: BoxedSize,
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
            let _noted = $crate::runtime::facade::Weight::<$type>::note_boxed();
            $call
        } else {
            $call
        }
    };
    (closure $closure:ident: $type:ident, $call:expr) => {
        if $crate::runtime::facade::Weight::<$type>::IS_LARGE {
            let $closure = ::std::boxed::Box::new($closure);
            let _noted = $crate::runtime::facade::Weight::<$type>::note_boxed();
            $call
        } else {
            $call
        }
    };
}

pub use __boxed_if_large as boxed_if_large;
