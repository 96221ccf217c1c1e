//! Loom models of the shelves, to which any thread may return buffers.

use std::sync::{Arc, Weak};

use super::pool::RecvPool;
use super::{FixedBufPool, FixedMemory, Registry};
use crate::primitive::sync::ModelArc;
use crate::primitive::{model, thread};

/// [shelf-or-freed].
#[test]
fn a_buffer_that_comes_back_while_its_runtime_ends_is_kept_by_nobody() {
    model(|| {
        let pool = ModelArc::new(RecvPool::new(1, 8, 4));
        let held = pool.take(0).expect("memory");
        let holder = thread::spawn(move || drop(held));
        pool.close();
        holder.join().unwrap();
        assert_eq!(pool.idle_count(0), 0, "a shelf that is closed keeps a buffer");
    });
}

/// [shelf-or-freed].
#[test]
fn buffers_that_come_back_at_once_are_no_more_than_a_shelf_keeps() {
    model(|| {
        let pool = ModelArc::new(RecvPool::new(1, 8, 1));
        let (first, second) = (pool.take(0).expect("memory"), pool.take(0).expect("memory"));
        let holder = thread::spawn(move || drop(first));
        drop(second);
        holder.join().unwrap();
        assert_eq!(pool.idle_count(0), 1);
    });
}

/// [one-holder].
#[test]
fn a_fixed_buffer_is_in_one_hand_however_it_came_back() {
    model(|| {
        let registry: Weak<Nobody> = Weak::new();
        let pool = ModelArc::new(FixedBufPool::registered_with(registry, 2, 1).expect("memory"));
        let first = pool.take();
        let other = pool.clone();
        let holder = thread::spawn(move || {
            drop(first);
            other.take()
        });
        let (mine, theirs) = (pool.take(), holder.join().unwrap());
        assert_ne!(mine.as_ptr(), theirs.as_ptr(), "one buffer in two hands");
        drop((mine, theirs));
        assert_eq!(pool.idle_count(), 2);
    });
}

/// A registry that registers no memory.
#[derive(Debug)]
struct Nobody;

impl Registry for Nobody {
    fn unregister(&self, _memory: &Arc<FixedMemory>) {}
}
