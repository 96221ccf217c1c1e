//! The cell behind which a structure without locks keeps its values.
//!
//! loom's [`UnsafeCell`] notices two accesses of which neither happens before the other, which is
//! undefined behaviour in a normal build. std's, with the same two methods, stands in its place in
//! every other build, and notices nothing.
//!
//! ```
//! use heist::model::cell::UnsafeCell;
//!
//! let cell = UnsafeCell::new(41);
//! // A model under loom checks that nothing else accesses the cell meanwhile.
//! cell.with_mut(|value| unsafe { *value += 1 });
//! assert_eq!(cell.with(|value| unsafe { *value }), 42);
//! ```

#[cfg(rt_loom)]
pub use loom::cell::UnsafeCell;

#[cfg(not(rt_loom))]
pub use crate::primitive::cell::UnsafeCell;
