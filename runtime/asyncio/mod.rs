//! # What
//! asyncio's furniture in Rust's habits: what programs that come from Python look for, built on tasks and futures.
//!
//! | asyncio | here | the Rust idiom it is built on |
//! |---|---|---|
//! | `asyncio.run(main())` | [`run`] | `Runtime::block_on` |
//! | `asyncio.create_task(f())` | [`heist::spawn`](crate::spawn) | |
//! | `asyncio.sleep(s)` | [`sleep`] | |
//! | `loop.create_future()` | [`Promise`] | a oneshot channel, if it is awaited once |
//! | `asyncio.gather(*fs)` | [`gather()`], with [`Gather::settled`] for `return_exceptions=True` | `FuturesUnordered` |
//! | `asyncio.wait(tasks, return_when=..)` | [`wait()`] | `JoinSet` |
//! | `asyncio.as_completed(tasks)` | [`as_completed()`], a `Stream` | `FuturesUnordered` |
//! | `asyncio.shield(f())` | [`shield`] | dropping a `JoinHandle` detaches its task |
//! | `asyncio.timeout(s)` | [`heist::time::timeout`](crate::time::timeout) | |
//! | `sys.set_asyncgen_hooks`, `loop.shutdown_asyncgens()` | [`adopt()`] | |
//! | `loop.set_exception_handler(h)` | [`set_exception_handler`] | |
//!
//! # Algorithm
//! A [`Promise`] is an outcome that is set once and read without a lock, and a locked list of those that wait and of the
//! callbacks. Who completes it sets the outcome and takes the list, under the lock, and wakes and calls after it. Each handle
//! that waits has a seat in the list (`waiters.rs`): it changes its own waker, and takes it along when it goes.
//!
//! The functions over tasks keep their handles in one `FuturesUnordered`. A wait for no time at all looks at the tasks until
//! those that were ready have had their turn (`turns.rs`).
//!
//! [`adopt()`] puts a generator where its owner and its runtime both reach it. The owner takes the body out for a step, so that
//! no lock is held meanwhile. The runtime keeps a weak reference. When it ends it cancels its tasks, then closes what is
//! left, then ends (`scheduler/guests.rs`), in the order of `asyncio.run`: cancel all tasks, `shutdown_asyncgens`,
//! `shutdown_default_executor`.
//!
//! # Invariants
//! - `[once]` A promise is completed once; everything after that is [`InvalidState`], or `false` from `cancel`.
//! - `[unlocked]` No user code (a waker's clone, call or drop, a callback, a clone or drop of a value, a step of a generator)
//!   runs under a lock of this room.
//! - `[woken-or-ready]` Who polls a promise finds it done, or sits in the list that the setter takes: the outcome is set under
//!   the lock under which one sits down.
//! - `[own-seat]` A seat is given up once, by the handle that has it, and only then given to another one. The setter leaves no
//!   seats, and nobody sits down after it.
//! - `[reported]` An exception that nobody retrieved is reported once, when the last handle goes. So are the panics of callbacks
//!   and clean-ups: they reach neither who sets, nor who drops, nor who ends a runtime.
//!
//! # Rejected
//! Callbacks scheduled on the loop ("call soon"): there is no one loop. They run on the thread that completes.
//! A gather that takes bare futures without spawning: the others would stop at the first error.
//! 2026-11-29: closing adopted generators before the tasks are cancelled: tasks went on meanwhile, and those that resumed a
//! closed generator panicked.
//! 2026-11-29: an outcome under the lock, so that a promise of a value that is `Send` but not `Sync` may be shared: clones of
//! it would have to run one after the other, hence with a lock held.
//!
//! # Verified by
//! `tests/asyncio.rs` and `tests/asyncio_adopt.rs`: behaviours 105 to 107 and 127 to 147 of CPython's tests, among them
//! `[once]` and `[reported]` by name. `[unlocked]`: `clones_and_destructors_of_a_value_may_use_its_promise`,
//! `a_clone_that_takes_long_keeps_nobody_from_the_value`, `callbacks_run_in_order_and_can_be_removed`, and the shutdowns with a
//! limit in `tests/asyncio_adopt.rs`. `models.rs`: `[woken-or-ready]`, `[own-seat]`.

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
