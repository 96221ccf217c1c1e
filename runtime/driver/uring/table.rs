//! Which memory is registered with one ring: the kernel's table of buffers, as we know it.
//!
//! A pool's memory takes one place, for all its buffers. It is registered when the first of them comes with an operation, and
//! the place is emptied when the pool and all its buffers are gone, so after the last operation with one of them. Until
//! then the table has a share of the memory [registered-is-held]: the kernel keeps the pages, whatever becomes of the address,
//! and an operation with memory that is somebody else's by then would move the bytes of those pages instead.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use crate::buf::FixedMemory;
use crate::driver::file::{Code, Region};

use super::ring::Ring;

/// So many pools at once. The kernel takes 8 bytes for each.
pub(super) const PLACES_COUNT: u16 = 64;

#[derive(Debug)]
pub(super) struct Table {
    /// By place. Behind the last that the kernel has are those that were refused for it.
    entries: Vec<Option<Entry>>,
    /// The kernel has made room for them.
    is_made: bool,
}

#[derive(Debug)]
struct Entry {
    memory: Arc<FixedMemory>,
    addresses: Range<usize>,
    /// Or it was refused, and is not tried again.
    is_registered: bool,
}

impl Table {
    pub(super) const fn new() -> Table {
        Table { entries: Vec::new(), is_made: false }
    }

    /// The place of the memory that the region is in; registers it if nobody has. None: the operation does without.
    ///
    /// The address tells whose it is: what is in the table belongs to nobody else.
    pub(super) fn place_of(
        &mut self,
        ring: &Ring,
        region: Region,
        memory: impl FnOnce() -> Option<Arc<FixedMemory>>,
    ) -> Option<u16> {
        if let Some(place) = self.find(region) {
            return place;
        }
        let memory = memory()?;
        self.admit(ring, memory);
        self.find(region).flatten()
    }

    /// None within: it was refused.
    fn find(&self, region: Region) -> Option<Option<u16>> {
        let begin = region.start.addr();
        let end = begin + region.len as usize;
        let mut entries = self.entries.iter().enumerate();
        entries.find_map(|(place, entry)| {
            let entry = entry.as_ref()?;
            let is_within = entry.addresses.start <= begin && end <= entry.addresses.end;
            is_within.then(|| entry.is_registered.then_some(place as u16))
        })
    }

    fn admit(&mut self, ring: &Ring, memory: Arc<FixedMemory>) {
        if self.entries.iter().flatten().any(|entry| Arc::ptr_eq(&entry.memory, &memory)) {
            return;
        }
        let place = self.entries.iter().position(Option::is_none).unwrap_or_else(|| {
            self.entries.push(None);
            self.entries.len() - 1
        });
        let outcome = self.register(ring, place as u32, &memory);
        match &outcome {
            Ok(()) => memory.change_rings_count(1),
            Err(error) => memory.refuse(&explained(error)),
        }
        let addresses = memory.addresses();
        self.entries[place] = Some(Entry { memory, addresses, is_registered: outcome.is_ok() });
    }

    fn register(&mut self, ring: &Ring, place: u32, memory: &FixedMemory) -> io::Result<()> {
        if place >= u32::from(PLACES_COUNT) {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        if ![Code::ReadFixed, Code::WriteFixed].into_iter().all(|code| ring.offered().has(code)) {
            return Err(io::ErrorKind::Unsupported.into());
        }
        if !self.is_made {
            ring.make_table(u32::from(PLACES_COUNT))?;
            self.is_made = true;
        }
        ring.register(place, memory)
    }

    /// Nobody has a buffer of this memory any more: the ring lets it go.
    pub(super) fn forget(&mut self, ring: &Ring, memory: &Arc<FixedMemory>) {
        let mut entries = self.entries.iter_mut().enumerate();
        let found =
            entries.find(|(_, entry)| entry.as_ref().is_some_and(|entry| Arc::ptr_eq(&entry.memory, memory)));
        if let Some((place, entry)) = found {
            Table::empty(ring, place as u32, entry);
        }
    }

    /// Nothing is started any more.
    pub(super) fn clear(&mut self, ring: &Ring) {
        for (place, entry) in self.entries.iter_mut().enumerate() {
            Table::empty(ring, place as u32, entry);
        }
    }

    #[cfg(test)]
    pub(in crate::driver) fn taken_count(&self) -> usize {
        self.entries.iter().flatten().count()
    }

    fn empty(ring: &Ring, place: u32, slot: &mut Option<Entry>) {
        if let Some(entry) = slot.as_ref().filter(|entry| entry.is_registered) {
            if ring.unregister(place).is_err() {
                // The kernel keeps it, and so do we: until the ring is gone.
                return;
            }
            entry.memory.change_rings_count(-1);
        }
        *slot = None;
    }
}

/// What the kernel said, and what to do about it.
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
