//! Gives heist on to others.
pub use heist;
pub use heist::generator::{coroutine, generator};

/// A macro of its own that writes a generator.
#[macro_export]
macro_rules! counted {
    ($($item:expr),*) => { $crate::generator! { $( yield $item; )* } };
}
