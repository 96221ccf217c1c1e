//! Tasks that are spawned, stolen, joined and aborted.

use std::panic::resume_unwind;

use super::{Event, explore};
use crate::primitive::thread;
use crate::task::{self, JoinSet, yield_now};

/// More tasks than a ring holds under shuttle, so that the ring overflows.
const MANY: usize = 7;

/// Two threads outside and the tasks themselves spawn, and every task is joined.
#[test]
fn a_storm_from_inside_and_outside_is_run_once_each() {
    explore(2, |world| {
        let handle = world.runtime().handle().clone();
        let ledger = world.ledger.clone();
        let outside = thread::spawn(move || {
            let leaf = ledger.enter(async { 1 });
            handle.block_on(handle.spawn(leaf)).unwrap()
        });
        let ledger = world.ledger.clone();
        let tree = world.spawn(async move {
            let leaves = [0, 1].map(|number| crate::spawn(ledger.enter(async move { number })));
            let mut sum = 0;
            for leaf in leaves {
                sum += leaf.await.unwrap();
            }
            sum
        });
        assert_eq!(world.join(tree) + outside.join().unwrap(), 2);
        world.rest();
        assert_eq!(world.ledger.ended(), 4);
    });
}

/// [counted-once] when one worker's ring overflows and others take from it.
#[test]
fn a_burst_that_overflows_the_ring_is_shared() {
    explore(3, |world| {
        let ledger = world.ledger.clone();
        let burst = world.spawn(async move {
            let parts: Vec<_> = (0..MANY).map(|_| crate::spawn(ledger.enter(yield_now()))).collect();
            for part in parts {
                part.await.unwrap();
            }
        });
        world.join(burst);
        world.rest();
        assert_eq!(world.ledger.ended(), MANY + 1);
    });
}

/// A sentinel takes both the task in the slot of a stuck worker and the one in its ring.
#[test]
fn the_ring_and_the_slot_of_a_stuck_worker_are_stolen() {
    explore(2, |world| {
        let (first, second) = (Event::new(), Event::new());
        let ledger = world.ledger.clone();
        let stuck = world.spawn(async move {
            for event in [&first, &second] {
                let event = event.clone();
                drop(crate::spawn(ledger.enter(async move { event.happen() })));
            }
            // The tasks behind this poll are run while it lasts, or it lasts for ever.
            first.block();
            second.block();
        });
        world.join(stuck);
        world.rest();
        assert_eq!(world.ledger.ended(), 3);
    });
}

/// Tasks that yield move between three workers.
#[test]
fn tasks_that_yield_move_between_workers() {
    explore(3, |world| {
        let jobs = [(); 3].map(|()| {
            world.spawn(async {
                yield_now().await;
                yield_now().await;
            })
        });
        world.join_all(jobs);
        world.rest();
    });
}

/// A task ends or is cancelled, and its handle reports which.
#[test]
fn an_abort_meets_the_end_of_its_task() {
    explore(2, |world| {
        let job = world.spawn(yield_now());
        let abort = job.abort_handle();
        let other = thread::spawn(move || abort.abort());
        let ledger = world.ledger.clone();
        match world.runtime().block_on(job) {
            Ok(()) => assert_eq!(ledger.ended(), 1),
            Err(error) => assert!(error.is_cancelled()),
        }
        other.join().unwrap();
        world.rest();
    });
}

/// An abort from a task reaches one that sleeps, one that waits in a ring and one that runs.
#[test]
fn a_task_aborts_others_wherever_they_are() {
    explore(2, |world| {
        let never = Event::new();
        let asleep = world.spawn(async move { never.wait().await });
        let busy = world.spawn(async {
            for _ in 0..3 {
                yield_now().await;
            }
        });
        let aborts = [asleep.abort_handle(), busy.abort_handle()];
        drop(world.spawn(async move { aborts.iter().for_each(task::AbortHandle::abort) }));
        assert!(world.runtime().block_on(asleep).is_err_and(|error| error.is_cancelled()));
        drop(world.runtime().block_on(busy));
        world.rest();
    });
}

/// No task waits for the output, so the last thread that uses it drops it.
#[test]
fn a_handle_dropped_at_any_time_leaves_nothing() {
    explore(2, |world| {
        let token = world.ledger.clone();
        let job = world.spawn(async move {
            yield_now().await;
            token
        });
        let other = thread::spawn(move || drop(job));
        other.join().unwrap();
        world.rest();
        assert_eq!(world.ledger.ended(), 1);
        assert_eq!(std::sync::Arc::strong_count(&world.ledger), 1, "the output is still there");
    });
}

/// A task that panics reports it to its handle, and the worker continues.
#[test]
fn a_panic_ends_one_task() {
    explore(2, |world| {
        let bad = world.spawn(async {
            yield_now().await;
            resume_unwind(Box::new(7u8));
        });
        let good = world.spawn(yield_now());
        let error: task::JoinError = world.runtime().block_on(async { bad.await.map(|()| ()).unwrap_err() });
        assert_eq!(error.into_panic().downcast_ref::<u8>(), Some(&7));
        world.join(good);
        world.rest();
        assert_eq!(world.ledger.ended(), 1);
    });
}

/// A set returns each member's outcome once, also that of the aborted one.
#[test]
fn a_set_gives_each_outcome_once() {
    explore(2, |world| {
        let ledger = world.ledger.clone();
        let owner = world.spawn(async move {
            let mut set = JoinSet::new();
            for number in 0..3u32 {
                let job = ledger.enter(async move {
                    yield_now().await;
                    number
                });
                let abort = set.spawn(job);
                if number == 1 {
                    drop(crate::spawn(async move { abort.abort() }));
                }
            }
            let mut outcomes = Vec::new();
            while let Some(outcome) = set.join_next().await {
                outcomes.push(outcome.ok());
            }
            outcomes
        });
        let mut outcomes = world.join(owner);
        outcomes.sort_unstable();
        assert!(
            outcomes == [None, Some(0), Some(2)] || outcomes == [Some(0), Some(1), Some(2)],
            "{outcomes:?}"
        );
        world.rest();
    });
}

/// A set that is dropped takes its members with it, wherever they are.
#[test]
fn a_dropped_set_cancels_its_members() {
    explore(2, |world| {
        let (ledger, never) = (world.ledger.clone(), Event::new());
        let owner = world.spawn(async move {
            let mut set = JoinSet::new();
            set.spawn(ledger.enter(async move { never.wait().await }));
            set.spawn(ledger.enter(yield_now()));
            yield_now().await;
        });
        world.join(owner);
        world.rest();
    });
}

/// Pinned tasks that other threads wake run where they were spawned.
#[test]
fn a_pinned_task_stays_while_its_neighbours_are_stolen() {
    explore(2, |world| {
        let event = Event::new();
        let there = event.clone();
        let ledger = world.ledger.clone();
        let home = world.spawn(async move {
            // This is not `Send`, and a pinned future checks its thread at every poll and at its
            // drop.
            let word = std::rc::Rc::new(7);
            let pinned = task::spawn_local(ledger.enter(async move {
                there.wait().await;
                *word
            }));
            pinned.await.unwrap()
        });
        let waker = world.spawn(async move { event.happen() });
        world.join(waker);
        assert_eq!(world.join(home), 7);
        world.rest();
    });
}
