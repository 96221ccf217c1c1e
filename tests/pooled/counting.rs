//! An allocator that counts the blocks of some lengths, which nobody else allocates, and can be out of memory for one of
//! them. A test that counts has a length of its own, because others run beside it.
#![expect(unsafe_code, reason = "an allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The lengths that are counted: this one, and so many behind it. They are odd enough for nobody to use them by chance.
const FIRST: usize = 12_289;
const LENGTHS_COUNT: usize = 16;

/// A length that is counted, for the test `index`.
pub(crate) const fn length(index: usize) -> usize {
    assert!(index < LENGTHS_COUNT);
    FIRST + index
}

pub(crate) struct Counting {
    live: [AtomicUsize; LENGTHS_COUNT],
    made: [AtomicUsize; LENGTHS_COUNT],
    /// Of this length there is no memory.
    refused: AtomicUsize,
}

impl Counting {
    pub(crate) const fn new() -> Counting {
        Counting {
            live: [const { AtomicUsize::new(0) }; LENGTHS_COUNT],
            made: [const { AtomicUsize::new(0) }; LENGTHS_COUNT],
            refused: AtomicUsize::new(0),
        }
    }

    /// How many blocks of this length there are.
    pub(crate) fn live_count(&self, length: usize) -> usize {
        self.live[length - FIRST].load(Ordering::SeqCst)
    }

    /// How many there have ever been.
    pub(crate) fn made_count(&self, length: usize) -> usize {
        self.made[length - FIRST].load(Ordering::SeqCst)
    }

    /// From now on there is no memory for this length. Zero: there is for all.
    pub(crate) fn refuse(&self, length: usize) {
        self.refused.store(length, Ordering::SeqCst);
    }

    fn index(layout: Layout) -> Option<usize> {
        let index = layout.size().wrapping_sub(FIRST);
        (layout.align() == 1 && index < LENGTHS_COUNT).then_some(index)
    }
}

// SAFETY: every block is the system's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if let Some(index) = Counting::index(layout) {
            if self.refused.load(Ordering::SeqCst) == layout.size() {
                return ptr::null_mut();
            }
            self.live[index].fetch_add(1, Ordering::SeqCst);
            self.made[index].fetch_add(1, Ordering::SeqCst);
        }
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        if let Some(index) = Counting::index(layout) {
            self.live[index].fetch_sub(1, Ordering::SeqCst);
        }
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(start, layout) };
    }
}
