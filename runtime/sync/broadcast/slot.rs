//! A place for one value, which all receivers read.

use crate::primitive::atomic::{AtomicU64, Ordering};
use crate::primitive::sync::Mutex;

/// What no value has as its position.
const NOWHERE: u64 = u64::MAX;

pub(super) struct Slot<T> {
    /// The position of the value. Changes under the lock only.
    position: AtomicU64,
    content: Mutex<Content<T>>,
}

struct Content<T> {
    /// Receivers that have not received the value.
    readers_count: usize,
    value: Option<T>,
}

impl<T> Slot<T> {
    pub(super) fn new() -> Slot<T> {
        let content = Content { readers_count: 0, value: None };
        Slot { position: AtomicU64::new(NOWHERE), content: Mutex::new(content) }
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

    /// Reads the value of this position, and counts one reader less. None if it is not there any
    /// more. The last reader gets the value itself, the others what `copy` returns.
    #[inline]
    pub(super) fn read<R>(&self, position: u64, copy: impl FnOnce(&T) -> R, last: fn(T) -> R) -> Option<R> {
        /// Counts the reader also if `copy` panics.
        struct Reader<'a, T>(&'a mut Content<T>);

        impl<T> Drop for Reader<'_, T> {
            fn drop(&mut self) {
                self.0.readers_count -= 1;
            }
        }

        let mut content = self.content.lock();
        if !self.is_at(position) {
            return None;
        }
        let is_last = content.readers_count == 1;
        let reader = Reader(&mut content);
        if !is_last {
            return reader.0.value.as_ref().map(copy);
        }
        let value = reader.0.value.take();
        drop(reader);
        drop(content);
        value.map(last)
    }

    /// How many receivers have not received the value.
    pub(super) fn readers_count(&self) -> usize {
        self.content.lock().readers_count
    }
}
