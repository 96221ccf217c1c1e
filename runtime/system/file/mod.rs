//! Calls on an open file, blocking but for `read_now`.

mod advice;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

cfg_if! {
    if #[linux_kernel] {
        mod linux;
        use linux as kernel;
    } else {
        mod elsewhere;
        use elsewhere as kernel;
    }
}

cfg_if! {
    if #[linux] {
        mod cached;
        pub(crate) use cached::{len_in_cache, read_now};
    } else {
        mod uncached;
        pub(crate) use uncached::{len_in_cache, read_now};
    }
}

pub use advice::Advice;
pub(crate) use kernel::{DIRECT_FLAG, advise, allocate};
#[cfg(unix)]
pub(crate) use unix::{has_offsets, read_at, write_at};
#[cfg(windows)]
pub(crate) use windows::{has_offsets, read_at, write_at};

/// The file system, or the system, cannot report what is in the page cache.
#[derive(Debug)]
pub(crate) struct Unsupported;

/// The flags with which a file was opened. Only Unix has them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flags(i32);

impl Flags {
    /// Whether every call bypasses the page cache.
    pub(crate) fn is_direct(self) -> bool {
        self.0 & DIRECT_FLAG != 0
    }
}
