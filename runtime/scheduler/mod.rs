//! The scheduler: which worker runs which task, where it looks for work, and when it sleeps.
//!
//! `DESIGN.md` in this directory explains the algorithm, the fairness and the invariants. Read the
//! files in this order; a file imports only files of its own line and of those above:
//!
//! - what threads share: `park.rs`, the gate behind which a thread sleeps; `idle.rs`, the counts of
//!   searchers and sleepers; `sleepers.rs`, the order of the latter; `surplus.rs`, the workers with
//!   a backlog for others; `polled.rs`, the task that a worker polls; `figures.rs`, what a worker
//!   counts for users; `remote.rs`, the part of a worker that other threads may use;
//!   `seat.rs` and `hand_over.rs`, a thread that runs workers and a worker on its way to it;
//!   `identity.rs`, `stand_ins.rs`, `lookout.rs`, `shutdown_stage.rs`, `shutdown_barrier.rs`,
//!   `shutdown_hooks.rs`, `slack.rs`, `watchdog.rs`, `dumps.rs`
//! - `shared.rs`: all of that, once per runtime
//! - `handle.rs`, `token.rs`: what tasks and LIFO slots need
//! - `local.rs`: the part of a worker that is used while it polls a task; `pace.rs`: its time
//!   budget
//! - `current.rs`: thread-locals; `schedule.rs`: spawning, and where a woken task goes
//! - `worker.rs`: the run loop; `paused.rs`: sleeping under a paused clock; `random.rs`,
//!   `watch.rs`: what a worker remembers for the next line
//! - `sleep.rs`: how a worker sleeps
//! - `search.rs`: where a worker looks for work; `sentinel.rs`: how it rescues a stuck worker
//! - `reserve.rs`, `lookout_thread.rs`: how other threads rescue stuck workers
//! - `watchdog_thread.rs`: how slow polls are reported
//! - `pinned.rs`: `!Send` tasks; `stand_in.rs`: how a worker moves to another thread while its own
//!   blocks in place
//! - `dump.rs`: what all tasks do
//! - `clean_up.rs`, `shutdown.rs`: the end of a runtime
//! - `build.rs`: construction
//! - `models.rs`: loom models; `tests.rs`: how the injector is divided

mod build;
pub(crate) mod clean_up;
pub(crate) mod current;
mod dump;
mod dumps;
pub(crate) mod figures;
mod hand_over;
mod handle;
mod identity;
mod idle;
mod local;
pub(crate) mod lookout;
mod lookout_thread;
mod pace;
pub(crate) mod park;
mod paused;
mod pinned;
mod polled;
mod random;
mod remote;
mod reserve;
mod schedule;
mod search;
mod seat;
mod sentinel;
mod shared;
mod shutdown;
mod shutdown_barrier;
pub(crate) mod shutdown_hooks;
mod shutdown_stage;
mod slack;
mod sleep;
mod sleepers;
pub(crate) mod stand_in;
mod stand_ins;
mod surplus;
mod token;
mod watch;
pub(crate) mod watchdog;
mod watchdog_thread;
pub(crate) mod worker;

#[cfg(test)]
mod models;
#[cfg(all(test, not(rt_shuttle)))]
mod tests;

pub(crate) use build::build;
#[cfg(all(unix, feature = "console"))]
pub(crate) use dump::presence;
pub(crate) use dump::{Roll, Selection, call_roll};
pub(crate) use handle::SchedulerHandle;
pub(crate) use identity::Identity;
pub(crate) use pinned::{spawn_at_home, spawn_local};
pub(crate) use schedule::spawn;
pub(crate) use shared::SharedScheduler;
pub(crate) use stand_ins::StandIns;
