//! What a test makes a disk do.

use std::ffi::c_int;
use std::ops::Range;

use fastrand::Rng;

use super::FileSystem;
use super::content::PAGE_BYTES;
use super::inode::{FileBody, InodeId};

/// What fails at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum DiskCall {
    Read,
    Write,
    Sync,
}

/// What a test makes a disk do. A crash leaves it as it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    /// In bytes. `None`: as many as there are.
    pub(crate) capacity: Option<u64>,
    pub(crate) is_read_only: bool,
    /// How long an operation takes, in nanoseconds.
    pub(crate) delay: Option<Range<u64>>,
    /// What fails with `EIO`, at this path and below it.
    errors: Vec<(Vec<u8>, DiskCall)>,
}

impl Faults {
    /// From now on a call fails with `EIO`.
    pub(crate) fn add(&mut self, path: Vec<u8>, call: DiskCall) {
        self.errors.push((path, call));
    }

    /// How long the next operation takes, in nanoseconds.
    pub(crate) fn draw_delay(&self, random: &mut Rng) -> u64 {
        match &self.delay {
            Some(range) if range.start < range.end => random.u64(range.clone()),
            Some(range) => range.start,
            None => 0,
        }
    }

    fn concerns(&self, path: &[u8], call: DiskCall) -> bool {
        self.errors.iter().any(|(place, failing)| {
            let is_below = |rest: &[u8]| rest.is_empty() || rest[0] == b'/' || place.ends_with(b"/");
            *failing == call && path.strip_prefix(place.as_slice()).is_some_and(is_below)
        })
    }
}

impl FileSystem {
    /// Fails with `EIO` if a test wants that of a file that was opened under this name.
    pub(super) fn check(&self, (directory, name): &(InodeId, Vec<u8>), call: DiskCall) -> Result<(), c_int> {
        if self.faults.errors.is_empty() {
            return Ok(());
        }
        let path = match name.as_slice() {
            b"." => self.path_of(*directory),
            name => self.place(*directory, name),
        };
        match path {
            Some(path) if self.faults.concerns(&path, call) => Err(libc::EIO),
            _ => Ok(()),
        }
    }

    /// Fails with `EROFS` if nothing may be changed.
    pub(super) fn check_writable(&self) -> Result<(), c_int> {
        if self.faults.is_read_only { Err(libc::EROFS) } else { Ok(()) }
    }

    /// How many of the bytes have room on the disk. Fails with `ENOSPC` if that is none of them.
    pub(super) fn bytes_with_room(&self, id: InodeId, at: u64, len: usize) -> Result<usize, c_int> {
        let (Some(capacity), FileBody::File(content)) = (self.faults.capacity, &self.inode(id).cache.body)
        else {
            return Ok(len);
        };
        let mut free = capacity.saturating_sub(self.used()) / PAGE_BYTES;
        let (mut end, whole) = (at, at + len as u64);
        while end < whole {
            let next = whole.min((end / PAGE_BYTES + 1) * PAGE_BYTES);
            let missing = content.missing_pages(&(end..next));
            if missing > free {
                break;
            }
            (end, free) = (next, free - missing);
        }
        if end == at && len > 0 { Err(libc::ENOSPC) } else { Ok((end - at) as usize) }
    }
}
