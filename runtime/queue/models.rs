//! Models of the ring and the slot. Each value must come out once.
#![expect(unsafe_code, reason = "the contract of a token")]

use std::ptr::NonNull;

use super::deque::{CAPACITY, Owner, Stealer, new};
use super::slot::{Slot, Token};
use crate::primitive::sync::ModelArc;
use crate::primitive::{model, thread};

fn drain(owner: &Owner<u32>) -> Vec<u32> {
    std::iter::from_fn(|| owner.pop()).collect()
}

fn thief(stealer: Stealer<u32>) -> impl FnOnce() -> Vec<u32> + Send {
    move || {
        let (mine, _) = new();
        let mut seen: Vec<u32> = stealer.steal_half(&mine).into_iter().collect();
        seen.extend(drain(&mine));
        seen
    }
}

fn assert_each_once(mut seen: Vec<u32>, count: u32) {
    seen.sort_unstable();
    assert_eq!(seen, (0..count).collect::<Vec<_>>(), "every value comes out once");
}

#[test]
fn push_and_pop_race_one_thief() {
    model(|| {
        let (owner, stealer) = new();
        let robber = thread::spawn(thief(stealer));
        let mut seen = Vec::new();
        for value in 0..2 {
            owner.push(value).unwrap();
        }
        seen.extend(owner.pop());
        owner.push(2).unwrap();
        seen.extend(drain(&owner));
        seen.extend(robber.join().unwrap());
        assert_each_once(seen, 3);
    });
}

#[test]
fn two_thieves_race_the_owner() {
    model(|| {
        let (owner, stealer) = new();
        for value in 0..3 {
            owner.push(value).unwrap();
        }
        let first = thread::spawn(thief(stealer.clone()));
        let second = thread::spawn(thief(stealer));
        let mut seen: Vec<u32> = owner.pop().into_iter().collect();
        seen.extend(first.join().unwrap());
        seen.extend(second.join().unwrap());
        seen.extend(drain(&owner));
        assert_each_once(seen, 3);
    });
}

#[test]
fn overflow_races_a_thief() {
    model(|| {
        // The shrunk ring, or two short of full, so that the race is at the brim with and without loom.
        let (owner, stealer) = new();
        let count = CAPACITY as u32 + 2;
        for value in 0..count - 3 {
            owner.push(value).unwrap();
        }
        let robber = thread::spawn(thief(stealer));
        let mut seen = Vec::new();
        for value in count - 3..count {
            if let Err(overflow) = owner.push(value) {
                seen.extend(overflow);
            }
        }
        seen.extend(drain(&owner));
        seen.extend(robber.join().unwrap());
        assert_each_once(seen, count);
    });
}

#[test]
fn slots_are_reused_only_after_the_thief_has_read_them() {
    model(|| {
        let (owner, stealer) = new();
        for value in 0..CAPACITY as u32 {
            owner.push(value).unwrap();
        }
        let robber = thread::spawn(thief(stealer));
        let mut seen = Vec::new();
        for value in CAPACITY as u32..CAPACITY as u32 + 2 {
            seen.extend(owner.pop());
            if let Err(overflow) = owner.push(value) {
                seen.extend(overflow);
            }
        }
        seen.extend(drain(&owner));
        seen.extend(robber.join().unwrap());
        assert_each_once(seen, CAPACITY as u32 + 2);
    });
}

/// [ring-claim]: were a second thief let in during a theft, the owner would take its claim for the first one's, and
/// overwrite slots that are still being read.
#[test]
fn a_second_thief_does_not_hide_the_first() {
    model(|| {
        let (owner, stealer) = new();
        for value in 0..CAPACITY as u32 {
            owner.push(value).unwrap();
        }
        let first = thread::spawn(thief(stealer.clone()));
        let second = thread::spawn(thief(stealer));
        let mut seen = Vec::new();
        for value in CAPACITY as u32..CAPACITY as u32 + 2 {
            if let Err(overflow) = owner.push(value) {
                seen.extend(overflow);
            }
        }
        seen.extend(first.join().unwrap());
        seen.extend(second.join().unwrap());
        seen.extend(drain(&owner));
        assert_each_once(seen, CAPACITY as u32 + 2);
    });
}

/// A boxed number, as the scheduler's tasks are boxed cells.
struct Boxed(Box<u32>);

// SAFETY: a box is one pointer, and `u32` may cross threads.
unsafe impl Token for Boxed {
    type Target = u32;

    fn into_raw(self) -> NonNull<u32> {
        NonNull::from(Box::leak(self.0))
    }

    unsafe fn from_raw(raw: NonNull<u32>) -> Self {
        // SAFETY: the caller's promise: `raw` came from `into_raw`, once.
        Boxed(unsafe { Box::from_raw(raw.as_ptr()) })
    }
}

#[test]
fn the_slot_gives_each_value_to_one_taker() {
    model(|| {
        let slot = ModelArc::new(Slot::new());
        let stolen = {
            let slot = slot.clone();
            thread::spawn(move || slot.take().map(|value: Boxed| *value.0))
        };
        let mut seen: Vec<u32> = slot.replace(Boxed(Box::new(0))).map(|value| *value.0).into_iter().collect();
        seen.extend(slot.replace(Boxed(Box::new(1))).map(|value| *value.0));
        seen.extend(slot.take().map(|value| *value.0));
        seen.extend(stolen.join().unwrap());
        assert_each_once(seen, 2);
    });
}
