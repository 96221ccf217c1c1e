//! Directories that are read: what `opendir` returns, and how far it is.

use std::collections::BTreeMap;
use std::ffi::c_int;

use fastrand::Rng;

use super::FileSystem;
use super::inode::{InodeId, Name};

/// An entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StreamEntry {
    pub(crate) name: Name,
    pub(crate) inode: InodeId,
    /// In bits as `S_IFREG`.
    pub(crate) kind: u32,
    /// Where the next one is.
    pub(crate) next: usize,
}

#[derive(Debug)]
struct OpenDirectory {
    number: c_int,
    entries: Vec<StreamEntry>,
    position: usize,
}

/// The streams of all hosts, by their addresses in the program.
#[derive(Debug, Default)]
pub(crate) struct Streams(BTreeMap<usize, OpenDirectory>);

impl Streams {
    pub(crate) fn add(&mut self, address: usize, number: c_int, entries: Vec<StreamEntry>) {
        self.0.insert(address, OpenDirectory { number, entries, position: 0 });
    }

    /// Its descriptor. `None`: it is none of this world.
    pub(crate) fn number(&self, address: usize) -> Option<c_int> {
        self.0.get(&address).map(|stream| stream.number)
    }

    /// The next entry, if there is one.
    pub(crate) fn next(&mut self, address: usize) -> Option<StreamEntry> {
        let stream = self.0.get_mut(&address)?;
        let entry = stream.entries.get(stream.position)?.clone();
        stream.position += 1;
        Some(entry)
    }

    pub(crate) fn position(&self, address: usize) -> usize {
        self.0.get(&address).map_or(0, |stream| stream.position)
    }

    pub(crate) fn seek(&mut self, address: usize, position: usize) {
        if let Some(stream) = self.0.get_mut(&address) {
            stream.position = position;
        }
    }

    /// Begins again, with what is there now.
    pub(crate) fn rewind(&mut self, address: usize, entries: Vec<StreamEntry>) {
        if let Some(stream) = self.0.get_mut(&address) {
            (stream.entries, stream.position) = (entries, 0);
        }
    }

    pub(crate) fn remove(&mut self, address: usize) -> Option<c_int> {
        self.0.remove(&address).map(|stream| stream.number)
    }
}

impl FileSystem {
    /// What is in a directory, in an order that the seed draws: programs must not rely on one.
    pub(super) fn list(&self, id: InodeId, random: &mut Rng) -> Result<Vec<StreamEntry>, c_int> {
        let directory = self.directory(id)?;
        let dots = [(b".".to_vec(), id), (b"..".to_vec(), directory.parent)];
        let others = directory.entries.iter().map(|(name, inode)| (name.clone(), *inode));
        let mut entries: Vec<StreamEntry> = dots
            .into_iter()
            .chain(others)
            .map(|(name, inode)| {
                let kind = self.inode(inode).cache.body.kind();
                StreamEntry { name, inode, kind, next: 0 }
            })
            .collect();
        random.shuffle(&mut entries);
        entries.iter_mut().zip(1..).for_each(|(entry, next)| entry.next = next);
        Ok(entries)
    }
}
