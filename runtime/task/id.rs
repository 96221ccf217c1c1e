//! Ids of tasks, and the id of the task that this thread runs.
//!
//! Ids come in blocks: a thread takes [`BLOCK_SIZE`] of them at once and hands them out without
//! writing memory that other threads write. The rest of a block is lost when its thread ends; 2^64
//! ids are enough for that.

use crate::primitive::sync::StaticMutex;
use crate::primitive::thread;
use std::cell::Cell;
use std::fmt;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many ids a thread takes at once.
pub(super) const BLOCK_SIZE: u64 = 1 << 10;

/// Identifies a task among all tasks that this process has ever spawned.
///
/// An id is never used twice. Ids do not reveal the order in which tasks were spawned.
///
/// # Examples
/// ```
/// # fn main() -> std::io::Result<()> {
/// let runtime = heist::runtime::Runtime::new()?;
/// let handle = runtime.spawn(async { heist::task::id() });
/// let id = handle.id();
/// assert_eq!(runtime.block_on(handle).unwrap(), id);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(NonZeroU64);

#[derive(Clone, Copy)]
struct Block {
    next: u64,
    end: u64,
}

static NEXT_BLOCK: StaticMutex<u64> = StaticMutex::new(1);

thread::thread_local! {
    static BLOCK: Cell<Block> = const { Cell::new(Block { next: 0, end: 0 }) };
    /// The number of the current task, or 0. An atomic only because a watchdog reads it: its own
    /// thread uses it as a cell, and models do not see it.
    static CURRENT: AtomicU64 = const { AtomicU64::new(0) };
}

impl Id {
    /// Returns an id that no task had before.
    #[inline]
    pub(crate) fn next() -> Id {
        BLOCK.with(|cell| {
            let mut block = cell.get();
            if block.next == block.end {
                block = Block::take();
            }
            cell.set(Block { next: block.next + 1, end: block.end });
            Id(NonZeroU64::new(block.next).expect("blocks start at one"))
        })
    }

    #[inline]
    pub(crate) fn to_u64(self) -> u64 {
        self.0.get()
    }

    /// The id with this number, which [`to_u64`](Self::to_u64) has returned. `None` for zero.
    pub(crate) fn from_u64(number: u64) -> Option<Id> {
        NonZeroU64::new(number).map(Id)
    }
}

impl Block {
    #[cold]
    fn take() -> Block {
        let mut first = NEXT_BLOCK.lock();
        let next = *first;
        *first += BLOCK_SIZE;
        Block { next, end: next + BLOCK_SIZE }
    }
}

/// Returns the id of the task that this thread runs.
///
/// # Panics
/// Panics if called outside of a task, for example directly in `block_on`. [`try_id`] returns
/// `None` there.
///
/// # Examples
/// ```
/// # #[heist::main]
/// # async fn main() {
/// let task = heist::spawn(async { heist::task::id() });
/// let id = task.id();
/// assert_eq!(task.await.unwrap(), id);
/// # }
/// ```
#[track_caller]
pub fn id() -> Id {
    try_id()
        .expect("task::id() was called outside a task: call it in a spawned future, or use task::try_id()")
}

/// Returns the id of the task that this thread runs, or `None` outside of a task.
///
/// # Examples
/// ```
/// # fn main() -> std::io::Result<()> {
/// let runtime = heist::runtime::Runtime::new()?;
/// assert!(runtime.block_on(runtime.spawn(async { heist::task::try_id() })).unwrap().is_some());
/// // `block_on` polls a future that is not a task.
/// assert!(runtime.block_on(async { heist::task::try_id() }).is_none());
/// # Ok(())
/// # }
/// ```
pub fn try_id() -> Option<Id> {
    // Ordering: Relaxed: of this thread.
    Id::from_u64(CURRENT.with(|current| current.load(Ordering::Relaxed)))
}

/// Makes `id` the current task until the guard is dropped.
#[inline]
pub(super) fn enter(id: Id) -> EnteredId {
    CURRENT.with(|current| {
        // Ordering: Relaxed, both: of this thread. A watchdog reads a hint.
        let outer = current.load(Ordering::Relaxed);
        current.store(id.to_u64(), Ordering::Relaxed);
        EnteredId { outer }
    })
}

/// Calls `f` with the word that has the number of the current task of this thread, or 0.
pub(super) fn with_current<R>(f: impl FnOnce(&AtomicU64) -> R) -> R {
    CURRENT.with(f)
}

pub(super) struct EnteredId {
    outer: u64,
}

impl Drop for EnteredId {
    #[inline]
    fn drop(&mut self) {
        // Ordering: Relaxed, as in `enter`.
        CURRENT.with(|current| current.store(self.outer, Ordering::Relaxed));
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Id({})", self.0)
    }
}

#[cfg(all(test, not(any(rt_loom, rt_shuttle))))]
mod tests {
    use super::{BLOCK_SIZE, Id};
    use std::collections::HashSet;

    #[test]
    fn ids_are_unique_across_threads_and_blocks() {
        const THREADS_COUNT: usize = 4;
        const IDS_COUNT: usize = BLOCK_SIZE as usize * 2 + 10;
        let threads: Vec<_> = (0..THREADS_COUNT)
            .map(|_| std::thread::spawn(|| (0..IDS_COUNT).map(|_| Id::next()).collect::<Vec<_>>()))
            .collect();
        let ids: HashSet<Id> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        assert_eq!(ids.len(), THREADS_COUNT * IDS_COUNT);
    }
}
