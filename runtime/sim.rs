//! Tests in simulated worlds, from a seed. Feature `sim`, on Linux.
//!
//! In a world every thread, clock, socket and random number of a program is simulated: the program
//! itself, this runtime and every crate below it are the ones that ship. One thread runs at a time,
//! and the seed chooses which. Time passes when all of them wait, so a test of an hour takes
//! milliseconds. A seed that fails makes the same world again, to the last call.
//!
//! ```
//! use heist::sim;
//! use heist::time::{Duration, sleep};
//!
//! # // What `#[heist::sim::test(seeds = 10)]` makes of a test, which no example can be.
//! let (_, report) = sim::Builder::new().seed(1).run(sim::async_main(|| async {
//!     sleep(Duration::from_secs(3600)).await;
//! }))?;
//! assert!(report.lasted >= Duration::from_secs(3600));
//! # Ok::<(), Box<sim::Failure>>(())
//! ```

use std::future::Future;

#[cfg(feature = "macros")]
pub use heist_macros::sim_test as test;
#[doc(hidden)]
pub use heist_sim::conclude;
pub use heist_sim::{
    Builder, Failure, Host, HostBuilder, Report, TestCase, TestOutput, elapsed, find_failure, host,
    is_simulated, random, run_test,
};

use crate::runtime::Runtime;

/// Makes the main function of a host out of an async one: it builds a multi-thread runtime with a
/// worker for each of the host's processors, and blocks on what `main` returns.
///
/// # Panics
/// What it returns panics if the runtime cannot start.
///
/// # Examples
/// ```
/// use heist::sim;
/// use heist::time::{Duration, sleep};
///
/// sim::Builder::new().run(|| {
///     let sleeper = sim::host("sleeper").start(sim::async_main(|| sleep(Duration::from_secs(9))));
///     sleeper.wait();
///     assert!(sim::elapsed() >= Duration::from_secs(9));
/// })?;
/// # Ok::<(), Box<sim::Failure>>(())
/// ```
pub fn async_main<F: Future>(main: impl Fn() -> F) -> impl Fn() -> F::Output {
    move || Runtime::new().expect("heist: the runtime of a host starts").block_on(async { main().await })
}
