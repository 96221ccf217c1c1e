//! The runtime: workers that run tasks, drivers for their I/O, timers, and a pool for blocking
//! calls.
//!
//! `#[heist::main]` and `#[heist::test]` build a runtime; most programs need nothing of this
//! module. Use it to choose options, to embed a runtime into a program that is not asynchronous,
//! and to spawn from other threads.
//!
//! ```
//! use heist::runtime::Builder;
//!
//! let runtime = Builder::new_multi_thread().worker_threads(2).thread_name("my-worker").build()?;
//! let greeting = runtime.spawn(async { "hello" });
//! // From any thread: a handle is a cheap reference.
//! let handle = runtime.handle().clone();
//! let thread = std::thread::spawn(move || handle.block_on(async { greeting.await.unwrap() }));
//! assert_eq!(thread.join().unwrap(), "hello");
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Which one when
//! | to | call |
//! |---|---|
//! | use all cores | [`Runtime::new`], or [`Builder::new_multi_thread`] with options |
//! | run everything on the calling thread, or pause the clock in a test | [`Builder::new_current_thread`] |
//! | use futures that are not `Send` anywhere on one thread | [`LocalRuntime`] |
//! | run a future to its end from code that is not asynchronous | [`Runtime::block_on`], [`Handle::block_on`] |
//! | spawn a task from inside of a runtime | [`heist::spawn`](crate::spawn), [`spawn_local`] for futures that are not `Send` |
//! | spawn a task from any other thread | [`Runtime::spawn`], [`Handle::spawn`] |
//! | call code that blocks | [`spawn_blocking`]; [`block_in_place`] if it borrows |
//! | give sockets and sleeps a runtime on this thread, without blocking | [`Runtime::enter`], [`Handle::enter`] |
//! | end the runtime | drop it; [`Runtime::shutdown_timeout`] to limit the wait, [`Runtime::shutdown_background`] inside of a task |
//! | see what all tasks wait for | [`Handle::dump`], on Unix `Builder::dump_on_quit` |
//! | read figures, learn of slow polls | [`Handle::metrics`], [`Builder::on_slow_poll`] |
//! | learn of stuck workers | [`Builder::on_stall`] |
//! | ask a running program all of that from outside | on Unix `Builder::console` |
//!
//! # Errors
//! [`Builder::build`] reports options out of range and resources that the system refuses. After
//! that spawning cannot fail. [`Handle::try_current`] is the form of [`Handle::current`] without a
//! panic.
//!
//! # Panics
//! [`spawn`](spawn()), [`spawn_blocking`] and [`Handle::current`] panic if called outside of a
//! runtime, [`spawn_local`] on a thread that is no worker's. `block_on` panics on a thread that
//! runs tasks: await there, or block inside of [`block_in_place`].
//!
//! A thread is in a runtime inside of a task, inside of `block_on`, and while an [`EnterGuard`]
//! lives. A call that returns a future is made when the future is first polled: the future may be
//! created anywhere.
//!
//! # Cancel safety
//! A task continues if its [`JoinHandle`](crate::task::JoinHandle) is dropped. The end of the
//! runtime cancels all tasks: each future is dropped at the `.await` where it waits.
//!
//! # Limits
//! io_uring needs Linux 5.11; elsewhere, and where io_uring is refused, the I/O goes through
//! readiness polling. [`Builder::driver`] and the variable `HEIST_DRIVER` choose,
//! [`Runtime::driver_name`] reports the choice. A forked child builds a runtime of its own: see
//! [`Runtime`].
// `DESIGN.md` of this room explains how it works. Files in the order to read them: `builder.rs`,
// `threads.rs`, `reports.rs`, `options.rs` and `slow_poll.rs`, `start.rs`, `quit_dumps.rs`,
// `owner.rs` (the runtime itself), `handle.rs`, `identity.rs`, `spawn.rs`, `task_builder.rs` and
// `weight.rs` (where large futures are boxed), `current_thread.rs`, `shutdown.rs`, `metrics/`,
// `dump/`, `console/`, `local_runtime.rs`, `join_set/`, `local_set.rs`, `hyper.rs`, `facade.rs`.

mod builder;
#[cfg(all(unix, feature = "console"))]
mod console;
mod current_thread;
mod dump;
#[doc(hidden)]
pub mod facade;
mod handle;
#[cfg(feature = "hyper")]
pub(crate) mod hyper;
mod identity;
pub(crate) mod join_set;
mod local_runtime;
mod local_set;
mod metrics;
mod options;
mod owner;
#[cfg(unix)]
mod quit_dumps;
mod reports;
mod shutdown;
mod slow_poll;
mod spawn;
mod start;
pub(crate) mod task_builder;
mod threads;
mod weight;

pub use crate::task::activity::TaskActivity;
pub use crate::task::stats::TaskStats;
pub use crate::task::wait_reason::WaitReason;
pub use builder::{Builder, DriverKind, UnknownDriverKind};
pub use dump::{Dump, TaskDump, TaskKind};
pub use handle::{EnterGuard, Handle, TryCurrentError};
pub use identity::{Id, RuntimeFlavor, is_rt_shutdown_err, worker_index};
pub use local_runtime::{LocalOptions, LocalRuntime};
pub use metrics::RuntimeMetrics;
pub use options::Stall;
pub use owner::Runtime;
pub use slow_poll::SlowPoll;
pub use spawn::{block_in_place, spawn, spawn_blocking, spawn_local};
