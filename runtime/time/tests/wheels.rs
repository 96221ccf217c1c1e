//! The wheel against an ordered map.
use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Wake, Waker};

use super::super::slab::Key;
use super::super::wheel::{FireWatch, NEVER, Rearmed, TICK_MAX, Wheel};
use crate::primitive::sync::Mutex;

type Log = Arc<Mutex<Vec<u64>>>;

/// A waker with a name, which it records when woken.
struct Named(u64, Log);

impl Wake for Named {
    fn wake(self: Arc<Self>) {
        self.1.lock().push(self.0);
    }
}

/// A generator of numbers that are random enough (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Returns small and huge numbers, and numbers next to the boundaries of levels.
    fn distance(&mut self, bits_max: u64) -> u64 {
        let bits = self.below(bits_max);
        match self.below(3) {
            0 => self.next() & ((1 << bits) - 1),
            1 => (1 << (bits / 6 * 6)) + self.below(3) - 1,
            _ => (1 << bits) - 1,
        }
    }
}

/// The wheel, and an ordered map that shows its expected state.
struct Pair {
    wheel: Wheel,
    expected: BTreeMap<(u64, u64), (u64, Key)>,
    elapsed: u64,
    arrivals: u64,
    names: u64,
    log: Log,
}

impl Pair {
    fn new() -> Self {
        Pair {
            wheel: Wheel::new(),
            expected: BTreeMap::new(),
            elapsed: 0,
            arrivals: 0,
            names: 0,
            log: Arc::new(Mutex::new(Vec::new())),
        }
    }

    fn insert(&mut self, tick: u64) {
        self.names += 1;
        self.arrivals += 1;
        let waker = Waker::from(Arc::new(Named(self.names, self.log.clone())));
        match self.wheel.insert(tick, waker) {
            Ok(key) => {
                assert!(tick > self.elapsed, "armed in the past: {tick} at {}", self.elapsed);
                self.expected.insert((tick, self.arrivals), (self.names, key));
            }
            Err(_) => assert!(tick <= self.elapsed, "refused: {tick} at {}", self.elapsed),
        }
    }

    fn any(&self, random: &mut Random) -> Option<(u64, u64)> {
        if self.expected.is_empty() {
            return None;
        }
        let nth = random.below(self.expected.len() as u64) as usize;
        self.expected.keys().nth(nth).copied()
    }

    fn remove(&mut self, place: (u64, u64)) {
        let (_, key) = self.expected.remove(&place).unwrap();
        assert!(self.wheel.remove(key).is_some());
        assert!(self.wheel.remove(key).is_none(), "a key is good for one stay");
    }

    fn relink(&mut self, place: (u64, u64), tick: u64) {
        let (name, key) = self.expected.remove(&place).unwrap();
        self.arrivals += 1;
        match self.wheel.relink(key, tick) {
            Rearmed::Armed => {
                assert!(tick > self.elapsed);
                self.expected.insert((tick, self.arrivals), (name, key));
            }
            Rearmed::Due(waker) => {
                assert!(tick <= self.elapsed);
                assert!(waker.is_some());
            }
            Rearmed::Gone => panic!("it was armed"),
        }
    }

    fn catch_up(&mut self, now: u64) {
        if now < self.wheel.next() {
            self.elapsed = self.elapsed.max(now);
        }
        self.wheel.catch_up(now);
    }

    fn fire(&mut self, now: u64, count_max: usize) {
        let mut wakers = Vec::new();
        self.wheel.fire(now, count_max, &mut wakers);
        wakers.into_iter().for_each(Waker::wake);
        let fired = std::mem::take(&mut *self.log.lock());
        let mut due = Vec::new();
        while due.len() < count_max {
            match self.expected.first_entry() {
                Some(entry) if entry.key().0 <= now => due.push(entry.remove().0),
                _ => break,
            }
        }
        assert_eq!(fired, due, "at {now}, in order of ticks and arrival");
        let first_left = self.expected.first_key_value().map_or(NEVER, |((tick, _), _)| *tick);
        self.elapsed = self.elapsed.max(now.min(first_left));
    }

    fn check(&self) {
        let first = self.expected.first_key_value().map_or(NEVER, |((tick, _), _)| *tick);
        assert_eq!(self.wheel.earliest(), first);
        let next = self.wheel.next();
        assert!(next <= first, "never later than the first: {next}, {first}");
        assert_eq!(next == NEVER, first == NEVER);
        assert!(next >= self.elapsed, "or the run loop would never park");
        assert_eq!(self.wheel.live_count(), self.expected.len());
        assert_eq!(self.wheel.reached(), self.elapsed);
        let is_half_fired = first == self.elapsed;
        assert_eq!(self.wheel.settled(), if is_half_fired { self.elapsed - 1 } else { self.elapsed });
    }
}

