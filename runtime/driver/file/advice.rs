//! What a range of a file is for.

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
