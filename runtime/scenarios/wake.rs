//! Wakes from everywhere, and `block_on`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Event, explore};
use crate::primitive::thread;
use crate::task::yield_now;

/// Two threads that are no workers wake one task, which waits for both.
#[test]
fn wakes_from_foreign_threads_are_not_lost() {
    explore(2, |world| {
        let events = [Event::new(), Event::new()];
        let there = events.clone();
        let job = world.spawn(async move {
            for event in there {
                event.wait().await;
            }
        });
        let others = events.map(|event| thread::spawn(move || event.happen()));
        world.join(job);
        for other in others {
            other.join().unwrap();
        }
        world.rest();
    });
}

/// A wake arrives when all workers sleep: the woken one runs the task, and all others sleep on.
#[test]
fn a_wake_reaches_a_runtime_at_rest() {
    explore(2, |world| {
        let event = Event::new();
        let there = event.clone();
        let job = world.spawn(async move { there.wait().await });
        world.kernel.wait_until_all_sleep();
        event.happen();
        world.join(job);
        world.rest();
    });
}

/// The same for a pinned task, whose wake comes through the mailbox, with no other worker that
/// might look meanwhile.
#[test]
fn a_wake_reaches_a_pinned_task_at_rest() {
    explore(1, |world| {
        let event = Event::new();
        let there = event.clone();
        let ledger = world.ledger.clone();
        let home = world.spawn(async move {
            crate::task::spawn_local(ledger.enter(async move { there.wait().await })).await.unwrap();
        });
        world.kernel.wait_until_all_sleep();
        event.happen();
        world.join(home);
        world.rest();
    });
}

/// Two tasks wake each other in turn, from whatever workers they are on.
#[test]
fn a_pair_of_tasks_plays_ping_pong() {
    explore(2, |world| {
        let turns: [_; 4] = std::array::from_fn(|_| Event::new());
        let players = [0, 1].map(|player| {
            let turns = turns.clone();
            world.spawn(async move {
                for turn in (player..4).step_by(2) {
                    if turn > 0 {
                        turns[turn - 1].wait().await;
                    }
                    turns[turn].happen();
                }
            })
        });
        world.join_all(players);
        world.rest();
    });
}

/// A stuck task waits for a task that only its own worker could run, if there were no others.
#[test]
fn what_a_stuck_task_waits_for_is_run_by_others() {
    explore(2, |world| {
        let (woken, done) = (Event::new(), Event::new());
        let (there, end) = (woken.clone(), done.clone());
        let sleeper = world.spawn(async move {
            there.wait().await;
            end.happen();
        });
        let stuck = world.spawn(async move {
            // The task goes into this worker's slot, if it is not on its way elsewhere.
            woken.happen();
            done.block();
        });
        world.join(stuck);
        world.join(sleeper);
        world.rest();
    });
}

/// Two tasks are stuck until a third one has run, and one worker is left.
#[test]
fn two_of_three_workers_are_stuck() {
    explore(3, |world| {
        let event = Event::new();
        let stuck = [(); 2].map(|()| {
            let event = event.clone();
            world.spawn(async move { event.block() })
        });
        let saviour = world.spawn(async move {
            yield_now().await;
            event.happen();
        });
        world.join_all(stuck);
        world.join(saviour);
        world.rest();
    });
}

/// On a current-thread runtime one thread in `block_on` runs the loop; when it leaves, another one
/// takes over.
#[test]
fn two_threads_block_on_one_loop() {
    explore(0, |world| {
        let runs = Arc::new(AtomicUsize::new(0));
        let runtime = Arc::new(world.runtime.take().unwrap());
        let others = [(); 2].map(|()| {
            let (runtime, runs, ledger) = (runtime.clone(), runs.clone(), world.ledger.clone());
            thread::spawn(move || {
                let job = ledger.enter(async move {
                    yield_now().await;
                    // Ordering: Relaxed: read when all is joined.
                    runs.fetch_add(1, Ordering::Relaxed);
                });
                runtime.block_on(runtime.spawn(job)).unwrap();
            })
        });
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(runs.load(Ordering::Relaxed), 2);
        world.runtime = Some(Arc::try_unwrap(runtime).unwrap_or_else(|_| panic!("the threads are gone")));
    });
}

/// The last waker of a task is dropped on a thread that is no worker, when the runtime is gone as
/// well.
#[test]
fn a_waker_outlives_its_runtime() {
    explore(1, |world| {
        let event = Event::new();
        let there = event.clone();
        let job = world.spawn(async move { there.wait().await });
        let other = {
            let event = event.clone();
            thread::spawn(move || event.happen())
        };
        drop(world.runtime.take());
        drop(job);
        other.join().unwrap();
        drop(event);
    });
}