fn run(seed: u64, bits_max: u64, step_count: u64) -> u64 {
    let mut random = Random(seed);
    let mut pair = Pair::new();
    for _ in 0..step_count {
        let tick = pair.elapsed.saturating_add(random.distance(bits_max)).min(TICK_MAX);
        match random.below(10) {
            0..=4 => pair.insert(tick),
            5 => pair.any(&mut random).into_iter().for_each(|place| pair.remove(place)),
            6 => pair.any(&mut random).into_iter().for_each(|place| pair.relink(place, tick)),
            7 if random.below(2) == 0 => pair.catch_up(tick),
            7 => pair.fire(tick, usize::MAX),
            8 => {
                // Just before, at and just after the next one.
                let next = pair.wheel.earliest().min(TICK_MAX - 1);
                pair.fire(next - 1 + random.below(3), 1 + random.below(3) as usize);
            }
            // A clock that ran backwards.
            _ => pair.fire(pair.elapsed - random.below(pair.elapsed.min(100) + 1), usize::MAX),
        }
        pair.check();
    }
    pair.fire(TICK_MAX, usize::MAX);
    pair.check();
    assert_eq!(pair.wheel.live_count(), 0);
    pair.elapsed
}

#[test]
fn the_wheel_does_what_an_ordered_map_does_over_all_levels() {
    for seed in 0..60 {
        run(seed, 12, 1500);
        run(seed, 37, 1500);
        run(seed, 58, 1500);
    }
}

#[test]
fn a_node_on_a_boundary_fires_at_its_tick_and_not_one_before() {
    for level in 1..11u32 {
        for start in [0, 1, 63, 64 - 1 + (1 << 12)] {
            for offset in [-1i64, 0, 1] {
                let mut pair = Pair::new();
                pair.fire(start, usize::MAX);
                let tick = (1u64 << (6 * level)).saturating_add_signed(offset).max(start + 1);
                pair.insert(tick);
                pair.insert(tick);
                pair.fire(tick - 1, usize::MAX);
                pair.check();
                assert_eq!(pair.wheel.live_count(), 2, "level {level}, from {start} to {tick}");
                pair.fire(tick, usize::MAX);
                pair.check();
                assert_eq!(pair.wheel.live_count(), 0);
            }
        }
    }
}

#[test]
fn stepping_from_next_to_next_reaches_a_far_node_in_a_few_steps() {
    let mut pair = Pair::new();
    pair.insert(TICK_MAX);
    let mut step_count = 0;
    while pair.wheel.live_count() > 0 {
        pair.fire(pair.wheel.next(), usize::MAX);
        pair.check();
        step_count += 1;
        assert!(step_count <= 11, "one for each level at most");
    }
    assert_eq!(pair.elapsed, TICK_MAX);
}

#[test]
fn a_closed_wheel_is_empty_and_past_everything() {
    let mut pair = Pair::new();
    (1..100).for_each(|tick| pair.insert(tick * tick * tick));
    let mut wakers = Vec::new();
    pair.wheel.close(&mut wakers);
    assert_eq!(wakers.len(), 99);
    assert_eq!((pair.wheel.next(), pair.wheel.settled(), pair.wheel.live_count()), (NEVER, NEVER, 0));
    assert!(pair.wheel.insert(TICK_MAX, Waker::noop().clone()).is_err());
    for (_, key) in pair.expected.values() {
        assert!(pair.wheel.remove(*key).is_none());
        assert!(matches!(pair.wheel.relink(*key, TICK_MAX), Rearmed::Gone));
    }
    pair.wheel.fire(5, usize::MAX, &mut wakers);
    assert_eq!(wakers.len(), 99);
}

#[test]
fn a_key_outlives_neither_its_node_nor_the_slab_that_was_given_back() {
    let mut pair = Pair::new();
    (0..5000).for_each(|_| pair.insert(7));
    let stale: Vec<Key> = pair.expected.values().map(|(_, key)| *key).collect();
    pair.fire(7, usize::MAX);
    (0..5000).for_each(|_| pair.insert(9));
    for key in stale {
        assert!(pair.wheel.remove(key).is_none());
        assert!(pair.wheel.replace_waker(key, Waker::noop().clone()).is_err());
    }
    pair.check();
}

/// Mutants: the limit is counted from each slot, or what is noted is the number of calls.
#[test]
fn a_wheel_that_is_watched_fires_as_any_other_and_notes_each_node_once() {
    let noted = Arc::new(Mutex::new(Vec::new()));
    let log = noted.clone();
    let note = move |tick, count| log.lock().push((tick, count));
    let mut wheel = Wheel::new();
    wheel.watch(FireWatch { count_max: 3, note: Box::new(note) });
    for tick in [7, 7, 9, 9, 9, 5000, 9] {
        wheel.insert(tick, Waker::noop().clone()).expect("it is in the future");
    }
    // What the caller has collected already is no part of the limit.
    let mut wakers = vec![Waker::noop().clone(); 4];
    for (now, fired_count, settled) in [(6, 0, 6), (9, 3, 8), (9, 3, 9), (4999, 0, 4999), (5000, 1, 5000)] {
        let before = wakers.len();
        wheel.fire(now, 0, &mut wakers);
        assert_eq!((wakers.len() - before, wheel.settled()), (fired_count, settled), "at {now}");
    }
    assert_eq!(*noted.lock(), [(7, 2), (9, 1), (9, 3), (5000, 1)]);
    assert_eq!(wheel.live_count(), 0);
}
