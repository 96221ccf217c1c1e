//! Models: small programs of tasks whose every interleaving is tried.
//!
//! A model is a test of something that tasks share: a queue without locks, a cache, a pool of
//! connections. [`model`](fn@model) runs it on heist's own scheduler, with its workers, queues,
//! wakes and sleeps; only the kernel below it is simulated. The build decides how:
//!
//! | build | a model runs |
//! |---|---|
//! | normal | a hundred times, on real threads and a real driver |
//! | `RUSTFLAGS="--cfg rt_loom"` | once in every interleaving of up to two preemptions, with every value that the memory model allows a load to return |
//! | `RUSTFLAGS="--cfg rt_shuttle"` | in three thousand random schedules, with any number of preemptions and without weak memory |
//!
//! ```
//! use heist::model::sync::Arc;
//! use heist::model::sync::atomic::{AtomicUsize, Ordering};
//!
//! heist::model(|| async {
//!     let count = Arc::new(AtomicUsize::new(0));
//!     let there = count.clone();
//!     let task = heist::spawn(async move { there.fetch_add(1, Ordering::Relaxed) });
//!     count.fetch_add(1, Ordering::Relaxed);
//!     task.await.unwrap();
//!     assert_eq!(count.load(Ordering::Relaxed), 2);
//! });
//! ```
//! loom reorders the steps that are taken while some task is polled; [`Depth`] adds those of the
//! scheduler between two polls.
//!
//! An explorer sees only what comes from here and from heist: the atomics and locks of [`sync`],
//! the cell of [`cell`], the threads of [`thread`], and tasks, timers, channels and locks of
//! heist's. Everything else it takes for one step.
//!
//! The chapter [model](crate::guide::model) of the guide begins from nothing, and says which sizes
//! finish in which time.
//!
//! # What does not work in a model
//! - Sockets, pipes, signals, child processes, and operations on files that have to wait: their
//!   first use panics.
//! - `const` constructors of locks, under loom.
//! - Other crates' locks and channels: an explorer cannot see who waits for whom. Under loom that
//!   includes [`JoinSet`](crate::task::JoinSet), whose list is another crate's.
//! - Runtimes outside of a model, in a build for an explorer: such a build is for models only.
//!
//! Under loom, time passes when all workers sleep, to the next deadline. A worker that is stuck in
//! a poll is not relieved by another one, as it is elsewhere.

mod explored;
mod explorer;
mod world;

use std::future::Future;

pub use explored::Explored;
pub use explorer::Explorer;

pub use crate::primitive::explorer::Depth;
pub use crate::primitive::surface::{cell, hint, sync, thread};

/// Runs a program of tasks in many ways, each time on a runtime of its own: in every interleaving
/// under loom, in random schedules under shuttle, repeatedly in a normal build. The module
/// [`model`](mod@crate::model) explains it; [`Explorer`] has the bounds.
///
/// # Panics
/// Panics with the program, and if no thread of it can go on.
///
/// # Examples
/// ```
/// use heist::sync::oneshot;
///
/// heist::model(|| async {
///     let (answer, question) = oneshot::channel();
///     let task = heist::spawn(async move { answer.send(42) });
///     assert_eq!(question.await, Ok(42));
///     task.await.unwrap().unwrap();
/// });
/// ```
pub fn model<F, P>(program: F)
where
    F: Fn() -> P + Send + Sync + 'static,
    P: Future<Output = ()>,
{
    Explorer::new().check(program);
}
