//! The ring against `crossbeam-deque` as an oracle, and the injector's shares.

use std::collections::VecDeque;

use crossbeam::deque;

use super::deque::{CAPACITY, new};
use super::injector::Injector;

/// A small deterministic generator: xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

#[test]
fn agrees_with_crossbeam_deque_on_random_scripts() {
    for seed in 1..200 {
        let mut random = Random(seed);
        let (ours, _) = new::<u64>();
        let theirs = deque::Worker::new_fifo();
        let mut spilled = VecDeque::new();
        for step in 0..2_000 {
            if random.below(5) < 3 {
                match ours.push(step) {
                    Ok(()) => theirs.push(step),
                    Err(overflow) => {
                        let (last, front) = overflow.split_last().unwrap();
                        assert_eq!(*last, step);
                        for value in front {
                            assert_eq!(theirs.pop(), Some(*value), "the front half overflows, in order");
                        }
                        spilled.extend(overflow);
                    }
                }
            } else {
                assert_eq!(ours.pop(), theirs.pop());
            }
            assert_eq!(ours.len(), theirs.len());
        }
        while let Some(value) = ours.pop() {
            assert_eq!(theirs.pop(), Some(value));
        }
        assert_eq!(theirs.pop(), None);
    }
}

#[test]
fn a_thief_takes_half_rounded_up_in_order() {
    let (victim, stealer) = new();
    let (thief, _) = new();
    for value in 0..7 {
        victim.push(value).unwrap();
    }
    assert_eq!(stealer.steal_half(&thief), Some(3), "the last of the four is run at once");
    assert_eq!([thief.pop(), thief.pop(), thief.pop(), thief.pop()], [Some(0), Some(1), Some(2), None]);
    assert_eq!([victim.pop(), victim.pop(), victim.pop(), victim.pop()], [Some(4), Some(5), Some(6), None]);
    assert_eq!(stealer.steal_half(&thief), None);
}

#[test]
fn a_thief_with_no_room_takes_one() {
    let (victim, stealer) = new();
    let (thief, _) = new();
    for value in 0..CAPACITY {
        victim.push(value).unwrap();
        thief.push(value).unwrap();
    }
    assert_eq!(stealer.steal_half(&thief), Some(0));
    assert_eq!(victim.len(), CAPACITY - 1);
    assert_eq!(thief.len(), CAPACITY);
}

#[test]
fn what_waits_is_dropped_with_the_owner() {
    let value = std::sync::Arc::new(());
    let (owner, stealer) = new();
    for _ in 0..5 {
        owner.push(value.clone()).unwrap();
    }
    drop(owner);
    drop(stealer);
    assert_eq!(std::sync::Arc::strong_count(&value), 1);
}

#[test]
fn the_injector_hands_out_shares_and_keeps_the_order() {
    let injector = Injector::new();
    let (owner, _) = new();
    injector.push_batch(0..10);
    assert_eq!(injector.pop_share(&owner, 2), Some(0));
    assert_eq!(owner.len(), 5, "one to run, and half of the other nine rounded up");
    assert_eq!(owner.pop(), Some(1));
    assert_eq!(injector.len(), 4);
    assert_eq!(injector.pop(), Some(6));
}

#[test]
fn eight_thieves_on_real_threads_lose_and_double_nothing() {
    const VALUES_COUNT: usize = 200_000;
    let (owner, stealer) = new::<usize>();
    let done = std::sync::Arc::new(std::sync::Mutex::new(false));
    let thieves: Vec<_> = (0..8)
        .map(|_| {
            let (stealer, done) = (stealer.clone(), done.clone());
            std::thread::spawn(move || {
                let (mine, _) = new();
                let mut seen = Vec::new();
                loop {
                    let finished = *done.lock().unwrap();
                    seen.extend(stealer.steal_half(&mine));
                    seen.extend(std::iter::from_fn(|| mine.pop()));
                    if finished && stealer.len() == 0 {
                        return seen;
                    }
                }
            })
        })
        .collect();
    let mut seen = Vec::new();
    for value in 0..VALUES_COUNT {
        if let Err(overflow) = owner.push(value) {
            seen.extend(overflow);
        }
        if value % 3 == 0 {
            seen.extend(owner.pop());
        }
    }
    seen.extend(std::iter::from_fn(|| owner.pop()));
    *done.lock().unwrap() = true;
    for thief in thieves {
        seen.extend(thief.join().unwrap());
    }
    seen.sort_unstable();
    assert!(seen.iter().copied().eq(0..VALUES_COUNT), "every value once");
}

/// The share does not depend on how busy the others are that fill the ring: even with one free
/// place, waiting values move on.
#[test]
fn a_refill_takes_half_of_the_room_and_one_slot_at_least() {
    let (owner, _stealer) = new::<usize>();
    let overflow = Injector::new();
    overflow.push_batch(0..CAPACITY * 2);
    let mut room = CAPACITY;
    while room > 0 {
        overflow.refill(&owner);
        room /= 2;
        assert_eq!(owner.room(), room);
    }
    assert_eq!(overflow.len(), CAPACITY);
    overflow.refill(&owner);
    assert_eq!(overflow.len(), CAPACITY, "there is no room");
    let order: Vec<_> = std::iter::from_fn(|| owner.pop()).collect();
    assert!(order.into_iter().eq(0..CAPACITY), "what has waited longest comes first");
}
