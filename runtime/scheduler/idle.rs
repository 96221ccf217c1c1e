//! Who searches, who sleeps, and who is to be woken: the counts behind the idle protocol.

use crossbeam::utils::CachePadded;

use crate::primitive::atomic::{AtomicUsize, Ordering, fence};
use crate::primitive::sync::Mutex;

const SEARCHING_ONE: usize = 1;
const PARKED_ONE: usize = 1 << 16;
const SEARCHING_MASK: usize = PARKED_ONE - 1;

/// How many parked workers watch the others at a time. Two, so that a watcher that gets work of its own need not wake
/// another one to take over.
const SENTINELS_COUNT_MAX: usize = 2;

// Ordering: every change of the counts is Relaxed, [no-lost-work], [watched]: a change is an addition, so it reads the last
// one, and what the counts mean for the queues is ordered by the SeqCst fences, those of one thread against another's.

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
    /// Parked workers that watch the others with a short time-out.
    on_duty: AtomicUsize,
    /// Who is parked; the last to park is the first to be woken, as its cache is the warmest.
    sleepers: Mutex<Vec<usize>>,
    workers_count: usize,
}

impl Idle {
    pub(crate) fn new(workers_count: usize) -> Self {
        assert!(workers_count < PARKED_ONE, "at most {} workers", PARKED_ONE - 1);
        Idle {
            counts: CachePadded::new(AtomicUsize::new(0)),
            on_duty: AtomicUsize::new(0),
            sleepers: Mutex::new(Vec::with_capacity(workers_count)),
            workers_count,
        }
    }

    fn counts(&self) -> Counts {
        // Ordering: Relaxed. Where a stale value could lose a wake-up, a SeqCst fence stands before this: [no-lost-work].
        Counts(self.counts.load(Ordering::Relaxed))
    }

    /// Whether somebody is on the way to what waits.
    pub(crate) fn is_searched(&self) -> bool {
        self.counts().searching() > 0
    }

    /// Among how many workers the injector is to be divided: those that have nothing else to run, and the caller. All of
    /// them, if nobody is idle.
    pub(crate) fn takers_count(&self, is_searching: bool) -> usize {
        let counts = self.counts();
        match counts.parked() + counts.searching() {
            0 => self.workers_count,
            idle => idle + usize::from(!is_searching),
        }
    }

    /// After a push that others may take: the worker to be unparked, counted as searching from now on. `None`: somebody
    /// searches already, or nobody sleeps.
    #[must_use]
    pub(crate) fn worker_to_wake(&self) -> Option<usize> {
        // Ordering: SeqCst, [no-lost-work]: the caller's push comes before this fence, a sleeper's counting before
        // its own. Either we see it parked, or its last look sees our push.
        fence(Ordering::SeqCst);
        let counts = self.counts();
        if counts.searching() > 0 || counts.parked() == 0 {
            return None;
        }
        self.take_sleeper()
    }

    /// The worker to be unparked for watching, if nobody watches while others sleep: `[watched]`.
    #[must_use]
    pub(crate) fn sentinel_to_wake(&self) -> Option<usize> {
        // Ordering: SeqCst, [watched]: as above, with `leave_duty` in the place of the push.
        fence(Ordering::SeqCst);
        // Ordering: Relaxed, the fence orders it.
        if self.on_duty.load(Ordering::Relaxed) > 0 || self.counts().parked() == 0 {
            return None;
        }
        self.take_sleeper()
    }

    /// Whether a parked worker watches the others.
    pub(crate) fn has_sentinel(&self) -> bool {
        // Ordering: Relaxed, [called]: whoever must not miss it has fenced.
        self.on_duty.load(Ordering::Relaxed) > 0
    }

    fn take_sleeper(&self) -> Option<usize> {
        let mut sleepers = self.sleepers.lock();
        // Two announcers at once wake one worker, not two: the second sees the first one's searcher.
        if self.counts().searching() > 0 {
            return None;
        }
        let index = sleepers.pop()?;
        // Ordering: Relaxed; the lock orders the list, the fences order the counts against the queues.
        self.counts.fetch_add(SEARCHING_ONE.wrapping_sub(PARKED_ONE), Ordering::Relaxed);
        Some(index)
    }

    /// Whether one more worker may search: at most half of them do, or they fight over what little there is.
    #[must_use]
    pub(crate) fn try_search(&self) -> bool {
        if 2 * self.counts().searching() >= self.workers_count {
            return false;
        }
        // Ordering: Relaxed; two that pass the test together overshoot by one, which costs a search and no more.
        self.counts.fetch_add(SEARCHING_ONE, Ordering::Relaxed);
        true
    }

    /// A searcher found something. `true`: it was the last one, so nobody would hear of a push that was not announced
    /// because of it. The caller must look at the queues and announce what it sees.
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
        // Ordering: Relaxed, then the fence: [no-lost-work]. Our counting comes before the fence, our last look after it.
        self.counts.fetch_add(PARKED_ONE - searching, Ordering::Relaxed);
        drop(sleepers);
        fence(Ordering::SeqCst);
    }

    /// `index` is awake. `true`: it was chosen to search; `false`: something of its own woke it.
    #[must_use]
    pub(crate) fn unpark(&self, index: usize) -> bool {
        let mut sleepers = self.sleepers.lock();
        let Some(position) = sleepers.iter().rposition(|sleeper| *sleeper == index) else { return true };
        sleepers.remove(position);
        // Ordering: Relaxed; the lock orders the list.
        self.counts.fetch_sub(PARKED_ONE, Ordering::Relaxed);
        false
    }

    /// `index` saw work in its last look: it is awake and searches, whatever the limit.
    pub(crate) fn unpark_to_search(&self, index: usize) {
        if !self.unpark(index) {
            // Ordering: as in `try_search`.
            self.counts.fetch_add(SEARCHING_ONE, Ordering::Relaxed);
        }
    }

    /// The caller sleeps without being counted from now on, for its runtime closes: it must look at every queue before.
    pub(crate) fn stop_counting() {
        // Ordering: SeqCst, [no-lost-work]: pairs with the fence of an injector's announcement. Either it sees the closing
        // after that, and unparks everybody, or we see its task now.
        fence(Ordering::SeqCst);
    }

    /// Whether the caller, which is about to sleep, is one of the sentinels.
    #[must_use]
    pub(crate) fn try_take_duty(&self) -> bool {
        // Ordering: Relaxed, [watched]. Whoever we still see on duty leaves after our fence in `park`, so its own fence
        // sees us parked. Counting first and taking it back would break this: the last one to leave would take our
        // passing count for a sentinel.
        self.on_duty
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| {
                (count < SENTINELS_COUNT_MAX).then_some(count + 1)
            })
            .is_ok()
    }

    pub(crate) fn leave_duty(&self) {
        // Ordering: Relaxed, [watched]; the fence stands in `sentinel_to_wake`.
        self.on_duty.fetch_sub(1, Ordering::Relaxed);
    }
}
