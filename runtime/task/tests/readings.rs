//! How often the time is read: once for two polls that follow each other, and again for what comes
//! between them.

use super::{Mutex, Queue, joined, wait_for_ever};
use crate::task::{
    CountedWorker, Logged, ObservedWorker, OutsideLoop, go_aside, nanos_now, take_forced_yields, yield_now,
};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

const PAUSE: Duration = Duration::from_millis(5);

/// Runs `f` on a thread that counts for a worker, with a queue that is observed.
fn counted(f: impl FnOnce(&Arc<Queue>, &ObservedWorker)) {
    let queue = Queue::new();
    queue.owned.observe();
    let observed = Arc::new(ObservedWorker::new());
    let worker = CountedWorker::begin(0, observed.clone());
    f(&queue, &observed);
    queue.shut_down();
    drop(worker);
    queue.assert_all_freed();
}

fn log_of(observed: &ObservedWorker, f: impl FnOnce()) -> Logged {
    assert!(observed.log.begin(), "nobody else logs");
    f();
    observed.log.end()
}

/// Polls two tasks, with something between. Returns when the first poll ended and the second began.
fn two_polls(between: impl FnOnce()) -> (u64, u64) {
    let mut times = None;
    counted(|queue, observed| {
        (0..2).for_each(|_| drop(queue.spawn(async {})));
        let logged = log_of(observed, || {
            assert!(queue.run_one());
            between();
            assert!(queue.run_one());
        });
        let [first, second] = logged.polls[..] else { panic!("two polls, and not {logged:?}") };
        times = Some((first.ended, second.began));
    });
    times.expect("the tasks were polled")
}

#[test]
fn a_poll_begins_when_the_one_before_it_has_ended() {
    let (ended, began) = two_polls(|| {});
    assert_eq!(ended, began);
}

#[test]
fn what_a_worker_does_between_two_polls_is_part_of_neither() {
    let aside: [(&str, fn()); 4] = [
        ("it looks after its driver", || assert_eq!(take_forced_yields(), 0)),
        ("it steals, or wakes another worker", go_aside),
        ("it polls the future of block_on", || drop(OutsideLoop::begin())),
        ("its loop ends, and begins again", || {
            drop(CountedWorker::begin(1, Arc::new(ObservedWorker::new())));
        }),
    ];
    for (what, aside) in aside {
        let (ended, began) = two_polls(|| {
            aside();
            thread::sleep(PAUSE);
        });
        assert!(began >= ended + PAUSE.as_nanos() as u64, "{what}: {ended} and {began}");
    }
}

/// Such as the tasks of a set, or those that a dump looks at: what is between their polls is the
/// program's.
#[test]
fn polls_within_a_poll_or_outside_of_the_loop_read_the_time_themselves() {
    for is_in_poll in [true, false] {
        counted(|queue, observed| {
            let there = queue.clone();
            let nested = move || {
                assert!(there.run_one());
                thread::sleep(PAUSE);
                assert!(there.run_one());
            };
            let logged = log_of(observed, || {
                if is_in_poll {
                    drop(queue.spawn(async move { nested() }));
                    (0..2).for_each(|_| drop(queue.spawn(async {})));
                    assert!(queue.run_one());
                } else {
                    (0..2).for_each(|_| drop(queue.spawn(async {})));
                    let outside = OutsideLoop::begin();
                    nested();
                    drop(outside);
                }
            });
            let (first, second) = (logged.polls[0], logged.polls[1]);
            assert!(second.began >= first.ended + PAUSE.as_nanos() as u64, "{logged:?}");
        });
    }
}

#[test]
fn a_thread_that_counts_for_no_worker_reads_the_time_for_each_poll() {
    let queue = Queue::new();
    queue.owned.observe();
    let busy = queue.spawn(async {
        yield_now().await;
        std::future::pending::<()>().await;
    });
    assert!(queue.run_one());
    thread::sleep(PAUSE);
    assert!(queue.run_one());
    let (references, _) = (0..4)
        .filter_map(|shard| queue.owned.references_in(shard, 0, usize::MAX))
        .find(|(references, _)| !references.is_empty())
        .expect("it is alive");
    let stats = references[0].seen().and_then(|seen| seen.stats).expect("it is observed");
    assert!(stats.scheduled >= PAUSE && stats.busy < PAUSE, "{stats:?}");
    queue.shut_down();
    drop((busy, references));
    queue.assert_all_freed();
}

#[test]
fn the_wake_of_the_joiner_is_the_end_of_the_poll() {
    counted(|queue, observed| {
        let there = queue.clone();
        let joining = queue.spawn(async move { there.spawn(async { 7 }).await.unwrap() });
        let logged = log_of(observed, || assert_eq!(queue.run_all(), 3));
        // The joiner, what it joins, and the joiner again.
        assert_eq!((logged.polls.len(), logged.wakes.len()), (3, 1));
        assert_eq!(logged.wakes[0].at, logged.polls[1].ended);
        assert_eq!(logged.polls[1].ended, logged.polls[2].began);
        assert_eq!(joined(joining).unwrap(), 7);
    });
}

/// A wake that is not the last thing that a task does says nothing about the end of the poll.
#[test]
fn a_wake_in_the_middle_of_a_poll_has_its_own_time() {
    counted(|queue, observed| {
        let wakers = Arc::new(Mutex::new(Vec::new()));
        drop(queue.spawn(wait_for_ever(&wakers)));
        queue.run_all();
        let logged = log_of(observed, || {
            let waker = wakers.lock().pop().unwrap();
            drop(queue.spawn(async move {
                thread::sleep(PAUSE);
                waker.wake();
                thread::sleep(PAUSE);
            }));
            queue.run_all();
        });
        let (wake, poll, pause) = (logged.wakes[0].at, logged.polls[0], PAUSE.as_nanos() as u64);
        assert!(poll.began + pause <= wake && wake + pause <= poll.ended, "{logged:?}");
    });
}

/// A task that others make due while a worker goes straight on was not polled before that.
#[test]
fn no_poll_begins_before_its_task_is_due() {
    counted(|queue, observed| {
        drop(queue.spawn(async {}));
        let mut due = 0;
        let logged = log_of(observed, || {
            assert!(queue.run_one());
            thread::sleep(PAUSE);
            due = nanos_now();
            let there = queue.clone();
            thread::spawn(move || drop(there.spawn(async {}))).join().unwrap();
            assert!(queue.run_one());
        });
        assert!(logged.polls[1].began >= due, "{logged:?}, due at {due}");
    });
}
