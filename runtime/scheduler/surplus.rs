//! Which workers have a backlog worth sharing: a tree of bits, in which a searcher finds one of
//! them by a look at one word for each level, however many workers there are.
//!
//! A worker adds itself when it announces its backlog. It does not remove itself, because that
//! would be a step of each poll: a searcher that finds nothing worth sharing with a worker strikes
//! it out, and then looks at the backlog once more.

use crossbeam::utils::CachePadded;

use crate::primitive::atomic::{AtomicU64, Ordering, fence};
use crate::scheduler::idle::Idle;

/// Bits of a word that are used. Models use two, so that two workers are a word, and three are two
/// levels.
const WIDTH: usize = if cfg!(any(rt_loom, rt_shuttle)) { 2 } else { 64 };

// Ordering: every access is Relaxed, [listed-surplus]. A word has one order of its changes, and the
// SeqCst fences of a worker that adds itself against those of a searcher that strikes it out order
// the words with the backlog, and those of one level with those of the next.

/// The workers that have announced a backlog and were not found without one since.
pub(crate) struct Surplus {
    /// The first level has a bit for each worker, each other one a bit for each word below it.
    levels: Box<[Box<[CachePadded<AtomicU64>]>]>,
}

impl Surplus {
    pub(crate) fn new(workers_count: usize) -> Surplus {
        let mut levels: Vec<Box<[_]>> = Vec::new();
        let mut bits_count = workers_count;
        while levels.is_empty() || bits_count > 1 {
            let words_count = bits_count.div_ceil(WIDTH);
            levels.push((0..words_count).map(|_| CachePadded::new(AtomicU64::new(0))).collect());
            bits_count = words_count;
        }
        Surplus { levels: levels.into() }
    }

    /// Called by worker `index` when it has a backlog worth sharing. Returns the worker to unpark,
    /// as [`Idle::worker_to_wake`] does.
    #[must_use]
    pub(crate) fn announce(&self, index: usize, idle: &Idle) -> Option<usize> {
        // Ordering: SeqCst, [listed-surplus]: the push comes before this fence, a searcher's
        // striking out before its own. Either this thread sees itself struck out, or the searcher's
        // second look sees the push. It is also the fence of `worker_to_wake`, [no-lost-work].
        fence(Ordering::SeqCst);
        self.add(index, 0);
        idle.sleeper_to_wake()
    }

    /// Adds a worker, or from `level` on a word, to the words above it. The caller has fenced since
    /// its push, or since its change of the word below.
    fn add(&self, index: usize, level: usize) {
        let mut place = index;
        for words in &self.levels[level..] {
            let (word, bit) = (&words[place / WIDTH], 1 << (place % WIDTH));
            // Ordering: Relaxed, here and below, [listed-surplus]. This look spares most calls the
            // change.
            if word.load(Ordering::Relaxed) & bit == 0 {
                // Ordering: Relaxed, then the fence: [listed-surplus], against the striking out one
                // level above, and against a searcher that parks.
                word.fetch_or(bit, Ordering::Relaxed);
                fence(Ordering::SeqCst);
            }
            place /= WIDTH;
        }
    }

    /// Returns whether worker `index` has a backlog worth sharing, which `is_worth_sharing`
    /// answers. If not, the worker is struck out. Also returns `true` if another worker added
    /// itself meanwhile: for a moment a thread that parks may have missed it, so the caller must
    /// look again.
    pub(crate) fn confirm(&self, index: usize, is_worth_sharing: impl Fn() -> bool) -> bool {
        if is_worth_sharing() {
            return true;
        }
        let is_hiding_another = self.strike_out(index);
        if is_worth_sharing() {
            self.add(index, 0);
            return true;
        }
        is_hiding_another
    }

    /// Returns whether it hid another worker for a moment.
    fn strike_out(&self, index: usize) -> bool {
        let mut place = index;
        for (level, words) in self.levels.iter().enumerate() {
            let (word, bit) = (&words[place / WIDTH], 1_u64 << (place % WIDTH));
            // Ordering: Relaxed, then the fence: [listed-surplus], before the caller's second look,
            // or the one below.
            let before = word.fetch_and(!bit, Ordering::Relaxed);
            fence(Ordering::SeqCst);
            // Ordering: Relaxed, because the fence orders it.
            if level > 0 && self.levels[level - 1][place].load(Ordering::Relaxed) != 0 {
                self.add(place, level);
                return true;
            }
            if before & !bit != 0 {
                return false;
            }
            place /= WIDTH;
        }
        false
    }

    /// Calls `visit` with one listed worker after the other, from `start` on, until it answers. A
    /// caller that must not miss one fences first.
    pub(crate) fn find<R>(&self, start: usize, mut visit: impl FnMut(usize) -> Option<R>) -> Option<R> {
        self.find_below(self.levels.len() - 1, 0, start, &mut visit)
    }

    fn find_below<R>(
        &self,
        level: usize,
        word_index: usize,
        start: usize,
        visit: &mut impl FnMut(usize) -> Option<R>,
    ) -> Option<R> {
        // Ordering: Relaxed, [listed-surplus].
        let word = self.levels[level][word_index].load(Ordering::Relaxed);
        if word == 0 {
            return None;
        }
        let start_here = start / WIDTH.pow(level as u32);
        let first = if start_here / WIDTH == word_index { start_here % WIDTH } else { 0 };
        (0..WIDTH).map(|offset| (first + offset) % WIDTH).filter(|bit| word >> bit & 1 == 1).find_map(|bit| {
            let place = word_index * WIDTH + bit;
            match level {
                0 => visit(place),
                _ => self.find_below(level - 1, place, start, visit),
            }
        })
    }
}
