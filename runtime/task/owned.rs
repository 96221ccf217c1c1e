//! The list of live tasks. Closing it is how a shutdown begins.
#![expect(unsafe_code, reason = "tasks that know their places in a list of plain pointers")]

use super::id::Id;
use super::join::JoinHandle;
use super::layout::{Header, Links, Membership};
use super::pinned::Pinned;
use super::raw::{self, Reference, TaskRef};
use super::runnable::Runnable;
use super::schedule::Schedule;
use crate::primitive::atomic::{AtomicUsize, Ordering};
use crate::primitive::sync::Mutex;
use crossbeam::utils::CachePadded;
use std::fmt;
use std::panic::Location;
use std::ptr::NonNull;

/// Neighbouring ids of one block go round this many shards. A thread that spawns stays within this group for
/// a block of ids, so the locks stay in its cache; and when others complete what one thread spawns, they do
/// not all meet at one lock.
const SHARDS_PER_BLOCK: u64 = 8;

/// The live tasks of a scheduler, each listed once from its spawn to its completion.
pub(crate) struct OwnedTasks {
    shards: Box<[CachePadded<Shard>]>,
}

struct Shard {
    list: Mutex<List>,
    /// Listed or taken tasks that are not complete. Written under the lock, read anywhere.
    live_count: AtomicUsize,
}

/// A place per listed task. A chain of tasks would need no memory of its own, but entering and leaving it would write to
/// neighbours that other threads run.
struct List {
    places: Vec<Option<NonNull<Header>>>,
    /// Places that are empty.
    free: Vec<u32>,
    is_closed: bool,
}

/// An empty list that has more places than this gives their memory back.
const KEPT_PLACES_COUNT: usize = 1024;

// SAFETY: the pointers lead to tasks that are alive while they are listed, and are followed under the lock
// only.
unsafe impl Send for List {}

/// Makes a task that is in no list.
pub(super) fn unlisted<F, S>(
    future: F,
    scheduler: S,
    id: Id,
    location: &'static Location<'static>,
) -> (Runnable, JoinHandle<F::Output>)
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
    S: Schedule,
{
    // SAFETY: the future and its output are Send.
    let (runnable, reference) = unsafe { raw::allocate(future, scheduler, id, location) };
    // SAFETY: the reference is the new task's, and its output is the future's.
    (runnable, unsafe { JoinHandle::new(reference) })
}

impl OwnedTasks {
    /// An open, empty list whose locks are split at least `shards_count` ways; more shards, fewer threads that
    /// wait for each other.
    ///
    /// # Panics
    /// If `shards_count` is zero.
    pub(crate) fn new(shards_count: usize) -> OwnedTasks {
        assert!(shards_count > 0, "a list of tasks needs a shard");
        // A power of two: choosing a shard takes no division.
        let shards = (0..shards_count.next_power_of_two()).map(|_| CachePadded::new(Shard::new()));
        OwnedTasks { shards: shards.collect() }
    }

