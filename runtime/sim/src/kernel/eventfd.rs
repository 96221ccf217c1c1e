//! eventfd: a counter.

use std::ffi::c_int;

use super::Room;

/// The number of an eventfd.
pub(crate) struct EventFd {
    count: u64,
    /// Whether a read takes one, and not all.
    is_semaphore: bool,
}

const LENGTH: usize = size_of::<u64>();

impl EventFd {
    pub(crate) fn new(count: u64, is_semaphore: bool) -> EventFd {
        EventFd { count, is_semaphore }
    }

    pub(crate) fn readiness(&self) -> u32 {
        // Linux says it in these bits alone, without those of "normal" bytes.
        let readable = if self.count > 0 { libc::EPOLLIN } else { 0 };
        let writable = if self.count < u64::MAX - 1 { libc::EPOLLOUT } else { 0 };
        (readable | writable) as u32
    }

    pub(super) fn read(&mut self, room: &mut Room<'_>) -> Result<usize, c_int> {
        if room.left() < LENGTH {
            return Err(libc::EINVAL);
        }
        if self.count == 0 {
            return Err(libc::EAGAIN);
        }
        let taken = if self.is_semaphore { 1 } else { self.count };
        self.count -= taken;
        Ok(room.put(&taken.to_ne_bytes()))
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<usize, c_int> {
        let added = bytes.first_chunk().map(|bytes| u64::from_ne_bytes(*bytes));
        let added = added.filter(|added| *added != u64::MAX).ok_or(libc::EINVAL)?;
        if u64::MAX - self.count <= added {
            return Err(libc::EAGAIN);
        }
        self.count += added;
        Ok(LENGTH)
    }
}
