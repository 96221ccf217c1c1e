//! Spawning, and the queue to which a task goes that was spawned or woken.

use std::any::Any;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

use crate::blocking::{Host, Pool};
use crate::scheduler::current;
use crate::scheduler::handle::SchedulerHandle;
use crate::scheduler::local::Local;
use crate::scheduler::shared::SharedScheduler;
use crate::task::{Cause, Header, Id, JoinHandle, Runnable, Schedule};

/// Spawns a task through `handle`. On a worker's thread [`Local::spawn`] is cheaper.
#[inline]
pub(crate) fn spawn<F>(
    handle: &Arc<SchedulerHandle>,
    future: F,
    id: Id,
    location: &'static Location<'static>,
) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let shared = handle.shared();
    crate::primitive::note_count(handle);
    let (runnable, join) = shared.owned.bind(future, handle.clone(), id, location);
    if let Some(runnable) = runnable {
        shared.schedule(runnable, Cause::Spawned);
    }
    join
}

impl Local {
    /// Spawns a task on this worker, without a look for the worker. The task holds the worker's own
    /// handle, because no other worker touches its reference count.
    #[inline]
    pub(crate) fn spawn<F>(
        &self,
        future: F,
        id: Id,
        location: &'static Location<'static>,
    ) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        crate::primitive::note_count(self.handle());
        let (runnable, join) = self.shared().owned.bind(future, self.handle().clone(), id, location);
        if let Some(runnable) = runnable {
            self.schedule(runnable, Cause::Spawned);
        }
        join
    }
}

impl SharedScheduler {
    /// Queues a task that was spawned or woken on this thread. One function for all callers: the
    /// closure with the worker's part is inlined only where it stands once.
    #[inline(never)]
    fn schedule(&self, task: Runnable, cause: Cause) {
        current::with_worker(|local| match local {
            Some(local) if local.belongs_to(self) => local.schedule(task, cause),
            _ => self.inject(task),
        });
    }
}

impl Schedule for Arc<SchedulerHandle> {
    fn schedule(&self, task: Runnable, cause: Cause) {
        self.shared().schedule(task, cause);
    }

    fn release(&self, task: &Header) {
        let shared = self.shared();
        // The complete task gives up its handle.
        crate::primitive::note_count(self);
        shared.owned.remove(task);
        shared.notify_if_empty(&shared.owned);
    }
}

impl Host for SchedulerHandle {
    fn run_blocking(self: Arc<Self>, task: Runnable) {
        let handle = self.clone();
        let reference = task.to_reference();
        let job = move || {
            let _inside = current::enter(&handle);
            task.run();
        };
        self.shared().blocking().run_task(Box::new(job), reference);
    }

    fn pool(&self) -> &Pool {
        self.shared().blocking()
    }

    fn call_inside(self: Arc<Self>, call: &mut dyn FnMut()) {
        let _inside = current::enter(&self);
        call();
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}
