//! A bounded queue between two tasks, without locks: a ring with a counter for each end.
//!
//! ```
//! let (mut sender, mut receiver) = modelled::queue::queue(2);
//! sender.push("a").unwrap();
//! assert_eq!(receiver.pop(), Some("a"));
//! assert_eq!(receiver.pop(), None);
//! ```
#![expect(unsafe_code, reason = "a slot is written and read without a lock")]

use heist::model::cell::UnsafeCell;
use heist::model::sync::Arc;
use heist::model::sync::atomic::{AtomicUsize, Ordering};

#[cfg(test)]
mod models;

/// The end that pushes. There is one.
pub struct Sender<T> {
    ring: Arc<Ring<T>>,
}

/// The end that pops. There is one.
pub struct Receiver<T> {
    ring: Arc<Ring<T>>,
}

struct Ring<T> {
    slots: Box<[UnsafeCell<Option<T>>]>,
    /// How many values were pushed, and how many popped.
    pushed: AtomicUsize,
    popped: AtomicUsize,
    /// The order in which each end publishes what it has done to a slot.
    publish: Ordering,
}

// SAFETY: a slot belongs to the sender until it has counted a push, and then to the receiver until
// it has counted a pop.
unsafe impl<T: Send> Sync for Ring<T> {}
// SAFETY: values move from thread to thread, and nothing else of it is tied to one.
unsafe impl<T: Send> Send for Ring<T> {}

/// Makes a queue with room for `capacity` values.
///
/// # Panics
/// Panics if the capacity is 0.
pub fn queue<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    publishing(capacity, Ordering::Release)
}

fn publishing<T>(capacity: usize, publish: Ordering) -> (Sender<T>, Receiver<T>) {
    assert!(capacity > 0, "a queue has room for one value at least");
    let slots = (0..capacity).map(|_| UnsafeCell::new(None)).collect();
    let ring = Ring { slots, pushed: AtomicUsize::new(0), popped: AtomicUsize::new(0), publish };
    let ring = Arc::new(ring);
    (Sender { ring: ring.clone() }, Receiver { ring })
}

impl<T> Sender<T> {
    /// Pushes a value, or returns it if the queue is full.
    pub fn push(&mut self, value: T) -> Result<(), T> {
        let ring = &*self.ring;
        // Ordering: Relaxed: only this end writes it.
        let pushed = ring.pushed.load(Ordering::Relaxed);
        // Ordering: Acquire: the receiver is done with the slot.
        if pushed - ring.popped.load(Ordering::Acquire) == ring.slots.len() {
            return Err(value);
        }
        // SAFETY: the slot is the sender's, and there is one sender, which is borrowed here.
        ring.slots[pushed % ring.slots.len()].with_mut(|slot| unsafe { *slot = Some(value) });
        ring.pushed.store(pushed + 1, ring.publish);
        Ok(())
    }
}

impl<T> Receiver<T> {
    /// Pops the oldest value, if there is one.
    pub fn pop(&mut self) -> Option<T> {
        let ring = &*self.ring;
        // Ordering: Relaxed: only this end writes it.
        let popped = ring.popped.load(Ordering::Relaxed);
        // Ordering: Acquire: the value is in the slot.
        if popped == ring.pushed.load(Ordering::Acquire) {
            return None;
        }
        // SAFETY: the slot is the receiver's, and there is one receiver, which is borrowed here.
        let value = ring.slots[popped % ring.slots.len()].with_mut(|slot| unsafe { (*slot).take() });
        ring.popped.store(popped + 1, ring.publish);
        value
    }
}
