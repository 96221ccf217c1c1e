//! The counts behind the idle protocol: which workers search, which sleep, and which one to wake.

use crossbeam::utils::CachePadded;

use crate::primitive::atomic::{AtomicUsize, Ordering, fence};
use crate::primitive::sync::Mutex;
use crate::scheduler::sleepers::Sleepers;

const SEARCHING_ONE: usize = 1;
const PARKED_ONE: usize = 1 << 16;
const SEARCHING_MASK: usize = PARKED_ONE - 1;

/// How many parked workers watch the others at a time. There are two, so that a sentinel that gets
/// work of its own need not wake another worker to take over.
const SENTINELS_COUNT_MAX: usize = 2;

// Ordering: every change of the counts is Relaxed, [no-lost-work], [watched]. Each change is an
// addition, so it reads the latest value. The SeqCst fences of one thread against another's order
// the counts with the queues.

/// The idle word, unpacked.
#[derive(Clone, Copy)]
struct Counts(usize);

impl Counts {
    fn searching(self) -> usize {
        self.0 & SEARCHING_MASK
    }

    fn parked(self) -> usize {
        self.0 / PARKED_ONE
    }
}

pub(crate) struct Idle {
    /// `parked << 16 | searching`.
    counts: CachePadded<AtomicUsize>,
    /// The number of parked workers that watch the others with a short time-out.
    on_duty: AtomicUsize,
    /// The parked workers. The last one to park is woken first, because its cache is the warmest.
    sleepers: Mutex<Sleepers>,
    workers_count: usize,
}

impl Idle {
    pub(crate) fn new(workers_count: usize) -> Self {
        assert!(workers_count < PARKED_ONE, "at most {} workers", PARKED_ONE - 1);
        Idle {
            counts: CachePadded::new(AtomicUsize::new(0)),
            on_duty: AtomicUsize::new(0),
            sleepers: Mutex::new(Sleepers::new(workers_count)),
            workers_count,
        }
    }

    fn counts(&self) -> Counts {
        // Ordering: Relaxed. Where a stale value could lose a wake-up, a SeqCst fence precedes
        // this: [no-lost-work].
        Counts(self.counts.load(Ordering::Relaxed))
    }

    /// Returns whether a worker is on its way to the waiting tasks.
    pub(crate) fn is_searched(&self) -> bool {
        self.counts().searching() > 0
    }

    /// Returns the number of workers that divide the injector: those that have nothing else to run,
    /// and the caller. If none is idle, all workers divide it.
    pub(crate) fn takers_count(&self, is_searching: bool) -> usize {
        let counts = self.counts();
        match counts.parked() + counts.searching() {
            0 => self.workers_count,
            idle => idle + usize::from(!is_searching),
        }
    }

    /// Called after a push that others may take. Returns the worker to unpark, which counts as
    /// searching from now on. Returns `None` if a worker searches already, or none sleeps.
    #[must_use]
    pub(crate) fn worker_to_wake(&self) -> Option<usize> {
        // Ordering: SeqCst, [no-lost-work]: the caller's push comes before this fence, and a
        // sleeper's counting before its own. Either this thread sees it parked, or its last look
        // sees the push.
        fence(Ordering::SeqCst);
        self.sleeper_to_wake()
    }

    /// Does the same for a caller that has fenced since its push.
    #[must_use]
    pub(crate) fn sleeper_to_wake(&self) -> Option<usize> {
        let counts = self.counts();
        if counts.searching() > 0 || counts.parked() == 0 {
            return None;
        }
        self.take_sleeper()
    }

    /// Returns the worker to unpark as a sentinel, if none is on duty while others sleep:
    /// `[watched]`.
    #[must_use]
    pub(crate) fn sentinel_to_wake(&self) -> Option<usize> {
        // Ordering: SeqCst, [watched]: as above, with `leave_duty` in the place of the push.
        fence(Ordering::SeqCst);
        // Ordering: Relaxed, because the fence orders it.
        if self.on_duty.load(Ordering::Relaxed) > 0 || self.counts().parked() == 0 {
            return None;
        }
        self.take_sleeper()
    }

    /// Returns whether a parked worker watches the others.
    pub(crate) fn has_sentinel(&self) -> bool {
        // Ordering: Relaxed, [called]: a caller that must not miss it has fenced.
        self.on_duty.load(Ordering::Relaxed) > 0
    }

