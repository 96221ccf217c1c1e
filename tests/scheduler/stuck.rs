//! Polls that do not end, on every worker at once: the others go on all the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use futures::StreamExt;
use futures::channel::mpsc::unbounded;
use heist::runtime::{Builder, Runtime};
use heist::task::coop::cooperative;

use crate::support::{Counter, Shape, backends, builder, echo, eventually, on_every_backend, watched};

/// Ends the greedy tasks when it is dropped, also by a failure: a runtime waits for the polls that are under way.
struct Greed(Arc<AtomicBool>);

impl Drop for Greed {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Greed {
    /// As many tasks, each in one poll that lasts until this is dropped: a channel of another crate is always ready. They
    /// run when this returns.
    fn of(runtime: &Runtime, count: usize) -> Greed {
        let greed = Greed(Arc::new(AtomicBool::new(false)));
        let begun = Counter::default();
        for _ in 0..count {
            let (is_over, begun) = (greed.0.clone(), begun.clone());
            drop(runtime.spawn(async move {
                begun.bump();
                let (sender, mut receiver) = unbounded();
                while !is_over.load(Ordering::SeqCst) {
                    sender.unbounded_send(1).expect("the receiver is here");
                    assert_eq!(receiver.next().await, Some(1));
                }
            }));
        }
        eventually("every greedy task is in its poll", || begun.get() == count);
        greed
    }
}

fn runtimes() -> Vec<Runtime> {
    let kinds = backends().into_iter();
    let of =
        |kind, workers| builder(Shape::MultiThread, kind).worker_threads(workers).build().expect("a runtime");
    kinds.flat_map(|kind| [of(kind, 1), of(kind, 2)]).collect()
}

#[test]
fn timers_fire_while_every_worker_is_stuck() {
    watched(|| {
        for runtime in runtimes() {
            let greed = Greed::of(&runtime, runtime.workers());
            let slept = runtime.spawn(async {
                for _ in 0..10 {
                    heist::time::sleep(Duration::from_millis(2)).await;
                }
                let never = std::future::pending::<()>();
                heist::time::timeout(Duration::from_millis(2), never).await.is_err()
            });
            assert!(runtime.block_on(slept).expect("no panic"));
            drop(greed);
        }
    });
}

#[test]
fn sockets_and_files_are_served_while_every_worker_is_stuck() {
    watched(|| {
        for runtime in runtimes() {
            let (address, server) = echo::start(&runtime);
            let greed = Greed::of(&runtime, runtime.workers());
            let talk = runtime.spawn(async move {
                let mut stream = heist::net::TcpStream::connect(address).await.expect("it listens");
                for _ in 0..10 {
                    assert_eq!(echo::round_trip(&mut stream, b"ping").await, b"ping");
                }
                heist::fs::read("Cargo.toml").await.expect("it is there").len()
            });
            assert!(runtime.block_on(talk).expect("no panic") > 0);
            server.abort();
            drop(greed);
        }
    });
}

/// Each of those who stand in for a worker may get stuck as well.
#[test]
fn more_stuck_tasks_than_workers_stop_nobody() {
    on_every_backend(|runtime| {
        let greed = Greed::of(runtime, runtime.workers() + 4);
        assert_eq!(runtime.block_on(runtime.spawn(async { 7 })).expect("no panic"), 7);
        assert!(runtime.handle().metrics().num_reserve_threads() > 4);
        drop(greed);
    });
}

#[test]
fn the_reserve_goes_when_the_workers_check_in() {
    on_every_backend(|runtime| {
        let greed = Greed::of(runtime, runtime.workers() + 2);
        assert!(runtime.handle().metrics().num_reserve_threads() > 0);
        assert!(runtime.handle().metrics().num_stalls() > 0);
        drop(greed);
        eventually("they are gone", || runtime.handle().metrics().num_reserve_threads() == 0);
        assert_eq!(runtime.block_on(runtime.spawn(async { 7 })).expect("no panic"), 7);
        // And come again.
        drop(Greed::of(runtime, runtime.workers() + 1));
        eventually("they are gone", || runtime.handle().metrics().num_reserve_threads() == 0);
    });
}

#[test]
fn a_local_task_of_a_stand_in_stays_on_its_thread_until_it_has_ended() {
    on_every_backend(|runtime| {
        let greed = Greed::of(runtime, runtime.workers());
        let (open, gate) = futures::channel::oneshot::channel::<()>();
        let (tell, told) = mpsc::channel();
        let spawning = runtime.spawn(async move {
            let here = std::thread::current().id();
            drop(heist::task::spawn_local(async move {
                let held = std::rc::Rc::new(());
                heist::time::sleep(Duration::from_millis(1)).await;
                gate.await.expect("it is opened");
                drop(held);
                tell.send(std::thread::current().id() == here).expect("the test waits");
            }));
        });
        runtime.block_on(spawning).expect("no panic");
        drop(greed);
        eventually("a worker has come round", || {
            runtime.block_on(async { heist::spawn(async {}).await.is_ok() })
        });
        open.send(()).expect("it waits");
        assert!(told.recv().expect("it has run"), "on another thread");
        eventually("the stand-in is gone", || runtime.handle().metrics().num_reserve_threads() == 0);
    });
}

#[test]
fn a_runtime_ends_while_stand_ins_have_tasks() {
    watched(|| {
        for runtime in runtimes() {
            let drops = Counter::default();
            let greed = Greed::of(&runtime, runtime.workers() + 1);
            for _ in 0..3 {
                let guard = drops.on_drop();
                let waits = runtime.spawn(async move {
                    let local = guard;
                    drop(heist::task::spawn_local(async move {
                        let _guard = local;
                        std::future::pending::<()>().await;
                    }));
                });
                runtime.block_on(waits).expect("no panic");
            }
            drop(greed);
            drop(runtime);
            assert_eq!(drops.get(), 3);
        }
    });
}

#[test]
fn stuck_tasks_are_reported_and_a_panic_of_the_hook_is_ignored() {
    watched(|| {
        for kind in backends() {
            let (tell, told) = mpsc::channel();
            let mut builder = builder(Shape::MultiThread, kind);
            builder.on_stall(move |stall| {
                tell.send(stall.tasks().to_vec()).expect("the test waits");
                panic!("ignored");
            });
            let runtime = builder.build().expect("a runtime");
            let greed = Greed::of(&runtime, 2);
            let places = told.recv().expect("told");
            assert_eq!(places.len(), 2, "{places:?}");
            assert!(places.iter().all(|place| place.file().ends_with("stuck.rs")), "{places:?}");
            assert_eq!(runtime.block_on(runtime.spawn(async { 7 })).expect("no panic"), 7);
            drop(greed);
        }
    });
}

/// What takes from the budget needs nobody to stand in, on one thread either.
#[test]
fn a_channel_of_another_crate_is_fair_in_cooperative() {
    watched(|| {
        for kind in backends() {
            let runtime = builder(Shape::CurrentThread, kind).build().expect("a runtime");
            runtime.block_on(async {
                let greedy = heist::spawn(async {
                    let (sender, mut receiver) = unbounded();
                    loop {
                        sender.unbounded_send(1).expect("the receiver is here");
                        cooperative(receiver.next()).await;
                    }
                });
                heist::time::sleep(Duration::from_millis(2)).await;
                greedy.abort();
                assert!(greedy.await.expect_err("it never ends").is_cancelled());
            });
            assert_eq!(runtime.handle().metrics().num_stalls(), 0);
        }
    });
}

/// It may sleep as long as nobody is stuck, and be called again.
#[test]
fn a_runtime_that_was_idle_is_watched_again() {
    watched(|| {
        let runtime = Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
        for _ in 0..2 {
            let greed = Greed::of(&runtime, 1);
            assert_eq!(runtime.block_on(runtime.spawn(async { 7 })).expect("no panic"), 7);
            drop(greed);
            eventually("the stand-in is gone", || runtime.handle().metrics().num_reserve_threads() == 0);
            // Longer than the lookout stays awake for nothing.
            std::thread::sleep(Duration::from_millis(500));
        }
    });
}
