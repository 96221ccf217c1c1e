//! Tasks: futures that the runtime runs concurrently, handles to await and cancel them, and a
//! budget that keeps one task from starving the others.
//!
//! ```
//! use heist::task::{self, JoinSet};
//!
//! #[heist::main]
//! async fn main() {
//!     // One task, awaited by its handle.
//!     let answer = heist::spawn(async { 6 * 7 });
//!     assert_eq!(answer.await.unwrap(), 42);
//!
//!     // A closure that blocks runs on a thread of its own.
//!     let file = task::spawn_blocking(|| std::fs::read_to_string("Cargo.toml"));
//!     assert!(file.await.unwrap().is_ok());
//!
//!     // Many tasks, joined in the order in which they end.
//!     let mut squares: JoinSet<u32> = (1..=3).map(|n| async move { n * n }).collect();
//!     let mut sum = 0;
//!     while let Some(square) = squares.join_next().await {
//!         sum += square.unwrap();
//!     }
//!     assert_eq!(sum, 14);
//! }
//! ```
//!
//! | You have | Call |
//! |---|---|
//! | a future that is `Send` | [`spawn`]: any worker runs it |
//! | a future that is not `Send` | [`spawn_local`]: it stays on this worker; [`LocalSet`]: outside of a worker |
//! | a closure that blocks, or computes for long | [`spawn_blocking`] |
//! | a blocking section inside of a task | [`block_in_place`] |
//! | many tasks whose outputs you want | [`JoinSet`] |
//! | a value that follows a task | [`task_local!`](crate::task_local!) |
//! | a task with a name, for dumps and reports | [`TaskBuilder`] |
//! | a task to cancel from elsewhere | [`AbortHandle`] |
//! | a task to cancel with its owner | [`AbortOnDropHandle`] |
//! | a long loop without a pause | [`consume_budget`] or [`yield_now`](yield_now()) |
//!
//! # Errors
//! Awaiting a task returns a [`JoinError`] if the task panicked or was cancelled. A panic ends its
//! own task and nothing else.
//!
//! # Panics
//! [`spawn`] and [`spawn_blocking`] panic if called outside of a runtime, [`spawn_local`] if called
//! outside of a worker, and [`id`](id()) if called outside of a task.
//!
//! # Cancel safety
//! Dropping a [`JoinHandle`] detaches its task. Awaiting `&mut handle` and [`JoinSet::join_next`]
//! are cancel safe: no output is lost. *Cancellation* below has the rest.
#![doc = include_str!("../../docs/task.md")]
// `DESIGN.md` of this room explains how it works. Files in the order to read them: `layout.rs` (the
// cell), `state.rs` (the state word), `outcomes.rs` (what its transitions return), `raw.rs`
// (pointers), `runnable.rs`, `waker.rs`, `harness.rs` (a run), `allocate.rs` (the start), `join.rs`
// (the handles), `owned.rs` and `list.rs` (live tasks), `depot.rs`, `memory.rs`, `observed.rs`,
// `counted_worker.rs`, `latency.rs`, `histogram.rs`, `operations/`, `time_stamp.rs`, `root.rs`,
// `guests.rs` and `observation.rs` (what is counted while a runtime is observed). The others need
// none of these: `budget.rs`, `id.rs`, `error.rs`, `quiet.rs` (user code that may panic),
// `closure.rs`, `permission.rs` (whether a thread may block), `local_key.rs` (values of a task),
// `names.rs`, `spans.rs` (what tokio-console reads).
// `local_set/` is a small scheduler on top of all of it.

pub(crate) mod activity;
mod allocate;
mod budget;
mod cause;
mod census;
mod closure;
mod counted_worker;
mod depot;
mod error;
mod guests;
mod harness;
mod histogram;
mod id;
mod join;
mod latency;
mod layout;
mod list;
mod local_key;
pub(crate) mod local_set;
mod memory;
mod names;
mod observation;
mod observed;
mod operations;
mod outcomes;
mod owned;
pub(crate) mod permission;
mod pinned;
#[cfg(all(unix, feature = "console"))]
mod poll_log;
mod polled_task;
mod quiet;
mod raw;
mod root;
mod rooted;
mod runnable;
mod schedule;
#[cfg(feature = "tracing")]
mod spans;
mod state;
pub(crate) mod stats;
mod time_stamp;
mod trace;
pub(crate) mod wait_reason;
mod waker;
mod yield_now;

