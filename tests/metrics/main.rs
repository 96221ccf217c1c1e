//! Metrics: every number against a program whose truth is known.
//!
//! A machine that takes all cores away makes the runtime count a stall and run tasks on threads of the reserve, whose polls
//! no worker counts. So a number of polls is exact unless there was a stall.

mod blocking;
mod histograms;
#[cfg(unix)]
mod observed;
mod openmetrics;
#[path = "../support/mod.rs"]
mod support;
mod tasks;
mod workers;

use heist::runtime::{Runtime, RuntimeMetrics};

/// The sum of a figure over all workers.
pub(crate) fn sum(runtime: &Runtime, of: impl Fn(&RuntimeMetrics, usize) -> u64) -> u64 {
    let metrics = runtime.handle().metrics();
    (0..runtime.workers()).map(|worker| of(&metrics, worker)).sum()
}
