//! Changes of names: programs see them at once, and a crash leaves the first of them, in their
//! order, up to one that the seed draws. Each is there as a whole or not at all.

use std::ffi::c_int;

use super::FileSystem;
use super::inode::{FileBody, InodeId, Name, View};

/// When the journal has so many changes, the older half is written to the disk.
const CHANGES_COUNT_MAX: usize = 1024;

/// A change of the names in directories.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Link {
        directory: InodeId,
        name: Name,
        inode: InodeId,
    },
    Unlink {
        directory: InodeId,
        name: Name,
        inode: InodeId,
    },
    /// What had the name before has lost it.
    Rename {
        from: (InodeId, Name),
        to: (InodeId, Name),
        inode: InodeId,
        replaced: Option<InodeId>,
    },
    Exchange {
        one: (InodeId, Name),
        other: (InodeId, Name),
        inodes: [InodeId; 2],
    },
}

/// A change with its place in the sequence of all.
#[derive(Clone, Debug)]
pub(super) struct JournalEntry {
    number: u64,
    change: Change,
}

impl Change {
    /// The inodes that have got or lost a name.
    fn inodes(&self) -> Vec<InodeId> {
        match self {
            Change::Link { inode, .. } | Change::Unlink { inode, .. } => vec![*inode],
            Change::Rename { inode, replaced, .. } => [*inode].into_iter().chain(*replaced).collect(),
            Change::Exchange { inodes, .. } => inodes.to_vec(),
        }
    }

    fn concerns(&self, id: InodeId) -> bool {
        match self {
            Change::Link { directory, .. } | Change::Unlink { directory, .. } => *directory == id,
            Change::Rename { from: one, to: other, .. } | Change::Exchange { one, other, .. } => {
                one.0 == id || other.0 == id
            }
        }
    }
}

impl FileSystem {
    /// Makes a change that programs see at once.
    pub(super) fn change(&mut self, change: Change) {
        self.apply(&change, View::Cache);
        for inode in change.inodes() {
            self.inode_mut(inode).changes_count += 1;
            self.inode_mut(inode).cache.times.changed = self.now;
        }
        let number = self.next_number();
        self.journal.push_back(JournalEntry { number, change });
        if self.journal.len() > CHANGES_COUNT_MAX {
            let number = self.journal[CHANGES_COUNT_MAX / 2].number;
            self.commit(number);
        }
    }

    /// The number of a change, which tells its place in the sequence.
    pub(super) fn next_number(&mut self) -> u64 {
        self.numbers_count += 1;
        self.numbers_count
    }

    /// Writes the changes up to this one to the disk.
    pub(super) fn commit(&mut self, number: u64) {
        self.committed = self.committed.max(number);
        while self.journal.front().is_some_and(|entry| entry.number <= number) {
            let Some(JournalEntry { change, .. }) = self.journal.pop_front() else { return };
            self.apply(&change, View::Disk);
            for inode in change.inodes() {
                self.inode_mut(inode).changes_count -= 1;
                self.forget_if_lost(inode);
            }
        }
    }

    /// Writes the changes of a directory to the disk, and those that came before them.
    pub(super) fn commit_directory(&mut self, directory: InodeId) {
        let last = self.journal.iter().rev().find(|entry| entry.change.concerns(directory));
        if let Some(number) = last.map(|entry| entry.number) {
            self.commit(number);
        }
    }

    fn apply(&mut self, change: &Change, view: View) {
        match change {
            Change::Link { directory, name, inode } => {
                self.put(view, *directory, name, *inode);
            }
            Change::Unlink { directory, name, .. } => {
                let _ = self.take(view, *directory, name);
            }
            Change::Rename { from, to, .. } => {
                let inode = self.take(view, from.0, &from.1);
                if let Ok(inode) = inode {
                    // What was there is gone, or nothing was.
                    let _ = self.take(view, to.0, &to.1);
                    self.put(view, to.0, &to.1, inode);
                }
            }
            Change::Exchange { one, other, .. } => {
                let taken = (self.take(view, one.0, &one.1), self.take(view, other.0, &other.1));
                if let (Ok(first), Ok(second)) = taken {
                    self.put(view, other.0, &other.1, first);
                    self.put(view, one.0, &one.1, second);
                }
            }
        }
    }

    fn put(&mut self, view: View, directory: InodeId, name: &Name, inode: InodeId) {
        let child = self.inode_mut(inode).state_mut(view);
        child.links_count += 1;
        if let FileBody::Directory(child) = &mut child.body {
            child.parent = directory;
        }
        let now = self.now;
        let parent = self.inode_mut(directory).state_mut(view);
        parent.times.modified = now;
        parent.times.changed = now;
        if let FileBody::Directory(parent) = &mut parent.body {
            parent.entries.insert(name.clone(), inode);
        }
    }

    fn take(&mut self, view: View, directory: InodeId, name: &Name) -> Result<InodeId, c_int> {
        let now = self.now;
        let parent = self.inode_mut(directory).state_mut(view);
        let FileBody::Directory(entries) = &mut parent.body else { return Err(libc::ENOTDIR) };
        let inode = entries.entries.remove(name).ok_or(libc::ENOENT)?;
        parent.times.modified = now;
        parent.times.changed = now;
        self.inode_mut(inode).state_mut(view).links_count -= 1;
        Ok(inode)
    }
}