#[cfg(test)]
mod models;
#[cfg(all(test, not(any(rt_loom, rt_shuttle))))]
mod tests;

/// The budget that keeps a task fair to others: how many operations it may complete in one poll.
///
/// Every poll of a task begins with 128 units. An operation of heist that completes takes one unit,
/// and one more for each 8 KiB that it copied. Without a unit the operation returns pending and the
/// task goes to the back of the queue. The future that a current-thread runtime blocks on has the
/// same budget. Elsewhere outside of a task the budget is unlimited.
///
/// # Examples
/// ```
/// # fn main() -> std::io::Result<()> {
/// use heist::task::coop;
///
/// # let runtime = heist::runtime::Runtime::new()?;
/// let task = runtime.spawn(async {
///     for _ in 0..10_000 {
///         // Computes a little, then yields if the budget is spent.
///         coop::consume_budget().await;
///     }
/// });
/// runtime.block_on(task).unwrap();
/// # Ok(())
/// # }
/// ```
pub mod coop {
    #[doc(hidden)]
    pub use super::budget::poll_proceed_outer;
    pub use super::budget::{
        Coop, RestoreOnPending, Unconstrained, consume_budget, cooperative, has_budget_remaining,
        poll_proceed, unconstrained,
    };
    pub(crate) use super::budget::{poll_proceed_for, spend_bytes, with_budget, without_budget};
}

/// Futures that functions of this module return.
///
/// # Examples
/// ```
/// use heist::task::futures::TaskLocalFuture;
///
/// heist::task_local! {
///     static NUMBER: u32;
/// }
///
/// let future: TaskLocalFuture<u32, _> = NUMBER.scope(42, std::future::ready(()));
/// # drop(future);
/// ```
pub mod futures {
    pub use super::local_key::TaskLocalFuture;
}

pub(crate) use budget::{take_forced_yields, without_budget};
pub use coop::{consume_budget, unconstrained};
pub use error::JoinError;
pub use id::{Id, id, try_id};
pub use join::{AbortHandle, AbortOnDropHandle, JoinHandle};
pub use local_key::{AccessError, LocalKey};
pub use local_set::{LocalEnterGuard, LocalSet};
pub use yield_now::yield_now;

pub use crate::runtime::join_set::JoinSet;
pub use crate::runtime::task_builder::TaskBuilder;
pub use crate::runtime::{block_in_place, spawn, spawn_blocking, spawn_local};

pub(crate) use activity::TaskActivity;
pub(crate) use cause::Cause;
pub(crate) use census::{Census, Question, SeenTask};
pub(crate) use closure::blocking;
pub(crate) use counted_worker::{CountedWorker, OutsideLoop, count_beside_others, go_aside};
pub(crate) use depot::{give_back, is_keeping, rest};
pub(crate) use guests::{Guests, Hosting};
pub(crate) use histogram::{Buckets, Histogram, SizeHistogram};
pub(crate) use latency::ObservedWorker;
pub(crate) use layout::Header;
pub(crate) use names::{Named, name_of, named_closure};
pub(crate) use observation::{Observation, ObservedPool};
#[cfg(all(unix, feature = "console"))]
pub(crate) use operations::LoggedOperation;
pub(crate) use owned::OwnedTasks;
pub(crate) use pinned::this_thread;
#[cfg(all(unix, feature = "console"))]
pub(crate) use poll_log::{Logged, LoggedPoll, LoggedWake};
pub(crate) use polled_task::PolledTask;
pub(crate) use quiet::{drop_all, quietly, wake_all};
pub(crate) use raw::Reference as TaskReference;
pub(crate) use rooted::Rooted;
pub(crate) use runnable::Runnable;
pub(crate) use schedule::Schedule;
#[cfg(feature = "tracing")]
pub(crate) use spans::{BoxedSize, Spanned};
pub(crate) use stats::TaskStats;
pub(crate) use time_stamp::nanos_now;
pub(crate) use trace::{Note, REASONS_COUNT_MAX, is_traced, note};
pub(crate) use wait_reason::WaitReason;
