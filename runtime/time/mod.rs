//! # What
//! Sleeps, timeouts and intervals, on a wheel per worker; and a clock that tests can hold still.
//!
//! # Algorithm
//! 1. Time is counted in ticks of one millisecond since the runtime began. A deadline is rounded up to a tick, the
//!    present is rounded down, so nothing ends early.
//! 2. Each worker has a [`Home`](home::Home): a hierarchical wheel behind a lock that is nearly always free, because
//!    only its worker uses it as a rule. Arming, moving and taking away are O(1), under one hold of the lock, and at
//!    once: nothing dead is left in the wheel.
//! 3. A sleep touches no wheel before its first `Pending`. It then goes to the home of the worker that polls it, or to
//!    any home on other threads. It stays there until it fires or is dropped, whoever polls it meanwhile. A poll while it
//!    is armed, by the same task, takes no lock.
//! 4. The run loop asks [`Timers::is_due`], collects wakers with [`Timers::fire_due`], wakes them, and parks until
//!    [`Timers::next_deadline`]. Who arms an earlier deadline in another worker's home unparks that worker.
//! 5. Any thread may fire the timers of a worker that is stalled.
//! 6. While the clock is paused, a run loop that has nothing to run and nothing in flight calls
//!    [`Timers::advance_to_next`] in place of parking for as long (`scheduler/paused.rs`).
//!
//! # Invariants
//! - `[never-early]` A node fires only if its tick, rounded up, is at or before the present, rounded down. The exception is
//!   the end of the runtime, after which nobody could wake the sleeper.
//! - `[fires-once]` A node's waker leaves the wheel once: to fire, to be replaced, or to be dropped. A tick is `settled`
//!   when no node of it is left, and settled ticks stay so.
//! - `[same-waker]` While `reached` is below a node's tick, the node holds the waker it was last given.
//! - `[no-lost-deadline]` After a deadline was armed from elsewhere, its worker looks at `next` again before it sleeps
//!   beyond it.
//! - `[no-foreign-code]` No waker is woken, cloned or dropped under a lock: its code may come back to the same wheel.
//! - `[published-under-lock]` `next`, `reached` and `settled` are written by the holder of the lock only.
//! - `[one-clock]` All deadlines of a runtime are compared with one clock; one that can be paused belongs to a current-thread
//!   runtime.
//! - `[whole-tick]` A clock stops on a whole tick. So after an `advance` by the length of a sleep that began at the pause, the
//!   deadline, rounded up, is not behind the present, rounded down.
//! - `[in-flight-holds-time]` A paused clock does not move by itself while a job of the blocking pool or an operation on a file
//!   is in flight.
//! - `[even-homes]` Foreign threads spread their sleeps over all homes.
//!
//! # Orderings
//! | release | acquire | what is published |
//! |---|---|---|
//! | lock of the wheel | lock of the wheel | everything in it |
//! | `settled`, in `publish` | `has_settled` | the firing of all nodes up to it |
//! | `unpark`, the scheduler's | the end of `park` | `next` |
//!
//! # Rejected
//! - One wheel for all workers: every timeout of every worker takes its lock; most timeouts are armed only to be
//!   cancelled, and that lock is then what a program of many connections does.
//! - Inserting without a lock and cancelling through a queue to the owner: an uncontended lock costs two atomic operations,
//!   a queue as many, and what is cancelled would stay in the wheel until it is swept.
//! - A node inside the future: it needs pinning and `unsafe` for what an index into a vector does as well.
//! - A reference-counted entry with an atomic state word: one allocation per sleep, and the lock is needed anyhow.
//! - Levels that wrap, with a far slot for the rest: eleven levels cover every tick that can be told, in 3 kB per worker.
//! - Deadlines of the worker's last reading of the clock: the sleep would be too short by what the poll has lasted.
//! - The kernel's coarse clock for sleeps far ahead (17 ns instead of 90, on a busy machine, 2026-11-21): it lags behind by as
//!   long as the core that advances it is kept from running, which has no bound on a machine that is shared.
//! - No reading at all, but the end of the turn for the beginning of a sleep that is polled at once: one that is kept and polled
//!   in a later turn would have lost its beginning.
//! - What a worker arms in a turn kept beside the wheel without a lock, and put into it when the turn ends: most of it is
//!   cancelled before. Of the 86 ns that a timeout costs beside the yield under it the clock is 23 and the two locks are 9
//!   (2026-11-21), which is what there would be to win; but others could not fire those sleeps while the worker is stuck in the
//!   same turn, nor a thief cancel them, without interrupting it.
//! - References to a worker's own home that are lent and given back, not counted: 107 to 109 ns per timeout and yield
//!   before, 108 to 115 after, 2026-11-21.
//!   Homes that are never freed, so that no sleep counts a reference: 72 ns per arming and cancelling against 71, 2026-11-22.
//! - Fewer instructions, in the hope of a tenth of what tokio takes: 799 per arming and cancelling became 701, and the time 1.5 %
//!   less (70 ns, 2026-11-22, one thread, twelve rounds). Measured alone, the clock is 24 of them, and the atomic operations of
//!   two locks, a waker's count and a home's are 16. A tenth of tokio's CPU with two workers would be 41 to 45 ns, but a yield
//!   (22) and one reading of the clock stand under each timeout in that workload; heist is at 110 to 115.
//! - Slots as vectors of indices in place of rings, with nodes of 32 bytes, so that firing has many nodes under way from memory
//!   at once: 257 bytes per sleeping task instead of 261, but 805 instructions instead of 799 per arming and cancelling, as many
//!   cache misses under callgrind, and from the first firing on 0.94 to 1.24 of the rings' CPU (2026-11-22, a million
//!   sleepers, five rounds).
//! - Fetching the memory of tasks some wake-ups ahead: wake-ups and runs took 20 ns less per task in a profile, and other waits for
//!   memory as much more: from the first firing on 0.50 to 2.00 of the CPU, in the median 0.98 (2026-11-22, a million
//!   sleepers, nine rounds). Fetching the nodes of such vectors ahead as well: 0.39 to 1.12 in four rounds, where the vectors
//!   with tasks fetched alone had 0.39 to 1.19.
//! - Never completing after the runtime has ended: a foreign thread that blocks on such a sleep would hang.
//!
//! # Verified by
//! `models.rs`: `[fires-once]`, `[same-waker]`, `[no-lost-deadline]`. `tests.rs`: the wheel against an ordered map over
//! all levels, `[never-early]`, `[no-foreign-code]` with wakers that come back, `[one-clock]`, `[even-homes]`.
//! `tests.rs` also: `[whole-tick]`. `tests/paused_clock.rs`: `[in-flight-holds-time]`.
//! `[published-under-lock]` is the signature of `publish`, which asks for the lock's guard.
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
