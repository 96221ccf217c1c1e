//! Closures that block, beside tasks.

use super::{Event, World, explore, wait_for};
use crate::primitive::thread;
use std::time::Duration;

/// Closures are spawned from inside and from outside. The pool's threads end when their time is up,
/// or stay.
#[test]
fn closures_from_inside_and_outside_are_run() {
    explore(2, |world| {
        let inside = world.spawn(async { crate::task::spawn_blocking(|| 1).await.unwrap() });
        let outside = world.runtime().spawn_blocking(|| 2);
        assert_eq!(world.join(inside) + world.join(outside), 3);
        world.rest();
    });
}

/// A closure waits for a task that its own worker spawned.
#[test]
fn a_closure_that_blocks_does_not_keep_tasks_waiting() {
    explore(1, |world| {
        let event = Event::new();
        let (there, ledger) = (event.clone(), world.ledger.clone());
        let job = world.spawn(async move {
            drop(crate::spawn(ledger.enter(async move { event.happen() })));
            crate::task::spawn_blocking(move || there.block()).await.unwrap();
        });
        world.join(job);
        world.rest();
    });
}

/// Tasks behind one that blocks in place are run by a thread that stands in, even if no worker is
/// left.
#[test]
fn blocking_in_place_hands_everything_over() {
    for workers_count in [1, 2] {
        explore(workers_count, block_behind_everything);
    }
}

fn block_behind_everything(world: &mut World) {
    let event = Event::new();
    let ledger = world.ledger.clone();
    let job = world.spawn(async move {
        let there = event.clone();
        drop(crate::spawn(ledger.enter(async move { there.happen() })));
        crate::task::block_in_place(|| event.block());
    });
    world.join(job);
    // No `rest` here: a thread that has left its worker ends its poll beside workers that sleep.
}

/// A closure waits in place for a timer and for a task. The runtime ends before, during or after
/// that.
#[test]
fn the_end_of_a_runtime_meets_a_closure_in_place() {
    explore(1, |world| {
        let job = async {
            crate::task::block_in_place(|| {
                wait_for(crate::time::sleep(Duration::from_secs(1)));
                drop(wait_for(crate::spawn(crate::task::yield_now())));
            });
            crate::task::yield_now().await;
        };
        drop(world.spawn(job));
        drop(world.runtime.take());
    });
}

/// A closure that is spawned while the runtime ends is run or cancelled, and its handle reports
/// which.
#[test]
fn a_closure_beside_the_end_is_run_or_cancelled() {
    explore(1, |world| {
        let handle = world.runtime().handle().clone();
        let ledger = world.ledger.clone();
        let other = thread::spawn(move || {
            let closure = handle.spawn_blocking(|| 7);
            drop(ledger);
            match wait_for(closure) {
                Ok(output) => assert_eq!(output, 7),
                Err(error) => assert!(error.is_cancelled()),
            }
        });
        drop(world.runtime.take());
        other.join().unwrap();
    });
}
