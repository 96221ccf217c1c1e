//! Programs that need the scheduler to lose no task, and to put no worker to sleep beside work.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Instant;

use heist::sync::{Notify, mpsc, oneshot};
use heist::task::{JoinSet, yield_now};
use heist::time::sleep;

use crate::{draw, millis, pause, run, runtime};

/// Threads outside of the runtime spawn tasks and wait for them, with pauses in which workers sleep.
pub(crate) fn work_from_outside() {
    let runtime = runtime();
    let outside = |_| {
        let handle = runtime.handle().clone();
        thread::spawn(move || {
            for _ in 0..8 {
                let (send, receive) = std::sync::mpsc::channel();
                handle.spawn(async move {
                    yield_now().await;
                    send.send(()).expect("somebody waits for it");
                });
                receive.recv().expect("the task runs");
                if draw(2) == 0 {
                    thread::sleep(pause());
                }
            }
        })
    };
    let threads: Vec<_> = (0..3).map(outside).collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

/// Tokens go round a ring of tasks, so that each wake is the only one.
pub(crate) fn tasks_in_a_ring() {
    const LENGTH: usize = 5;
    run(async {
        let (senders, receivers): (Vec<_>, Vec<_>) = (0..LENGTH).map(|_| mpsc::channel::<u32>(1)).unzip();
        let mut tasks = JoinSet::new();
        for (at, mut receiver) in receivers.into_iter().enumerate() {
            let next = senders[(at + 1) % LENGTH].clone();
            tasks.spawn(async move {
                while let Some(left) = receiver.recv().await {
                    if left == 0 {
                        return;
                    }
                    if draw(4) == 0 {
                        yield_now().await;
                    }
                    if next.send(left - 1).await.is_err() {
                        return;
                    }
                }
            });
        }
        senders[0].send(40).await.unwrap();
        drop(senders);
        // Whoever gets the last one ends, and so does each before it.
        tasks.join_next().await.unwrap().unwrap();
    });
}

/// A worker has tasks that take long, and another one has none.
pub(crate) fn work_is_shared() {
    const TASKS_COUNT: u32 = 8;
    let length = millis(50);
    run(async {
        heist::spawn(async move {
            let began = Instant::now();
            // What computes does not await: the thread sleeps, so that other processes may compute.
            let tasks: Vec<_> =
                (0..TASKS_COUNT).map(|_| heist::spawn(async move { thread::sleep(length) })).collect();
            for task in tasks {
                task.await.unwrap();
            }
            let took = began.elapsed();
            assert!(took < (TASKS_COUNT - 1) * length, "two workers needed {took:?}");
        })
        .await
        .unwrap();
    });
}

/// More tasks at once than a worker's ring has room for, which yield, and spawn others.
pub(crate) fn bursts() {
    const TASKS_COUNT: u32 = 300;
    let ended = Arc::new(AtomicU32::new(0));
    run(async {
        let tasks: Vec<_> = (0..TASKS_COUNT)
            .map(|number| {
                let ended = ended.clone();
                heist::spawn(async move {
                    yield_now().await;
                    let inner = heist::spawn(async move {
                        // Ordering: Relaxed, it is only counted.
                        ended.fetch_add(1, Ordering::Relaxed);
                    });
                    if number % 8 == 0 {
                        inner.await.unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        // Those that nobody waits for end as well. Ordering: Relaxed, it is only counted.
        while ended.load(Ordering::Relaxed) < TASKS_COUNT {
            yield_now().await;
        }
    });
}

/// A runtime ends under tasks that wait, run, and are spawned from outside.
pub(crate) fn ends() {
    struct Counted(Arc<AtomicU32>);
    impl Drop for Counted {
        fn drop(&mut self) {
            // Ordering: Relaxed, it is only counted.
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let dropped = Arc::new(AtomicU32::new(0));
    let runtime = runtime();
    let never = Arc::new(Notify::new());
    let mut waiting = Vec::new();
    for number in 0..10 {
        let (counted, never) = (Counted(dropped.clone()), never.clone());
        waiting.push(runtime.spawn(async move {
            if number % 2 == 0 {
                yield_now().await;
            }
            never.notified().await;
            drop(counted);
        }));
    }
    let handle = runtime.handle().clone();
    let late = Counted(dropped.clone());
    let outside = thread::spawn(move || drop(handle.spawn(async move { drop(late) })));
    if draw(4) > 0 {
        thread::sleep(pause());
    }
    drop(runtime);
    outside.join().unwrap();
    for task in waiting {
        assert!(heist::runtime::Builder::new_current_thread().build().unwrap().block_on(task).is_err());
    }
    // Ordering: Relaxed, the threads that count have ended.
    assert_eq!(dropped.load(Ordering::Relaxed), 11);
}

/// Closures that block, of which some wait for others.
pub(crate) fn blocking() {
    run(async {
        // From now on one thread waits for work, and the pair needs two.
        heist::task::spawn_blocking(|| ()).await.unwrap();
        for _ in 0..3 {
            if draw(2) == 0 {
                sleep(pause()).await;
            }
            let (send, receive) = oneshot::channel();
            let first = heist::task::spawn_blocking(move || receive.blocking_recv().unwrap());
            if draw(4) == 0 {
                yield_now().await;
            }
            let second = heist::task::spawn_blocking(move || send.send(7).unwrap());
            assert_eq!(first.await.unwrap(), 7);
            second.await.unwrap();
        }
    });
}
