//! Sets of local tasks: they run where the set is polled, and end with it.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use futures::channel::oneshot;
use heist::runtime::Handle;
use heist::task::{self, LocalSet, spawn_local, yield_now};

use crate::support::{on_every_backend, on_every_runtime};

#[test]
fn spawn_local_inside_of_a_set_goes_to_the_set() {
    on_every_runtime(|runtime| {
        let set = LocalSet::new();
        let home = std::thread::current().id();
        let answer = set.block_on(runtime, async {
            let shared = Rc::new(Cell::new(0));
            let tasks: Vec<_> = (0..200)
                .map(|_| {
                    let shared = shared.clone();
                    spawn_local(async move {
                        yield_now().await;
                        assert_eq!(std::thread::current().id(), home);
                        shared.set(shared.get() + 1);
                        // Local tasks spawn local tasks.
                        spawn_local(async move { shared.set(shared.get() + 1) }).await.expect("no panic");
                    })
                })
                .collect();
            for task in tasks {
                task.await.expect("no panic");
            }
            shared.get()
        });
        assert_eq!(answer, 400);
    });
}

#[test]
fn a_set_runs_on_a_thread_of_the_blocking_pool() {
    on_every_backend(|runtime| {
        let answer = runtime.spawn_blocking(|| {
            let set = LocalSet::new();
            Handle::current().block_on(set.run_until(async {
                let local = Rc::new(40);
                let inner = spawn_local(async move { *local });
                let outer = heist::spawn(async { 2 });
                inner.await.expect("no panic") + outer.await.expect("no panic")
            }))
        });
        assert_eq!(runtime.block_on(answer).expect("no panic"), 42);
    });
}

#[test]
fn a_set_is_ready_when_all_its_tasks_have_ended_also_those_spawned_meanwhile() {
    on_every_runtime(|runtime| {
        let set = LocalSet::new();
        let count = Rc::new(Cell::new(0));
        let counted = count.clone();
        set.spawn_local(async move {
            for _ in 0..100 {
                let counted = counted.clone();
                spawn_local(async move {
                    heist::time::sleep(Duration::from_millis(1)).await;
                    counted.set(counted.get() + 1);
                });
            }
        });
        runtime.block_on(set);
        assert_eq!(count.get(), 100);
        runtime.block_on(LocalSet::new());
    });
}

#[test]
fn tasks_run_in_the_order_in_which_they_became_due() {
    on_every_runtime(|runtime| {
        let set = LocalSet::new();
        let order = Rc::new(RefCell::new(Vec::new()));
        for number in 0..10 {
            let order = order.clone();
            set.spawn_local(async move {
                order.borrow_mut().push(number);
                yield_now().await;
                order.borrow_mut().push(10 + number);
            });
        }
        runtime.block_on(set);
        assert_eq!(*order.borrow(), (0..20).collect::<Vec<_>>());
    });
}

#[test]
fn tasks_are_woken_by_other_tasks_threads_and_timers() {
    on_every_runtime(|runtime| {
        let set = LocalSet::new();
        let sum = set.block_on(runtime, async {
            let (by_task, of_task) = oneshot::channel();
            let (by_thread, of_thread) = oneshot::channel();
            let waiting = spawn_local(async move {
                heist::time::sleep(Duration::from_millis(2)).await;
                of_task.await.expect("sent") + of_thread.await.expect("sent")
            });
            heist::spawn(async move { by_task.send(40) });
            std::thread::spawn(move || by_thread.send(2));
            waiting.await.expect("no panic")
        });
        assert_eq!(sum, 42);
    });
}

#[test]
fn a_task_of_a_set_knows_its_id_and_can_be_aborted_from_another_thread() {
    on_every_runtime(|runtime| {
        let set = LocalSet::new();
        set.block_on(runtime, async {
            let task = spawn_local(async { task::id() });
            let id = task.id();
            assert_eq!(task.await.expect("no panic"), id);

            let endless = spawn_local(std::future::pending::<()>());
            let abort = endless.abort_handle();
            std::thread::spawn(move || abort.abort());
            assert!(endless.await.expect_err("aborted").is_cancelled());

            let panicking = spawn_local(async { panic!("on purpose") });
            assert!(panicking.await.expect_err("panicked").is_panic());
        });
    });
}

