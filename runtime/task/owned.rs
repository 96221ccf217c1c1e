//! The list of live tasks. A shutdown begins by closing it.
#![expect(unsafe_code, reason = "tasks that know their slots in a list of plain pointers")]

use super::allocate::allocate;
use super::id::Id;
use super::join::JoinHandle;
use super::layout::{Header, Membership, SpawnSite};
use super::list::{List, with_links};
use super::pinned::PinnedFuture;
use super::raw::{Reference, TaskRef};
use super::runnable::Runnable;
use super::schedule::Schedule;
#[cfg(feature = "tracing")]
use super::spans::Spanned;
use crate::primitive::atomic::{AtomicUsize, Ordering};
use crate::primitive::sync::Mutex;
use crossbeam::utils::CachePadded;
use std::fmt;
use std::panic::Location;
use std::ptr::NonNull;

/// Neighbouring ids of one block are spread over this many shards. A thread that spawns stays
/// within this group of shards for a whole block of ids, so their locks stay in its cache. When
/// other threads complete what one thread spawned, they do not all contend for one lock. A runtime
/// has four shards for each worker, so there are two groups for each worker: with groups of eight,
/// two workers or more shared each group, and every spawn fetched its lock from another core.
const SHARDS_PER_BLOCK: u64 = 2;

/// The live tasks of a scheduler, each listed once from its spawn to its completion.
pub(crate) struct OwnedTasks {
    shards: Box<[CachePadded<Shard>]>,
}

struct Shard {
    list: Mutex<List>,
    /// Tasks that are listed or taken and not complete. Written under the lock, read anywhere.
    live_count: AtomicUsize,
}

/// Makes a task that is in no list.
pub(super) fn unlisted<F, S>(
    future: F,
    scheduler: S,
    id: Id,
    site: impl Into<SpawnSite>,
) -> (Runnable, JoinHandle<F::Output>)
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
    S: Schedule,
{
    // SAFETY: the future and its output are Send.
    let (runnable, reference) = unsafe { allocate(future, scheduler, id, site) };
    // SAFETY: the reference is the new task's, and its output is the future's.
    (runnable, unsafe { JoinHandle::new(reference) })
}

impl OwnedTasks {
    /// Makes an open, empty list with at least `shards_count` shards. With more shards, fewer
    /// threads wait for each other.
    ///
    /// # Panics
    /// Panics if `shards_count` is zero.
    pub(crate) fn new(shards_count: usize) -> OwnedTasks {
        assert!(shards_count > 0, "a list of tasks needs a shard");
        // A power of two, so that the choice of a shard takes no division.
        let shards = (0..shards_count.next_power_of_two()).map(|_| CachePadded::new(Shard::new()));
        OwnedTasks { shards: shards.collect() }
    }

    /// Makes a task and lists it. Without a Runnable the list was closed, and the task is cancelled
    /// already.
    pub(crate) fn bind<F, S>(
        &self,
        future: F,
        scheduler: S,
        id: Id,
        location: &'static Location<'static>,
    ) -> (Option<Runnable>, JoinHandle<F::Output>)
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
        S: Schedule,
    {
        #[cfg(feature = "tracing")]
        let (future, location) = Spanned::task(future, id, location).with_site(location);
        // SAFETY: the future and its output are Send.
        let (runnable, reference) = unsafe { allocate(future, scheduler, id, location) };
        // SAFETY: the reference is the new task's, and its output is the future's.
        (self.list(runnable, &reference), unsafe { JoinHandle::new(reference) })
    }

