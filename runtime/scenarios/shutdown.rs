//! The end of a runtime, while other things happen.

use std::time::Duration;

use super::{Event, explore, wait_for};
use crate::primitive::thread;
use crate::task::yield_now;
use crate::time::sleep;

/// A thread spawns while the runtime ends: the task is run or cancelled, and its handle reports
/// which.
#[test]
fn a_spawn_beside_the_end_is_run_or_cancelled() {
    explore(2, |world| {
        let handle = world.runtime().handle().clone();
        let job = world.ledger.enter(yield_now());
        let other = thread::spawn(move || {
            let job = handle.spawn(job);
            if let Err(error) = wait_for(job) {
                assert!(error.is_cancelled());
            }
        });
        drop(world.runtime.take());
        other.join().unwrap();
    });
}

/// A task is spawned by a task while the runtime ends.
#[test]
fn a_task_that_spawns_meets_the_end() {
    explore(2, |world| {
        let ledger = world.ledger.clone();
        let parent = world.spawn(async move {
            let child = crate::spawn(ledger.enter(yield_now()));
            yield_now().await;
            drop(child.await);
        });
        drop(world.runtime.take());
        if let Err(error) = wait_for(parent) {
            assert!(error.is_cancelled());
        }
    });
}

/// A thread that is no worker wakes a task while the runtime ends.
#[test]
fn a_wake_beside_the_end_is_harmless() {
    explore(2, |world| {
        let event = Event::new();
        let there = event.clone();
        let job = world.spawn(async move {
            there.wait().await;
            yield_now().await;
        });
        let other = thread::spawn(move || event.happen());
        drop(world.runtime.take());
        if let Err(error) = wait_for(job) {
            assert!(error.is_cancelled());
        }
        other.join().unwrap();
    });
}

/// Sleeps, operations and waits that are pending when the runtime ends are dropped. Operations in
/// flight come back.
#[test]
fn what_is_pending_at_the_end_is_dropped() {
    explore(2, |world| {
        let never = Event::new();
        let there = never.clone();
        let jobs = [
            world.spawn(async { sleep(Duration::from_secs(3600)).await }),
            world.spawn(async { drop(crate::fs::remove_file("never").await) }),
            world.spawn(async move { there.wait().await }),
        ];
        drop(world.runtime.take());
        for job in jobs {
            assert!(wait_for(job).is_err_and(|error| error.is_cancelled()));
        }
        assert_eq!(world.ledger.ended(), 0);
    });
}

/// A completion, a wake and the end happen together; one worker may be in a poll.
#[test]
fn a_completion_beside_the_end_is_taken_or_given_back() {
    explore(2, |world| {
        let job = world.spawn(crate::fs::remove_file("file"));
        let kernel = world.kernel.clone();
        let other = thread::spawn(move || kernel.end(c"file"));
        drop(world.runtime.take());
        match wait_for(job) {
            Ok(result) => result.unwrap(),
            Err(error) => assert!(error.is_cancelled()),
        }
        other.join().unwrap();
    });
}

/// A task drops its runtime, which then ends in the background.
#[test]
fn a_runtime_is_dropped_by_its_own_task() {
    explore(2, |world| {
        let runtime = world.runtime.take().unwrap();
        let handle = runtime.handle().clone();
        let shared = handle.shared().clone();
        let job = handle.spawn(world.ledger.enter(async move { drop(runtime) }));
        drop(handle);
        if let Err(error) = wait_for(job) {
            assert!(error.is_cancelled());
        }
        // No thread waits for its threads: the scheduler is gone when the last of them has ended.
        assert!(shared.wait_until_ended(None));
        drop(shared);
        while world.shared.strong_count() > 0 {
            thread::yield_now();
        }
    });
}

/// A runtime that waits for a limited time leaves the rest behind, which ends later.
#[test]
fn a_shutdown_that_waits_for_a_limited_time_leaves_the_rest_behind() {
    explore(2, |world| {
        let event = Event::new();
        let there = event.clone();
        let job = world.spawn(async move { there.block() });
        let shared = world.shared.upgrade().unwrap();
        world.runtime.take().unwrap().shutdown_timeout(Duration::from_millis(1));
        event.happen();
        if let Err(error) = wait_for(job) {
            assert!(error.is_cancelled());
        }
        assert!(shared.wait_until_ended(None));
        drop(shared);
        while world.shared.strong_count() > 0 {
            thread::yield_now();
        }
    });
}
