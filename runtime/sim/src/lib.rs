//! Runs unmodified programs in simulated worlds. A seed decides all that happens in a world, so a
//! seed that fails fails again.
//!
//! In a world the threads, locks, clocks, random numbers, sockets and files of a program are
//! simulated: std and all crates that reach the system through the C library run as they are. One
//! thread runs at a time, and the seed chooses which. Time passes only when all of them wait, so an
//! hour takes milliseconds. Linux only; on other systems the crate is empty.
//!
//! ```
//! use std::time::{Duration, Instant};
//!
//! let (slept, report) = heist_sim::Builder::new().seed(1).run(|| {
//!     let began = Instant::now();
//!     std::thread::sleep(Duration::from_secs(3600));
//!     began.elapsed()
//! })?;
//! assert!(slept >= Duration::from_secs(3600));
//! # Ok::<(), Box<heist_sim::Failure>>(())
//! ```
//!
//! # What is not simulated
//! - Calls that go around the C library: io_uring (a world has none: a call says so), system calls
//!   in assembly (for rustix, choose its feature `use-libc`; the feature `sim` of heist does), the
//!   time stamp counter.
//! - Processes and signals. Descriptors that are inherited, as the standard streams, are real.
//! - The time that a computation takes: only calls take time.

#[cfg(target_os = "linux")]
mod builder;
#[cfg(target_os = "linux")]
mod disk;
#[cfg(target_os = "linux")]
mod host;
#[cfg(target_os = "linux")]
mod interpose;
#[cfg(target_os = "linux")]
mod kernel;
#[cfg(target_os = "linux")]
mod network;
#[cfg(target_os = "linux")]
mod run_tests;
#[cfg(target_os = "linux")]
mod world;

#[cfg(target_os = "linux")]
pub use builder::{Builder, Failure, Report};
#[cfg(target_os = "linux")]
pub use disk::Disk;
/// Makes a function into a test that runs in simulated worlds: see `heist::sim`.
#[cfg(target_os = "linux")]
pub use heist_macros::sim_test as test;
#[cfg(target_os = "linux")]
pub use host::{Host, HostBuilder, elapsed, host, is_simulated, random};
#[cfg(target_os = "linux")]
pub use network::{NetworkLink, cut, heal, partition, rejoin, set_link};
#[cfg(target_os = "linux")]
pub use run_tests::{TestCase, TestOutput, conclude, find_failure, run_test};

/// Whether a task lets others run here, although it could go on: a choice of the world, and `false`
/// outside of one. Runtimes ask where a task may lose its turn anyway.
///
/// # Examples
/// ```
/// assert!(!heist_sim::is_interrupted());
/// ```
#[inline]
pub fn is_interrupted() -> bool {
    #[cfg(target_os = "linux")]
    return world::enter().is_some_and(|here| here.is_interrupted());
    #[cfg(not(target_os = "linux"))]
    false
}