    /// As [`bind`](Self::bind), for a future that must stay on this thread. The scheduler has to
    /// route its Runnable here, because the task is neither polled nor dropped on another thread:
    /// see [`PinnedFuture`].
    pub(crate) fn bind_local<F, S>(
        &self,
        future: F,
        scheduler: S,
        id: Id,
        location: &'static Location<'static>,
    ) -> (Option<Runnable>, JoinHandle<F::Output>)
    where
        F: Future + 'static,
        F::Output: 'static,
        S: Schedule,
    {
        #[cfg(feature = "tracing")]
        let (future, location) = Spanned::local(future, id, location).with_site(location);
        // SAFETY: `PinnedFuture` lets no other thread touch the future. Its output is made by a
        // poll here, and dropped by the run that made it or through the join handle, which is not
        // Send unless the output is.
        let (runnable, reference) = unsafe { allocate(PinnedFuture::new(future), scheduler, id, location) };
        // SAFETY: the reference is the new task's, and its output is the future's.
        (self.list(runnable, &reference), unsafe { JoinHandle::new(reference) })
    }

    /// Lists a new task, or cancels it.
    fn list(&self, runnable: Runnable, reference: &Reference) -> Option<Runnable> {
        let shard = self.shard_of(runnable.id());
        let mut list = shard.list.lock();
        if !list.admits(reference) {
            drop(list);
            // Cancelled in place, with no lock held, because destructors may spawn.
            drop(runnable);
            return None;
        }
        // SAFETY: the task is new and keeps itself alive until it is complete, and `remove` runs
        // before that.
        unsafe { list.push(reference.task().as_ptr()) };
        shard.add_live(1);
        Some(runnable)
    }

    /// Removes a complete task. Called once for every task that was bound, by
    /// [`Schedule::release`].
    pub(crate) fn remove(&self, task: &Header) {
        let shard = self.shard_of(task.id);
        let mut list = shard.list.lock();
        // SAFETY: the task is alive, and if it is listed, then in this shard, because its id chose
        // the shard.
        match unsafe { list.take(NonNull::from(task)) } {
            Membership::Outside => {}
            Membership::Listed | Membership::Taken => shard.add_live(-1),
        }
    }

    /// Closes the list and cancels every task in it. It begins with shard `start`, so that threads
    /// that do this together begin at different shards. Idle futures are dropped here. Of the other
    /// futures, running ones are dropped when their poll ends, and queued ones when their Runnable
    /// is run or dropped. [`is_empty`](Self::is_empty) returns true when all are gone.
    pub(crate) fn close_and_shutdown_all(&self, start: usize) {
        // All shards are closed before the first destructor runs, so a task that a destructor
        // spawns is refused, whichever shard it belongs to.
        self.close();
        for index in 0..self.shards.len() {
            let shard = &self.shards[(start + index) % self.shards.len()];
            while let Some(task) = shard.take_first() {
                task.shut_down();
            }
        }
    }

    /// Closes the list: a task that is bound from now on is cancelled. Listed tasks stay.
    pub(crate) fn close(&self) {
        for shard in &self.shards {
            shard.list.lock().close();
        }
    }

    /// Closes the list, and requests that every listed task be dropped where it runs. No future is
    /// dropped here.
    pub(crate) fn close_and_abort_all(&self) {
        self.close();
        for shard in &self.shards {
            shard.references().iter().for_each(Reference::abort);
        }
    }

    /// Has what tasks do counted from now on, for tasks that are bound from now on.
    pub(crate) fn observe(&self) {
        for shard in &self.shards {
            shard.list.lock().observe();
        }
    }

    /// Opens a list that was closed and has run empty.
    pub(crate) fn reopen(&self) {
        for shard in &self.shards {
            shard.list.lock().open();
        }
    }

    /// Returns whether no task is alive.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how many tasks are alive.
    pub(crate) fn len(&self) -> usize {
        // Ordering: [none-is-left] Acquire pairs with `add_live`: a thread that sees the list empty
        // sees all effects of the tasks.
        self.shards.iter().map(|shard| shard.live_count.load(Ordering::Acquire)).sum()
    }

