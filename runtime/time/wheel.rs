//! The hierarchical wheel of one worker. It is plain data: its lock, its clock and the words that
//! can be read without the lock are in `worker_timers.rs`.
//!
//! A tick is read as eleven digits of six bits, which covers all of `u64`: nothing overflows and no
//! slot wraps. The level of a node is the highest digit in which its tick differs from `elapsed`;
//! its slot is the value of that digit. So all nodes of a level share the higher digits with
//! `elapsed`, the earliest node is in the first slot of the lowest level in use, and level and slot
//! follow from the tick: neither is stored.
//!
//! Moving `elapsed` forward keeps every node in the right slot, as long as `elapsed` never passes
//! the start of a slot in use: a value between `elapsed` and that start has the digits that both
//! share, and a lower digit at the level of the slot.
use std::fmt;
use std::task::Waker;

use super::level::{LEVEL_BITS, Level, SLOT_COUNT};
use super::slab::{Key, NIL, Slab};

/// The tick that never comes. As `next`: nothing is armed. As `elapsed`: the wheel is closed.
pub(super) const NEVER: u64 = u64::MAX;
/// The last tick that can be armed.
pub(super) const TICK_MAX: u64 = NEVER - 1;

const LEVEL_COUNT: usize = 11;
const _: () = assert!(LEVEL_COUNT as u32 * LEVEL_BITS >= u64::BITS, "the levels cover every tick");
const _: () = assert!(LEVEL_COUNT < u16::BITS as usize, "one bit of `occupied` for each level");

/// The result of moving a node.
#[must_use]
#[derive(Debug)]
pub(super) enum Rearmed {
    /// It waits for its new tick, with the waker it had.
    Armed,
    /// Its new tick has passed: the node is gone, and the caller must wake this waker.
    Due(Option<Waker>),
    /// It fired before.
    Gone,
}

/// Learns when nodes fire.
///
/// The usual way to fire knows nothing of it: a wheel that is watched is asked for no wakers at
/// all, so that way stops at its first node, and continues in [`Wheel::drain_watched`].
pub(super) struct FireWatch {
    /// How many wakers one call of `fire` collects instead.
    pub(super) count_max: usize,
    /// Called with a tick, and how many of its nodes fire now.
    pub(super) note: Box<dyn Fn(u64, u64) + Send + Sync>,
}

impl fmt::Debug for FireWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FireWatch").field("count_max", &self.count_max).finish_non_exhaustive()
    }
}

#[derive(Debug)]
pub(super) struct Wheel {
    /// Every node with a lower tick has fired, and of those with this tick at least the first.
    elapsed: u64,
    /// The start of the first slot in use; `NEVER` if no slot is. It is stored because every arming
    /// and removal reads it.
    next: u64,
    /// Bit `n` is set while level `n` holds a node.
    occupied: u16,
    /// The levels that were in use, and those below: a wheel without timers needs none.
    levels: Vec<Level>,
    slab: Slab,
    watch: Option<FireWatch>,
}

/// A slot in use, and the tick at which it starts.
struct UsedSlot {
    level: usize,
    slot: usize,
    start: u64,
}

fn level_of(elapsed: u64, tick: u64) -> usize {
    // A tick that equals `elapsed` is on level 0, like one that differs in the lowest digit.
    let highest_bit = (elapsed ^ tick | 1).ilog2();
    (highest_bit / LEVEL_BITS) as usize
}

fn slot_of(level: usize, tick: u64) -> usize {
    (tick >> (level as u32 * LEVEL_BITS)) as usize % SLOT_COUNT
}

/// Returns the start of the slot of `level` that `tick` is in.
fn start_of(level: usize, tick: u64) -> u64 {
    tick & (u64::MAX << (level as u32 * LEVEL_BITS))
}

impl Wheel {
    pub(super) fn new() -> Self {
        Wheel { elapsed: 0, next: NEVER, occupied: 0, levels: Vec::new(), slab: Slab::new(), watch: None }
    }

