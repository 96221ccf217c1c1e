//! Models of the shelves, where buffers come back from any thread.

use super::pool::Pool;
use crate::primitive::sync::ModelArc;
use crate::primitive::{model, thread};

/// [home-or-freed].
#[test]
fn a_buffer_that_comes_back_while_its_runtime_ends_is_kept_by_nobody() {
    model(|| {
        let pool = ModelArc::new(Pool::new(1, 8, 4));
        let held = pool.take(0).expect("memory");
        let holder = thread::spawn(move || drop(held));
        pool.close();
        holder.join().unwrap();
        assert_eq!(pool.idle_count(0), 0, "a shelf that is closed keeps a buffer");
    });
}

/// [home-or-freed].
#[test]
fn buffers_that_come_back_at_once_are_no_more_than_a_shelf_keeps() {
    model(|| {
        let pool = ModelArc::new(Pool::new(1, 8, 1));
        let (first, second) = (pool.take(0).expect("memory"), pool.take(0).expect("memory"));
        let holder = thread::spawn(move || drop(first));
        drop(second);
        holder.join().unwrap();
        assert_eq!(pool.idle_count(0), 1);
    });
}
