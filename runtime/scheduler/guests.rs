//! Things that want to run something before a runtime cancels its tasks.

use std::sync::Weak;

use futures_task::FutureObj;

use crate::primitive::sync::Mutex;

/// Something that lives on a runtime without being a task of it.
pub(crate) trait Guest: Send + Sync {
    /// The runtime ends: what is to run before the tasks are cancelled, if anything.
    fn leave(&self) -> Option<FutureObj<'static, ()>>;
}

/// The guests of a runtime. It does not keep them alive.
pub(crate) struct Guests {
    list: Mutex<Vec<Weak<dyn Guest>>>,
}

impl Guests {
    pub(crate) fn new() -> Guests {
        Guests { list: Mutex::new(Vec::new()) }
    }

    /// Adds a guest. The places of those that are gone are used again before the list grows.
    pub(crate) fn add(&self, guest: Weak<dyn Guest>) {
        let mut list = self.list.lock();
        if list.len() == list.capacity() {
            list.retain(|guest| guest.strong_count() > 0);
        }
        list.push(guest);
    }

    /// Asks every guest to leave. They run outside the lock, and may be more by then.
    pub(crate) fn leave(&self) -> Vec<FutureObj<'static, ()>> {
        let list = std::mem::take(&mut *self.list.lock());
        list.iter().filter_map(Weak::upgrade).filter_map(|guest| guest.leave()).collect()
    }
}
