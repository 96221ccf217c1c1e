//! The injector: the queue of tasks that come from outside of the workers. Each worker has another
//! one for the tasks that did not fit into its ring.

use std::collections::VecDeque;

use crate::primitive::atomic::{AtomicUsize, Ordering};
use crate::primitive::sync::Mutex;
use crate::queue::deque::Owner;

pub(crate) struct Injector<T> {
    /// The length of `waiting`, readable without the lock.
    len: AtomicUsize,
    waiting: Mutex<VecDeque<T>>,
}

impl<T: Send> Injector<T> {
    pub(crate) fn new() -> Self {
        Injector { len: AtomicUsize::new(0), waiting: Mutex::new(VecDeque::new()) }
    }

    /// Returns how many values seem to wait: [len-hint].
    #[inline]
    pub(crate) fn len(&self) -> usize {
        // Ordering: Relaxed is enough for a hint, [len-hint]. A caller that must not miss an item
        // fences first.
        self.len.load(Ordering::Relaxed)
    }

    #[inline(never)] // A worker's push of a task, which calls this rarely, must stay small.
    pub(crate) fn push(&self, value: T) {
        let mut waiting = self.waiting.lock();
        waiting.push_back(value);
        // Ordering: Relaxed, [len-hint]: the lock orders the values; the idle protocol fences after
        // a push.
        self.len.store(waiting.len(), Ordering::Relaxed);
    }

    #[inline(never)] // As `push`.
    pub(crate) fn push_batch(&self, values: impl IntoIterator<Item = T>) {
        let mut waiting = self.waiting.lock();
        waiting.extend(values);
        // Ordering: as in `push`, [len-hint].
        self.len.store(waiting.len(), Ordering::Relaxed);
    }

    pub(crate) fn pop(&self) -> Option<T> {
        if self.len() == 0 {
            return None;
        }
        let mut waiting = self.waiting.lock();
        let value = waiting.pop_front();
        // Ordering: as in `push`, [len-hint].
        self.len.store(waiting.len(), Ordering::Relaxed);
        value
    }

    /// Moves values into `into`: as many as fit into half of its room, and at least one if there is
    /// any. The other half is left for values that come from elsewhere.
    pub(crate) fn refill(&self, into: &Owner<T>) {
        if self.len() == 0 {
            return;
        }
        let mut waiting = self.waiting.lock();
        let count = waiting.len().min(into.room().div_ceil(2));
        into.push_batch(&mut waiting.drain(..count));
        // Ordering: as in `push`, [len-hint].
        self.len.store(waiting.len(), Ordering::Relaxed);
    }

    /// Takes one value to be run at once, and moves a fair share of the rest into `into`: one `nth`
    /// of the waiting values, at most half a ring.
    pub(crate) fn pop_share(&self, into: &Owner<T>, nth: usize) -> Option<T> {
        if self.len() == 0 {
            return None;
        }
        let room = into.room().min(crate::queue::deque::CAPACITY / 2);
        let mut waiting = self.waiting.lock();
        let first = waiting.pop_front();
        let share = waiting.len().div_ceil(nth.max(1)).min(room);
        into.push_batch(&mut waiting.drain(..share));
        // Ordering: as in `push`, [len-hint].
        self.len.store(waiting.len(), Ordering::Relaxed);
        first
    }
}
