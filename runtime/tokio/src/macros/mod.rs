//! The macros that tokio has, and what their expansions need.

mod pin;
pub mod support;

#[cfg(feature = "macros")]
mod join;
#[cfg(feature = "macros")]
mod maybe_done;
#[cfg(feature = "macros")]
mod select;
#[cfg(feature = "macros")]
mod start;
