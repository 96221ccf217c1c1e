//! Spawning: from everywhere, in any number, and never lost.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

use crate::support::{self, Counter, on_every_backend, on_every_runtime, watched};

#[test]
fn a_spawned_task_runs_and_gives_its_output() {
    on_every_runtime(|runtime| {
        let output = runtime.block_on(async { heist::spawn(async { 6 * 7 }).await });
        assert_eq!(output.expect("no panic"), 42);
    });
}

#[test]
fn a_task_spawned_from_outside_is_run_without_block_on() {
    on_every_backend(|runtime| {
        let (sender, receiver) = std::sync::mpsc::channel();
        drop(runtime.spawn(async move { sender.send(7).expect("the test is listening") }));
        assert_eq!(receiver.recv(), Ok(7));
    });
}

#[test]
fn ten_thousand_tasks_each_run_once() {
    const TASK_COUNT: usize = 10_000;
    on_every_runtime(|runtime| {
        let ran = Counter::default();
        let sum = runtime.block_on(async {
            let mut handles = Vec::new();
            for index in 0..TASK_COUNT {
                let ran = ran.clone();
                handles.push(heist::spawn(async move {
                    ran.bump();
                    index
                }));
            }
            let mut sum = 0;
            for handle in handles {
                sum += handle.await.expect("no panic");
            }
            sum
        });
        assert_eq!(sum, TASK_COUNT * (TASK_COUNT - 1) / 2);
        assert_eq!(ran.get(), TASK_COUNT);
    });
}

#[test]
fn tasks_spawned_by_foreign_threads_at_once_each_run_once() {
    const TASK_COUNT: usize = 2_000;
    on_every_backend(|runtime| {
        let ran = Counter::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..TASK_COUNT {
                        let ran = ran.clone();
                        drop(runtime.spawn(async move { ran.bump() }));
                    }
                });
            }
        });
        support::eventually("every task has run", || ran.get() == 4 * TASK_COUNT);
    });
}

#[test]
fn a_chain_of_spawns_reaches_its_end() {
    fn link(remaining: usize, done: futures::channel::oneshot::Sender<()>) {
        drop(heist::spawn(async move {
            if remaining == 0 {
                done.send(()).expect("the test is waiting");
            } else {
                link(remaining - 1, done);
            }
        }));
    }
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (sender, receiver) = futures::channel::oneshot::channel();
            link(1_000, sender);
            receiver.await.expect("the last link ran");
        });
    });
}

#[test]
fn two_tasks_that_block_each_other_need_and_get_two_workers() {
    on_every_backend(|runtime| {
        let barrier = Arc::new(Barrier::new(2));
        let other = barrier.clone();
        let first = runtime.spawn(async move {
            barrier.wait();
        });
        let second = runtime.spawn(async move {
            other.wait();
        });
        runtime.block_on(async {
            first.await.expect("no panic");
            second.await.expect("no panic");
        });
    });
}

#[test]
fn a_burst_spawned_by_one_worker_is_shared_with_the_other() {
    on_every_backend(|runtime| {
        let barrier = Arc::new(Barrier::new(2));
        runtime.block_on(async {
            let spawner = heist::spawn(async move {
                let mut handles = Vec::new();
                for _ in 0..8 {
                    let barrier = barrier.clone();
                    handles.push(heist::spawn(async move {
                        barrier.wait();
                    }));
                }
                for handle in handles {
                    handle.await.expect("no panic");
                }
            });
            spawner.await.expect("no panic");
        });
    });
}

#[test]
fn a_dropped_handle_detaches_its_task() {
    on_every_runtime(|runtime| {
        let (sender, receiver) = futures::channel::oneshot::channel();
        runtime.block_on(async {
            drop(heist::spawn(async move {
                heist::task::yield_now().await;
                sender.send("still here").expect("the test is waiting");
            }));
            assert_eq!(receiver.await, Ok("still here"));
        });
    });
}

