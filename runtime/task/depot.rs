//! Where threads pass free cells of tasks on to each other: see `memory.rs`.
//!
//! A depot belongs to the process and not to a runtime. What it keeps is given back to the
//! allocator when a runtime ends, and when a worker has been idle for a while and nobody has used
//! any depot.
#![expect(unsafe_code, reason = "chains free cells through their own memory")]

use std::alloc::{self, Layout};
use std::mem;
use std::ptr::NonNull;
// std's words and not those of `primitive`, because a static needs a const constructor, which
// loom's types do not have.
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::primitive::sync::StaticMutex;

/// Bytes between two size classes. No cell in a class is aligned to more.
pub(super) const GRAIN: usize = 16;
/// Bytes of the smallest class. With malloc's own 8 bytes each class is a multiple of the grain, so
/// that no memory is wasted.
pub(super) const CLASS_SIZE_MIN: usize = 24;
pub(super) const CLASSES_COUNT: usize = 32;
/// Larger cells are not kept: they are rare, and malloc is the smaller part of their cost.
pub(super) const KEPT_SIZE_MAX: usize = CLASS_SIZE_MIN + (CLASSES_COUNT - 1) * GRAIN;

/// Cells in a full magazine: this many tasks share the cost of one lock.
pub(super) const MAGAZINE_SIZE: usize = 32;
/// Bytes that the depot may hold of each size class.
pub(super) const DEPOT_SIZE_MAX: usize = 1 << 20;

/// A free cell. Its own memory links it to the next cell of its chain.
pub(super) struct Free {
    pub(super) next: *mut Free,
}

/// Full magazines of one size class that belong to no thread.
pub(super) struct Depot(StaticMutex<Vec<Chain>>);

/// The first cell of a full magazine.
struct Chain(*mut Free);

// SAFETY: a chain is memory without a task, and belongs to the owner of its first cell.
unsafe impl Send for Chain {}

pub(super) static DEPOTS: [Depot; CLASSES_COUNT] = [const { Depot::new() }; CLASSES_COUNT];

/// Full magazines in all depots.
static CHAINS_COUNT: AtomicUsize = AtomicUsize::new(0);
/// Whether a depot was used since [`rest`] was last called.
static WAS_USED: AtomicBool = AtomicBool::new(false);

/// Returns the layout that all cells of a class are allocated with.
pub(super) const fn layout_of(class: usize) -> Layout {
    match Layout::from_size_align(CLASS_SIZE_MIN + class * GRAIN, GRAIN) {
        Ok(layout) => layout,
        Err(_) => panic!("a class is of a possible size"),
    }
}

/// Counts a chain that comes to a depot or leaves it. Called under the depot's lock, once for each
/// full magazine.
fn note_use(change: isize) {
    // Ordering: Relaxed: hints, which order nothing.
    CHAINS_COUNT.fetch_add(change as usize, Ordering::Relaxed);
    if !WAS_USED.load(Ordering::Relaxed) {
        WAS_USED.store(true, Ordering::Relaxed);
    }
}

/// Whether free cells lie in a depot.
#[inline]
pub(crate) fn is_keeping() -> bool {
    // Ordering: Relaxed: a hint.
    CHAINS_COUNT.load(Ordering::Relaxed) > 0
}

/// Gives all kept cells back to the allocator if no depot was used since the last call.
pub(crate) fn rest() {
    // Ordering: Relaxed: a hint; cells that come meanwhile are kept, or given back as well.
    if !WAS_USED.swap(false, Ordering::Relaxed) {
        give_back();
    }
}

/// Gives all kept cells back to the allocator. The threads keep what they have.
pub(crate) fn give_back() {
    if is_keeping() {
        DEPOTS.iter().enumerate().for_each(|(class, depot)| depot.give_back(class));
    }
}

impl Depot {
    pub(super) const fn new() -> Depot {
        Depot(StaticMutex::new(Vec::new()))
    }

    /// Gives all cells, which are of this class, back to the allocator.
    pub(super) fn give_back(&self, class: usize) {
        let chains = mem::take(&mut *self.0.lock());
        // Ordering: Relaxed: a hint, as all accesses of both words.
        CHAINS_COUNT.fetch_sub(chains.len(), Ordering::Relaxed);
        for Chain(chain) in chains {
            // SAFETY: `put` demands that the cells are of the depot's class, and nobody else's.
            unsafe { free(chain, class) };
        }
    }

    #[cold]
    pub(super) fn take(&self) -> Option<*mut Free> {
        let chain = self.0.lock().pop()?;
        note_use(-1);
        Some(chain.0)
    }

    /// Adds a full magazine, or frees its cells if there is no room.
    ///
    /// # Safety
    /// The cells were allocated with the layout of `class`, and nobody else uses them.
    #[cold]
    pub(super) unsafe fn put(&self, chain: *mut Free, class: usize) {
        let count_max = DEPOT_SIZE_MAX / (layout_of(class).size() * MAGAZINE_SIZE);
        let mut chains = self.0.lock();
        if chains.len() < count_max {
            note_use(1);
            return chains.push(Chain(chain));
        }
        drop(chains);
        // SAFETY: as our caller promises.
        unsafe { free(chain, class) };
    }
}

/// Gives the cells of a chain back to the allocator.
///
/// # Safety
/// They were allocated with the layout of `class`, and nobody else uses them.
pub(super) unsafe fn free(chain: *mut Free, class: usize) {
    let mut next = NonNull::new(chain);
    while let Some(cell) = next {
        // SAFETY: a cell in a chain is ours, and was written when it was put there.
        next = NonNull::new(unsafe { cell.as_ref() }.next);
        // SAFETY: as our caller promises.
        unsafe { alloc::dealloc(cell.cast::<u8>().as_ptr(), layout_of(class)) };
    }
}
