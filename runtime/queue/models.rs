//! Models of the ring, the injector and the slot. Each value must come out once.
#![expect(unsafe_code, reason = "the contract of a token, and a cell that loom watches")]

use std::ptr::NonNull;

use super::deque::{CAPACITY, Owner, Stealer, new};
use super::injector::Injector;
use super::slot::{LifoSlot, Token};
use crate::primitive::cell::UnsafeCell;
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
        let thief_thread = thread::spawn(thief(stealer));
        let mut seen = Vec::new();
        for value in 0..2 {
            owner.push(value).unwrap();
        }
        seen.extend(owner.pop());
        owner.push(2).unwrap();
        seen.extend(drain(&owner));
        seen.extend(thief_thread.join().unwrap());
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
        // The ring is filled to just below its capacity, so that the race is at the full ring with
        // loom's small ring and without it.
        let (owner, stealer) = new();
        let count = CAPACITY as u32 + 2;
        for value in 0..count - 3 {
            owner.push(value).unwrap();
        }
        let thief_thread = thread::spawn(thief(stealer));
        let mut seen = Vec::new();
        for value in count - 3..count {
            if let Err(overflow) = owner.push(value) {
                seen.extend(overflow);
            }
        }
        seen.extend(drain(&owner));
        seen.extend(thief_thread.join().unwrap());
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
        let thief_thread = thread::spawn(thief(stealer));
        let mut seen = Vec::new();
        for value in CAPACITY as u32..CAPACITY as u32 + 2 {
            seen.extend(owner.pop());
            if let Err(overflow) = owner.push(value) {
                seen.extend(overflow);
            }
        }
        seen.extend(drain(&owner));
        seen.extend(thief_thread.join().unwrap());
        assert_each_once(seen, CAPACITY as u32 + 2);
    });
}

/// [ring-claim]: if a second thief were let in during a theft, the owner would take its claim for
/// the first one's, and would overwrite slots that are still being read.
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

/// [ring-claim]: the owner does not also empty a full ring from which a thief takes, even if the
/// owner has popped meanwhile.
#[test]
fn an_overflow_during_a_theft_claims_nothing() {
    model(|| {
        let (owner, stealer) = new();
        for value in 0..CAPACITY as u32 {
            owner.push(value).unwrap();
        }
        let thief_thread = thread::spawn(thief(stealer));
        let mut seen: Vec<u32> = owner.pop().into_iter().collect();
        if let Err(overflow) = owner.push(CAPACITY as u32) {
            seen.extend(overflow);
        }
        seen.extend(drain(&owner));
        seen.extend(thief_thread.join().unwrap());
        assert_each_once(seen, CAPACITY as u32 + 1);
    });
}

/// [ring-owner]: a harvest's batch fills the room that there is, and not the slots that a thief
/// reads.
#[test]
fn a_batch_meets_a_thief() {
    model(|| {
        let (owner, stealer) = new();
        for value in 0..CAPACITY as u32 - 1 {
            owner.push(value).unwrap();
        }
        let thief_thread = thread::spawn(thief(stealer));
        let mut batch = CAPACITY as u32 - 1..CAPACITY as u32 + 2;
        owner.push_batch(&mut batch);
        let mut seen: Vec<u32> = owner.pop().into_iter().collect();
        owner.push_batch(&mut batch);
        seen.extend(batch);
        seen.extend(drain(&owner));
        seen.extend(thief_thread.join().unwrap());
        assert_each_once(seen, CAPACITY as u32 + 2);
    });
}

#[test]
fn a_batch_is_whole_when_a_thief_sees_it() {
    model(|| {
        let (owner, stealer) = new();
        let thief_thread = thread::spawn(thief(stealer));
        owner.push_batch(&mut (0..2));
        let mut seen = drain(&owner);
        seen.extend(thief_thread.join().unwrap());
        assert_each_once(seen, 2);
    });
}

/// [ring-claim]: the room that a theft has made is filled after the thief has read, without a claim
/// of our own before it.
#[test]
fn a_batch_fills_what_a_thief_has_left() {
    model(|| {
        let (owner, stealer) = new();
        for value in 0..CAPACITY as u32 {
            owner.push(value).unwrap();
        }
        let thief_thread = thread::spawn(thief(stealer));
        // Begun last, as in `loot_meets_the_next_thief`.
        let harvest = thread::spawn(move || {
            let mut batch = CAPACITY as u32..CAPACITY as u32 + 2;
            owner.push_batch(&mut batch);
            batch.chain(drain(&owner)).collect::<Vec<u32>>()
        });
        let mut seen = thief_thread.join().unwrap();
        seen.extend(harvest.join().unwrap());
        assert_each_once(seen, CAPACITY as u32 + 2);
    });
}

