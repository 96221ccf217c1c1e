//! Local runtimes: futures that need not be `Send`, wherever their thread is inside of the runtime.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use heist::runtime::{Builder, LocalOptions, LocalRuntime, RuntimeFlavor};
use heist::task::{LocalSet, spawn_local, yield_now};

use crate::support::{Counter, Shape, backends, builder, watched};

fn on_every_driver(test: impl Fn(LocalRuntime)) {
    for kind in backends() {
        watched(|| {
            let runtime = builder(Shape::CurrentThread, kind).build_local(LocalOptions::default());
            test(runtime.expect("this back end was just available"));
        });
    }
}

#[test]
fn local_tasks_are_spawned_before_within_and_beside_block_on() {
    on_every_driver(|runtime| {
        let local = Rc::new(1);
        let before = runtime.spawn_local({
            let local = local.clone();
            async move { *local }
        });
        let guard = runtime.enter();
        let entered = spawn_local({
            let local = local.clone();
            async move {
                heist::time::sleep(Duration::from_millis(1)).await;
                *local + 1
            }
        });
        drop(guard);
        let sum = runtime.block_on(async move {
            let within = spawn_local(async move { *local + 2 });
            let sent = heist::spawn(async { spawn_local(async { *Rc::new(4) }).await });
            before.await.unwrap()
                + entered.await.unwrap()
                + within.await.unwrap()
                + sent.await.unwrap().unwrap()
        });
        assert_eq!(sum, 1 + 2 + 3 + 4);
        assert_eq!(runtime.handle().runtime_flavor(), RuntimeFlavor::CurrentThread);
    });
}

#[test]
fn other_threads_spawn_sendable_futures_only() {
    on_every_driver(|runtime| {
        let handle = runtime.handle().clone();
        let (send, receive) = mpsc::channel();
        let outside = thread::spawn(move || {
            let task = handle.spawn(async { 42 });
            let _guard = handle.enter();
            let refused = catch_unwind(AssertUnwindSafe(|| spawn_local(async {}))).is_err();
            send.send((task, refused)).expect("the test listens");
        });
        outside.join().expect("no panic");
        let (task, refused) = receive.recv().expect("sent");
        assert!(refused, "a local task of another thread");
        assert_eq!(runtime.block_on(task).expect("no panic"), 42);
    });
}

#[test]
fn the_end_drops_local_tasks_that_wait_and_that_never_ran() {
    on_every_driver(|runtime| {
        let drops = Counter::default();
        let tasks: Vec<_> = (0..4)
            .map(|_| {
                let guard = drops.on_drop();
                runtime.spawn_local(async move {
                    std::future::pending::<()>().await;
                    drop(guard);
                })
            })
            .collect();
        runtime.block_on(yield_now());
        let guard = drops.on_drop();
        let unpolled = runtime.spawn_local(async move { drop(guard) });
        runtime.shutdown_timeout(Duration::from_secs(60));
        assert_eq!(drops.get(), 5);
        assert!(unpolled.is_finished() && tasks.iter().all(|task| task.is_finished()));
    });
}

/// As in tokio: the task outlives the set.
#[test]
fn inside_of_a_local_runtime_local_tasks_are_the_runtimes_and_not_those_of_a_set() {
    on_every_driver(|runtime| {
        let set = LocalSet::new();
        let spawned = std::cell::RefCell::new(None);
        runtime.block_on(set.run_until(async { drop(spawned.replace(Some(spawn_local(async { 42 })))) }));
        let task = spawned.take().expect("spawned");
        drop(set);
        assert_eq!(runtime.block_on(task).expect("not dropped with the set"), 42);
    });
}

#[test]
#[should_panic(expected = "new_current_thread")]
fn a_multi_thread_runtime_cannot_be_local() {
    let _ = Builder::new_multi_thread().build_local(LocalOptions::default());
}
