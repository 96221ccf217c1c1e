//! Black-box tests of the example `serve`: the program is started and spoken to over sockets and signals.
//!
//! Every test runs once per driver.

mod answers;
mod client;
mod endurance;
mod process;
#[path = "../support/program.rs"]
mod program;
mod refusals;
mod stopping;
