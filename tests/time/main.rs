//! Time: timers by the clock, and a clock that is paused.

mod paused_clock;
#[path = "../support/mod.rs"]
mod support;
mod timer;
