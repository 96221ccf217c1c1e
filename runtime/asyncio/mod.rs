//! asyncio's furniture in Rust's habits: what programs that come from Python look for, built on tasks and futures.
//!
//! How it works inside stands in `DESIGN.md` of this room.

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

/// Runs `main` on a runtime of its own and ends it: tasks are cancelled, then adopted generators are closed.
///
/// ```
/// # use std::time::Duration;
/// let result = heist::asyncio::run(async {
///     heist::asyncio::sleep(Duration::from_millis(1)).await;
///     "Done"
/// })?;
/// assert_eq!(result, "Done");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// The runtime could not be built; see [`Builder::build`](crate::runtime::Builder::build).
///
/// # Panics
/// If this thread runs tasks already. A panic of `main` passes through.
pub fn run<F: Future>(main: F) -> io::Result<F::Output> {
    Ok(Runtime::new()?.block_on(main))
}

/// Runs `future` so that it goes on when whoever waits for it is cancelled: it becomes a task, and dropping the handle
/// detaches it. (Every handle is a shield here; this is the name to look for.)
///
/// ```
/// # heist::runtime::Runtime::new()?.block_on(async {
/// let saved = heist::asyncio::shield(async { "saved" });
/// assert_eq!(saved.await.unwrap(), "saved");
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Panics
/// If the thread is in no runtime.
#[track_caller]
pub fn shield<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    runtime::spawn(future)
}
