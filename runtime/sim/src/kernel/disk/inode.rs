//! Files, directories and links, each in two states: as programs see it, and as a crash leaves it.

use std::collections::BTreeMap;

use super::content::{Content, PAGE_BYTES};
use crate::kernel::ObjectId;

/// A file, a directory, or another thing that has a name on a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct InodeId(pub(crate) u64);

/// A name in a directory.
pub(crate) type Name = Vec<u8>;

/// What a device does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Device {
    /// Has no bytes, and takes any.
    Null,
    /// Has zeros without end.
    Zero,
    /// Has bytes of the seed without end.
    Random,
}

#[derive(Clone, Debug)]
pub(super) struct Directory {
    pub(super) parent: InodeId,
    pub(super) entries: BTreeMap<Name, InodeId>,
}

#[derive(Clone, Debug)]
pub(super) enum FileBody {
    File(Content),
    Directory(Directory),
    Symlink(Vec<u8>),
    Device(Device),
}

/// When something was done, in nanoseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Times {
    pub(crate) accessed: u64,
    pub(crate) modified: u64,
    pub(crate) changed: u64,
    pub(crate) created: u64,
}

/// One state of an inode.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) body: FileBody,
    /// The permissions.
    pub(super) mode: u32,
    pub(super) times: Times,
    /// How many entries of directories name it.
    pub(super) links_count: u32,
}

/// What was done to an inode and is not on the disk yet.
#[derive(Clone, Debug)]
pub(super) enum Unsynced {
    Write { at: u64, bytes: Vec<u8> },
    SetLen { number: u64, len: u64 },
    SetMode { number: u64, mode: u32 },
    SetTimes { number: u64, times: Times },
}

/// Which state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// What programs see.
    Cache,
    /// What is on the disk.
    Disk,
}

#[derive(Debug)]
pub(super) struct Inode {
    pub(super) cache: Node,
    pub(super) disk: Node,
    /// In the order in which it was done.
    pub(super) unsynced: Vec<Unsynced>,
    /// How many open files there are.
    pub(super) handles_count: usize,
    /// How many changes of the journal name it.
    pub(super) changes_count: usize,
    /// The open files that have a lock on it, and whether it is an exclusive one.
    pub(super) locks: Vec<(ObjectId, bool)>,
}

/// What `stat` reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Attributes {
    pub(crate) inode: InodeId,
    /// The kind in bits as `S_IFREG`, and the permissions.
    pub(crate) mode: u32,
    pub(crate) links_count: u32,
    pub(crate) len: u64,
    /// In bytes.
    pub(crate) allocated: u64,
    pub(crate) times: Times,
}

impl FileBody {
    /// The kind, in bits as `S_IFREG`.
    pub(super) fn kind(&self) -> u32 {
        match self {
            FileBody::File(_) => libc::S_IFREG,
            FileBody::Directory(_) => libc::S_IFDIR,
            FileBody::Symlink(_) => libc::S_IFLNK,
            FileBody::Device(_) => libc::S_IFCHR,
        }
    }

    /// As long as nothing was put in.
    fn empty(&self) -> FileBody {
        match self {
            FileBody::File(_) => FileBody::File(Content::default()),
            FileBody::Directory(Directory { parent, .. }) => {
                FileBody::Directory(Directory { parent: *parent, entries: BTreeMap::new() })
            }
            FileBody::Symlink(target) => FileBody::Symlink(target.clone()),
            FileBody::Device(device) => FileBody::Device(*device),
        }
    }
}

impl Inode {
    /// An inode that no directory names yet, in either state.
    pub(super) fn new(body: FileBody, mode: u32, now: u64) -> Inode {
        let times = Times { accessed: now, modified: now, changed: now, created: now };
        let disk = Node { body: body.empty(), mode, times, links_count: 0 };
        let cache = Node { body, mode, times, links_count: 0 };
        Inode { cache, disk, unsynced: Vec::new(), handles_count: 0, changes_count: 0, locks: Vec::new() }
    }

    pub(super) fn state_mut(&mut self, view: View) -> &mut Node {
        match view {
            View::Cache => &mut self.cache,
            View::Disk => &mut self.disk,
        }
    }

    /// Whether nothing can find it any more, not even after a crash.
    pub(super) fn is_lost(&self) -> bool {
        self.is_free() && self.disk.links_count == 0 && self.changes_count == 0
    }

    /// Whether no program can find it any more.
    pub(super) fn is_free(&self) -> bool {
        self.cache.links_count == 0 && self.handles_count == 0
    }

    /// In pages.
    pub(super) fn space(&self) -> u64 {
        match &self.cache.body {
            FileBody::File(content) if !self.is_free() => content.pages_count(),
            _ => 0,
        }
    }

    pub(super) fn attributes(&self, inode: InodeId) -> Attributes {
        let Node { body, mode, times, links_count } = &self.cache;
        let (len, allocated) = match body {
            FileBody::File(content) => (content.len(), content.pages_count() * PAGE_BYTES),
            FileBody::Directory(_) => (PAGE_BYTES, PAGE_BYTES),
            FileBody::Symlink(target) => (target.len() as u64, 0),
            FileBody::Device(_) => (0, 0),
        };
        Attributes {
            inode,
            mode: body.kind() | mode,
            links_count: *links_count,
            len,
            allocated,
            times: *times,
        }
    }
}
