//! Spawning, and the queue to which a task goes that was spawned or woken.

use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

use crate::scheduler::current;
use crate::scheduler::handle::Home;
use crate::scheduler::shared::Shared;
use crate::task::{Cause, Header, Id, JoinHandle, Runnable, Schedule};

/// Spawns a task through `home`. A worker uses its own home, because no other worker touches its
/// reference count.
#[inline]
pub(crate) fn spawn<F>(
    home: &Arc<Home>,
    future: F,
    id: Id,
    location: &'static Location<'static>,
) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let shared = home.shared();
    let (runnable, handle) = shared.owned.bind(future, home.clone(), id, location);
    if let Some(runnable) = runnable {
        shared.schedule(runnable, Cause::Spawned);
    }
    handle
}

impl Shared {
    /// Queues a task that was spawned or woken on this thread.
    #[inline]
    fn schedule(&self, task: Runnable, cause: Cause) {
        current::with_worker(|context| match context {
            Some(context) if context.belongs_to(self) => context.schedule(task, cause),
            _ => self.inject(task),
        });
    }
}

impl Schedule for Arc<Home> {
    fn schedule(&self, task: Runnable, cause: Cause) {
        self.shared().schedule(task, cause);
    }

    fn release(&self, task: &Header) {
        let shared = self.shared();
        shared.owned.remove(task);
        shared.tell_if_empty(&shared.owned);
    }
}
