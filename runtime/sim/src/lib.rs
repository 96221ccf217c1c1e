//! Runs unmodified programs in a simulated world.
#![cfg(target_os = "linux")]

mod interpose;
mod kernel;
mod world;

mod builder;

pub use builder::{Builder, Failure, Report};
