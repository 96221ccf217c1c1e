//! The numbers of `stat(2)`.

use std::os::unix::fs::MetadataExt;

use super::metadata::{Metadata, Origin};

impl MetadataExt for Metadata {
    fn dev(&self) -> u64 {
        match self.origin() {
            Origin::Ring(stat) => stat.dev(),
            Origin::Std(std) => std.dev(),
        }
    }

    fn ino(&self) -> u64 {
        match self.origin() {
            Origin::Ring(stat) => stat.ino,
            Origin::Std(std) => std.ino(),
        }
    }

    fn mode(&self) -> u32 {
        match self.origin() {
            Origin::Ring(stat) => stat.mode(),
            Origin::Std(std) => std.mode(),
        }
    }

    fn nlink(&self) -> u64 {
        match self.origin() {
            Origin::Ring(stat) => u64::from(stat.nlink),
            Origin::Std(std) => std.nlink(),
        }
    }

    fn uid(&self) -> u32 {
        match self.origin() {
            Origin::Ring(stat) => stat.uid,
            Origin::Std(std) => std.uid(),
        }
    }

    fn gid(&self) -> u32 {
        match self.origin() {
            Origin::Ring(stat) => stat.gid,
            Origin::Std(std) => std.gid(),
        }
    }

    fn rdev(&self) -> u64 {
        match self.origin() {
            Origin::Ring(stat) => stat.rdev(),
            Origin::Std(std) => std.rdev(),
        }
    }

    fn size(&self) -> u64 {
        match self.origin() {
            Origin::Ring(stat) => stat.size,
            Origin::Std(std) => std.size(),
        }
    }

    fn atime(&self) -> i64 {
        match self.origin() {
            Origin::Ring(stat) => stat.accessed_at().0,
            Origin::Std(std) => std.atime(),
        }
    }

    fn atime_nsec(&self) -> i64 {
        match self.origin() {
            Origin::Ring(stat) => stat.accessed_at().1,
            Origin::Std(std) => std.atime_nsec(),
        }
    }

    fn mtime(&self) -> i64 {
        match self.origin() {
            Origin::Ring(stat) => stat.modified_at().0,
            Origin::Std(std) => std.mtime(),
        }
    }

    fn mtime_nsec(&self) -> i64 {
        match self.origin() {
            Origin::Ring(stat) => stat.modified_at().1,
            Origin::Std(std) => std.mtime_nsec(),
        }
    }

    fn ctime(&self) -> i64 {
        match self.origin() {
            Origin::Ring(stat) => stat.changed_at().0,
            Origin::Std(std) => std.ctime(),
        }
    }

    fn ctime_nsec(&self) -> i64 {
        match self.origin() {
            Origin::Ring(stat) => stat.changed_at().1,
            Origin::Std(std) => std.ctime_nsec(),
        }
    }

    fn blksize(&self) -> u64 {
        match self.origin() {
            Origin::Ring(stat) => u64::from(stat.blksize),
            Origin::Std(std) => std.blksize(),
        }
    }

    fn blocks(&self) -> u64 {
        match self.origin() {
            Origin::Ring(stat) => stat.blocks,
            Origin::Std(std) => std.blocks(),
        }
    }
}