#[test]
fn a_large_future_is_spawned_and_its_contents_survive_the_move() {
    const SIZE: usize = 128 * 1024;
    on_every_runtime(|runtime| {
        let block = [7_u8; SIZE];
        let sum = runtime.block_on(async move {
            let handle = heist::spawn(async move {
                heist::task::yield_now().await;
                block.iter().map(|&byte| usize::from(byte)).sum::<usize>()
            });
            handle.await.expect("no panic")
        });
        assert_eq!(sum, 7 * SIZE);
    });
}

#[test]
fn spawning_inside_an_entered_context_finds_that_runtime() {
    on_every_backend(|runtime| {
        let (sender, receiver) = std::sync::mpsc::channel();
        let guard = runtime.enter();
        drop(heist::spawn(async move { sender.send(()).expect("the test is listening") }));
        drop(guard);
        assert_eq!(receiver.recv(), Ok(()));
    });
}

#[test]
fn a_handle_spawns_from_any_thread() {
    on_every_backend(|runtime| {
        let handle = runtime.handle().clone();
        let joined = std::thread::spawn(move || handle.block_on(async { heist::spawn(async { 3 }).await }));
        assert_eq!(joined.join().expect("no panic").expect("no panic"), 3);
    });
}

#[test]
fn spawning_outside_a_runtime_panics_and_says_why() {
    watched(|| {
        let panic =
            std::panic::catch_unwind(|| heist::spawn(async {})).expect_err("there is no runtime here");
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()));
        let text = text.expect("a panic with a text");
        assert!(text.to_lowercase().contains("runtime"), "the text names the cause: {text}");
        assert!(heist::runtime::Handle::try_current().is_err());
    });
}

#[test]
fn ids_of_living_tasks_differ() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let handles: Vec<_> = (0..100).map(|_| heist::spawn(async {})).collect();
            let mut ids: Vec<_> = handles.iter().map(|handle| handle.id().to_string()).collect();
            ids.sort();
            ids.dedup();
            assert_eq!(ids.len(), handles.len());
            for handle in handles {
                handle.await.expect("no panic");
            }
        });
    });
}

#[test]
fn tasks_of_a_current_thread_runtime_run_in_the_order_in_which_they_were_spawned_and_woken() {
    use std::sync::Mutex;
    for kind in support::backends() {
        let runtime = support::builder(support::Shape::CurrentThread, kind).build().expect("a runtime");
        let order = Arc::new(Mutex::new(Vec::new()));
        runtime.block_on(async {
            let tasks: Vec<_> = (0..6)
                .map(|number| {
                    let order = order.clone();
                    let (send, receive) = futures::channel::oneshot::channel::<()>();
                    let task = heist::spawn(async move {
                        order.lock().unwrap().push(number);
                        receive.await.expect("woken");
                        order.lock().unwrap().push(10 + number);
                    });
                    (task, send)
                })
                .collect();
            heist::task::yield_now().await;
            let (tasks, senders): (Vec<_>, Vec<_>) = tasks.into_iter().unzip();
            senders.into_iter().for_each(|send| send.send(()).expect("it waits"));
            for task in tasks {
                task.await.expect("no panic");
            }
        });
        assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15]);
    }
}

#[test]
fn a_future_that_is_blocked_on_takes_turns_with_tasks_that_yield() {
    async fn count_turns(turns: Arc<AtomicUsize>) {
        loop {
            turns.fetch_add(1, Ordering::Relaxed);
            heist::task::yield_now().await;
        }
    }
    for (kind, is_local) in support::backends().into_iter().flat_map(|kind| [(kind, false), (kind, true)]) {
        let runtime = support::builder(support::Shape::CurrentThread, kind).build().expect("a runtime");
        let turns = runtime.block_on(async {
            let turns = Arc::new(AtomicUsize::new(0));
            for _ in 0..3 {
                let task = count_turns(turns.clone());
                drop(if is_local { heist::task::spawn_local(task) } else { heist::spawn(task) });
            }
            for _ in 0..20 {
                heist::task::yield_now().await;
            }
            turns.load(Ordering::Relaxed)
        });
        assert_eq!(turns, 60, "turns of three tasks beside 20 of the future");
    }
}
