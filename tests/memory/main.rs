//! What things cost in memory: every heap byte is counted, and the resident memory of the process beside it.
#![cfg(target_os = "linux")]

mod built;
mod idle;
mod queue;
#[path = "../support/mod.rs"]
mod support;
mod tally;

use tally::Tally;

#[global_allocator]
static TALLY: Tally = Tally::new();
