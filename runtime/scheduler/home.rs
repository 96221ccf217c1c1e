//! The reference to its scheduler that a task holds.

use std::any::Any;
use std::sync::Arc;

use crate::blocking::Host;
use crate::scheduler::{Shared, current};
use crate::task::{Cause, Header, Runnable, Schedule};

/// The reference to its scheduler that a task holds. Every worker has a home of its own, so that
/// spawning changes a reference count on a cache line that other workers leave alone.
#[repr(align(128))]
pub(crate) struct Home {
    shared: Arc<Shared>,
}

impl Home {
    pub(crate) fn new(shared: Arc<Shared>) -> Arc<Home> {
        Arc::new(Home { shared })
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

impl Schedule for Arc<Home> {
    fn schedule(&self, task: Runnable, cause: Cause) {
        self.shared.schedule(task, cause);
    }

    fn release(&self, task: &Header) {
        self.shared.owned.remove(task);
        self.shared.tell_if_empty(&self.shared.owned);
    }
}

impl Host for Home {
    fn run_blocking(self: Arc<Self>, task: Runnable) {
        let home = self.clone();
        self.shared.blocking().run(Box::new(move || {
            let _inside = current::enter(&home);
            task.run();
        }));
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}