    /// From now on `watch` learns when nodes fire. `fire` must be called with a limit of 0 then.
    pub(super) fn watch(&mut self, watch: FireWatch) {
        self.watch = Some(watch);
    }

    /// Returns how many nodes are armed.
    pub(super) fn live_count(&self) -> usize {
        self.slab.live_count()
    }

    /// Moves the time to `now`, if nothing is due before it. Levels and slots are then chosen as
    /// seen from the present: a wheel that lags behind would put near nodes on high levels, and
    /// would spread them later for nothing.
    pub(super) fn catch_up(&mut self, now: u64) {
        if now < self.next() {
            self.elapsed = self.elapsed.max(now);
        }
    }

    /// Arms a node. Returns the waker if the tick has passed; in a closed wheel every tick has.
    #[inline]
    pub(super) fn insert(&mut self, tick: u64, waker: Waker) -> Result<Key, Waker> {
        debug_assert!(tick <= TICK_MAX);
        if tick <= self.elapsed {
            return Err(waker);
        }
        let key = self.slab.insert(tick, waker);
        self.link(key.index(), tick);
        Ok(key)
    }

    /// Takes a node out. The caller drops the waker, after it has released the lock.
    #[inline]
    pub(super) fn remove(&mut self, key: Key) -> Option<Waker> {
        let tick = self.slab.live_tick(key)?;
        self.unlink(key.index(), tick);
        self.slab.remove(key.index())
    }

    /// Moves a node to another tick.
    pub(super) fn relink(&mut self, key: Key, tick: u64) -> Rearmed {
        debug_assert!(tick <= TICK_MAX);
        let Some(old_tick) = self.slab.live_tick(key) else { return Rearmed::Gone };
        self.unlink(key.index(), old_tick);
        if tick <= self.elapsed {
            return Rearmed::Due(self.slab.remove(key.index()));
        }
        self.slab.set_tick(key.index(), tick);
        self.link(key.index(), tick);
        Rearmed::Armed
    }

    /// Gives an armed node another waker and returns the old one. If the node has fired, returns
    /// `waker` itself as the error.
    pub(super) fn replace_waker(&mut self, key: Key, waker: Waker) -> Result<Option<Waker>, Waker> {
        if self.slab.live_tick(key).is_some() {
            Ok(self.slab.replace_waker(key.index(), waker))
        } else {
            Err(waker)
        }
    }

    /// Moves the time to `now`, if that is later, and collects the wakers of the nodes that are
    /// due, in order of ticks and, within a tick, of arrival. Stops after `waker_count_max` of
    /// them; the rest stays due.
    pub(super) fn fire(&mut self, now: u64, waker_count_max: usize, wakers: &mut Vec<Waker>) {
        let len_max = wakers.len().saturating_add(waker_count_max);
        while let Some(used) = self.first_used_slot().filter(|used| used.start <= now) {
            self.elapsed = self.elapsed.max(used.start);
            if used.level > 0 {
                self.cascade(&used);
            } else if !self.drain(&used, len_max, wakers) {
                return;
            }
        }
        // A clock that ran backwards changes nothing.
        self.elapsed = self.elapsed.max(now);
    }

    /// Returns the tick at which `fire` has work: the tick of the first node, or an earlier one at
    /// which a slot must be spread.
    pub(super) fn next(&self) -> u64 {
        debug_assert_eq!(self.next, self.first_start());
        self.next
    }

    /// Returns the exact tick of the first node. Walks one slot.
    pub(super) fn earliest(&self) -> u64 {
        let Some(used) = self.first_used_slot() else { return NEVER };
        let first = self.levels[used.level].first(used.slot);
        let (mut index, mut earliest) = (first, NEVER);
        loop {
            earliest = earliest.min(self.slab.tick(index));
            index = self.slab.next(index);
            if index == first {
                return earliest;
            }
        }
    }

    /// Returns the tick beyond which no node has fired.
    pub(super) fn reached(&self) -> u64 {
        self.elapsed
    }

