//! A runtime of tokio's beside ours, for libraries that need one.
//!
//! tokio finds its reactor and its timers by a thread-local. So each thread that enters a runtime
//! of ours enters this one as well. One thread of tokio's drives it, and runs what `tokio::spawn`
//! gets. It ends with the process.

use std::io;
use std::sync::OnceLock;

use tokio::runtime::{Builder, Runtime};

static RUNTIME: OnceLock<Runtime> = OnceLock::new();

/// Keeps tokio's runtime entered.
pub(super) type TokioGuard = tokio::runtime::EnterGuard<'static>;

/// Starts the runtime, unless it runs.
pub(crate) fn start() -> io::Result<()> {
    if RUNTIME.get().is_some() {
        return Ok(());
    }
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("heist-tokio")
        .enable_all()
        .build()
        .map_err(|error| io::Error::new(error.kind(), format!("tokio's runtime does not start: {error}")))?;
    if let Err(superfluous) = RUNTIME.set(runtime) {
        // Another thread was faster. Not dropped, because a task may be the caller.
        superfluous.shutdown_background();
    }
    Ok(())
}

/// Enters the runtime. `None` before it was started.
pub(super) fn enter() -> Option<TokioGuard> {
    RUNTIME.get().map(Runtime::enter)
}
