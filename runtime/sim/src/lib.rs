//! Runs unmodified programs in a simulated world.
#![cfg(target_os = "linux")]

mod interpose;
mod kernel;
mod world;

mod builder;
mod host;
mod test;

pub use builder::{Builder, Failure, Report};
pub use host::{Host, HostBuilder, elapsed, host, is_simulated, random};
pub use test::{TestCase, TestOutput, conclude, find_failure, run_test};
