//! The injector: the queue of tasks that come from outside of the workers. Each worker has another
//! one for the tasks that did not fit into its ring.

use std::collections::VecDeque;

use crate::primitive::atomic::{AtomicU64, AtomicUsize, Ordering};
use crate::primitive::sync::Mutex;
use crate::queue::deque::Owner;

/// An empty queue with more room than this, in values, frees its memory, which only a burst can
/// have needed. To grow again costs about a nanosecond for each value of the next burst.
const KEPT_CAPACITY: usize = 1024;

pub(crate) struct Injector<T> {
    /// The length of `waiting`, readable without the lock.
    len: AtomicUsize,
    waiting: Mutex<VecDeque<T>>,
    /// How many values came by `push_from_outside`: a figure for users.
    outsiders_count: AtomicU64,
}

impl<T: Send> Injector<T> {
    pub(crate) fn new() -> Self {
        Injector {
            len: AtomicUsize::new(0),
            waiting: Mutex::new(VecDeque::new()),
            outsiders_count: AtomicU64::new(0),
        }
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
        self.append(&mut self.waiting.lock(), value);
    }

    /// As `push`, for a value from a thread that is no worker. It is counted.
    pub(crate) fn push_from_outside(&self, value: T) {
        let mut waiting = self.waiting.lock();
        self.append(&mut waiting, value);
        // Ordering: Relaxed, both: a figure that publishes nothing. The lock admits one writer.
        let before = self.outsiders_count.load(Ordering::Relaxed);
        self.outsiders_count.store(before.wrapping_add(1), Ordering::Relaxed);
    }

    /// Returns how many values came by `push_from_outside`.
    pub(crate) fn outsiders_count(&self) -> u64 {
        // Ordering: Relaxed, as in `push_from_outside`.
        self.outsiders_count.load(Ordering::Relaxed)
    }

    #[inline]
    fn append(&self, waiting: &mut VecDeque<T>, value: T) {
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
        give_back(&mut waiting);
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
        give_back(&mut waiting);
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
        give_back(&mut waiting);
        // Ordering: as in `push`, [len-hint].
        self.len.store(waiting.len(), Ordering::Relaxed);
        first
    }
}

/// Frees the memory that a burst has left.
#[inline]
fn give_back<T>(waiting: &mut VecDeque<T>) {
    if waiting.is_empty() && waiting.capacity() > KEPT_CAPACITY {
        *waiting = VecDeque::new();
    }
}

#[cfg(all(test, not(any(rt_loom, rt_shuttle))))]
mod tests {
    use super::{Injector, KEPT_CAPACITY};

    #[test]
    fn a_queue_that_a_burst_has_left_keeps_no_memory() {
        let queue = Injector::new();
        queue.push_batch(0..=KEPT_CAPACITY);
        while queue.pop().is_some() {}
        assert_eq!(queue.waiting.lock().capacity(), 0);
        queue.push(0);
        assert_eq!(queue.pop(), Some(0));
        assert!(queue.waiting.lock().capacity() > 0, "a queue of the usual length keeps its memory");
    }
}