    /// Makes a task and lists it. Without a Runnable the list was closed, and the task is cancelled already.
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
        // SAFETY: the future and its output are Send.
        let (runnable, reference) = unsafe { raw::allocate(future, scheduler, id, location) };
        // SAFETY: the reference is the new task's, and its output is the future's.
        (self.list(runnable, &reference), unsafe { JoinHandle::new(reference) })
    }

    /// As [`bind`](Self::bind), for a future that must stay on this thread. The scheduler has to route its
    /// Runnable here: elsewhere it is neither polled nor dropped, see [`Pinned`].
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
        // SAFETY: `Pinned` lets no other thread touch the future; its output is made by a poll here, and
        // dropped by the run that made it or through the join handle, which is not Send unless the output is.
        let (runnable, reference) = unsafe { raw::allocate(Pinned::new(future), scheduler, id, location) };
        // SAFETY: the reference is the new task's, and its output is the future's.
        (self.list(runnable, &reference), unsafe { JoinHandle::new(reference) })
    }

    /// Lists a new task, or cancels it.
    fn list(&self, runnable: Runnable, reference: &Reference) -> Option<Runnable> {
        let shard = self.shard_of(runnable.id());
        let mut list = shard.list.lock();
        if list.is_closed {
            drop(list);
            // Cancelled in place, with no lock held: destructors may spawn.
            drop(runnable);
            return None;
        }
        // SAFETY: the task is new and keeps itself alive until it is complete, and `remove` comes before
        // that.
        unsafe { list.push(reference.task().as_ptr()) };
        shard.add_live(1);
        Some(runnable)
    }

    /// Takes a complete task out. Called once for every task that was bound, by [`Schedule::release`].
    pub(crate) fn remove(&self, task: &Header) {
        let shard = self.shard_of(task.id);
        let mut list = shard.list.lock();
        // SAFETY: the task is alive, and if it is listed, then here: its id chose the shard.
        match unsafe { list.take(NonNull::from(task)) } {
            Membership::Outside => {}
            Membership::Listed | Membership::Taken => shard.add_live(-1),
        }
    }

    /// Closes the list and cancels every task in it, beginning with shard `start`, so that threads that do
    /// this together begin at different ends. Idle futures are dropped here; of the others, those that run
    /// are dropped when their poll ends, and those that are queued when their Runnable is run or dropped.
    /// [`is_empty`](Self::is_empty) says when all are gone.
    pub(crate) fn close_and_shutdown_all(&self, start: usize) {
        // All are closed before the first destructor runs: what it spawns is refused, whichever shard it would go to.
        self.close();
        for index in 0..self.shards.len() {
            let shard = &self.shards[(start + index) % self.shards.len()];
            while let Some(task) = shard.take_first() {
                task.shut_down();
            }
        }
    }

    /// Closes the list: what is bound from now on is cancelled. What is in it stays.
    pub(crate) fn close(&self) {
        for shard in &self.shards {
            shard.list.lock().is_closed = true;
        }
    }

    /// Closes the list, and asks for every task in it to be dropped where it runs: no future is dropped here.
    pub(crate) fn close_and_abort_all(&self) {
        self.close();
        for shard in &self.shards {
            shard.references().iter().for_each(Reference::abort);
        }
    }

    /// Opens a list that was closed and has run empty.
    pub(crate) fn reopen(&self) {
        for shard in &self.shards {
            shard.list.lock().is_closed = false;
        }
    }

    /// Whether no task is alive.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many tasks are alive.
    pub(crate) fn len(&self) -> usize {
        // Ordering: [none-is-left] Acquire pairs with `add_live`: who sees the list empty sees all that the tasks did.
        self.shards.iter().map(|shard| shard.live_count.load(Ordering::Acquire)).sum()
    }

    /// Where the tasks were spawned that are being polled now.
    pub(crate) fn running(&self) -> Vec<&'static Location<'static>> {
        self.shards.iter().flat_map(|shard| shard.running()).collect()
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
        Shard {
            list: Mutex::new(List { places: Vec::new(), free: Vec::new(), is_closed: false }),
            live_count: AtomicUsize::new(0),
        }
    }

    /// Called under the lock.
    fn add_live(&self, change: isize) {
        // Ordering: [list-under-lock] the lock makes us the only writer, so a load and a store do what an addition would.
        let count = self.live_count.load(Ordering::Relaxed);
        // Ordering: [none-is-left] Release pairs with `len`.
        self.live_count.store(count.wrapping_add_signed(change), Ordering::Release);
    }

    /// A reference to each task in the list.
    fn references(&self) -> Vec<Reference> {
        let list = self.list.lock();
        // SAFETY: a listed task is not complete, or at least not past `remove`, which waits for the lock; so
        // it is alive, and we hold the lock.
        let reference = |task: &NonNull<Header>| unsafe { TaskRef::from_header(*task) }.to_reference();
        list.places.iter().flatten().map(reference).collect()
    }

    fn running(&self) -> Vec<&'static Location<'static>> {
        let list = self.list.lock();
        // SAFETY: a listed task is alive while we hold the lock, as in `take_first`.
        let tasks = list.places.iter().flatten().map(|&place| unsafe { TaskRef::from_header(place) });
        tasks.filter(|task| task.state().is_running()).map(TaskRef::location).collect()
    }

    /// Takes a task out of the list, but leaves it counted until it is complete. By who has closed the list.
    fn take_first(&self) -> Option<Reference> {
        let mut list = self.list.lock();
        // Its last place goes as well: nobody enters any more.
        let first = std::iter::from_fn(|| list.places.pop()).flatten().next()?;
        // SAFETY: a listed task is not complete, or at least not past `remove`, which waits for the lock; so
        // it is alive, and we hold the lock.
        unsafe { with_links(first, |links| links.membership = Membership::Taken) };
        // SAFETY: alive, as above.
        Some(unsafe { TaskRef::from_header(first) }.to_reference())
    }
}

impl List {
    /// # Safety
    /// `task` is alive, in no list, and stays alive until it was taken out.
    unsafe fn push(&mut self, task: NonNull<Header>) {
        let index = match self.free.pop() {
            Some(index) => {
                self.places[index as usize] = Some(task);
                index
            }
            None => {
                self.places.push(Some(task));
                u32::try_from(self.places.len() - 1).expect("fewer than 2^32 tasks in a shard")
            }
        };
        // SAFETY: [list-under-lock]; it is alive, as our caller promised.
        unsafe { with_links(task, |links| *links = Links { index, membership: Membership::Listed }) };
    }

    /// Takes `task` out if it is listed, and says what it was.
    ///
    /// # Safety
    /// `task` is alive and in no other list.
    unsafe fn take(&mut self, task: NonNull<Header>) -> Membership {
        // SAFETY: [list-under-lock]; it is alive, as our caller promised.
        let (index, membership) = unsafe {
            with_links(task, |links| {
                (links.index, std::mem::replace(&mut links.membership, Membership::Outside))
            })
        };
        if membership == Membership::Listed {
            debug_assert_eq!(self.places[index as usize], Some(task), "a task stands where it says");
            self.places[index as usize] = None;
            self.free.push(index);
            self.shrink();
        }
        membership
    }

    /// Gives back what a storm of tasks has left.
    fn shrink(&mut self) {
        // A list that is closed has given up places that are still counted as free.
        if !self.is_closed && self.free.len() == self.places.len() && self.places.len() > KEPT_PLACES_COUNT {
            self.places = Vec::new();
            self.free = Vec::new();
        }
    }
}

/// # Safety
/// `task` is alive, the caller holds the lock of its shard, and `f` does not reach the links in another way.
unsafe fn with_links<R>(task: NonNull<Header>, f: impl FnOnce(&mut Links) -> R) -> R {
    // SAFETY: handed on from our caller.
    unsafe { task.as_ref().links.with_mut(|links| f(&mut *links)) }
}

impl fmt::Debug for OwnedTasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedTasks").field("len", &self.len()).finish()
    }
}
