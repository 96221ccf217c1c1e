//! The runtime's buffers to receive into, while no program holds them.

use std::io;
use std::sync::Arc;

use crossbeam::utils::CachePadded;

use super::PooledBuf;
use crate::primitive::sync::Mutex;

/// Idle buffers of one length on several shelves, so that workers do not wait for each other.
#[derive(Debug)]
pub(crate) struct RecvPool {
    shelves: Box<[Arc<CachePadded<Shelf>>]>,
}

impl RecvPool {
    /// Creates `shelves_count` shelves, each of which keeps up to `kept_count_max` buffers of `len`
    /// bytes.
    pub(crate) fn new(shelves_count: usize, len: usize, kept_count_max: usize) -> RecvPool {
        let shelf = || Arc::new(CachePadded::new(Shelf::new(len, kept_count_max)));
        RecvPool { shelves: (0..shelves_count).map(|_| shelf()).collect() }
    }

    /// Takes a buffer from the shelf `index`, or allocates one if the shelf is empty. The buffer is
    /// empty, with room for its length.
    ///
    /// # Errors
    /// `OutOfMemory` if the allocation fails.
    pub(crate) fn take(&self, index: usize) -> io::Result<PooledBuf> {
        let shelf = &self.shelves[index];
        let bytes = match shelf.pop() {
            Some(bytes) => bytes,
            None => allocated(shelf.len)?,
        };
        Ok(PooledBuf::on_shelf(shelf.clone(), bytes))
    }

    /// Called when the runtime has ended: no buffer is kept from now on [shelf-or-freed].
    pub(crate) fn close(&self) {
        for shelf in &self.shelves {
            shelf.close();
        }
    }
}

fn allocated(len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(len).map_err(|_| {
        let text = format!("no memory for a buffer of {len} bytes to receive into (recv_buffer_bytes)");
        io::Error::new(io::ErrorKind::OutOfMemory, text)
    })?;
    Ok(bytes)
}

/// The idle buffers of one worker. The last one that came back is taken first, because it is still
/// in the cache.
#[derive(Debug)]
pub(super) struct Shelf {
    len: usize,
    kept_count_max: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug)]
struct Kept {
    idle: Vec<Vec<u8>>,
    is_closed: bool,
}

impl Shelf {
    fn new(len: usize, kept_count_max: usize) -> Shelf {
        Shelf { len, kept_count_max, kept: Mutex::new(Kept { idle: Vec::new(), is_closed: false }) }
    }

    fn pop(&self) -> Option<Vec<u8>> {
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

    fn close(&self) {
        let mut kept = self.kept.lock();
        kept.is_closed = true;
        let idle = std::mem::take(&mut kept.idle);
        drop(kept);
        drop(idle);
    }

    #[cfg(test)]
    fn idle_count(&self) -> usize {
        self.kept.lock().idle.len()
    }
}

#[cfg(test)]
impl RecvPool {
    /// Returns how many buffers are on the shelf `index`.
    pub(super) fn idle_count(&self, index: usize) -> usize {
        self.shelves[index].idle_count()
    }
}
