//! Pipes: pages of bytes, as in Linux, because it says that a pipe has room if a page is free.

use std::collections::VecDeque;
use std::ffi::c_int;

use super::Room;

const PAGE_BYTES: usize = 4096;
/// How many pages a new pipe has.
const PAGES_COUNT: usize = 16;

struct Page {
    bytes: Vec<u8>,
    /// How many have been read.
    start: usize,
}

/// The bytes in a pipe.
pub(crate) struct Pages {
    pages: VecDeque<Page>,
    pages_max: usize,
}

impl Pages {
    pub(super) fn new() -> Pages {
        Pages { pages: VecDeque::new(), pages_max: PAGES_COUNT }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.pages.len() >= self.pages_max
    }

    pub(crate) fn bytes_count(&self) -> usize {
        self.pages.iter().map(|page| page.bytes.len() - page.start).sum()
    }

    pub(crate) fn capacity(&self) -> usize {
        self.pages_max * PAGE_BYTES
    }

    /// Returns the new capacity, which is whole pages, a power of two of them.
    pub(crate) fn set_capacity(&mut self, bytes: usize) -> Result<usize, c_int> {
        let pages = bytes.div_ceil(PAGE_BYTES).max(1).next_power_of_two();
        if pages < self.pages.len() {
            return Err(libc::EBUSY);
        }
        self.pages_max = pages;
        Ok(self.capacity())
    }

    /// Moves the first bytes into the room. Returns how many.
    pub(super) fn take(&mut self, room: &mut Room<'_>) -> usize {
        let mut taken = 0;
        while let Some(page) = self.pages.front_mut() {
            let count = room.put(&page.bytes[page.start..]);
            taken += count;
            page.start += count;
            if page.start < page.bytes.len() {
                break;
            }
            self.pages.pop_front();
        }
        taken
    }

    /// Adds as many bytes as there is room for. Bytes that fit into a page come as a whole, or not
    /// at all. Returns how many.
    pub(super) fn add(&mut self, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        // What is over whole pages goes to the last page, if it fits there.
        let (odd, last) = (bytes.len() % PAGE_BYTES, self.pages.back_mut());
        if let Some(last) = last.filter(|last| last.bytes.len() + odd <= PAGE_BYTES) {
            last.bytes.extend_from_slice(&rest[..odd]);
            rest = &rest[odd..];
        }
        while !rest.is_empty() && !self.is_full() {
            let (page, others) = rest.split_at(rest.len().min(PAGE_BYTES));
            self.pages.push_back(Page { bytes: page.to_vec(), start: 0 });
            rest = others;
        }
        bytes.len() - rest.len()
    }
}
