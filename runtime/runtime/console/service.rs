//! What the clients of a console ask.

use std::sync::Arc;
use std::time::Instant;

use super::slow_polls::SlowPollLog;
use crate::primitive::clock;
use crate::runtime::Handle;

/// What the clients of a console ask.
pub(super) struct ConsoleService {
    pub(super) handle: Handle,
    pub(super) slow_polls: Arc<SlowPollLog>,
    pub(super) began: Instant,
}

impl ConsoleService {
    pub(super) fn new(handle: Handle, slow_polls: Arc<SlowPollLog>) -> ConsoleService {
        ConsoleService { handle, slow_polls, began: clock::now() }
    }
}
