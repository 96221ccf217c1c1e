//! How bytes are read and written, and how they reach the disk.

use std::ffi::c_int;

use super::FileSystem;
use super::content::{Content, LEN_MAX};
use super::inode::{Attributes, Device, FileBody, InodeId, Times, Unsynced};

/// When so many bytes are not on the disk, the system writes those of the file that is written.
const UNSYNCED_BYTES_MAX: usize = 64 << 20;

impl FileSystem {
    pub(super) fn content(&self, id: InodeId) -> Result<&Content, c_int> {
        match &self.inode(id).cache.body {
            FileBody::File(content) => Ok(content),
            FileBody::Directory(_) => Err(libc::EISDIR),
            FileBody::Symlink(_) | FileBody::Device(_) => Err(libc::EINVAL),
        }
    }

    fn content_mut(&mut self, id: InodeId) -> Result<&mut Content, c_int> {
        match &mut self.inode_mut(id).cache.body {
            FileBody::File(content) => Ok(content),
            FileBody::Directory(_) => Err(libc::EISDIR),
            FileBody::Symlink(_) | FileBody::Device(_) => Err(libc::EINVAL),
        }
    }

    pub(super) fn device(&self, id: InodeId) -> Option<Device> {
        match &self.inode(id).cache.body {
            FileBody::Device(device) => Some(*device),
            _ => None,
        }
    }

    pub(super) fn read(&mut self, id: InodeId, at: u64, count: usize) -> Result<Vec<u8>, c_int> {
        let bytes = self.content(id)?.read(at, count);
        self.inode_mut(id).cache.times.accessed = self.now;
        Ok(bytes)
    }

    /// Writes as many of the bytes as there is room for.
    pub(super) fn write(&mut self, id: InodeId, at: u64, bytes: &[u8]) -> Result<usize, c_int> {
        self.check_writable()?;
        self.content(id)?;
        if bytes.is_empty() {
            return Ok(0);
        }
        let count = bytes.len().min(usize::try_from(LEN_MAX.saturating_sub(at)).unwrap_or(usize::MAX));
        if count == 0 {
            return Err(libc::EFBIG);
        }
        let count = self.bytes_with_room(id, at, count)?;
        let bytes = &bytes[..count];
        self.content_mut(id)?.write(at, bytes);
        self.touch(id);
        self.inode_mut(id).unsynced.push(Unsynced::Write { at, bytes: bytes.to_vec() });
        self.unsynced_bytes += count;
        if self.unsynced_bytes > UNSYNCED_BYTES_MAX {
            self.sync_data(id);
        }
        Ok(count)
    }

    /// Cuts a file, or adds zeros.
    pub(crate) fn set_len(&mut self, id: InodeId, len: u64) -> Result<(), c_int> {
        self.check_writable()?;
        if len > LEN_MAX {
            return Err(libc::EFBIG);
        }
        self.content_mut(id)?.set_len(len);
        self.touch(id);
        let number = self.next_number();
        self.inode_mut(id).unsynced.push(Unsynced::SetLen { number, len });
        Ok(())
    }

    /// The bytes have changed now.
    fn touch(&mut self, id: InodeId) {
        let now = self.now;
        let times = &mut self.inode_mut(id).cache.times;
        (times.modified, times.changed) = (now, now);
    }

    pub(crate) fn attributes(&self, id: InodeId) -> Attributes {
        let mut attributes = self.inode(id).attributes(id);
        if let Ok(directory) = self.directory(id) {
            let is_directory = |child: &&InodeId| self.directory(**child).is_ok();
            let below = directory.entries.values().filter(is_directory).count();
            // Its own `.`, and the `..` of each below.
            attributes.links_count += attributes.links_count.min(1) + below as u32;
        }
        attributes
    }

    pub(crate) fn set_mode(&mut self, id: InodeId, mode: u32) -> Result<(), c_int> {
        self.check_writable()?;
        let (number, now, mode) = (self.next_number(), self.now, mode & 0o7777);
        let inode = self.inode_mut(id);
        inode.cache.mode = mode;
        inode.cache.times.changed = now;
        inode.unsynced.push(Unsynced::SetMode { number, mode });
        Ok(())
    }

    /// Sets when it was read and written last; `None` leaves a time as it is.
    pub(crate) fn set_times(
        &mut self,
        id: InodeId,
        accessed: Option<u64>,
        modified: Option<u64>,
    ) -> Result<(), c_int> {
        self.check_writable()?;
        let (number, changed) = (self.next_number(), self.now);
        let inode = self.inode_mut(id);
        let former = inode.cache.times;
        let times = Times {
            accessed: accessed.unwrap_or(former.accessed),
            modified: modified.unwrap_or(former.modified),
            changed,
            created: former.created,
        };
        inode.cache.times = times;
        inode.unsynced.push(Unsynced::SetTimes { number, times });
        Ok(())
    }

    /// `fsync`: what an inode has is on the disk then. Of a directory those are its names. The name
    /// of a file is not: whether a crash leaves it depends on the journal.
    pub(super) fn sync_all(&mut self, id: InodeId) {
        self.sync_data(id);
        self.commit_directory(id);
        let inode = self.inode_mut(id);
        inode.unsynced.clear();
        (inode.disk.mode, inode.disk.times) = (inode.cache.mode, inode.cache.times);
    }

    /// `fdatasync`: the bytes and the length.
    pub(super) fn sync_data(&mut self, id: InodeId) {
        let inode = self.inode_mut(id);
        let (data, rest) = std::mem::take(&mut inode.unsynced)
            .into_iter()
            .partition(|change| matches!(change, Unsynced::Write { .. } | Unsynced::SetLen { .. }));
        inode.unsynced = rest;
        let (FileBody::File(cache), FileBody::File(disk)) = (&inode.cache.body, &mut inode.disk.body) else {
            return;
        };
        let data: Vec<Unsynced> = data;
        for change in &data {
            match change {
                Unsynced::Write { at, bytes } => disk.copy_from(cache, *at..*at + bytes.len() as u64),
                Unsynced::SetLen { len, .. } => disk.set_len(*len),
                Unsynced::SetMode { .. } | Unsynced::SetTimes { .. } => {}
            }
        }
        self.unsynced_bytes -= data.iter().map(Unsynced::bytes_count).sum::<usize>();
    }

    /// A sync that failed: what was to be written counts as written, as on Linux.
    pub(super) fn lose_unsynced(&mut self, id: InodeId) {
        let lost = std::mem::take(&mut self.inode_mut(id).unsynced);
        self.unsynced_bytes -= lost.iter().map(Unsynced::bytes_count).sum::<usize>();
    }

    /// `sync`, and what a host does that is shut down.
    pub(crate) fn sync_everything(&mut self) {
        self.commit(self.numbers_count);
        let ids: Vec<InodeId> = self.inodes.keys().copied().collect();
        ids.into_iter().for_each(|id| self.sync_all(id));
    }
}

impl Unsynced {
    pub(super) fn bytes_count(&self) -> usize {
        match self {
            Unsynced::Write { bytes, .. } => bytes.len(),
            _ => 0,
        }
    }
}
