//! Room on the disk, and what a range is for: calls that not every system has.
#![expect(unsafe_code, reason = "system calls that std has no name for")]

use std::io;

use super::descriptor::Descriptor;

/// How a range of a file will be used: see [`File::advise`](crate::fs::File::advise).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Advice {
    /// No advice: what a new file has.
    Normal,
    /// From the beginning to the end: reads ahead more.
    Sequential,
    /// Here and there: does not read ahead.
    Random,
    /// Soon: begins to read it into the page cache.
    WillNeed,
    /// No more: drops it from the page cache, where it is on the disk already.
    DontNeed,
    /// Once.
    NoReuse,
}

#[cfg(any(target_os = "linux", target_os = "android"))]
impl Advice {
    pub(in crate::driver) fn number(self) -> i32 {
        match self {
            Advice::Normal => libc::POSIX_FADV_NORMAL,
            Advice::Sequential => libc::POSIX_FADV_SEQUENTIAL,
            Advice::Random => libc::POSIX_FADV_RANDOM,
            Advice::WillNeed => libc::POSIX_FADV_WILLNEED,
            Advice::DontNeed => libc::POSIX_FADV_DONTNEED,
            Advice::NoReuse => libc::POSIX_FADV_NOREUSE,
        }
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
impl Descriptor {
    /// Reserves room, blocking.
    pub(crate) fn allocate(&self, offset: u64, len: u64) -> io::Result<()> {
        use std::os::fd::AsRawFd;
        let (offset, len) = (to_off(offset)?, to_off(len)?);
        // SAFETY: a system call without pointers, on a descriptor that is open.
        let result = unsafe { libc::fallocate(self.file().as_raw_fd(), 0, offset, len) };
        if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    /// Passes advice on, blocking.
    pub(crate) fn advise(&self, offset: u64, len: u64, advice: Advice) -> io::Result<()> {
        use std::os::fd::AsRawFd;
        let (offset, len) = (to_off(offset)?, to_off(len)?);
        // SAFETY: a system call without pointers, on a descriptor that is open.
        let errno = unsafe { libc::posix_fadvise(self.file().as_raw_fd(), offset, len, advice.number()) };
        if errno == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(errno)) }
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn to_off(number: u64) -> io::Result<libc::off_t> {
    libc::off_t::try_from(number).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
impl Descriptor {
    /// There is no call for it that all systems share.
    pub(crate) fn allocate(&self, _offset: u64, _len: u64) -> io::Result<()> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "room on the disk can be reserved on Linux only"))
    }

    /// Nobody wants to know.
    pub(crate) fn advise(&self, _offset: u64, _len: u64, _advice: Advice) -> io::Result<()> {
        Ok(())
    }
}
