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
//! A [`Promise`] is a locked cell: its state, the wakers that wait and the callbacks; whoever completes it takes both
//! out under the lock and runs them after it. The functions over tasks keep their handles in one `FuturesUnordered`.
//! [`adopt()`] puts a generator where its owner and its runtime both reach it; the runtime keeps a weak reference, and
//! closes what is left before its tasks end.
//!
//! # Invariants
//! - `[once]` A promise is completed once; everything after that is [`InvalidState`], or `false` from `cancel`.
//! - `[unlocked]` No user code (waker, callback, clone, drop) runs under a promise's lock, except the clones of a
//!   waker and of a result.
//! - `[reported]` An exception that nobody retrieved is reported once, when the last handle goes.
//!
//! # Rejected
//! Callbacks scheduled on the loop ("call soon"): there is no one loop. They run on the thread that completes.
//! A gather that takes bare futures without spawning: the others would stop at the first error.
//!
//! # Verified by
//! `tests/asyncio.rs` and `tests/asyncio_adopt.rs`: behaviours 105 to 107 and 127 to 147 of CPython's tests, among them
//! `[once]` and `[reported]` by name. `[unlocked]`: the locks of this room guard plain data, and no call leaves it with
//! one held; `callbacks_run_in_order_and_can_be_removed` would hang.

mod adopt;
mod as_completed;
mod gather;
mod handler;
mod promise;
mod wait;

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

/// Runs `main` on a runtime of its own and ends it: adopted generators are closed, then tasks are cancelled.
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
