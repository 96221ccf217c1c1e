//! Local tasks: futures that are not `Send` stay on the worker that spawned them, and are dropped there.

use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Poll, Waker};
use std::thread::ThreadId;
use std::time::Duration;

use futures::channel::oneshot;
use heist::task::{JoinHandle, spawn_local};

use crate::support::{self, on_every_runtime, with_every_runtime};

/// Not `Send`; reports on which thread it is dropped.
struct Pinned {
    home: Rc<Cell<ThreadId>>,
    dropped_on: mpsc::Sender<(ThreadId, ThreadId)>,
}

impl Pinned {
    fn new(dropped_on: mpsc::Sender<(ThreadId, ThreadId)>) -> Self {
        Pinned { home: Rc::new(Cell::new(std::thread::current().id())), dropped_on }
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // The test may have ended by a failed assertion.
        let _ = self.dropped_on.send((self.home.get(), std::thread::current().id()));
    }
}

/// Runs `body` on a worker, where local tasks can be spawned.
fn on_a_worker<T: Send + 'static>(
    runtime: &heist::runtime::Runtime,
    body: impl Future<Output = T> + Send + 'static,
) -> T {
    runtime.block_on(async { heist::spawn(body).await.expect("no panic") })
}

#[test]
fn a_local_task_runs_on_one_thread_whatever_its_neighbours_do() {
    on_every_runtime(|runtime| {
        let is_same = on_a_worker(runtime, async {
            let (sender, receiver) = oneshot::channel();
            drop(spawn_local(async move {
                let home = Rc::new(std::thread::current().id());
                let mut is_same = true;
                for round in 0..200 {
                    heist::task::yield_now().await;
                    if round % 10 == 0 {
                        heist::spawn(async {}).await.expect("no panic");
                    }
                    is_same &= *home == std::thread::current().id();
                }
                sender.send(is_same).expect("the test is waiting");
            }));
            receiver.await.expect("it ended")
        });
        assert!(is_same);
    });
}

#[test]
fn local_tasks_spawn_local_tasks_and_join_them() {
    on_every_runtime(|runtime| {
        let sum = on_a_worker(runtime, async {
            let (sender, receiver) = oneshot::channel();
            drop(spawn_local(async move {
                let total = Rc::new(Cell::new(0));
                let handles: Vec<JoinHandle<()>> = (0..10)
                    .map(|index| {
                        let total = total.clone();
                        spawn_local(async move {
                            heist::task::yield_now().await;
                            total.set(total.get() + index);
                        })
                    })
                    .collect();
                for handle in handles {
                    handle.await.expect("no panic");
                }
                sender.send(total.get()).expect("the test is waiting");
            }));
            receiver.await.expect("it ended")
        });
        assert_eq!(sum, 45);
    });
}

/// Fault A9: a foreign thread aborts; the future is dropped at home.
#[test]
fn an_abort_from_a_foreign_thread_drops_the_future_on_its_own_thread() {
    on_every_runtime(|runtime| {
        for _ in 0..100 {
            let (sender, dropped_on) = mpsc::channel();
            on_a_worker(runtime, async move {
                let handle = spawn_waiting(sender, &Default::default());
                let abort = handle.abort_handle();
                std::thread::spawn(move || abort.abort()).join().expect("no panic");
                assert!(handle.await.expect_err("aborted").is_cancelled());
            });
            assert_dropped_on_its_thread(&dropped_on);
        }
    });
}

/// Fault A9: the last waker goes away on a foreign thread, after an abort nobody waited for.
#[test]
fn the_last_waker_dropped_on_a_foreign_thread_drops_no_future_there() {
    on_every_runtime(|runtime| {
        for _ in 0..100 {
            on_a_worker(runtime, async move {
                let (sender, dropped_on) = mpsc::channel();
                let place = Arc::new(Mutex::new(None));
                let handle = spawn_waiting(sender, &place);
                while place.lock().expect("no panic").is_none() {
                    heist::task::yield_now().await;
                }
                let waker: Waker = place.lock().expect("no panic").take().expect("just seen");
                let thread = std::thread::spawn(move || {
                    handle.abort();
                    drop(handle);
                    waker.wake_by_ref();
                    drop(waker);
                });
                thread.join().expect("no panic");
                // Home is where this runs as well on one worker: it must have its turn.
                let (home, there) = loop {
                    match dropped_on.try_recv() {
                        Ok(places) => break places,
                        Err(mpsc::TryRecvError::Empty) => heist::task::yield_now().await,
                        Err(mpsc::TryRecvError::Disconnected) => {
                            panic!("the guard was made before the waker")
                        }
                    }
                };
                assert_eq!(home, there, "dropped away from home");
            });
        }
    });
}

