//! What the crate `tokio` asks of a runtime, and no other code: where tokio panics although heist
//! could go on.

use super::builder::Builder;
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

/// Makes `builder` build runtimes that let their threads use `allowed`.
pub fn allow(builder: &mut Builder, allowed: Allowed) {
    builder.allowed = allowed;
}