    /// Returns the tick up to which, inclusive, every node has fired.
    pub(super) fn settled(&self) -> u64 {
        // A slot in use starts at `elapsed` only if it is half fired: every other slot has a higher
        // digit at its level.
        let is_half_fired = self.occupied != 0 && self.next == self.elapsed;
        self.elapsed - u64::from(is_half_fired)
    }

    /// Ends time: takes all wakers out. From now on every tick has passed.
    pub(super) fn close(&mut self, wakers: &mut Vec<Waker>) {
        self.slab.clear(wakers);
        self.levels = Vec::new();
        self.occupied = 0;
        self.next = NEVER;
        self.elapsed = NEVER;
    }

    fn first_used_slot(&self) -> Option<UsedSlot> {
        if self.occupied == 0 {
            return None;
        }
        let level = self.occupied.trailing_zeros() as usize;
        let slot = self.levels[level].first_slot();
        let shift = level as u32 * LEVEL_BITS;
        // The digits above this level are those of `elapsed`; there are none above the top level.
        let lower = u64::MAX.checked_shl(shift + LEVEL_BITS).map_or(u64::MAX, |upper| !upper);
        Some(UsedSlot { level, slot, start: self.elapsed & !lower | (slot as u64) << shift })
    }

    fn first_start(&self) -> u64 {
        self.first_used_slot().map_or(NEVER, |used| used.start)
    }

    /// Spreads a slot, whose start has come, over the levels below.
    fn cascade(&mut self, used: &UsedSlot) {
        loop {
            let index = self.levels[used.level].first(used.slot);
            if index == NIL {
                break;
            }
            self.levels[used.level].unlink(used.slot, index, &mut self.slab);
            self.link(index, self.slab.tick(index));
        }
        self.note_emptied_slot(used.level);
    }

    /// Fires the nodes of a slot of level 0. Returns `false` if `wakers` reached its limit first.
    fn drain(&mut self, used: &UsedSlot, len_max: usize, wakers: &mut Vec<Waker>) -> bool {
        loop {
            let index = self.levels[0].first(used.slot);
            if index == NIL {
                return true;
            }
            if wakers.len() >= len_max {
                return self.drain_watched(used, len_max, wakers);
            }
            debug_assert_eq!(self.slab.tick(index), used.start);
            self.unlink(index, used.start);
            wakers.extend(self.slab.remove(index));
        }
    }

    /// Does the same where that way has stopped, if the wheel is watched. `len` is how many wakers
    /// there were when `fire` was called.
    #[cold]
    fn drain_watched(&mut self, used: &UsedSlot, len: usize, wakers: &mut Vec<Waker>) -> bool {
        let Some(watch) = self.watch.take() else { return false };
        let len_max = len.saturating_add(watch.count_max);
        let before = wakers.len();
        let is_drained = wakers.len() < len_max && self.drain(used, len_max, wakers);
        let count = wakers.len() - before;
        if count > 0 {
            (watch.note)(used.start, count as u64);
        }
        self.watch = Some(watch);
        is_drained
    }

    #[inline]
    fn link(&mut self, index: u32, tick: u64) {
        let level = level_of(self.elapsed, tick);
        if level >= self.levels.len() {
            self.add_levels(level);
        }
        self.levels[level].push_back(slot_of(level, tick), index, &mut self.slab);
        self.occupied |= 1 << level;
        self.next = self.next.min(start_of(level, tick));
    }

    /// Adds the levels up to `level`.
    #[cold]
    fn add_levels(&mut self, level: usize) {
        debug_assert!(level < LEVEL_COUNT);
        self.levels.reserve_exact(level + 1 - self.levels.len());
        self.levels.resize(level + 1, Level::new());
    }

    #[inline]
    fn unlink(&mut self, index: u32, tick: u64) {
        let level = level_of(self.elapsed, tick);
        let slot = slot_of(level, tick);
        let is_slot_emptied = self.levels[level].unlink(slot, index, &mut self.slab);
        if is_slot_emptied {
            self.note_emptied_slot(level);
        }
    }

    fn note_emptied_slot(&mut self, level: usize) {
        if self.levels[level].is_empty() {
            self.occupied &= !(1 << level);
        }
        self.next = self.first_start();
    }
}