/// Fault A9 at shutdown: the runtime is dropped by a thread that is no worker.
#[test]
fn the_end_of_the_runtime_drops_local_futures_on_their_thread() {
    with_every_runtime(|runtime| {
        let is_multi_thread = runtime.workers() > 1;
        let (sender, dropped_on) = mpsc::channel();
        on_a_worker(&runtime, async move {
            for _ in 0..10 {
                drop(spawn_waiting(sender.clone(), &Default::default()));
            }
            heist::task::yield_now().await;
        });
        // The single-threaded loop is this thread's: home is where it is dropped.
        drop(runtime);
        for _ in 0..10 {
            assert_dropped_on_its_thread(&dropped_on);
        }
        assert!(is_multi_thread || dropped_on.try_recv().is_err());
    });
}

/// Fault C15: a current-thread runtime is handed to another thread while a local task of the first one lives.
#[test]
fn the_loop_does_not_run_on_a_thread_that_is_not_its_local_tasks() {
    for kind in support::backends() {
        support::watched(|| {
            let runtime = support::builder(support::Shape::CurrentThread, kind).build().expect("available");
            let (end, ended) = oneshot::channel();
            let home = std::thread::current().id();
            let local = Mutex::new(None);
            runtime.block_on(async {
                *local.lock().expect("no panic") = Some(spawn_local(async move {
                    heist::time::sleep(Duration::from_millis(1)).await;
                    ended.await.expect("the test ends it");
                    std::thread::current().id()
                }));
            });
            std::thread::scope(|scope| {
                let there = scope.spawn(|| runtime.block_on(heist::time::sleep(Duration::from_millis(5))));
                let panic = there.join().expect_err("it would run the local task");
                assert!(text_of(&*panic).contains("local tasks"), "{}", text_of(&*panic));
            });
            end.send(()).expect("it waits");
            let local = local.into_inner().expect("no panic").expect("spawned");
            assert_eq!(runtime.block_on(local).expect("no panic"), home);
            // With the last of them gone, any thread will do.
            std::thread::scope(|scope| {
                let there = scope.spawn(|| runtime.block_on(async { spawn_local(async { 1 }).await }));
                assert_eq!(there.join().expect("no panic").expect("no panic"), 1);
            });
        });
    }
}

/// Fault C15 at the end: nobody may drop the local tasks, and everything else ends as ever.
#[test]
fn a_loop_that_ends_away_from_its_local_tasks_leaks_them_and_says_so() {
    for kind in support::backends() {
        support::watched(|| {
            let runtime = support::builder(support::Shape::CurrentThread, kind).build().expect("available");
            let (sender, dropped_on) = mpsc::channel();
            let (places, drops) = ([Default::default(), Default::default()], support::Counter::default());
            let (in_task, spawned_late) = (drops.on_drop(), drops.on_drop());
            let locals = runtime.block_on(async {
                drop(heist::spawn(async move {
                    let _guard = in_task;
                    let _spawns = Spawns(Some(spawned_late));
                    std::future::pending::<()>().await;
                }));
                let locals = places.each_ref().map(|place| spawn_waiting(sender.clone(), place));
                heist::time::sleep(Duration::from_millis(1)).await;
                locals
            });
            let wakers = places.map(|place| place.lock().expect("no panic").take().expect("it was polled"));
            // One is due when the runtime ends, and one becomes so afterwards.
            wakers[0].wake_by_ref();
            let panic = std::thread::spawn(move || drop(runtime)).join().expect_err("local tasks are left");
            assert!(text_of(&*panic).contains("leaked"), "{}", text_of(&*panic));
            assert_eq!(drops.get(), 2, "all others are dropped");
            wakers.into_iter().for_each(Waker::wake);
            for local in locals {
                local.abort();
                assert!(!local.is_finished());
            }
            drop(sender);
            assert_eq!(dropped_on.try_recv(), Err(mpsc::TryRecvError::Empty), "neither dropped nor gone");
        });
    }
}

/// Spawns a local task when it is dropped.
struct Spawns(Option<support::CountedDrop>);

impl Drop for Spawns {
    fn drop(&mut self) {
        let guard = self.0.take();
        drop(spawn_local(async move {
            let _guard = guard;
            std::future::pending::<()>().await;
        }));
    }
}

fn text_of(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).expect("a text")
}

#[test]
fn a_local_task_outside_any_worker_is_refused_with_a_text() {
    support::watched(|| {
        let panic = std::panic::catch_unwind(|| drop(spawn_local(async {}))).expect_err("no worker here");
        assert!(text_of(&*panic).contains("spawn_local"), "names what was refused");
    });
}

fn spawn_waiting(
    dropped_on: mpsc::Sender<(ThreadId, ThreadId)>,
    place: &Arc<Mutex<Option<Waker>>>,
) -> JoinHandle<()> {
    let place = place.clone();
    spawn_local(async move {
        let _pinned = Pinned::new(dropped_on);
        poll_fn::<(), _>(|cx| {
            *place.lock().expect("no panic") = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    })
}

#[track_caller]
fn assert_dropped_on_its_thread(dropped_on: &mpsc::Receiver<(ThreadId, ThreadId)>) {
    // A task that was aborted before its first poll never made its guard: then the channel just closes.
    if let Ok((home, there)) = dropped_on.recv_timeout(support::PATIENCE) {
        assert_eq!(home, there, "dropped away from home");
    }
}
