//! An allocator that keeps freed memory back, filled with a pattern, and looks whether somebody wrote into it: the
//! program, or a kernel that was not told that an operation's memory is gone.
#![expect(unsafe_code, reason = "an allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

const PATTERN: u8 = 0xD5;
/// How many freed blocks are kept back, and how many bytes they may have in all.
const BLOCKS_COUNT_MAX: usize = 1 << 16;
const BYTES_MAX: usize = 64 << 20;

#[derive(Clone, Copy)]
struct Block {
    start: *mut u8,
    layout: Layout,
}

/// Freed blocks in the order of their freeing.
struct Kept {
    blocks: [Option<Block>; BLOCKS_COUNT_MAX],
    oldest: usize,
    count: usize,
    bytes: usize,
}

// SAFETY: the blocks belong to nobody but this list.
unsafe impl Send for Kept {}

pub(crate) struct Canary {
    kept: Mutex<Kept>,
    damaged_count: AtomicUsize,
}

impl Block {
    fn is_whole(&self) -> bool {
        static PAGE: [u8; 4096] = [PATTERN; 4096];
        // SAFETY: the block was filled when it was freed, and is ours until it is given back. A kernel that writes to it
        // meanwhile is what this looks for.
        let bytes = unsafe { std::slice::from_raw_parts(self.start, self.layout.size()) };
        bytes.chunks(PAGE.len()).all(|chunk| chunk == &PAGE[..chunk.len()])
    }
}

impl Kept {
    /// The block that must make room for another one of this size, if one must.
    fn pop_for(&mut self, size: usize) -> Option<Block> {
        if self.count == 0 || (self.count < BLOCKS_COUNT_MAX && self.bytes + size <= BYTES_MAX) {
            return None;
        }
        let block = self.blocks[self.oldest].take();
        self.oldest = (self.oldest + 1) % BLOCKS_COUNT_MAX;
        self.count -= 1;
        self.bytes -= block.map_or(0, |block| block.layout.size());
        block
    }

    fn push(&mut self, block: Block) {
        self.blocks[(self.oldest + self.count) % BLOCKS_COUNT_MAX] = Some(block);
        self.count += 1;
        self.bytes += block.layout.size();
    }
}

impl Canary {
    pub(crate) const fn new() -> Canary {
        let kept = Kept { blocks: [None; BLOCKS_COUNT_MAX], oldest: 0, count: 0, bytes: 0 };
        Canary { kept: Mutex::new(kept), damaged_count: AtomicUsize::new(0) }
    }

    /// How many freed blocks were found with something else than the pattern in them, so far and now.
    pub(crate) fn damaged_count(&self) -> usize {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let damaged = kept.blocks.iter().flatten().filter(|block| !block.is_whole()).count();
        damaged + self.damaged_count.load(Ordering::SeqCst)
    }

    fn give_back(&self, block: Block) {
        if !block.is_whole() {
            self.damaged_count.fetch_add(1, Ordering::SeqCst);
        }
        // SAFETY: the block came from there, with this layout, and is in nobody's list any more.
        unsafe { System.dealloc(block.start, block.layout) };
    }
}

// SAFETY: every block is the system's, and is given back to it once, later than asked.
unsafe impl GlobalAlloc for Canary {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: the caller gives up the block, which has this size.
        unsafe { ptr::write_bytes(start, PATTERN, layout.size()) };
        if layout.size() > BYTES_MAX / 16 {
            // SAFETY: as in `give_back`.
            return unsafe { System.dealloc(start, layout) };
        }
        loop {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(oldest) = kept.pop_for(layout.size()) else {
                kept.push(Block { start, layout });
                return;
            };
            drop(kept);
            self.give_back(oldest);
        }
    }
}

/// The test binary's own proof: a kernel that is told to read into memory that is freed meanwhile, as a driver would that
/// gives up an operation's buffer too early, is found.
#[cfg(target_os = "linux")]
mod proof {
    use std::io::Write as _;
    use std::os::fd::AsRawFd as _;
    use std::os::unix::net::UnixStream;

    use io_uring::types::Fd;
    use io_uring::{IoUring, opcode};

    use crate::CANARY;
    use crate::support::process::{again, expect_success, role};

    #[test]
    fn a_kernel_that_writes_into_freed_memory_is_found() {
        let name = "canary::proof::a_kernel_that_writes_into_freed_memory_is_found";
        if role().is_some() {
            return provoke();
        }
        if crate::support::has_uring() {
            // In a process of its own, for the damage stays.
            expect_success(&mut again(name, "careless"));
        }
    }

    fn provoke() {
        let mut ring = IoUring::new(4).expect("the parent had one");
        let (reader, mut writer) = UnixStream::pair().expect("a pair");
        let mut buffer = vec![0_u8; 64];
        let read = opcode::Read::new(Fd(reader.as_raw_fd()), buffer.as_mut_ptr(), 64).build();
        // SAFETY: it is not, and that is the point; the allocator keeps the memory back, so that nobody has it.
        unsafe { ring.submission().push(&read).expect("room for one") };
        assert_eq!(ring.submit().expect("taken"), 1);
        drop(buffer);
        assert_eq!(CANARY.damaged_count(), 0, "nothing has come yet");
        writer.write_all(b"late").expect("written");
        ring.submit_and_wait(1).expect("completed");
        assert_eq!(ring.completion().next().expect("the read's").result(), 4);
        assert_eq!(CANARY.damaged_count(), 1);
    }
}
