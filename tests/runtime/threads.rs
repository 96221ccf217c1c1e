//! Calls at turns in the life of a runtime's threads, their names, and figures about their sleep.

use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use heist::runtime::{Builder, Handle, RuntimeFlavor, worker_index};
use heist::task::{block_in_place, yield_now};

use crate::support::{Counter, Gate, Shape, backends, builder, eventually, on_every_runtime, watched};

fn with_every_builder(test: impl Fn(Shape, &mut Builder)) {
    for kind in backends() {
        for shape in [Shape::MultiThread, Shape::CurrentThread] {
            watched(|| test(shape, &mut builder(shape, kind)));
        }
    }
}

#[test]
fn every_thread_of_workers_and_blocking_closures_starts_and_stops_once() {
    with_every_builder(|shape, builder| {
        let (starts, stops) = (Counter::default(), Counter::default());
        let (start, stop) = (starts.clone(), stops.clone());
        let runtime =
            builder.on_thread_start(move || start.bump()).on_thread_stop(move || stop.bump()).build();
        let runtime = runtime.expect("a runtime");
        runtime.block_on(runtime.spawn_blocking(|| ())).expect("no panic");
        let workers = if shape == Shape::MultiThread { runtime.workers() } else { 0 };
        eventually("all threads have started", || starts.get() == workers + 1);
        drop(runtime);
        assert_eq!((starts.get(), stops.get()), (workers + 1, workers + 1));
    });
}

#[test]
fn a_thread_that_stands_in_for_a_worker_makes_the_calls_too() {
    for kind in backends() {
        watched(|| {
            let (starts, stops) = (Counter::default(), Counter::default());
            let (start, stop) = (starts.clone(), stops.clone());
            let mut builder = builder(Shape::MultiThread, kind);
            builder
                .worker_threads(1)
                .on_thread_start(move || start.bump())
                .on_thread_stop(move || stop.bump());
            let runtime = builder.build().expect("a runtime");
            let gate = Gate::default();
            let (open, wait) = (gate.clone(), gate.clone());
            let blocked = runtime.spawn(async move { block_in_place(|| wait.wait()) });
            // Runs on the thread that has taken the worker over.
            runtime.spawn(async move { open.open() });
            runtime.block_on(blocked).expect("no panic");
            drop(runtime);
            // A machine that stands still for a while makes the reserve run the task, on a third thread.
            assert!(starts.get() >= 2, "{} threads", starts.get());
            assert_eq!(starts.get(), stops.get());
        });
    }
}

#[test]
fn calls_are_made_inside_of_the_runtime_and_their_panics_end_nothing() {
    with_every_builder(|_, builder| {
        let (send, receive) = mpsc::channel();
        let runtime = builder
            .on_thread_start(move || {
                send.send(Handle::try_current().map(|handle| handle.id()).ok()).expect("the test listens");
                panic!("on purpose");
            })
            .on_thread_park(|| panic!("on purpose"))
            .build()
            .expect("a runtime");
        runtime.block_on(runtime.spawn_blocking(|| ())).expect("no panic");
        assert_eq!(receive.recv(), Ok(Some(runtime.handle().id())));
        runtime.block_on(heist::time::sleep(Duration::from_millis(1)));
    });
}

#[test]
fn a_task_that_is_spawned_before_a_sleep_runs_instead() {
    with_every_builder(|_, builder| {
        let (parks, unparks) = (Counter::default(), Counter::default());
        let (send, receive) = mpsc::channel();
        let (park, unpark) = (parks.clone(), unparks.clone());
        let spawned = Arc::new(Mutex::new(Some(send)));
        let runtime = builder
            .on_thread_park(move || {
                park.bump();
                if let Some(send) = spawned.lock().unwrap().take() {
                    heist::spawn(async move { send.send(42) });
                }
            })
            .on_thread_unpark(move || unpark.bump())
            .build()
            .expect("a runtime");
        runtime.block_on(heist::time::sleep(Duration::from_millis(2)));
        assert_eq!(receive.recv(), Ok(42));
        eventually("a worker has woken up", || unparks.get() > 0);
        assert!(parks.get() > 0);
    });
}

#[test]
fn threads_have_the_names_that_the_program_makes() {
    for shape in [Shape::MultiThread, Shape::CurrentThread] {
        let runtime = builder(shape, heist::runtime::DriverKind::Poll)
            .thread_name_fn(|| "mine\0".to_owned())
            .build()
            .expect("a runtime");
        let name = runtime.block_on(runtime.spawn_blocking(|| thread::current().name().map(str::to_owned)));
        assert_eq!(name.expect("no panic").as_deref(), Some("mine"));
        if shape == Shape::MultiThread {
            let name = runtime.block_on(runtime.spawn(async { thread::current().name().map(str::to_owned) }));
            assert_eq!(name.expect("no panic").as_deref(), Some("mine"));
        }
    }
}

#[test]
fn a_runtime_knows_its_flavor_its_name_and_its_workers() {
    with_every_builder(|shape, builder| {
        let runtime = builder.name("under test").build().expect("a runtime");
        assert_eq!(runtime.handle().name(), Some("under test"));
        let (flavor, index) = match shape {
            Shape::MultiThread => (RuntimeFlavor::MultiThread, None),
            Shape::CurrentThread => (RuntimeFlavor::CurrentThread, Some(0)),
        };
        assert_eq!(runtime.handle().runtime_flavor(), flavor);
        assert_eq!(runtime.block_on(async { worker_index() }), index);
        let in_task = runtime.block_on(runtime.spawn(async { worker_index() })).expect("no panic");
        assert!(in_task.is_some_and(|index| index < runtime.workers()));
        assert_eq!(runtime.block_on(runtime.spawn_blocking(worker_index)).expect("no panic"), None);
    });
}

#[test]
fn sleeps_and_busy_time_are_counted() {
    on_every_runtime(|runtime| {
        let metrics = runtime.handle().metrics();
        runtime
            .block_on(runtime.spawn(async {
                thread::sleep(Duration::from_millis(2));
                heist::time::sleep(Duration::from_millis(2)).await;
                yield_now().await;
            }))
            .expect("no panic");
        let sum = |of: &dyn Fn(usize) -> u64| (0..runtime.workers()).map(of).sum::<u64>();
        eventually("a worker has slept", || sum(&|index| metrics.worker_park_count(index)) > 0);
        eventually("its time was counted", || {
            sum(&|index| metrics.worker_total_busy_duration(index).as_millis() as u64) >= 2
        });
        assert_eq!(metrics.global_queue_depth(), 0);
    });
}
