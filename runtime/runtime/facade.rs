//! What the crate `tokio` asks of a runtime, and no other code: where tokio panics although heist
//! could go on.

use std::io;
use std::panic::Location;

use futures_task::FutureObj;

use super::builder::Builder;
use super::handle::Handle;
use crate::driver;
use crate::scheduler::current;
use crate::task::local_set;

pub use super::weight::{NotedSize, Weight, boxed_if_large};
pub use crate::driver::Allowed;
pub use crate::task::coop::poll_proceed_outer;

/// What the runtime of this thread lets it use. None outside of a runtime.
#[inline]
pub fn allowed() -> Option<Allowed> {
    driver::allowed()
}

/// The error of a runtime that has ended, if this thread has entered one.
pub fn check_open() -> io::Result<()> {
    driver::check_open()
}

/// Whether this thread may block: it runs no task at the moment.
pub fn may_block() -> bool {
    current::may_block()
}

/// Whether a local runtime or a set of local tasks takes what this thread spawns.
pub fn has_local_tasks() -> bool {
    let is_local = current::runtime().and_then(|handle| handle.shared().identity().is_local_here());
    is_local.unwrap_or(false) || local_set::is_entered()
}

/// Whether this thread polls a set of local tasks.
pub fn is_in_local_set() -> bool {
    local_set::is_polled()
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
