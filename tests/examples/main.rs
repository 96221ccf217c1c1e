//! The examples do what their headers say. Those of `serve` have suites of their own in `tests/serve`.

#[cfg(unix)]
mod files;
mod generators;
mod metrics;
mod net;
mod observed;
#[path = "../support/program.rs"]
mod program;
#[path = "../support/mod.rs"]
mod support;
