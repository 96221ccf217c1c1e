//! A worker on its way to another thread.

use std::sync::Arc;

use crate::primitive::sync::Mutex;
use crate::queue::deque::Owner;
use crate::task::Runnable;

/// A worker on its way to another thread. The thread that takes its queue runs it: [handed-once].
pub(super) struct HandOver<T = Runnable> {
    pub(super) index: usize,
    queue: Mutex<Option<Owner<T>>>,
}

impl<T> HandOver<T> {
    pub(super) fn new(index: usize, queue: Owner<T>) -> Arc<HandOver<T>> {
        Arc::new(HandOver { index, queue: Mutex::new(Some(queue)) })
    }

    pub(super) fn take(&self) -> Option<Owner<T>> {
        self.queue.lock().take()
    }
}
