//! The tools of Python's asyncio, built on tasks and futures: promises, `gather`, `wait`,
//! `as_completed`, and generators that the runtime closes.
//!
//! Use it to port a program, or wherever one of these is the shortest way. Everything works beside
//! the rest of heist: a task here is a [`JoinHandle`] like any other.
//!
//! ```
//! use heist::asyncio::{gather, run, sleep};
//! use std::time::Duration;
//!
//! async fn fetch(n: u64) -> Result<u64, String> {
//!     sleep(Duration::from_millis(n)).await;
//!     Ok(n * 10)
//! }
//!
//! let values = run(async { gather((1..=3).map(fetch)).await })?;
//! assert_eq!(values.unwrap(), [10, 20, 30]);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! | to | call |
//! |---|---|
//! | run a program | [`run`], or `#[heist::main]` |
//! | have a value set in one place and awaited in others | [`Promise`] |
//! | run futures together and get all values, in order | [`gather()`] |
//! | get every outcome, errors included | [`Gather::settled`] |
//! | wait for the first task, the first error, or all of them | [`wait()`] |
//! | handle each outcome as soon as it is there | [`as_completed()`] |
//! | let a task continue when its waiter is cancelled | [`shield`] |
//! | have a generator closed when it is dropped, or at the end | [`adopt()`] |
//! | receive errors that nothing else can receive | [`set_exception_handler`] |
//!
//! # Errors
//! A task that fails is a value: [`TaskError`] has the error that it returned, its panic or its
//! cancellation. [`PromiseError`] is the same for a promise. [`InvalidState`] and [`EmptyWait`]
//! report calls that make no sense at that time.
//!
//! # Panics
//! [`shield`], [`gather()`] and [`adopt()`] panic if called outside of a runtime. [`run`] panics if
//! the thread runs tasks already. [`wait()`] and [`as_completed()`] with a time limit panic if they
//! have to wait outside of a runtime. Promises work on every thread.
//!
//! # Cancel safety
//! A dropped [`Gather`] or [`Settled`] cancels its tasks. A dropped [`wait()`] or [`AsCompleted`]
//! detaches them: they continue. A promise that is dropped while it waits leaves nothing behind.
//!
//! # Limits
//! All platforms; no Cargo feature is needed. The macros of generators need the feature `macros`
//! (default).
//!
//! How it works inside is described in `DESIGN.md` of this room.
#![doc = include_str!("../../docs/asyncio.md")]

mod adopt;
mod as_completed;
mod gather;
mod handler;
mod promise;
mod turns;
mod wait;
mod waiters;

#[cfg(test)]
mod models;

use std::future::Future;
use std::io;

use crate::runtime::{self, Runtime};
use crate::task::JoinHandle;

pub use crate::time::sleep;
pub use adopt::{Adopted, adopt};
pub use as_completed::{AsCompleted, as_completed};
pub use gather::{Gather, Settled, TaskError, gather};
pub use handler::{Origin, Unhandled, set_exception_handler};
pub use promise::{Callback, InvalidState, Promise, PromiseError};
pub use wait::{Done, EmptyWait, ReturnWhen, Waited, wait};

/// Runs `main` on a new multi-thread runtime, then ends the runtime: tasks are cancelled first,
/// then adopted generators are closed.
///
/// # Errors
/// Fails if the runtime cannot be built; see
/// [`Builder::build`](crate::runtime::Builder::build).
///
/// # Panics
/// Panics if this thread runs tasks already. A panic of `main` passes through.
///
/// # Examples
/// ```
/// # use std::time::Duration;
/// let result = heist::asyncio::run(async {
///     heist::asyncio::sleep(Duration::from_millis(1)).await;
///     "Done"
/// })?;
/// assert_eq!(result, "Done");
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn run<F: Future>(main: F) -> io::Result<F::Output> {
    Ok(Runtime::new()?.block_on(main))
}

/// Runs `future` as a task, so that it continues when the waiter is cancelled.
///
/// Dropping the handle detaches the task. Every [`JoinHandle`] works like this: `shield` is
/// [`heist::spawn`](crate::spawn) under the name that Python programs look for.
///
/// # Panics
/// Panics if called outside of a runtime.
///
/// # Examples
/// ```
/// # heist::runtime::Runtime::new()?.block_on(async {
/// let saved = heist::asyncio::shield(async { "saved" });
/// assert_eq!(saved.await.unwrap(), "saved");
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[track_caller]
pub fn shield<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    runtime::spawn(future)
}
