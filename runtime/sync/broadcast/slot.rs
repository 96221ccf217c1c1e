//! A place for one value, which all receivers read.

use crate::primitive::atomic::{AtomicU64, Ordering};
use crate::primitive::sync::{Mutex, MutexGuard};

/// What no value has as its position.
const NOWHERE: u64 = u64::MAX;

pub(super) struct ValueSlot<T> {
    /// The position of the value. Changes under the lock only.
    position: AtomicU64,
    content: Mutex<SlotContent<T>>,
}

struct SlotContent<T> {
    /// Receivers that have not received the value.
    readers_count: usize,
    value: Option<T>,
}

/// A receiver that reads the value. It is counted also if the copy panics. The fields are dropped
/// in this order: the last reader drops the value without the lock.
struct Reader<'a, T> {
    content: MutexGuard<'a, SlotContent<T>>,
    received_by_all: Option<T>,
}

impl<T> Drop for Reader<'_, T> {
    fn drop(&mut self) {
        self.content.readers_count -= 1;
        if self.content.readers_count == 0 {
            self.received_by_all = self.content.value.take();
        }
    }
}

impl<T> ValueSlot<T> {
    pub(super) fn new() -> ValueSlot<T> {
        let content = SlotContent { readers_count: 0, value: None };
        ValueSlot { position: AtomicU64::new(NOWHERE), content: Mutex::new(content) }
    }

    /// Whether the value of this position is here, as far as can be seen without the lock.
    #[inline]
    pub(super) fn is_at(&self, position: u64) -> bool {
        // Ordering: Relaxed: a hint; `read` looks again under the lock, which orders the value.
        self.position.load(Ordering::Relaxed) == position
    }

    /// Puts a value there for so many receivers. Returns the one that was overwritten, to be
    /// dropped without a lock.
    pub(super) fn write(&self, position: u64, value: T, readers_count: usize) -> Option<T> {
        let mut content = self.content.lock();
        content.readers_count = readers_count;
        // Ordering: Relaxed: the lock is held, and orders it for all who rely on it.
        self.position.store(position, Ordering::Relaxed);
        content.value.replace(value)
    }

    /// Returns what `copy` makes of the value of this position, and counts one reader less. None if
    /// it is not there any more.
    #[inline]
    pub(super) fn read<R>(&self, position: u64, copy: impl FnOnce(&T) -> R) -> Option<R> {
        let content = self.content.lock();
        if !self.is_at(position) {
            return None;
        }
        let reader = Reader { content, received_by_all: None };
        reader.content.value.as_ref().map(copy)
    }

    /// How many receivers have not received the value.
    pub(super) fn readers_count(&self) -> usize {
        self.content.lock().readers_count
    }
}
