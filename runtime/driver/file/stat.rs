//! Metadata as `statx(2)` writes it. The kernel guarantees the layout to every program, on every
//! architecture.

use std::time::{Duration, SystemTime};

use super::request::Region;

#[repr(C)]
#[derive(Clone, Debug, Default)]
pub(crate) struct Stat {
    mask: u32,
    pub(crate) blksize: u32,
    attributes: u64,
    pub(crate) nlink: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    mode: u16,
    spare: u16,
    pub(crate) ino: u64,
    pub(crate) size: u64,
    pub(crate) blocks: u64,
    attributes_mask: u64,
    accessed: Timestamp,
    born: Timestamp,
    changed: Timestamp,
    modified: Timestamp,
    rdev_major: u32,
    rdev_minor: u32,
    dev_major: u32,
    dev_minor: u32,
    mount: u64,
    dio_memory_align: u32,
    dio_offset_align: u32,
    reserved: [u64; 12],
}

const _: () = assert!(size_of::<Stat>() == 256, "the kernel writes this many bytes");

#[repr(C)]
#[derive(Clone, Debug, Default)]
struct Timestamp {
    seconds: i64,
    nanoseconds: u32,
    reserved: i32,
}

impl Timestamp {
    fn to_system(&self) -> SystemTime {
        let whole = Duration::from_secs(self.seconds.unsigned_abs());
        let second =
            if self.seconds < 0 { SystemTime::UNIX_EPOCH - whole } else { SystemTime::UNIX_EPOCH + whole };
        second + Duration::from_nanos(u64::from(self.nanoseconds))
    }
}

/// The time of birth, which is asked for in addition to [`MASK_BASIC`].
pub(crate) const MASK_BIRTH: u32 = 0x800;
/// All that `stat(2)` reports: the type, the mode, the owner, the times, the size and the rest.
#[cfg(target_os = "linux")]
pub(crate) const MASK_BASIC: u32 = 0x7ff;

impl Stat {
    pub(super) fn room(&mut self) -> Region {
        let start = std::ptr::from_mut(self).cast();
        Region { start, len: size_of::<Stat>() as u32, is_fixed: false }
    }

    pub(crate) fn mode(&self) -> u32 {
        u32::from(self.mode)
    }

    pub(crate) fn accessed(&self) -> SystemTime {
        self.accessed.to_system()
    }

    /// Seconds and nanoseconds since 1970.
    pub(crate) fn accessed_at(&self) -> (i64, i64) {
        (self.accessed.seconds, i64::from(self.accessed.nanoseconds))
    }

    pub(crate) fn modified(&self) -> SystemTime {
        self.modified.to_system()
    }

    /// Seconds and nanoseconds since 1970.
    pub(crate) fn modified_at(&self) -> (i64, i64) {
        (self.modified.seconds, i64::from(self.modified.nanoseconds))
    }

    /// Seconds and nanoseconds since 1970.
    pub(crate) fn changed_at(&self) -> (i64, i64) {
        (self.changed.seconds, i64::from(self.changed.nanoseconds))
    }

    /// When it was created, if the file system stores that.
    pub(crate) fn born(&self) -> Option<SystemTime> {
        (self.mask & MASK_BIRTH != 0).then(|| self.born.to_system())
    }

    pub(crate) fn dev(&self) -> u64 {
        device(self.dev_major, self.dev_minor)
    }

    pub(crate) fn rdev(&self) -> u64 {
        device(self.rdev_major, self.rdev_minor)
    }
}

/// The one number that `stat(2)` makes of the two, on Linux.
fn device(major: u32, minor: u32) -> u64 {
    let (major, minor) = (u64::from(major), u64::from(minor));
    (minor & 0xff) | ((major & 0xfff) << 8) | ((minor & !0xff) << 12) | ((major & !0xfff) << 32)
}
