//! An allocator that counts what is alive, by size, so that a figure can be taken apart.
#![expect(unsafe_code, reason = "an allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicIsize, AtomicUsize, Ordering};

/// Blocks up to this size are counted by size, in bytes.
const SIZE_COUNTED_MAX: usize = 4096;

pub(crate) struct Tally {
    bytes: AtomicIsize,
    /// How many blocks are alive of each size; the last are all larger ones.
    blocks: [AtomicIsize; SIZE_COUNTED_MAX + 2],
    allocations_count: AtomicUsize,
}

/// What was alive at some moment.
pub(crate) struct Census {
    pub(crate) bytes: isize,
    blocks: Vec<isize>,
}

impl Tally {
    pub(crate) const fn new() -> Tally {
        Tally {
            bytes: AtomicIsize::new(0),
            blocks: [const { AtomicIsize::new(0) }; SIZE_COUNTED_MAX + 2],
            allocations_count: AtomicUsize::new(0),
        }
    }

    pub(crate) fn bytes(&self) -> isize {
        self.bytes.load(Ordering::SeqCst)
    }

    /// How many blocks were ever allocated, or moved to another size.
    pub(crate) fn allocations_count(&self) -> usize {
        self.allocations_count.load(Ordering::SeqCst)
    }

    pub(crate) fn census(&self) -> Census {
        let blocks = self.blocks.iter().map(|count| count.load(Ordering::SeqCst)).collect();
        Census { bytes: self.bytes.load(Ordering::SeqCst), blocks }
    }

    fn count(&self, size: usize, change: isize) {
        self.bytes.fetch_add(change * size as isize, Ordering::SeqCst);
        self.allocations_count.fetch_add(usize::from(change > 0), Ordering::SeqCst);
        self.blocks[size.min(SIZE_COUNTED_MAX + 1)].fetch_add(change, Ordering::SeqCst);
    }
}

impl Census {
    /// Bytes that are alive now and were not then, for each of `count`.
    pub(crate) fn bytes_each_since(&self, before: &Census, count: usize) -> usize {
        usize::try_from(self.bytes - before.bytes).expect("more is alive than before") / count
    }

    /// Where they are: for each size of which there is a block for at least every other of `count`, how many of them.
    pub(crate) fn parts_since(&self, before: &Census, count: usize) -> String {
        let grown = self.blocks.iter().zip(&before.blocks).map(|(now, then)| now - then).enumerate();
        let counted =
            grown.filter(|&(size, blocks)| size <= SIZE_COUNTED_MAX && blocks * 2 >= count as isize);
        let parts: Vec<(usize, isize)> = counted.collect();
        let listed: isize = parts.iter().map(|(size, blocks)| *size as isize * blocks).sum();
        let rest = (self.bytes - before.bytes - listed) as f64 / count as f64;
        let mut text = String::new();
        for (size, blocks) in parts {
            text.push_str(&format!("{:.2} of {size} B, ", blocks as f64 / count as f64));
        }
        format!("{text}{rest:.0} B in tables")
    }
}

// SAFETY: every block is the system's.
unsafe impl GlobalAlloc for Tally {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.count(layout.size(), 1);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        self.count(layout.size(), 1);
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        self.count(layout.size(), -1);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(start, layout) };
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        self.count(layout.size(), -1);
        self.count(size, 1);
        // SAFETY: the caller's promise.
        unsafe { System.realloc(start, layout, size) }
    }
}