#[test]
fn the_end_of_a_set_drops_its_tasks_on_its_thread_and_inside_of_it() {
    struct Spawns(mpsc::Sender<bool>);
    impl Drop for Spawns {
        fn drop(&mut self) {
            // In the set that ends: dropped at once, and no panic.
            let late = spawn_local(std::future::pending::<()>());
            self.0.send(late.is_finished()).expect("the test listens");
        }
    }
    on_every_runtime(|runtime| {
        let (send, receive) = mpsc::channel();
        let set = LocalSet::new();
        let guards = [Spawns(send.clone()), Spawns(send)];
        let tasks = guards.map(|guard| {
            set.spawn_local(async move {
                let _guard = guard;
                std::future::pending::<()>().await;
            })
        });
        // One task waits, the other one never ran.
        set.block_on(runtime, yield_now());
        let unpolled = set.spawn_local(async {});
        drop(set);
        assert_eq!(receive.try_iter().collect::<Vec<_>>(), [true, true]);
        assert!(unpolled.is_finished() && tasks.iter().all(|task| task.is_finished()));
    });
}

#[test]
fn a_guard_enters_the_set_and_leaves_it_again() {
    on_every_backend(|runtime| {
        let (outer, inner) = (LocalSet::new(), LocalSet::new());
        let guard = outer.enter();
        let first = spawn_local(async { 1 });
        let inner_guard = inner.enter();
        let second = spawn_local(async { 2 });
        drop(inner_guard);
        let third = spawn_local(async { 3 });
        drop(guard);
        assert!(std::panic::catch_unwind(|| spawn_local(async {})).is_err(), "outside of both");
        runtime.block_on(outer);
        assert!(first.is_finished() && third.is_finished() && !second.is_finished());
        assert_eq!(inner.block_on(runtime, second).expect("no panic"), 2);
    });
}

#[test]
fn a_guard_that_outlives_its_poll_leaves_the_set_of_the_poll_to_its_wakers() {
    let (set, other) = (LocalSet::new(), LocalSet::new());
    let guard = futures::executor::block_on(set.run_until(async { other.enter() }));
    drop(guard);
    assert!(std::panic::catch_unwind(|| spawn_local(async {})).is_err(), "no set is entered any more");
    // The task is woken on the thread of the set, and outside of it.
    let (sender, receiver) = oneshot::channel();
    let task = set.spawn_local(async move { receiver.await.expect("it is sent") });
    let rings = Arc::new(Rings::default());
    let waker = Waker::from(rings.clone());
    let mut run = pin!(set.run_until(task));
    assert!(run.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    let before = rings.0.load(Ordering::Relaxed);
    sender.send(7).expect("the task waits for it");
    assert!(rings.0.load(Ordering::Relaxed) > before, "the set is to be polled again");
}

#[derive(Default)]
struct Rings(AtomicUsize);

impl Wake for Rings {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_dropped_run_until_leaves_the_tasks_in_the_set() {
    on_every_runtime(|runtime| {
        let set = LocalSet::new();
        let task = set.spawn_local(async {
            heist::time::sleep(Duration::from_millis(5)).await;
            42
        });
        let early = runtime.block_on(async {
            heist::time::timeout(Duration::from_millis(1), set.run_until(std::future::pending::<()>())).await
        });
        assert!(early.is_err());
        assert_eq!(set.block_on(runtime, task).expect("no panic"), 42);
    });
}

/// More tasks than one poll of the set runs do not keep the future of `run_until` waiting.
#[test]
fn tasks_that_never_wait_do_not_starve_the_future_beside_them() {
    on_every_runtime(|runtime| {
        let set = LocalSet::new();
        set.block_on(runtime, async {
            for _ in 0..100 {
                spawn_local(async {
                    loop {
                        yield_now().await;
                    }
                });
            }
            for _ in 0..10 {
                yield_now().await;
            }
        });
    });
}

#[test]
fn two_sets_wake_each_other_on_one_thread() {
    on_every_runtime(|runtime| {
        let (outer, inner) = (LocalSet::new(), LocalSet::new());
        let sum = outer.block_on(runtime, async {
            let (send, receive) = oneshot::channel();
            let (back, answer) = oneshot::channel();
            spawn_local(async move { back.send(receive.await.expect("sent") + 1) });
            let inner_task = async move {
                spawn_local(async move { send.send(41) });
                answer.await.expect("sent")
            };
            inner.run_until(inner_task).await
        });
        assert_eq!(sum, 42);
    });
}
