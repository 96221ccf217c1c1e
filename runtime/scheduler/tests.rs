//! How workers divide the injector. Each test steps the workers' loops by hand, on one thread. The
//! tests also run under loom, so that `ci/mutants.sh` can show that they fail.

use std::panic::Location;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::build::{Parts, build};
use super::identity::Identity;
use super::idle::Idle;
use super::schedule::spawn;
use super::shared::SharedScheduler;
use super::stand_ins::StandIns;
use super::worker::{Due, PATIENCE, Worker};
use crate::blocking::{Limits, Pool, ThreadHooks};
use crate::driver::{Driver, DriverKind, Options};
use crate::primitive::model;
use crate::primitive::sync::Mutex;
use crate::queue::deque::CAPACITY;
use crate::task::{Id, Runnable};

/// Runs `test` with the workers of one scheduler, none of which has begun to run.
fn with_workers(count: usize, test: impl Fn(&SharedScheduler, &mut [Worker]) + Send + Sync + 'static) {
    model(move || build_and_run(count, &test));
}

fn build_and_run(count: usize, test: &dyn Fn(&SharedScheduler, &mut [Worker])) {
    let options = Options { kind: DriverKind::Poll, workers: count, ..Options::default() };
    let driver = Driver::new(&options).expect("a poller for each worker");
    let limits = Limits {
        threads_count_max: 1,
        keep_alive: Duration::ZERO,
        thread_name: "unused".to_owned(),
        stack_size: None,
        hooks: ThreadHooks::default(),
        observation: None,
    };
    let identity = Identity::new(None, false, None, None);
    let Parts { shared, mut workers } = build(driver, count, Pool::new(limits), StandIns::none(), identity);
    test(&shared, &mut workers);
    for worker in &mut workers {
        worker.drain();
    }
    assert_eq!(shared.tasks_count(), 0, "a task is left");
}

fn inject(worker: &Worker, count: usize) {
    for _ in 0..count {
        drop(spawn(worker.handle(), async {}, Id::next(), Location::caller()));
    }
}

/// Returns how many tasks the worker keeps when it takes its share of `count`, beside the one that
/// it runs at once.
fn kept_of(count: usize, shared: &SharedScheduler, worker: &mut Worker) -> usize {
    inject(worker, count);
    let first = worker.take_share(shared).expect("something waits");
    let kept = worker.queue().len();
    assert!(first.run_once().is_none());
    worker.drain();
    kept
}

#[test]
fn the_injector_is_divided_among_those_who_have_nothing_else_to_run() {
    model(|| {
        let idle = Idle::new(8);
        assert_eq!(idle.takers_count(false), 8, "nobody is idle: all of them");
        idle.park(0, false);
        assert_eq!(idle.takers_count(false), 2, "a sleeper and the caller, who is busy");
        idle.park(1, false);
        assert_eq!(idle.takers_count(false), 3, "two sleepers and the caller");
        assert!(idle.worker_to_wake().is_some());
        assert_eq!(idle.takers_count(true), 2, "the one who was woken, which is the caller, and a sleeper");
        assert_eq!(idle.takers_count(false), 3, "the one on its way, a sleeper and the caller");
        assert!(!idle.unpark(0), "it woke by itself");
        assert_eq!(idle.takers_count(true), 1, "the caller, who searches, has all for itself");
    });
}

#[test]
fn a_worker_takes_its_part_of_the_injector() {
    with_workers(4, |shared, workers| {
        let worker = &mut workers[0];
        assert_eq!(kept_of(5, shared, worker), 1, "nobody is idle: a fourth of the other four");
        shared.idle.park(3, false);
        assert_eq!(kept_of(5, shared, worker), 2, "one slept: half of the other four");
        assert!(shared.idle.unpark(3), "it was woken for them");
        assert!(shared.idle.stop_searching());
        worker.is_searching = shared.idle.try_search();
        assert_eq!(kept_of(5, shared, worker), 4.min(CAPACITY / 2), "nobody else wants them");
        worker.stop_searching();
    });
}

/// Returns whether the worker's ring has a task after it looked around.
fn takes(worker: &mut Worker) -> bool {
    worker.settle();
    worker.queue().len() > 0
}

