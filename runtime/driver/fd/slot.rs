//! Where a driver finds its watcher.

use std::any::Any;
use std::sync::{Arc, Weak};

use crate::primitive::sync::Mutex;

/// The watcher belongs to those who use it, and not to the driver, because it holds a registration,
/// which holds the driver. The driver does not know its type either, because the watcher stands
/// above it.
#[derive(Debug)]
pub(in crate::driver) struct FdWatcherSlot(Mutex<Weak<dyn Any + Send + Sync>>);

impl FdWatcherSlot {
    pub(in crate::driver) fn new() -> FdWatcherSlot {
        FdWatcherSlot(Mutex::new(Weak::<()>::new()))
    }

    /// The value that is there, or a new one. Also returns whether it is new.
    pub(super) fn get<W: Any + Send + Sync, E>(
        &self,
        make: impl FnOnce() -> Result<Arc<W>, E>,
    ) -> Result<(Arc<W>, bool), E> {
        let mut slot = self.0.lock();
        if let Some(watcher) = slot.upgrade().and_then(|watcher| watcher.downcast().ok()) {
            return Ok((watcher, false));
        }
        let watcher = make()?;
        *slot = Arc::<W>::downgrade(&watcher);
        Ok((watcher, true))
    }
}
