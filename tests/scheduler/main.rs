//! Scheduling: who gets a turn when others are greedy, slow, blocked or stuck.

mod fairness;
mod in_place;
#[cfg(unix)]
mod slow_close;
mod stuck;
#[path = "../support/mod.rs"]
mod support;