#[test]
fn a_busy_worker_leaves_the_injector_to_one_that_is_on_the_way() {
    with_workers(2, |shared, workers| {
        let worker = &mut workers[0];
        inject(worker, 1);
        assert!(takes(worker), "nobody else is on the way");
        worker.drain();
        assert!(shared.idle.try_search(), "the other one is on the way");
        inject(worker, 1);
        assert!(!takes(worker), "it is left at first");
        // It is not left for ever, though the other worker never comes.
        while !takes(worker) {}
    });
}

#[test]
fn the_patience_of_a_busy_worker_is_counted_from_its_first_look() {
    with_workers(2, |shared, workers| {
        let [worker, other] = workers else { unreachable!("there are two") };
        let start = Instant::now();
        let mut leaves = |after: Duration| worker.leaves_injector(shared, start + after);
        let instant = Duration::from_nanos(1);
        assert!(!leaves(Duration::ZERO), "nothing waits");
        inject(other, 1);
        assert!(!leaves(Duration::ZERO), "nobody is on the way");
        assert!(shared.idle.try_search());
        assert!(leaves(Duration::ZERO));
        assert!(leaves(PATIENCE - instant));
        assert!(!leaves(PATIENCE));
        assert!(shared.idle.stop_searching());
        assert!(!leaves(PATIENCE), "nobody is on the way any more");
        assert!(shared.idle.try_search());
        assert!(leaves(2 * PATIENCE), "the next one is waited for anew");
        assert!(leaves(3 * PATIENCE - instant));
        assert!(!leaves(3 * PATIENCE));
    });
}

/// Tasks that a test can put where it wants.
fn tasks<const COUNT: usize>(worker: &Worker, yields_count: usize) -> [Runnable; COUNT] {
    std::array::from_fn(|_| {
        let future = async move {
            for _ in 0..yields_count {
                crate::task::yield_now().await;
            }
        };
        drop(spawn(worker.handle(), future, Id::next(), Location::caller()));
        worker.take_share(worker.shared()).expect("it was injected")
    })
}

/// Until a mean is measured, each task alone is worth sharing.
#[test]
fn what_a_worker_runs_next_is_not_shared() {
    with_workers(2, |shared, workers| {
        let worker = &mut workers[0];
        let [first, second] = tasks(worker, 0);
        shared.idle.park(1, false);
        worker.take_in(first);
        worker.dispatch();
        assert!(!shared.idle.is_searched(), "one task was woken, and its worker runs it");
        worker.take_in(second);
        worker.dispatch();
        assert!(shared.idle.is_searched(), "two were woken");
    });
}

#[test]
fn a_task_that_yields_wakes_nobody_unless_others_come_first() {
    with_workers(2, |shared, workers| {
        let worker = &mut workers[0];
        let [first, second] = tasks(worker, 2);
        shared.idle.park(1, false);
        worker.poll(Due::Shared(first));
        assert!(!shared.idle.is_searched(), "it is next again");

        let first = worker.queue().pop().expect("it waits in the ring");
        assert!(shared.remotes[0].lifo.replace(second).is_none());
        worker.poll(Due::Shared(first));
        assert!(shared.idle.is_searched(), "the task in the LIFO slot comes first");
    });
}

/// When the ring overflows, half of it moves behind the rest. From then on no task overtakes.
#[test]
fn what_comes_while_something_is_in_the_overflow_goes_behind_it() {
    const TASK_COUNT: usize = 4 * CAPACITY;
    with_workers(1, |_, workers| {
        let worker = &mut workers[0];
        let order = Arc::new(Mutex::new(Vec::new()));
        for number in 0..TASK_COUNT {
            let order = order.clone();
            let task = async move { order.lock().push(number) };
            drop(spawn(worker.handle(), task, Id::next(), Location::caller()));
            worker.take_in(worker.take_share(worker.shared()).expect("it was injected"));
        }
        while let Some(due) = worker.next_task() {
            worker.poll(due);
        }
        let order = order.lock();
        assert_eq!(order.len(), TASK_COUNT);
        for (place, number) in order.iter().enumerate() {
            assert!(place.abs_diff(*number) <= CAPACITY, "{number} runs as number {place}");
        }
    });
}
