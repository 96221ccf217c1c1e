//! Which bytes of an open file are in the page cache, remembered for a moment.

use std::fs::File;
use std::ops::Range;
use std::time::{Duration, Instant};

use crate::primitive::sync::Mutex;
use crate::system::file::{self, Unsupported};

/// How long an answer counts. Pages that leave the page cache in this time are waited for, as those
/// that leave it between a look and a call; those that are used do not leave it.
const AGE_MAX: Duration = Duration::from_millis(50);

/// How long a file of which some bytes were missing is not asked again. Its pages come and go, and
/// those that a disk is just filling count as cached.
const DOUBT: Duration = Duration::from_secs(1);

/// What was last found in the page cache, or missing.
#[derive(Debug)]
pub(super) struct CachedRange(Mutex<Option<Known>>);

#[derive(Debug)]
enum Known {
    Cached { range: Range<u64>, at: Instant },
    Missing { at: Instant },
}

/// What a look some time ago says about a range now.
#[derive(Debug, PartialEq, Eq)]
enum Memory {
    IsCached,
    IsMissing,
    /// The kernel must be asked.
    SaysNothing,
}

impl Known {
    fn memory_of(&self, range: &Range<u64>, now: Instant) -> Memory {
        match self {
            Known::Missing { at } if now.saturating_duration_since(*at) < DOUBT => Memory::IsMissing,
            Known::Cached { range: known, at }
                if known.start <= range.start
                    && range.end <= known.end
                    && now.saturating_duration_since(*at) < AGE_MAX =>
            {
                Memory::IsCached
            }
            Known::Missing { .. } | Known::Cached { .. } => Memory::SaysNothing,
        }
    }
}

impl CachedRange {
    pub(super) fn new() -> CachedRange {
        CachedRange(Mutex::new(None))
    }

    /// As [`file::len_in_cache`]. That all bytes are there may be remembered for 50 ms, that some
    /// are missing for a second; a range that goes beyond the end of the file is counted each time.
    pub(super) fn len(&self, file: &File, offset: u64, len: u64) -> Result<Option<u64>, Unsupported> {
        let range = offset..offset.saturating_add(len);
        let now = Instant::now();
        let memory = self.0.lock().as_ref().map_or(Memory::SaysNothing, |known| known.memory_of(&range, now));
        match memory {
            Memory::IsCached => return Ok(Some(len)),
            Memory::IsMissing => return Ok(None),
            Memory::SaysNothing => {}
        }
        let found = file::len_in_cache(file, offset, len)?;
        match found {
            None => *self.0.lock() = Some(Known::Missing { at: now }),
            Some(count) if count == len => *self.0.lock() = Some(Known::Cached { range, at: now }),
            Some(_) => {}
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::{AGE_MAX, DOUBT, Known, Memory};
    use std::time::{Duration, Instant};

    #[test]
    fn a_cached_range_answers_for_its_parts_and_not_for_long() {
        let at = Instant::now();
        let known = Known::Cached { range: 10..20, at };
        assert_eq!(known.memory_of(&(10..20), at), Memory::IsCached);
        assert_eq!(known.memory_of(&(12..15), at + AGE_MAX / 2), Memory::IsCached);
        assert_eq!(known.memory_of(&(9..15), at), Memory::SaysNothing);
        assert_eq!(known.memory_of(&(15..21), at), Memory::SaysNothing);
        assert_eq!(known.memory_of(&(12..15), at + AGE_MAX), Memory::SaysNothing);
    }

    #[test]
    fn a_file_with_missing_bytes_is_not_asked_again_for_a_while() {
        let at = Instant::now();
        let known = Known::Missing { at };
        assert_eq!(known.memory_of(&(0..1), at), Memory::IsMissing);
        assert_eq!(known.memory_of(&(30..40), at + DOUBT - Duration::from_nanos(1)), Memory::IsMissing);
        assert_eq!(known.memory_of(&(0..1), at + DOUBT), Memory::SaysNothing);
    }
}
