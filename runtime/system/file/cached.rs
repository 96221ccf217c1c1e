#![expect(unsafe_code, reason = "calls that std has no names for")]
//! Reads from the page cache, and what is in it.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;

use super::Unsupported;

/// The number of the call that counts pages (Linux 6.5), which libc does not name everywhere.
const CACHESTAT: libc::c_long = 451;

/// Copies bytes from the page cache, from an offset or from the kernel's own cursor. None: they are
/// not there.
///
/// # Safety
/// `len` bytes from `start` on may be written.
#[inline]
pub(crate) unsafe fn read_now(
    file: &File,
    start: *mut u8,
    len: usize,
    offset: Option<u64>,
) -> Result<Option<io::Result<usize>>, Unsupported> {
    // -1 stands for the descriptor's own position here.
    let Ok(offset) = offset.map_or(Ok(-1), libc::off_t::try_from) else { return Ok(None) };
    let vector = libc::iovec { iov_base: start.cast(), iov_len: len };
    loop {
        // SAFETY: one stretch of memory that may be written, as the caller promises.
        let count =
            unsafe { libc::preadv2(file.as_raw_fd(), &raw const vector, 1, offset, libc::RWF_NOWAIT) };
        if let Ok(count) = usize::try_from(count) {
            return Ok(Some(Ok(count)));
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::EINTR) => {}
            Some(libc::EAGAIN | libc::EINVAL) => return Ok(None),
            Some(libc::EOPNOTSUPP | libc::ENOSYS) => return Err(Unsupported),
            _ => return Ok(Some(Err(error))),
        }
    }
}

/// How many of the `len` bytes from `offset` on a call can move without waiting for a disk: all of
/// them, or those before the end of the file. None: some are not in the page cache, or another call
/// is just reading them. `len` is not 0.
///
/// Pages may leave the page cache at any time, so the answer is of this moment.
pub(crate) fn len_in_cache(file: &File, offset: u64, len: u64) -> Result<Option<u64>, Unsupported> {
    let (first, len) = match (probe(file, offset)?, probe(file, offset + len - 1)?) {
        (Probe::Behind, _) => return Ok(Some(0)),
        (Probe::Missing, _) | (_, Probe::Missing) => return Ok(None),
        (Probe::Cached, Probe::Cached) => (offset, len),
        (Probe::Cached, Probe::Behind) => {
            let Ok(end) = file.metadata().map(|metadata| metadata.len()) else { return Ok(None) };
            match end.checked_sub(offset) {
                None | Some(0) => return Ok(Some(0)),
                Some(len) if probe(file, end - 1)? == Probe::Cached => (offset, len),
                Some(_) => return Ok(None),
            }
        }
    };
    let page = page_bytes();
    let (first, last) = (first / page, (offset + len - 1) / page);
    // The first page and the last one are known.
    let is_cached = last - first < 2 || has_pages(file, first, last, page)?;
    Ok(is_cached.then_some(len))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Probe {
    Cached,
    Missing,
    /// The file has no such byte.
    Behind,
}

/// Reads a byte. A page that a disk is just filling is missing.
fn probe(file: &File, offset: u64) -> Result<Probe, Unsupported> {
    let mut byte = 0;
    // SAFETY: one byte may be written there.
    match unsafe { read_now(file, &raw mut byte, 1, Some(offset)) }? {
        Some(Ok(0)) => Ok(Probe::Behind),
        Some(Ok(_)) => Ok(Probe::Cached),
        Some(Err(_)) | None => Ok(Probe::Missing),
    }
}

fn page_bytes() -> u64 {
    // SAFETY: a call without memory.
    u64::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
}

fn has_pages(file: &File, first: u64, last: u64, page: u64) -> Result<bool, Unsupported> {
    let count = last - first + 1;
    if let Some(cached) = cached_count(file, first * page, count * page) {
        return Ok(cached >= count);
    }
    // The kernel counts only for those who may write to the file, and not at all before Linux 6.5.
    for number in first + 1..last {
        if probe(file, number * page)? != Probe::Cached {
            return Ok(false);
        }
    }
    Ok(true)
}

/// How many pages of the range are in the page cache, or about to be.
fn cached_count(file: &File, offset: u64, len: u64) -> Option<u64> {
    let range = [offset, len];
    // Cached, dirty, under writeback, evicted, recently evicted.
    let mut counts = [0_u64; 5];
    // SAFETY: the kernel reads the range and writes the counts, each of them as long as it says.
    let result =
        unsafe { libc::syscall(CACHESTAT, file.as_raw_fd(), range.as_ptr(), counts.as_mut_ptr(), 0) };
    (result == 0).then_some(counts[0])
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::fd::AsFd as _;

    use rustix::fs::{Advice, fadvise};

    use super::*;

    fn file_of(len: usize) -> File {
        let mut file = tempfile::tempfile().unwrap();
        // Page by page: what is written at once may leave the cache only at once.
        for page in vec![7; len].chunks(page_bytes() as usize) {
            file.write_all(page).unwrap();
        }
        file
    }

    #[test]
    fn what_was_just_written_is_in_the_cache_up_to_the_end_of_the_file() {
        let file = file_of(100_000);
        for (offset, len, expected) in
            [(0, 1, 1), (0, 100_000, 100_000), (5, 1 << 40, 99_995), (99_999, 2, 1), (100_000, 1, 0)]
        {
            assert_eq!(len_in_cache(&file, offset, len).unwrap(), Some(expected), "{len} from {offset} on");
        }
    }

    #[test]
    fn a_hole_in_the_cache_is_found_by_the_count_and_by_a_probe() {
        let page = page_bytes();
        let claims = [(0, 16 * page, None), (6 * page, 10 * page, Some(10 * page)), (5 * page, 1, None)];
        for (offset, len, expected) in claims {
            // A file for each, because a probe may have the page read again, sooner or later.
            let file = file_of(16 * page as usize);
            file.sync_all().unwrap();
            fadvise(file.as_fd(), 5 * page, std::num::NonZero::new(page), Advice::DontNeed).unwrap();
            if cached_count(&file, 0, 16 * page) != Some(15) {
                eprintln!("SKIPPED: the kernel does not count pages, or the file system keeps the page");
                return;
            }
            assert_eq!(len_in_cache(&file, offset, len).unwrap(), expected, "{len} from {offset} on");
        }
    }
}
