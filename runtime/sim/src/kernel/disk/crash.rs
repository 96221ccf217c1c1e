//! What a crash leaves: everything that was synced, and of the rest what the seed draws, within
//! what POSIX allows.

use std::ops::{Range, RangeInclusive};

use fastrand::Rng;

use super::FileSystem;
use super::content::{Content, PAGE_BYTES, SECTOR_BYTES, pieces};
use super::inode::{FileBody, Inode, InodeId, Unsynced};

/// What is left of the writes to a file that were not synced.
#[derive(Clone, Copy, Debug)]
enum Survival {
    Nothing,
    Everything,
    /// Each piece of so many bytes, or not: torn and reordered.
    Pieces(u64),
    /// Each write as a whole, or not.
    Writes,
}

impl Survival {
    fn draw(random: &mut Rng) -> Survival {
        match random.u8(0..6) {
            0 => Survival::Nothing,
            1 => Survival::Everything,
            2 | 3 => Survival::Pieces(SECTOR_BYTES),
            4 => Survival::Pieces(PAGE_BYTES),
            _ => Survival::Writes,
        }
    }
}

impl FileSystem {
    /// A loss of power: no file is open any more, and the disk has what reached it.
    pub(crate) fn crash(&mut self, random: &mut Rng) {
        let last = draw_last(self.committed..=self.numbers_count, random);
        self.commit(last);
        self.journal.clear();
        (self.committed, self.unsynced_bytes) = (self.numbers_count, 0);
        for inode in self.inodes.values_mut() {
            inode.crash(last, random);
        }
        self.inodes.retain(|_, inode| inode.disk.links_count > 0);
        self.forget_unreachable();
        self.begin();
    }

    /// Inodes of directories that no crash leaves a way to.
    fn forget_unreachable(&mut self) {
        let mut reached = vec![Self::ROOT];
        let mut next = 0;
        while let Some(id) = reached.get(next).copied() {
            if let Ok(directory) = self.directory(id) {
                reached.extend(directory.entries.values());
            }
            next += 1;
        }
        let reached: std::collections::BTreeSet<InodeId> = reached.into_iter().collect();
        self.inodes.retain(|id, _| reached.contains(id));
    }
}

/// The last change that is left. That all are, or none, is as likely as anything in between.
fn draw_last(range: RangeInclusive<u64>, random: &mut Rng) -> u64 {
    match random.u8(0..4) {
        0 => *range.start(),
        1 => *range.end(),
        _ => random.u64(range),
    }
}

impl Inode {
    /// Nothing has it open, and programs see what is on the disk. `last`: the last change that is.
    fn crash(&mut self, last: u64, random: &mut Rng) {
        let unsynced = std::mem::take(&mut self.unsynced);
        if let FileBody::File(disk) = &mut self.disk.body {
            if !unsynced.is_empty() {
                replay(disk, &unsynced, last, random);
            }
        }
        for change in &unsynced {
            match change {
                Unsynced::SetMode { number, mode } if *number <= last => self.disk.mode = *mode,
                Unsynced::SetTimes { number, times } if *number <= last => self.disk.times = *times,
                _ => {}
            }
        }
        self.cache = self.disk.clone();
        (self.handles_count, self.changes_count) = (0, 0);
        self.locks.clear();
    }
}

/// Lets the changes happen again in a page cache, from which pieces reach the disk: a piece has
/// then all that was written to it before.
fn replay(disk: &mut Content, unsynced: &[Unsynced], last: u64, random: &mut Rng) {
    let survival = Survival::draw(random);
    let mut cache = disk.clone();
    for change in unsynced {
        match change {
            Unsynced::Write { at, bytes } => {
                cache.write(*at, bytes);
                let range = *at..*at + bytes.len() as u64;
                let unit = match survival {
                    Survival::Nothing => continue,
                    Survival::Everything => {
                        disk.copy_from(&cache, range);
                        continue;
                    }
                    Survival::Pieces(unit) => unit,
                    Survival::Writes => u64::MAX,
                };
                for piece in pieces(range, unit).filter(|_| random.bool()) {
                    disk.copy_from(&cache, whole_sectors(piece));
                }
            }
            Unsynced::SetLen { number, len } => {
                cache.set_len(*len);
                if *number <= last {
                    disk.set_len(*len);
                }
            }
            Unsynced::SetMode { .. } | Unsynced::SetTimes { .. } => {}
        }
    }
}

/// A range with the rest of its first and its last sector.
fn whole_sectors(range: Range<u64>) -> Range<u64> {
    range.start / SECTOR_BYTES * SECTOR_BYTES..range.end.div_ceil(SECTOR_BYTES) * SECTOR_BYTES
}
