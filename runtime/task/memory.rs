//! Allocates and frees the cells of tasks, and keeps free ones for reuse.
//!
//! A task is often freed on another thread than the one that spawned it, which is the most
//! expensive case for malloc: malloc keeps a few pieces per thread, and beyond those all threads
//! contend for the lock of one arena. So this file keeps freed cells by size in *magazines*, chains
//! of [`MAGAZINE_SIZE`] cells. Each thread fills and empties two magazines of its own without a
//! lock. A full one goes to the depot, and a thread that has run out takes one from there, so one
//! lock is taken per [`MAGAZINE_SIZE`] tasks. If the depot has no room, the cells go back to the
//! allocator one by one. So do the cells of a thread that ends, and those of a depot that nobody
//! has used for a while.
//!
//! Unoptimised builds keep nothing, so that memory checkers see every task come and go.
#![expect(unsafe_code, reason = "allocates cells, and chains free ones through their own memory")]

use std::alloc::{self, Layout};
use std::cell::Cell;
use std::ptr::{self, NonNull};

use super::depot::{
    CLASS_SIZE_MIN, CLASSES_COUNT, DEPOTS, Depot, Free, GRAIN, KEPT_SIZE_MAX, MAGAZINE_SIZE, free, layout_of,
};

/// Checkers must see each free, and a model counts its own allocations.
const IS_KEPT: bool = !cfg!(any(debug_assertions, rt_loom, rt_shuttle));

/// Cells of one size class: a chain, or none.
struct Magazine {
    first: Cell<*mut Free>,
    count: Cell<usize>,
}

/// The free cells that a thread has of one size class: the magazine in use, and a full one or none.
struct Class {
    loaded: Magazine,
    spare: Cell<*mut Free>,
}

/// All free cells of a thread.
struct ThreadCache([Class; CLASSES_COUNT]);

thread_local! {
    static THREAD_CACHE: ThreadCache = const {
        ThreadCache(
            [const {
                Class {
                    loaded: Magazine { first: Cell::new(ptr::null_mut()), count: Cell::new(0) },
                    spare: Cell::new(ptr::null_mut()),
                }
            }; CLASSES_COUNT],
        )
    };
}

/// Returns the class of these cells, or `None` if they are not kept.
const fn class_of(layout: Layout) -> Option<usize> {
    if IS_KEPT { class_in(layout) } else { None }
}

/// Returns the class that has room for these cells, or `None` if there is none.
const fn class_in(layout: Layout) -> Option<usize> {
    if layout.size() > KEPT_SIZE_MAX || layout.align() > GRAIN {
        return None;
    }
    Some(layout.size().saturating_sub(CLASS_SIZE_MIN).div_ceil(GRAIN))
}

/// Allocates memory for a cell, whose size is not zero.
#[inline]
pub(super) fn allocate<T>() -> NonNull<T> {
    const { assert!(size_of::<T>() > 0, "there is no memory of size zero") };
    let Some(class) = (const { class_of(Layout::new::<T>()) }) else {
        return allocate_anew(Layout::new::<T>()).cast();
    };
    // There is no cache while the thread ends.
    let kept = THREAD_CACHE.try_with(|cache| cache.0[class].take(&DEPOTS[class])).ok().flatten();
    kept.map_or_else(|| allocate_anew(layout_of(class)).cast(), NonNull::cast)
}

/// Frees the memory of a cell.
///
/// # Safety
/// The memory comes from [`allocate`] of the same type, and holds no value any more.
#[inline]
pub(super) unsafe fn release<T>(cell: NonNull<T>) {
    let Some(class) = (const { class_of(Layout::new::<T>()) }) else {
        // SAFETY: as our caller promises; a cell without a class was allocated with this layout.
        return unsafe { alloc::dealloc(cell.cast().as_ptr(), Layout::new::<T>()) };
    };
    // SAFETY: as our caller promises; the cell was allocated with the layout of its class.
    let is_kept =
        THREAD_CACHE.try_with(|cache| unsafe { cache.0[class].put(cell.cast(), class, &DEPOTS[class]) });
    if is_kept.is_err() {
        // SAFETY: as above.
        unsafe { alloc::dealloc(cell.cast().as_ptr(), layout_of(class)) };
    }
}

