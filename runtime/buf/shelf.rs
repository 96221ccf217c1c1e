//! The idle buffers of one worker.

use crate::primitive::sync::Mutex;

/// Idle buffers of one length. The last one that came back is taken first, because it is still
/// in the cache.
#[derive(Debug)]
pub(super) struct Shelf {
    /// The length of a buffer, in bytes.
    pub(super) len: usize,
    kept_count_max: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug)]
struct Kept {
    idle: Vec<Vec<u8>>,
    is_closed: bool,
}

impl Shelf {
    pub(super) fn new(len: usize, kept_count_max: usize) -> Shelf {
        Shelf { len, kept_count_max, kept: Mutex::new(Kept { idle: Vec::new(), is_closed: false }) }
    }

    pub(super) fn pop(&self) -> Option<Vec<u8>> {
        self.kept.lock().idle.pop()
    }

    /// Returns a buffer to the shelf, from any thread [shelf-or-freed].
    pub(super) fn put_back(&self, mut bytes: Vec<u8>) {
        bytes.clear();
        let mut kept = self.kept.lock();
        if !kept.is_closed && kept.idle.len() < self.kept_count_max {
            kept.idle.push(bytes);
            return;
        }
        // The buffer is freed after the lock is released, because the allocator may be slow.
        drop(kept);
    }

    pub(super) fn close(&self) {
        let mut kept = self.kept.lock();
        kept.is_closed = true;
        let idle = std::mem::take(&mut kept.idle);
        drop(kept);
        drop(idle);
    }

    #[cfg(test)]
    pub(super) fn idle_count(&self) -> usize {
        self.kept.lock().idle.len()
    }
}