    fn take_sleeper(&self) -> Option<usize> {
        let mut sleepers = self.sleepers.lock();
        // Two announcers at once wake one worker, not two: the second sees the first one's
        // searcher.
        if self.counts().searching() > 0 {
            return None;
        }
        let index = sleepers.pop()?;
        // Ordering: Relaxed, because the lock orders the list, and the fences order the counts
        // against the queues.
        self.counts.fetch_add(SEARCHING_ONE.wrapping_sub(PARKED_ONE), Ordering::Relaxed);
        Some(index)
    }

    /// Counts the caller as searching and returns `true`, unless half of the workers already
    /// search: more of them would fight over few tasks.
    #[must_use]
    pub(crate) fn try_search(&self) -> bool {
        if 2 * self.counts().searching() >= self.workers_count {
            return false;
        }
        // Ordering: Relaxed, because two workers that pass the test together overshoot by one,
        // which costs only a search.
        self.counts.fetch_add(SEARCHING_ONE, Ordering::Relaxed);
        true
    }

    /// Called when a searcher has found something. Returns `true` if it was the last one: pushes
    /// that were not announced because of it would go unnoticed, so the caller must look at the
    /// queues and announce what it sees.
    #[must_use]
    pub(crate) fn stop_searching(&self) -> bool {
        // Ordering: Relaxed, then the fence: [no-lost-work] as in `park`.
        let before = Counts(self.counts.fetch_sub(SEARCHING_ONE, Ordering::Relaxed));
        fence(Ordering::SeqCst);
        before.searching() == 1
    }

    /// Counts `index` as parked. The caller must look at every queue once more before it sleeps.
    pub(crate) fn park(&self, index: usize, was_searching: bool) {
        let searching = if was_searching { SEARCHING_ONE } else { 0 };
        let mut sleepers = self.sleepers.lock();
        sleepers.push(index);
        // Ordering: Relaxed, then the fence: [no-lost-work]. The counting comes before the fence,
        // the last look after it.
        self.counts.fetch_add(PARKED_ONE - searching, Ordering::Relaxed);
        drop(sleepers);
        fence(Ordering::SeqCst);
    }

    /// Counts `index` as awake. Returns `true` if it was chosen to search, `false` if it woke for
    /// something of its own.
    #[must_use]
    pub(crate) fn unpark(&self, index: usize) -> bool {
        let mut sleepers = self.sleepers.lock();
        if !sleepers.remove(index) {
            return true;
        }
        // Ordering: Relaxed, because the lock orders the list.
        self.counts.fetch_sub(PARKED_ONE, Ordering::Relaxed);
        false
    }

    /// Counts `index`, which saw work in its last look, as awake and searching, whatever the limit.
    pub(crate) fn unpark_to_search(&self, index: usize) {
        if !self.unpark(index) {
            // Ordering: as in `try_search`.
            self.counts.fetch_add(SEARCHING_ONE, Ordering::Relaxed);
        }
    }

    /// From now on the caller sleeps without being counted, because its runtime closes. It must
    /// look at every queue before.
    pub(crate) fn stop_counting() {
        // Ordering: SeqCst, [no-lost-work]: pairs with the fence of an injector's announcement.
        // Either the injecting thread sees the closing after its fence and unparks all workers, or
        // this worker sees its task now.
        fence(Ordering::SeqCst);
    }

    /// Makes the caller, which is about to sleep, a sentinel and returns `true`, unless there are
    /// enough.
    #[must_use]
    pub(crate) fn try_take_duty(&self) -> bool {
        // Ordering: Relaxed, [watched]. A worker that still counts as on duty here leaves after our
        // fence in `park`, so its own fence sees us parked. Adding first and taking it back would
        // break this: the last sentinel to leave would take our passing count for a sentinel.
        self.on_duty
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| {
                (count < SENTINELS_COUNT_MAX).then_some(count + 1)
            })
            .is_ok()
    }

    pub(crate) fn leave_duty(&self) {
        // Ordering: Relaxed, [watched]; the fence is in `sentinel_to_wake`.
        self.on_duty.fetch_sub(1, Ordering::Relaxed);
    }
}
