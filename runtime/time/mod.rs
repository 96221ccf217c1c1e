//! Sleeps, timeouts and intervals, on a wheel per worker; and a clock that tests can hold still.
//!
//! How it works inside stands in `DESIGN.md` of this room.
mod clock;
mod context;
mod entry;
pub mod error;
mod home;
mod instant;
mod interval;
mod level;
mod slab;
mod sleep;
mod timeout;
mod timers;
mod wheel;

#[cfg(test)]
mod models;
#[cfg(test)]
mod tests;

pub use std::time::Duration;

pub use clock::{advance, pause, resume};
pub use instant::Instant;
pub use interval::{Interval, MissedTickBehavior, interval, interval_at};
pub use sleep::{Sleep, sleep, sleep_until};
pub use timeout::{Timeout, timeout, timeout_at};

pub(crate) use context::{Guard, publish_now};
pub(crate) use timers::Timers;