/// Values that a thief took may be taken from it while it still copies, or right after.
#[test]
fn loot_meets_the_next_thief() {
    model(|| {
        let (owner, stealer) = new();
        for value in 0..CAPACITY as u32 {
            owner.push(value).unwrap();
        }
        let (mine, next) = new();
        let thief_thread = thread::spawn(move || (stealer.steal_half(&mine), mine));
        // Begun last. Otherwise loom would take the first thief's read of its own tail for the one
        // that matters, and would never place an earlier read of ours after its store.
        let next = thread::spawn(thief(next));
        let (first, theirs) = thief_thread.join().unwrap();
        let mut seen = next.join().unwrap();
        seen.extend(first);
        seen.extend(drain(&theirs));
        seen.extend(drain(&owner));
        assert_each_once(seen, CAPACITY as u32);
    });
}

/// [len-hint]: two workers take their shares while a third thread pushes. No value is left behind a
/// length of zero, and the length ends at zero.
#[test]
fn the_injector_gives_each_value_to_one_taker() {
    model(|| {
        let injector = ModelArc::new(Injector::new());
        injector.push_batch(0..CAPACITY as u32);
        let share = |injector: &Injector<u32>| {
            let (mine, _) = new();
            let mut seen: Vec<u32> = injector.pop_share(&mine, 1).into_iter().collect();
            seen.extend(drain(&mine));
            seen
        };
        let other = {
            let injector = injector.clone();
            thread::spawn(move || share(&injector))
        };
        let pusher = {
            let injector = injector.clone();
            thread::spawn(move || injector.push(CAPACITY as u32))
        };
        let mut seen = share(&injector);
        seen.extend(other.join().unwrap());
        pusher.join().unwrap();
        seen.extend(std::iter::from_fn(|| injector.pop()));
        assert_each_once(seen, CAPACITY as u32 + 1);
        assert_eq!(injector.len(), 0, "the length says that something waits");
        injector.push(0);
        assert_eq!(injector.len(), 1, "the length says that nothing waits");
        injector.push_batch(1..4);
        assert_eq!(injector.len(), 4, "the length says that less waits");
        // A ring with room for one.
        let (mine, _) = new();
        assert_eq!(mine.push_batch(&mut (0..CAPACITY as u32 - 1)), CAPACITY - 1);
        assert_eq!(injector.pop_share(&mine, 1), Some(0));
        assert_eq!(injector.len(), 2, "what did not fit still waits");
    });
}

/// A boxed number, because the scheduler's tasks are boxed cells too. Loom watches each access.
struct Boxed(Box<UnsafeCell<u32>>);

// SAFETY: only the holder of the box reads it.
unsafe impl Send for Boxed {}

impl Boxed {
    fn new(number: u32) -> Boxed {
        let boxed = Boxed(Box::new(UnsafeCell::new(0)));
        // SAFETY: nobody else has the box.
        boxed.0.with_mut(|cell| unsafe { *cell = number });
        boxed
    }

    fn open(self) -> u32 {
        // SAFETY: nobody else has the box.
        self.0.with_mut(|cell| unsafe { *cell })
    }
}

// SAFETY: a box is one pointer, and a `Boxed` may cross threads.
unsafe impl Token for Boxed {
    type Target = UnsafeCell<u32>;

    fn into_raw(self) -> NonNull<UnsafeCell<u32>> {
        NonNull::from(Box::leak(self.0))
    }

    unsafe fn from_raw(raw: NonNull<UnsafeCell<u32>>) -> Self {
        // SAFETY: as the caller promises: `raw` came from `into_raw`, once.
        Boxed(unsafe { Box::from_raw(raw.as_ptr()) })
    }
}

#[test]
fn the_slot_gives_each_value_to_one_taker() {
    model(|| {
        let slot = ModelArc::new(LifoSlot::new());
        let stolen = {
            let slot = slot.clone();
            thread::spawn(move || slot.take().map(Boxed::open))
        };
        let mut seen: Vec<u32> = slot.replace(Boxed::new(0)).map(Boxed::open).into_iter().collect();
        seen.extend(slot.replace(Boxed::new(1)).map(Boxed::open));
        seen.extend(slot.take().map(Boxed::open));
        seen.extend(stolen.join().unwrap());
        assert_each_once(seen, 2);
    });
}

/// [slot-one]: the thread that displaces a value may be another one than the thread that put it
/// there.
#[test]
fn two_replacements_of_the_slot_pass_values_on() {
    model(|| {
        let slot = ModelArc::new(LifoSlot::new());
        let other = {
            let slot = slot.clone();
            thread::spawn(move || slot.replace(Boxed::new(0)).map(Boxed::open))
        };
        let mut seen: Vec<u32> = slot.replace(Boxed::new(1)).map(Boxed::open).into_iter().collect();
        seen.extend(other.join().unwrap());
        seen.extend(slot.take().map(Boxed::open));
        assert_each_once(seen, 2);
    });
}
