//! Sleeps, timeouts and intervals, and a clock that tests can hold still.
//!
//! Every worker of a runtime keeps its own timers. To start, move or drop one is cheap and leaves
//! nothing behind, so every read of every connection may have its own timeout.
//!
//! ```
//! use heist::time::{self, Duration, Instant};
//!
//! #[heist::main]
//! async fn main() {
//!     let start = Instant::now();
//!     time::sleep(Duration::from_millis(5)).await;
//!     assert!(start.elapsed() >= Duration::from_millis(5));
//!
//!     let endless = std::future::pending::<()>();
//!     assert!(time::timeout(Duration::from_millis(5), endless).await.is_err());
//!
//!     let mut interval = time::interval(Duration::from_millis(5));
//!     for round in 0..3 {
//!         interval.tick().await;
//!         println!("round {round}");
//!     }
//! }
//! ```
//!
//! | to | call |
//! |---|---|
//! | wait for a length of time, or until an instant | [`sleep()`], [`sleep_until`] |
//! | limit the time that a future may take | [`timeout()`], [`timeout_at`] |
//! | do something repeatedly, at a fixed rate | [`interval()`], [`interval_at`] |
//! | choose what happens to ticks that were missed | [`Interval::set_missed_tick_behavior`] |
//! | push a deadline back, as for an idle connection | [`Sleep::reset`] of one pinned [`Sleep`] |
//! | measure time, on the clock of the runtime | [`Instant`] |
//! | test hours in no time | [`pause`], [`advance`], `#[heist::test(start_paused = true)]` |
//!
//! # Resolution
//! One millisecond. A timer never ends early, and usually ends less than two milliseconds late. A
//! duration of zero is over at the first poll; one that is longer than the range of [`Instant`],
//! such as [`Duration::MAX`], means "never": about 30 years.
//!
//! # Errors
//! Only a timeout fails, with [`error::Elapsed`]. `?` converts it into an
//! [`io::Error`](std::io::Error) of the kind `TimedOut`.
//!
//! # Panics
//! All timers can be created outside of a runtime. The future panics if it has to wait outside of a
//! runtime. [`pause`], [`resume`] and [`advance`] panic if called outside of a current-thread
//! runtime, and [`interval()`] panics if its period is zero.
//!
//! # Cancel safety
//! A dropped sleep removes its timer. A dropped [`Interval::tick`] loses no tick. A dropped timeout
//! drops the future inside: it is as safe to cancel as that future.
//!
//! # Limits
//! A timer belongs to the runtime in which it first waited. When that runtime shuts down, the timer
//! is over at its next poll. All platforms and both drivers have the same timers; no Cargo feature
//! is needed.
//!
//! How it works inside is described in `DESIGN.md` of this room.
mod clock;
mod context;
mod entry;
pub mod error;
mod instant;
mod interval;
mod level;
mod send_timeout;
mod slab;
mod sleep;
#[cfg(feature = "tracing")]
mod sleep_spans;
mod test_clock;
mod timeout;
mod timers;
mod wheel;
mod worker_timers;

#[cfg(test)]
mod models;
#[cfg(test)]
mod tests;

pub use std::time::Duration;

pub use instant::Instant;
pub use interval::{Interval, MissedTickBehavior, interval, interval_at};
pub use sleep::{Sleep, sleep, sleep_until};
pub use test_clock::{advance, pause, resume};
pub use timeout::{Timeout, timeout, timeout_at};

pub(crate) use context::{TimersGuard, publish_now};
pub(crate) use timers::Timers;