#[cold]
fn allocate_anew(layout: Layout) -> NonNull<u8> {
    // SAFETY: the size is not zero.
    NonNull::new(unsafe { alloc::alloc(layout) }).unwrap_or_else(|| alloc::handle_alloc_error(layout))
}

impl Magazine {
    #[inline]
    fn pop(&self) -> Option<NonNull<Free>> {
        let first = NonNull::new(self.first.get())?;
        // SAFETY: a cell in a chain is ours, and was written when it was put there.
        self.first.set(unsafe { first.as_ref() }.next);
        self.count.set(self.count.get() - 1);
        Some(first)
    }

    /// # Safety
    /// `cell` is memory for a `Free` that nobody else uses.
    #[inline]
    unsafe fn push(&self, cell: NonNull<Free>) {
        // SAFETY: as our caller promises.
        unsafe { cell.write(Free { next: self.first.get() }) };
        self.first.set(cell.as_ptr());
        self.count.set(self.count.get() + 1);
    }
}

impl Class {
    #[inline]
    fn take(&self, depot: &Depot) -> Option<NonNull<Free>> {
        self.loaded.pop().or_else(|| self.take_from_next(depot))
    }

    #[cold]
    fn take_from_next(&self, depot: &Depot) -> Option<NonNull<Free>> {
        let spare = self.spare.replace(ptr::null_mut());
        let full = if spare.is_null() { depot.take()? } else { spare };
        self.loaded.first.set(full);
        self.loaded.count.set(MAGAZINE_SIZE);
        self.loaded.pop()
    }

    /// # Safety
    /// `cell` was allocated with the layout of `class`, which is ours, and nobody else uses it.
    #[inline]
    unsafe fn put(&self, cell: NonNull<Free>, class: usize, depot: &Depot) {
        if self.loaded.count.get() == MAGAZINE_SIZE {
            let full = self.loaded.first.replace(ptr::null_mut());
            self.loaded.count.set(0);
            let spare = self.spare.replace(full);
            if !spare.is_null() {
                // SAFETY: as our caller promises: every cell of the chain came this way.
                unsafe { depot.put(spare, class) };
            }
        }
        // SAFETY: as our caller promises; a cell of any class has room for a pointer.
        unsafe { self.loaded.push(cell) };
    }
}

impl Drop for ThreadCache {
    fn drop(&mut self) {
        for (class, kept) in self.0.iter().enumerate() {
            for chain in [&kept.loaded.first, &kept.spare] {
                // SAFETY: the cells of this cache were allocated with the layout of their class,
                // and nobody else uses them.
                unsafe { free(chain.replace(ptr::null_mut()), class) };
            }
        }
    }
}

#[cfg(all(test, not(any(rt_loom, rt_shuttle))))]
mod tests {
    use super::{
        CLASS_SIZE_MIN, CLASSES_COUNT, Cell, Class, Depot, Free, GRAIN, KEPT_SIZE_MAX, MAGAZINE_SIZE,
        Magazine, NonNull, alloc, allocate, class_in, free, layout_of, ptr, release,
    };
    use crate::task::depot::DEPOT_SIZE_MAX;
    use std::alloc::Layout;
    use std::collections::HashSet;

    const CLASS: usize = 7;

    fn class() -> Class {
        Class {
            loaded: Magazine { first: Cell::new(ptr::null_mut()), count: Cell::new(0) },
            spare: Cell::new(ptr::null_mut()),
        }
    }

    fn fresh() -> NonNull<Free> {
        // SAFETY: a class is not of size zero.
        NonNull::new(unsafe { alloc::alloc(layout_of(CLASS)) }).expect("memory").cast()
    }

    /// Puts `count` new cells there, and returns their addresses.
    fn fill(class: &Class, depot: &Depot, count: usize) -> HashSet<usize> {
        let put = |_| {
            let cell = fresh();
            // SAFETY: it is new, and of this class.
            unsafe { class.put(cell, CLASS, depot) };
            cell.addr().get()
        };
        (0..count).map(put).collect()
    }

    /// Takes all cells that are there, frees them, and returns their addresses.
    fn empty(class: &Class, depot: &Depot) -> HashSet<usize> {
        let taken = std::iter::from_fn(|| class.take(depot));
        let addresses = taken.map(|cell| {
            // SAFETY: `fresh` allocated it, and it is ours.
            unsafe { alloc::dealloc(cell.cast::<u8>().as_ptr(), layout_of(CLASS)) };
            cell.addr().get()
        });
        // Each cell once: the set is as long as the list.
        let list: Vec<usize> = addresses.collect();
        let set: HashSet<usize> = list.iter().copied().collect();
        assert_eq!(list.len(), set.len(), "a cell was given out twice");
        set
    }

