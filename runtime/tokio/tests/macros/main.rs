//! `select!`, `join!`, `try_join!`, `pin!`, and the attributes.
#![cfg(all(feature = "macros", feature = "rt-multi-thread", feature = "time", feature = "test-util"))]

mod attributes;
mod join;
mod select;
mod support;
