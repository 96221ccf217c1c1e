//! The runtime's buffers to receive into, while no program holds them.

use std::io;
use std::sync::Arc;

use crossbeam::utils::CachePadded;

use super::PooledBuf;
use super::shelf::Shelf;

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

#[cfg(test)]
impl RecvPool {
    /// Returns how many buffers are on the shelf `index`.
    pub(super) fn idle_count(&self, index: usize) -> usize {
        self.shelves[index].idle_count()
    }
}
