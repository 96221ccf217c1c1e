//! The disk of a host: files in a page cache, and what of them a crash leaves.
//!
//! - `content.rs`: the bytes of a file. `inode.rs`: files, directories, links, in two states.
//! - `path.rs`: how a path leads to an inode. `names.rs`: calls that change names.
//! - `journal.rs`: how changes of names reach the disk. `data.rs`: how bytes do.
//! - `crash.rs`: what is left of both. `faults.rs`: what a test makes a disk do.
//! - `handle.rs`: open files. `copies.rs`: from file to file. `locks.rs`: `flock`.
//! - `streams.rs`: directories that are read.

mod content;
mod copies;
mod crash;
mod data;
mod faults;
mod handle;
mod inode;
mod journal;
mod locks;
mod names;
mod path;
mod streams;

use std::collections::{BTreeMap, VecDeque};

use super::HostId;
pub(crate) use faults::{DiskCall, Faults};
pub(crate) use handle::{FileHandle, SeekFrom};
pub(crate) use inode::{Attributes, InodeId};
use inode::{Device, Directory, FileBody, Inode};
use journal::JournalEntry;
pub(crate) use path::PATH_BYTES_MAX;
pub(crate) use streams::{StreamEntry, Streams};

/// The permissions of what a program makes are these at most: its `umask` is `022`.
const MODE_MASK: u32 = 0o7755;

/// The disk of a host.
pub(crate) struct FileSystem {
    inodes: BTreeMap<InodeId, Inode>,
    ids_count: u64,
    journal: VecDeque<JournalEntry>,
    /// The number of the last change of all, and of the last that is on the disk.
    numbers_count: u64,
    committed: u64,
    /// How many bytes were written and not synced.
    unsynced_bytes: usize,
    /// The directory that a program begins in, and the one that it is in.
    start: Vec<u8>,
    current: InodeId,
    pub(crate) faults: Faults,
    /// What the calendar shows, in nanoseconds since 1970. Set before each call.
    pub(crate) now: u64,
}

impl FileSystem {
    pub(super) const ROOT: InodeId = InodeId(1);

    /// A disk with directories for temporary files, devices, and the directory that programs begin
    /// in.
    pub(crate) fn new(start: &[u8], now: u64) -> FileSystem {
        let directory = Directory { parent: Self::ROOT, entries: BTreeMap::new() };
        let mut root = Inode::new(FileBody::Directory(directory), 0o755, now);
        (root.cache.links_count, root.disk.links_count) = (1, 1);
        let mut disk = FileSystem {
            inodes: BTreeMap::from([(Self::ROOT, root)]),
            ids_count: Self::ROOT.0,
            journal: VecDeque::new(),
            numbers_count: 0,
            committed: 0,
            unsynced_bytes: 0,
            start: start.to_vec(),
            current: Self::ROOT,
            faults: Faults::default(),
            now,
        };
        disk.make_directories(b"/tmp");
        disk.make_directories(b"/dev");
        let devices = [
            (b"/dev/null".as_slice(), Device::Null),
            (b"/dev/zero", Device::Zero),
            (b"/dev/random", Device::Random),
            (b"/dev/urandom", Device::Random),
        ];
        for (path, device) in devices {
            disk.make_device(path, device);
        }
        disk.make_directories(start);
        disk.make_directories(std::env::temp_dir().as_os_str().as_encoded_bytes());
        disk.commit(disk.numbers_count);
        disk.begin();
        disk
    }

    /// A program begins in its directory.
    fn begin(&mut self) {
        self.current = self.find(Self::ROOT, &self.start, true).unwrap_or(Self::ROOT);
        self.retain(self.current);
    }

    /// The process has ended, and the next one begins in the same directory.
    fn begin_again(&mut self) {
        self.release(self.current);
        self.begin();
    }

    /// Makes a directory and those above it, as far as they are not there.
    pub(crate) fn make_directories(&mut self, path: &[u8]) {
        for (place, _) in path.iter().enumerate().skip(1).filter(|(_, byte)| **byte == b'/') {
            // It may be there.
            let _ = self.make_directory(Self::ROOT, &path[..place], 0o755);
        }
        let _ = self.make_directory(Self::ROOT, path, 0o755);
    }

    fn inode(&self, id: InodeId) -> &Inode {
        &self.inodes[&id]
    }

    fn inode_mut(&mut self, id: InodeId) -> &mut Inode {
        self.inodes.get_mut(&id).expect("who has its id keeps it")
    }

    /// The directory that paths without `/` begin at.
    pub(crate) fn current(&self) -> InodeId {
        self.current
    }

    /// Changes that directory.
    pub(crate) fn set_current(&mut self, directory: InodeId) -> Result<(), std::ffi::c_int> {
        self.directory(directory)?;
        self.retain(directory);
        let former = std::mem::replace(&mut self.current, directory);
        self.release(former);
        Ok(())
    }

    /// Adds an inode that has no name yet.
    fn add(&mut self, body: FileBody, mode: u32) -> InodeId {
        self.ids_count += 1;
        let id = InodeId(self.ids_count);
        self.inodes.insert(id, Inode::new(body, mode & MODE_MASK, self.now));
        id
    }

    /// One more open file.
    pub(super) fn retain(&mut self, id: InodeId) {
        self.inode_mut(id).handles_count += 1;
    }

    /// One open file less. Without a name its bytes are gone.
    pub(super) fn release(&mut self, id: InodeId) {
        self.inode_mut(id).handles_count -= 1;
        self.forget_if_lost(id);
    }

    fn forget_if_lost(&mut self, id: InodeId) {
        if self.inodes.get(&id).is_some_and(Inode::is_lost) {
            self.inodes.remove(&id);
        }
    }

    /// In bytes, by what programs can find.
    pub(crate) fn used(&self) -> u64 {
        self.inodes.values().map(Inode::space).sum::<u64>() * content::PAGE_BYTES
    }
}

/// The disks of all hosts, and the directories that are read there.
pub(crate) struct Disks {
    all: BTreeMap<HostId, FileSystem>,
    start: Vec<u8>,
    pub(crate) streams: Streams,
}

impl Disks {
    /// Disks whose programs begin in this directory.
    pub(crate) fn new(start: Vec<u8>) -> Disks {
        Disks { all: BTreeMap::new(), start, streams: Streams::default() }
    }

    /// The disk of a host, at a time of its calendar.
    pub(crate) fn of(&mut self, host: HostId, now: u64) -> &mut FileSystem {
        let disk = self.all.entry(host).or_insert_with(|| FileSystem::new(&self.start, now));
        disk.now = now;
        disk
    }

    pub(super) fn get(&self, host: HostId) -> Option<&FileSystem> {
        self.all.get(&host)
    }

    /// The disk of a host, if it has ever been used.
    pub(crate) fn used_by(&mut self, host: HostId) -> Option<&mut FileSystem> {
        self.all.get_mut(&host)
    }
}
