//! What the crate `tokio` asks of a runtime, and no other code: where tokio panics although heist
//! could go on.

use std::panic::Location;

use futures_task::FutureObj;

use super::builder::Builder;
use super::handle::Handle;
use crate::driver;
use crate::scheduler::current;

pub use crate::driver::Allowed;

/// What the runtime of this thread lets it use. None outside of a runtime.
#[inline]
pub fn allowed() -> Option<Allowed> {
    driver::allowed()
}

/// Whether this thread may block: it runs no task at the moment.
pub fn may_block() -> bool {
    current::may_block()
}

/// Spawns a task that the end of the runtime waits for: it goes on when the other tasks are
/// cancelled.
#[track_caller]
pub fn spawn_to_the_end(future: impl Future<Output = ()> + Send + 'static) {
    let clean_up = FutureObj::new(Box::new(future));
    Handle::current().delay_shutdown().run(clean_up, Location::caller());
}

/// Makes `builder` build runtimes that let their threads use `allowed`.
pub fn allow(builder: &mut Builder, allowed: Allowed) {
    builder.allowed = allowed;
}
