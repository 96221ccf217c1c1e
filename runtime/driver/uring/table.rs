//! The kernel's table of registered buffers of one ring, as this process knows it.
//!
//! The memory of a pool takes one index, for all its buffers. It is registered when the first of
//! them comes with an operation. The index is emptied when the pool and all its buffers are gone,
//! which is after the last operation with one of them. Until then the table has a reference to the
//! memory [registered-is-held]. The kernel keeps the pages whatever happens to the address, so an
//! operation on memory that has a new owner by then would access the old pages instead.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use crate::buf::FixedMemory;
use crate::driver::file::{OpKind, Region};

use super::ring::Ring;

/// The most pools at once. The kernel takes 8 bytes for each.
pub(super) const BUFFER_INDEXES_COUNT: u16 = 64;

#[derive(Debug)]
pub(super) struct Table {
    /// Sorted by index. Entries after the kernel's last index are pools that were refused for lack
    /// of room.
    entries: Vec<Option<RegisteredMemory>>,
    /// The kernel has made room for the table.
    is_made: bool,
}

#[derive(Debug)]
struct RegisteredMemory {
    memory: Arc<FixedMemory>,
    addresses: Range<usize>,
    /// False if the kernel refused it. It is not tried again then.
    is_registered: bool,
}

impl Table {
    pub(super) const fn new() -> Table {
        Table { entries: Vec::new(), is_made: false }
    }

    /// The index of the memory that contains the region. Registers the memory if that has not been
    /// done. None: the operation works without.
    ///
    /// The address identifies the memory, because memory in the table cannot belong to anybody
    /// else.
    pub(super) fn index_of(
        &mut self,
        ring: &Ring,
        region: Region,
        memory: impl FnOnce() -> Option<Arc<FixedMemory>>,
    ) -> Option<u16> {
        if let Some(buffer_index) = self.find(region) {
            return buffer_index;
        }
        let memory = memory()?;
        self.admit(ring, memory);
        self.find(region).flatten()
    }

    /// The inner None: the memory was refused.
    fn find(&self, region: Region) -> Option<Option<u16>> {
        let begin = region.start.addr();
        let end = begin + region.len as usize;
        let mut entries = self.entries.iter().enumerate();
        entries.find_map(|(buffer_index, entry)| {
            let entry = entry.as_ref()?;
            let is_within = entry.addresses.start <= begin && end <= entry.addresses.end;
            is_within.then(|| entry.is_registered.then_some(buffer_index as u16))
        })
    }

    fn admit(&mut self, ring: &Ring, memory: Arc<FixedMemory>) {
        if self.entries.iter().flatten().any(|entry| Arc::ptr_eq(&entry.memory, &memory)) {
            return;
        }
        let buffer_index = self.entries.iter().position(Option::is_none).unwrap_or_else(|| {
            self.entries.push(None);
            self.entries.len() - 1
        });
        let outcome = self.register(ring, buffer_index as u32, &memory);
        match &outcome {
            Ok(()) => memory.change_rings_count(1),
            Err(error) => memory.refuse(&explained(error)),
        }
        let (start, len) = memory.extent();
        let addresses = start.addr()..start.addr() + len;
        self.entries[buffer_index] =
            Some(RegisteredMemory { memory, addresses, is_registered: outcome.is_ok() });
    }

    fn register(&mut self, ring: &Ring, buffer_index: u32, memory: &FixedMemory) -> io::Result<()> {
        if buffer_index >= u32::from(BUFFER_INDEXES_COUNT) {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        if ![OpKind::ReadFixed, OpKind::WriteFixed].into_iter().all(|code| ring.supported().has(code)) {
            return Err(io::ErrorKind::Unsupported.into());
        }
        if !self.is_made {
            ring.make_table(u32::from(BUFFER_INDEXES_COUNT))?;
            self.is_made = true;
        }
        ring.register(buffer_index, memory)
    }

    /// No buffer of this memory exists any more: the ring releases it.
    pub(super) fn forget(&mut self, ring: &Ring, memory: &Arc<FixedMemory>) {
        let mut entries = self.entries.iter_mut().enumerate();
        let found =
            entries.find(|(_, entry)| entry.as_ref().is_some_and(|entry| Arc::ptr_eq(&entry.memory, memory)));
        if let Some((buffer_index, entry)) = found {
            Table::empty(ring, buffer_index as u32, entry);
        }
    }

    /// Empties the table, when no operation is started any more.
    pub(super) fn clear(&mut self, ring: &Ring) {
        for (buffer_index, entry) in self.entries.iter_mut().enumerate() {
            Table::empty(ring, buffer_index as u32, entry);
        }
    }

    #[cfg(test)]
    pub(in crate::driver) fn taken_count(&self) -> usize {
        self.entries.iter().flatten().count()
    }

    fn empty(ring: &Ring, buffer_index: u32, slot: &mut Option<RegisteredMemory>) {
        if let Some(entry) = slot.as_ref().filter(|entry| entry.is_registered) {
            if ring.unregister(buffer_index).is_err() {
                // The kernel keeps the memory, so the table keeps it too, until the ring is gone.
                return;
            }
            entry.memory.change_rings_count(-1);
        }
        *slot = None;
    }
}

/// The kernel's error, with what to do about it.
fn explained(error: &io::Error) -> io::Error {
    let remedy = match error.raw_os_error() {
        None if error.kind() == io::ErrorKind::QuotaExceeded => {
            "64 pools are registered already; make fewer and larger ones"
        }
        Some(libc::ENOMEM) => {
            "the limit on locked memory or the memory cgroup is too small for it on every ring; raise `ulimit -l` or \
             make the pool smaller"
        }
        Some(libc::EPERM | libc::EACCES) => "a policy forbids it; allow io_uring_register there",
        _ => "Linux 5.19 or newer is needed, and no policy that hides what it offers",
    };
    let text = format!("the ring cannot register fixed buffers ({error}), operations do without: {remedy}");
    io::Error::new(error.kind(), text)
}
