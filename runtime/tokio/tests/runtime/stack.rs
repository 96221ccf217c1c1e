//! How much stack a call takes that is given a large future. An unoptimised build copies it at each
//! move, and a program whose threads are just large enough for tokio must not overflow here.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;

use tokio::runtime::{Builder, Runtime};
use tokio::task::{JoinSet, LocalSet};

use crate::drivers::on_each;

const FUTURE_BYTES: usize = 512 * 1024;

/// Everything but copies of the future.
const REST_BYTES: usize = 256 * 1024;

/// A future of that size, whose poll takes no stack.
struct Large([u8; FUTURE_BYTES]);

impl Large {
    fn new() -> Large {
        Large([1; FUTURE_BYTES])
    }
}

impl Future for Large {
    type Output = u8;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<u8> {
        Poll::Ready(self.0[7])
    }
}

/// Calls `play` on a thread with room for this many copies. An overflow ends the process.
fn with_room_for(copies_count: usize, play: fn(Runtime)) {
    let stack_bytes = copies_count * FUTURE_BYTES + REST_BYTES;
    let on_thread = move || play(Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap());
    thread::Builder::new().stack_size(stack_bytes).spawn(on_thread).unwrap().join().unwrap();
}

#[test]
fn a_large_future_is_blocked_on_within_the_stack_that_tokio_takes() {
    on_each("stack::a_large_future_is_blocked_on_within_the_stack_that_tokio_takes", || {
        with_room_for(2, |runtime| assert_eq!(runtime.block_on(Large::new()), 1));
        with_room_for(2, |runtime| assert_eq!(runtime.handle().block_on(Large::new()), 1));
    });
}

#[test]
fn a_large_future_is_spawned_within_the_stack_that_tokio_takes() {
    on_each("stack::a_large_future_is_spawned_within_the_stack_that_tokio_takes", || {
        with_room_for(2, |runtime| {
            let task = runtime.spawn(Large::new());
            assert_eq!(runtime.block_on(task).unwrap(), 1);
        });
        with_room_for(2, |runtime| {
            let _guard = runtime.enter();
            let task = tokio::spawn(Large::new());
            assert_eq!(runtime.block_on(task).unwrap(), 1);
        });
        with_room_for(2, |runtime| {
            let _guard = runtime.enter();
            let mut tasks = JoinSet::new();
            tasks.spawn(Large::new());
            assert_eq!(runtime.block_on(tasks.join_next()).unwrap().unwrap(), 1);
        });
        with_room_for(2, |runtime| {
            let set = LocalSet::new();
            let task = set.spawn_local(Large::new());
            assert_eq!(set.block_on(&runtime, task).unwrap(), 1);
        });
    });
}
