//! Local tasks: futures that are not `Send` stay on the worker that spawned them, and are dropped there.

mod support;

use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Poll, Waker};
use std::thread::ThreadId;

use futures::channel::oneshot;
use heist::task::{JoinHandle, spawn_local};
use support::{on_every_runtime, with_every_runtime};

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
fn an_abort_from_a_foreign_thread_drops_the_future_at_home() {
    on_every_runtime(|runtime| {
        for _ in 0..100 {
            let (sender, dropped_on) = mpsc::channel();
            on_a_worker(runtime, async move {
                let handle = spawn_waiting(sender, &Default::default());
                let abort = handle.abort_handle();
                std::thread::spawn(move || abort.abort()).join().expect("no panic");
                assert!(handle.await.expect_err("aborted").is_cancelled());
            });
            assert_dropped_at_home(&dropped_on);
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
fn the_end_of_the_runtime_drops_local_futures_at_home() {
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
            assert_dropped_at_home(&dropped_on);
        }
        assert!(is_multi_thread || dropped_on.try_recv().is_err());
    });
}

#[test]
fn a_local_task_outside_any_worker_is_refused_with_a_text() {
    support::watched(|| {
        let panic = std::panic::catch_unwind(|| drop(spawn_local(async {}))).expect_err("no worker here");
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()));
        assert!(text.expect("a text").contains("spawn_local"), "names what was refused");
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
fn assert_dropped_at_home(dropped_on: &mpsc::Receiver<(ThreadId, ThreadId)>) {
    // A task that was aborted before its first poll never made its guard: then the channel just closes.
    if let Ok((home, there)) = dropped_on.recv_timeout(support::PATIENCE) {
        assert_eq!(home, there, "dropped away from home");
    }
}