    #[test]
    fn what_was_put_away_comes_back_once() {
        for count in [0, 1, MAGAZINE_SIZE - 1, MAGAZINE_SIZE, MAGAZINE_SIZE + 1, 5 * MAGAZINE_SIZE + 3] {
            let (class, depot) = (class(), Depot::new());
            let put = fill(&class, &depot, count);
            assert_eq!(empty(&class, &depot), put, "of {count}");
        }
    }

    #[test]
    fn what_one_thread_frees_another_one_gets() {
        const COUNT: usize = 10 * MAGAZINE_SIZE;
        let depot = Depot::new();
        let put = std::thread::scope(|scope| {
            let freeing = scope.spawn(|| {
                let class = class();
                let put = fill(&class, &depot, COUNT);
                for chain in [&class.loaded.first, &class.spare] {
                    // SAFETY: `fresh` allocated them, and they are ours.
                    unsafe { free(chain.replace(ptr::null_mut()), CLASS) };
                }
                put
            });
            freeing.join().expect("no panic")
        });
        let taken = empty(&class(), &depot);
        assert_eq!(taken.len(), COUNT - 2 * MAGAZINE_SIZE, "all but what the other thread kept");
        assert!(taken.is_subset(&put));
    }

    #[test]
    fn a_depot_that_gives_back_has_nothing_left() {
        let (class, depot) = (class(), Depot::new());
        fill(&class, &depot, 5 * MAGAZINE_SIZE);
        depot.give_back(CLASS);
        assert!(depot.take().is_none());
        assert_eq!(empty(&class, &depot).len(), 2 * MAGAZINE_SIZE, "what the thread keeps");
    }

    #[test]
    fn the_depot_takes_no_more_than_its_share() {
        let (class, depot) = (class(), Depot::new());
        let size = layout_of(CLASS).size();
        fill(&class, &depot, 2 * DEPOT_SIZE_MAX / size);
        let kept_count = empty(&class, &depot).len();
        let full_count = DEPOT_SIZE_MAX / (size * MAGAZINE_SIZE);
        let of_thread = full_count * MAGAZINE_SIZE + 1..=(full_count + 2) * MAGAZINE_SIZE;
        assert!(of_thread.contains(&kept_count), "{kept_count} of {size} bytes");
    }

    /// A class has room for the cells that are put into it, and no more than necessary.
    #[test]
    fn classes_fit() {
        for size in 1..=KEPT_SIZE_MAX {
            let layout = Layout::from_size_align(size, 8).expect("a possible layout");
            let class = class_in(layout).expect("small enough");
            let room = layout_of(class).size();
            assert!(
                class < CLASSES_COUNT && room >= size && room < size.max(CLASS_SIZE_MIN - 15) + GRAIN,
                "{size} bytes"
            );
        }
        for (size, align) in [(KEPT_SIZE_MAX + 1, 8), (64, 2 * GRAIN)] {
            assert_eq!(class_in(Layout::from_size_align(size, align).expect("a possible layout")), None);
        }
    }

    /// Allocates twice, so that the kept memory is reused.
    fn use_and_release<T>() {
        for _ in 0..2 {
            let cells: Vec<NonNull<T>> = (0..3 * MAGAZINE_SIZE).map(|_| allocate()).collect();
            for cell in cells {
                assert_eq!(cell.addr().get() % align_of::<T>(), 0);
                // SAFETY: the memory has this size, and it is released as the type it was allocated
                // for.
                unsafe {
                    cell.write_bytes(0xa5, 1);
                    release(cell);
                }
            }
        }
    }

    #[test]
    fn memory_is_as_large_and_as_aligned_as_asked_for() {
        #[repr(align(128))]
        struct Aligned([u8; 128]);
        use_and_release::<u8>();
        use_and_release::<[u64; 3]>();
        use_and_release::<[u64; 16]>();
        use_and_release::<[u8; KEPT_SIZE_MAX]>();
        use_and_release::<[u8; KEPT_SIZE_MAX + 1]>();
        use_and_release::<Aligned>();
        assert_eq!(Aligned([0; 128]).0.len(), 128);
    }
}
