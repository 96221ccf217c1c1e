//! Runs a test in many worlds.
//!
//! - `case.rs`: a test, and which seeds it gets. `kept.rs`: the file of seeds that failed.
//! - `outer.rs`: the test as the harness sees it. It starts the program once more, for this test
//!   alone.
//! - `seeds.rs`: that program. It makes each world in a process of its own, so that all statics are
//!   new, nothing is left behind, and a world that never ends can be ended.
//! - `words.rs`: what those two say to each other. `child.rs`: one such process, and its answer.
//! - `which.rs`: which world of a test it is. `exhaust.rs`: every schedule with few delays.
//! - `shrink.rs`: fewer turns for the same failure.

mod case;
mod child;
mod exhaust;
mod kept;
mod outer;
mod seeds;
mod shrink;
mod which;
mod words;

use std::fmt;

pub use case::TestCase;
use words::PART;

/// What a test may return: `()`, or a `Result` whose error fails it.
///
/// # Examples
/// ```
/// fn is_allowed(_: impl heist_sim::TestOutput) {}
///
/// is_allowed(());
/// is_allowed(Ok::<u32, std::io::Error>(3));
/// ```
pub trait TestOutput {
    /// Panics if the output is an error.
    #[doc(hidden)]
    fn expect_good(self);
}

impl TestOutput for () {
    fn expect_good(self) {}
}

impl<T, E: fmt::Debug> TestOutput for Result<T, E> {
    #[track_caller]
    fn expect_good(self) {
        if let Err(error) = self {
            panic!("the test returned an error: {error:?}");
        }
    }
}

/// Panics if the output of a test is an error. `#[heist::sim::test]` writes a call of it.
///
/// # Examples
/// ```
/// heist_sim::conclude(Ok::<u32, std::io::Error>(3));
/// ```
#[doc(hidden)]
#[track_caller]
pub fn conclude(output: impl TestOutput) {
    output.expect_good();
}

/// Runs `body` in a world for each seed of the test. This is what `#[heist::sim::test]` writes.
///
/// # Panics
/// Panics if a world failed, with the seed, the reason, and the command that runs it again.
///
/// # Examples
/// ```no_run
/// use std::thread;
/// use std::time::Duration;
///
/// #[test]
/// fn a_minute_is_short() {
///     let case = heist_sim::TestCase::new(module_path!(), "a_minute_is_short", file!());
///     heist_sim::run_test(&case.seeds(10), || thread::sleep(Duration::from_secs(60)));
/// }
/// ```
#[track_caller]
pub fn run_test(case: &TestCase, body: fn()) {
    if std::env::var_os(PART).is_some_and(|part| part == case.name()) {
        seeds::run_all(case, body);
    } else {
        outer::run(case);
    }
}

/// Runs `body` in a world for each seed of the test, up to the first that fails, and returns that
/// seed: for tests that expect a fault to be found. It is not kept.
///
/// # Panics
/// Panics if the worlds cannot be made.
///
/// # Examples
/// ```no_run
/// #[test]
/// fn the_old_fault_is_found() {
///     let case = heist_sim::TestCase::new(module_path!(), "the_old_fault_is_found", file!());
///     assert!(heist_sim::find_failure(&case.seeds(1000), || panic!("here it is")).is_some());
/// }
/// ```
#[track_caller]
pub fn find_failure(case: &TestCase, body: fn()) -> Option<u64> {
    if std::env::var_os(PART).is_some_and(|part| part == case.name()) {
        seeds::run_all(case, body);
    }
    outer::find(case)
}
