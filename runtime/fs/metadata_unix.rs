//! The numbers of `stat(2)`.

use std::os::unix::fs::MetadataExt;

use super::metadata::{Metadata, MetadataSource};

impl MetadataExt for Metadata {
    fn dev(&self) -> u64 {
        match self.origin() {
            MetadataSource::Ring(stat) => stat.dev(),
            MetadataSource::Std(std) => std.dev(),
        }
    }

    fn ino(&self) -> u64 {
        match self.origin() {
            MetadataSource::Ring(stat) => stat.ino,
            MetadataSource::Std(std) => std.ino(),
        }
    }

    fn mode(&self) -> u32 {
        match self.origin() {
            MetadataSource::Ring(stat) => stat.mode(),
            MetadataSource::Std(std) => std.mode(),
        }
    }

    fn nlink(&self) -> u64 {
        match self.origin() {
            MetadataSource::Ring(stat) => u64::from(stat.nlink),
            MetadataSource::Std(std) => std.nlink(),
        }
    }

    fn uid(&self) -> u32 {
        match self.origin() {
            MetadataSource::Ring(stat) => stat.uid,
            MetadataSource::Std(std) => std.uid(),
        }
    }

    fn gid(&self) -> u32 {
        match self.origin() {
            MetadataSource::Ring(stat) => stat.gid,
            MetadataSource::Std(std) => std.gid(),
        }
    }

    fn rdev(&self) -> u64 {
        match self.origin() {
            MetadataSource::Ring(stat) => stat.rdev(),
            MetadataSource::Std(std) => std.rdev(),
        }
    }

    fn size(&self) -> u64 {
        match self.origin() {
            MetadataSource::Ring(stat) => stat.size,
            MetadataSource::Std(std) => std.size(),
        }
    }

    fn atime(&self) -> i64 {
        match self.origin() {
            MetadataSource::Ring(stat) => stat.accessed_at().0,
            MetadataSource::Std(std) => std.atime(),
        }
    }

    fn atime_nsec(&self) -> i64 {
        match self.origin() {
            MetadataSource::Ring(stat) => stat.accessed_at().1,
            MetadataSource::Std(std) => std.atime_nsec(),
        }
    }

    fn mtime(&self) -> i64 {
        match self.origin() {
            MetadataSource::Ring(stat) => stat.modified_at().0,
            MetadataSource::Std(std) => std.mtime(),
        }
    }

    fn mtime_nsec(&self) -> i64 {
        match self.origin() {
            MetadataSource::Ring(stat) => stat.modified_at().1,
            MetadataSource::Std(std) => std.mtime_nsec(),
        }
    }

    fn ctime(&self) -> i64 {
        match self.origin() {
            MetadataSource::Ring(stat) => stat.changed_at().0,
            MetadataSource::Std(std) => std.ctime(),
        }
    }

    fn ctime_nsec(&self) -> i64 {
        match self.origin() {
            MetadataSource::Ring(stat) => stat.changed_at().1,
            MetadataSource::Std(std) => std.ctime_nsec(),
        }
    }

    fn blksize(&self) -> u64 {
        match self.origin() {
            MetadataSource::Ring(stat) => u64::from(stat.blksize),
            MetadataSource::Std(std) => std.blksize(),
        }
    }

    fn blocks(&self) -> u64 {
        match self.origin() {
            MetadataSource::Ring(stat) => stat.blocks,
            MetadataSource::Std(std) => std.blocks(),
        }
    }
}
