//! The reference to its scheduler that a task holds.

use std::sync::Arc;

use crate::scheduler::shared::SharedScheduler;

/// The reference to its scheduler that a task holds. Every worker has a handle of its own, so that
/// spawning changes a reference count on a cache line that other workers leave alone.
#[repr(align(128))]
pub(crate) struct SchedulerHandle {
    shared: Arc<SharedScheduler>,
}

impl SchedulerHandle {
    pub(crate) fn new(shared: Arc<SharedScheduler>) -> Arc<SchedulerHandle> {
        Arc::new(SchedulerHandle { shared })
    }

    pub(crate) fn shared(&self) -> &Arc<SharedScheduler> {
        &self.shared
    }
}
