//! The bytes of a file, in pages. A page that was never written takes no memory and reads as zeros.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// The unit of the page cache, and of the space on a disk, in bytes.
pub(crate) const PAGE_BYTES: u64 = 4096;
/// A disk writes so many bytes as a whole or not at all.
pub(super) const SECTOR_BYTES: u64 = 512;
/// The longest file, in bytes.
pub(super) const LEN_MAX: u64 = i64::MAX as u64;

type FilePage = [u8; PAGE_BYTES as usize];

/// The bytes of a file. Clones share the pages that neither changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Content {
    pages: BTreeMap<u64, Arc<FilePage>>,
    len: u64,
}

impl Content {
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    pub(super) fn pages_count(&self) -> u64 {
        self.pages.len() as u64
    }

    /// How many pages of a range have no memory yet.
    pub(super) fn missing_pages(&self, range: &Range<u64>) -> u64 {
        if range.is_empty() {
            return 0;
        }
        let pages = range.start / PAGE_BYTES..range.end.div_ceil(PAGE_BYTES);
        let (count, there) = (pages.end - pages.start, self.pages.range(pages).count() as u64);
        count - there
    }

    /// Cuts the rest off, or adds zeros.
    pub(super) fn set_len(&mut self, len: u64) {
        if len < self.len {
            self.pages.split_off(&len.div_ceil(PAGE_BYTES));
            if let Some(page) = self.pages.get_mut(&(len / PAGE_BYTES)) {
                Arc::make_mut(page)[(len % PAGE_BYTES) as usize..].fill(0);
            }
        }
        self.len = len;
    }

    /// The bytes from a position, at most `count`, and none after the end.
    pub(super) fn read(&self, at: u64, count: usize) -> Vec<u8> {
        let end = at.saturating_add(count as u64).min(self.len);
        let mut bytes = Vec::with_capacity(end.saturating_sub(at) as usize);
        for (page, part) in parts(at..end) {
            match self.pages.get(&page) {
                Some(page) => bytes.extend_from_slice(&page[part]),
                None => bytes.resize(bytes.len() + part.len(), 0),
            }
        }
        bytes
    }

    /// Writes bytes at a position. A gap before it reads as zeros.
    pub(super) fn write(&mut self, at: u64, bytes: &[u8]) {
        let mut rest = bytes;
        for (page, part) in parts(at..at + bytes.len() as u64) {
            let (now, later) = rest.split_at(part.len());
            let page = self.pages.entry(page).or_insert_with(|| Arc::new([0; PAGE_BYTES as usize]));
            Arc::make_mut(page)[part].copy_from_slice(now);
            rest = later;
        }
        if !bytes.is_empty() {
            self.len = self.len.max(at + bytes.len() as u64);
        }
    }

    /// Takes a range of the bytes over from another content, as far as that has them.
    pub(super) fn copy_from(&mut self, other: &Content, range: Range<u64>) {
        let end = range.end.min(other.len);
        for (page, part) in parts(range.start..end) {
            let whole = part.len() as u64 == PAGE_BYTES;
            match other.pages.get(&page) {
                Some(source) if whole => {
                    self.pages.insert(page, source.clone());
                }
                Some(source) => {
                    let place = self.pages.entry(page).or_insert_with(|| Arc::new([0; PAGE_BYTES as usize]));
                    Arc::make_mut(place)[part.clone()].copy_from_slice(&source[part]);
                }
                None => {
                    if let Some(place) = self.pages.get_mut(&page) {
                        Arc::make_mut(place)[part].fill(0);
                    }
                }
            }
        }
        if range.start < end {
            self.len = self.len.max(end);
        }
    }
}

/// A range as pages, each with its part.
fn parts(range: Range<u64>) -> impl Iterator<Item = (u64, Range<usize>)> {
    pieces(range, PAGE_BYTES).map(|piece| {
        let page = piece.start / PAGE_BYTES;
        (page, (piece.start - page * PAGE_BYTES) as usize..(piece.end - page * PAGE_BYTES) as usize)
    })
}

/// A range in pieces that end at multiples of `unit`.
pub(super) fn pieces(range: Range<u64>, unit: u64) -> impl Iterator<Item = Range<u64>> {
    let (mut start, end) = (range.start, range.end);
    std::iter::from_fn(move || {
        if start >= end {
            return None;
        }
        let piece = start..end.min((start / unit + 1).saturating_mul(unit));
        start = piece.end;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::{Content, PAGE_BYTES, SECTOR_BYTES, pieces};

    #[test]
    fn gaps_and_what_was_cut_off_are_zeros_without_memory() {
        let mut content = Content::default();
        content.write(3 * PAGE_BYTES - 2, b"abcd");
        assert_eq!((content.len(), content.pages_count()), (3 * PAGE_BYTES + 2, 2));
        assert_eq!(content.read(3 * PAGE_BYTES - 4, 100), b"\0\0abcd");
        content.set_len(3 * PAGE_BYTES - 1);
        content.set_len(1 << 40);
        assert_eq!(content.pages_count(), 1);
        assert_eq!(content.read(3 * PAGE_BYTES - 2, 4), b"a\0\0\0");
        assert_eq!(content.missing_pages(&(2 * PAGE_BYTES..4 * PAGE_BYTES)), 1);
        assert!(content.read(u64::MAX - 1, 7).is_empty());
    }

    #[test]
    fn a_range_of_another_content_is_taken_over_with_its_zeros() {
        let (mut old, mut new) = (Content::default(), Content::default());
        old.write(0, &[1; 9000]);
        new.write(8192, &[2; 1000]);
        old.copy_from(&new, 100..8700);
        let bytes = old.read(0, 20_000);
        assert_eq!(bytes.len(), 9000);
        assert!(bytes[..100].iter().all(|byte| *byte == 1) && bytes[100..8192].iter().all(|byte| *byte == 0));
        assert!(
            bytes[8192..8700].iter().all(|byte| *byte == 2) && bytes[8700..].iter().all(|byte| *byte == 1)
        );
        // It shares no page with the other.
        new.write(8192, &[3; 1000]);
        assert_eq!(old.read(8192, 1), [2]);
    }

    #[test]
    fn pieces_end_at_the_unit() {
        let all: Vec<_> = pieces(500..1100, SECTOR_BYTES).collect();
        assert_eq!(all, [500..512, 512..1024, 1024..1100]);
    }
}