    /// Returns where a task was spawned, if it is listed.
    pub(crate) fn location_of(&self, id: Id) -> Option<&'static Location<'static>> {
        const SLOTS_AT_ONCE: usize = 1024;
        let shard = self.shard_of(id);
        let mut first = 0;
        loop {
            // A few at a time, because threads that spawn wait for the lock.
            let list = shard.list.lock();
            let slots = list.slots.get(first..).filter(|slots| !slots.is_empty())?;
            let mut tasks = slots.iter().take(SLOTS_AT_ONCE).flatten().map(|&task| {
                // SAFETY: a listed task is alive while we hold the lock, as in `take_first`.
                unsafe { TaskRef::from_header(task) }
            });
            if let Some(task) = tasks.find(|task| task.id() == id) {
                return Some(task.location());
            }
            first += SLOTS_AT_ONCE;
        }
    }

    /// Returns where the tasks were spawned that are being polled now.
    pub(crate) fn running(&self) -> Vec<&'static Location<'static>> {
        self.shards.iter().flat_map(|shard| shard.running()).collect()
    }

    /// Returns a reference to each task in up to `limit` slots of a shard, from slot `first` on,
    /// and whether that was the end of the shard. `None` if there is no such shard.
    pub(super) fn references_in(
        &self,
        shard: usize,
        first: usize,
        limit: usize,
    ) -> Option<(Vec<Reference>, bool)> {
        let list = self.shards.get(shard)?.list.lock();
        let slots = list.slots.get(first..).unwrap_or_default();
        let references = slots.iter().take(limit).flatten().map(|&task| {
            // SAFETY: a listed task is alive while we hold the lock, as in `take_first`.
            unsafe { TaskRef::from_header(task) }.to_reference()
        });
        Some((references.collect(), slots.len() <= limit))
    }

    fn shard_of(&self, id: Id) -> &Shard {
        let number = id.to_u64();
        let group = number / super::id::BLOCK_SIZE;
        let shard = group * SHARDS_PER_BLOCK + number % SHARDS_PER_BLOCK;
        &self.shards[shard as usize & (self.shards.len() - 1)]
    }
}

impl Shard {
    fn new() -> Shard {
        Shard { list: Mutex::new(List::new()), live_count: AtomicUsize::new(0) }
    }

    /// Called under the lock.
    fn add_live(&self, change: isize) {
        // Ordering: [list-under-lock] the lock makes us the only writer, so a load and a store have
        // the effect of an addition.
        let count = self.live_count.load(Ordering::Relaxed);
        // Ordering: [none-is-left] Release pairs with `len`.
        self.live_count.store(count.wrapping_add_signed(change), Ordering::Release);
    }

    /// Returns a reference to each task in the list.
    fn references(&self) -> Vec<Reference> {
        let list = self.list.lock();
        // SAFETY: a listed task is not complete, or at least not past `remove`, which waits for the
        // lock; so it is alive, and we hold the lock.
        let reference = |task: &NonNull<Header>| unsafe { TaskRef::from_header(*task) }.to_reference();
        list.slots.iter().flatten().map(reference).collect()
    }

    fn running(&self) -> Vec<&'static Location<'static>> {
        let list = self.list.lock();
        // SAFETY: a listed task is alive while we hold the lock, as in `take_first`.
        let tasks = list.slots.iter().flatten().map(|&slot| unsafe { TaskRef::from_header(slot) });
        tasks.filter(|task| task.state().is_running()).map(TaskRef::location).collect()
    }

    /// Removes a task from the list, but leaves it counted until it is complete. Called after the
    /// list was closed.
    fn take_first(&self) -> Option<Reference> {
        let mut list = self.list.lock();
        // The last slot is removed as well, because no task enters any more.
        let first = std::iter::from_fn(|| list.slots.pop()).flatten().next()?;
        // SAFETY: a listed task is not complete, or at least not past `remove`, which waits for the
        // lock; so it is alive, and we hold the lock.
        unsafe { with_links(first, |links| links.membership = Membership::Taken) };
        // SAFETY: alive, as above.
        Some(unsafe { TaskRef::from_header(first) }.to_reference())
    }
}

impl fmt::Debug for OwnedTasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedTasks").field("len", &self.len()).finish()
    }
}
