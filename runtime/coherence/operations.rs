//! The operations whose transfers are counted.

use std::ffi::CString;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::{Rendezvous, World};
use crate::primitive::count::{Transfers, begin_count, compute, mark, marked_transfers, own_transfers};
use crate::primitive::thread;
use crate::sync::{Notify, mpsc};
use crate::task::yield_now;
use crate::time::{sleep, timeout};

/// What an operation cost: the transfers of so many operations.
pub(super) struct Cost {
    pub(super) transfers: Transfers,
    pub(super) operations_count: usize,
}

pub(super) struct CountedOperation {
    pub(super) name: &'static str,
    /// Runs and counts it in a world with so many workers.
    pub(super) count: fn(usize) -> Cost,
}

/// All operations, in the order of the table.
pub(super) const OPERATIONS: [CountedOperation; 19] = [
    CountedOperation { name: "spawn", count: spawn },
    CountedOperation { name: "join", count: join },
    CountedOperation { name: "yield", count: yields },
    CountedOperation { name: "wake", count: wake },
    CountedOperation { name: "steal", count: steal },
    CountedOperation { name: "park_idle", count: park_idle },
    CountedOperation { name: "park_busy", count: park_busy },
    CountedOperation { name: "timer_cancel", count: timer_cancel },
    CountedOperation { name: "timer_fire", count: timer_fire },
    CountedOperation { name: "submit", count: submit },
    CountedOperation { name: "send_own", count: send_own },
    CountedOperation { name: "send_neighbour", count: send_neighbour },
    CountedOperation { name: "send_to_one", count: send_to_one },
    CountedOperation { name: "inject_by_one", count: inject_by_one },
    CountedOperation { name: "inject_by_many", count: inject_by_many },
    CountedOperation { name: "free_elsewhere", count: free_elsewhere },
    CountedOperation { name: "look", count: look },
    CountedOperation { name: "metrics", count: metrics },
    CountedOperation { name: "shutdown", count: shutdown },
];

const ROUNDS_COUNT: usize = 32;

/// An operation that every worker does at once.
fn everywhere<F: Future + Send>(
    workers_count: usize,
    operation: impl Fn(usize) -> F + Clone + Send + 'static,
) -> Cost {
    let world = World::new(workers_count);
    let transfers = world.on_every_worker(ROUNDS_COUNT, operation);
    Cost { transfers, operations_count: workers_count * ROUNDS_COUNT }
}

/// A task is spawned, and runs detached on the worker that spawned it.
fn spawn(workers_count: usize) -> Cost {
    everywhere(workers_count, |_| async {
        drop(crate::spawn(async { compute(500) }));
        yield_now().await;
    })
}

/// A task is spawned and joined.
fn join(workers_count: usize) -> Cost {
    everywhere(workers_count, |_| async {
        crate::spawn(async { compute(500) }).await.expect("it does not panic");
    })
}

fn yields(workers_count: usize) -> Cost {
    everywhere(workers_count, |_| async {
        compute(500);
        yield_now().await;
    })
}

/// Two tasks of a worker wake each other.
fn wake(workers_count: usize) -> Cost {
    everywhere(workers_count, |_| async {
        let bell = Arc::new(Notify::new());
        let there = bell.clone();
        let other = crate::spawn(async move { there.notify_one() });
        bell.notified().await;
        drop(other);
    })
}

/// One worker spawns tasks of 50 µs for all.
fn steal(workers_count: usize) -> Cost {
    let world = World::new(workers_count);
    let tasks_count = 32 * workers_count;
    let transfers = world.runtime.block_on(world.runtime.spawn(async move {
        sleep(Duration::from_millis(20)).await;
        begin_count();
        let tasks: Vec<_> = (0..tasks_count).map(|_| crate::spawn(async { compute(50_000) })).collect();
        for task in tasks {
            task.await.expect("it does not panic");
        }
        crate::primitive::count::transfers()
    }));
    Cost { transfers: transfers.expect("it does not panic"), operations_count: tasks_count }
}

/// All workers sleep and wake up by their timers.
fn park_idle(workers_count: usize) -> Cost {
    everywhere(workers_count, |_| async {
        sleep(Duration::from_micros(500)).await;
        compute(2_000);
    })
}

/// Half of the workers sleep and wake up, while the others spawn: what it costs the first.
fn park_busy(workers_count: usize) -> Cost {
    let world = World::new(workers_count);
    let sleepers_count = workers_count / 2;
    let meeting = Rendezvous::new(workers_count);
    let left = Arc::new(AtomicUsize::new(sleepers_count));
    let tasks: Vec<_> = (0..workers_count)
        .map(|index| {
            let (meeting, left) = (meeting.clone(), left.clone());
            world.runtime.spawn(async move {
                meeting.wait(0, || ());
                meeting.wait(1, begin_count);
                if index < sleepers_count {
                    for _ in 0..ROUNDS_COUNT {
                        sleep(Duration::from_micros(500)).await;
                        mark();
                        compute(2_000);
                    }
                    // Ordering: SeqCst: virtual threads run one at a time.
                    return (left.fetch_sub(1, Ordering::SeqCst) == 1).then(marked_transfers);
                }
                // Ordering: as above.
                while left.load(Ordering::SeqCst) > 0 {
                    drop(crate::spawn(async { compute(10_000) }));
                    yield_now().await;
                }
                None
            })
        })
        .collect();
    let ends = tasks.into_iter().filter_map(|task| world.runtime.block_on(task).expect("no panic"));
    let transfers = ends.collect::<Vec<_>>()[0];
    Cost { transfers, operations_count: sleepers_count * ROUNDS_COUNT }
}

/// A timer is armed and cancelled.
fn timer_cancel(workers_count: usize) -> Cost {
    everywhere(workers_count, |_| async {
        let mut is_second = false;
        let soon = std::future::poll_fn(move |cx| {
            if std::mem::replace(&mut is_second, true) {
                return std::task::Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            std::task::Poll::Pending
        });
        timeout(Duration::from_secs(1), soon).await.expect("it is ready before");
    })
}

/// Timers fire while their worker has other tasks.
fn timer_fire(workers_count: usize) -> Cost {
    everywhere(workers_count, |_| async {
        let sleeping = crate::spawn(sleep(Duration::from_micros(200)));
        while !sleeping.is_finished() {
            compute(20_000);
            yield_now().await;
        }
        drop(sleeping);
    })
}

/// An operation goes to the kernel and ends at once.
fn submit(workers_count: usize) -> Cost {
    let world = World::new(workers_count);
    let path = CString::new("/gone").expect("no zero inside");
    world.kernel().end(&path);
    let transfers = world.on_every_worker(ROUNDS_COUNT, |_| async {
        let _ = crate::fs::remove_file("/gone").await;
    });
    Cost { transfers, operations_count: workers_count * ROUNDS_COUNT }
}

/// A message to a task of the same worker.
fn send_own(workers_count: usize) -> Cost {
    everywhere(workers_count, |_| async {
        let (sender, mut receiver) = mpsc::channel(4);
        let task = crate::spawn(async move { receiver.recv().await });
        sender.send(1).await.expect("it is open");
        task.await.expect("no panic");
    })
}

/// Each worker sends to the next, in a ring.
fn send_neighbour(workers_count: usize) -> Cost {
    let (senders, receivers): (Vec<_>, Vec<_>) = (0..workers_count).map(|_| mpsc::channel(4)).unzip();
    let receivers: Arc<[_]> = receivers.into_iter().map(crate::sync::Mutex::new).collect();
    let senders: Arc<[mpsc::Sender<usize>]> = senders.into();
    everywhere(workers_count, move |index| {
        let (senders, receivers) = (senders.clone(), receivers.clone());
        async move {
            senders[(index + 1) % senders.len()].send(index).await.expect("it is open");
            receivers[index].lock().await.recv().await;
            compute(1_000);
        }
    })
}

/// All workers send to one task.
fn send_to_one(workers_count: usize) -> Cost {
    let world = World::new(workers_count);
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let receiving = world.runtime.spawn(async move { while receiver.recv().await.is_some() {} });
    let transfers = world.on_every_worker(ROUNDS_COUNT, move |index| {
        sender.send(index).expect("it is open");
        compute(1_000);
        yield_now()
    });
    world.runtime.block_on(receiving).expect("no panic");
    Cost { transfers, operations_count: workers_count * ROUNDS_COUNT }
}

/// `threads_count` threads that are no workers spawn.
fn inject(workers_count: usize, threads_count: usize, tasks_count: usize) -> Cost {
    let world = World::new(workers_count);
    let meeting = Rendezvous::new(threads_count);
    let ended = Arc::new(AtomicUsize::new(0));
    let threads: Vec<_> = (0..threads_count)
        .map(|_| {
            let (meeting, ended) = (meeting.clone(), ended.clone());
            let handle = world.runtime.handle().clone();
            thread::spawn(move || {
                meeting.wait(0, || ());
                meeting.wait(1, begin_count);
                for _ in 0..tasks_count {
                    let ended = ended.clone();
                    drop(handle.spawn(async move {
                        compute(5_000);
                        // Ordering: SeqCst: virtual threads run one at a time.
                        ended.fetch_add(1, Ordering::SeqCst);
                    }));
                    compute(500);
                }
                // Ordering: as above.
                while ended.load(Ordering::SeqCst) < threads_count * tasks_count {
                    compute(5_000);
                }
                meeting.end()
            })
        })
        .collect();
    let ends = threads.into_iter().filter_map(|thread| thread.join().expect("no panic"));
    let transfers = ends.collect::<Vec<_>>()[0];
    Cost { transfers, operations_count: threads_count * tasks_count }
}

fn inject_by_one(workers_count: usize) -> Cost {
    inject(workers_count, 1, 32 * workers_count)
}

fn inject_by_many(workers_count: usize) -> Cost {
    inject(workers_count, workers_count / 2, 64)
}

/// A task's memory is given up on another worker than the one that allocated it.
fn free_elsewhere(workers_count: usize) -> Cost {
    type PassedHandle = Mutex<Option<crate::task::JoinHandle<()>>>;
    let slots: Arc<[PassedHandle]> = (0..workers_count).map(|_| Mutex::new(None)).collect();
    everywhere(workers_count, move |index| {
        let slots = slots.clone();
        async move {
            let handle = crate::spawn(async { compute(500) });
            yield_now().await;
            let next = &slots[(index + 1) % slots.len()];
            let passed = next.lock().unwrap_or_else(PoisonError::into_inner).replace(handle);
            drop(passed);
            let received = slots[index].lock().unwrap_or_else(PoisonError::into_inner).take();
            drop(received);
        }
    })
}

/// All workers but one are busy, and an idle one looks after them: what it costs that one, per
/// sleep that ends.
fn look(workers_count: usize) -> Cost {
    let world = World::new(workers_count);
    let meeting = Rendezvous::new(workers_count - 1);
    let is_over = Arc::new(AtomicBool::new(false));
    let tasks: Vec<_> = (0..workers_count - 1)
        .map(|_| {
            let (meeting, is_over) = (meeting.clone(), is_over.clone());
            world.runtime.spawn(async move {
                meeting.wait(0, || ());
                meeting.wait(1, begin_count);
                // Ordering: SeqCst: virtual threads run one at a time.
                while !is_over.load(Ordering::SeqCst) {
                    mark();
                    compute(50_000);
                    yield_now().await;
                }
            })
        })
        .collect();
    let parks = || -> u64 {
        let metrics = world.runtime.handle().metrics();
        (0..workers_count).map(|index| metrics.worker_park_count(index)).sum()
    };
    compute(60_000_000);
    let before = parks();
    begin_count();
    compute(100_000_000);
    let unmarked = crate::primitive::count::unmarked_transfers();
    let looks_count = parks() - before;
    // Ordering: as above.
    is_over.store(true, Ordering::SeqCst);
    tasks.into_iter().for_each(|task| world.runtime.block_on(task).expect("no panic"));
    Cost { transfers: unmarked, operations_count: looks_count.max(1) as usize }
}

/// A thread reads how many tasks live, while all workers spawn.
fn metrics(workers_count: usize) -> Cost {
    const CALLS_COUNT: usize = 20;
    let world = World::new(workers_count);
    let meeting = Rendezvous::new(workers_count);
    let is_over = Arc::new(AtomicBool::new(false));
    let tasks: Vec<_> = (0..workers_count)
        .map(|_| {
            let (meeting, is_over) = (meeting.clone(), is_over.clone());
            world.runtime.spawn(async move {
                meeting.wait(0, || ());
                // Ordering: SeqCst: virtual threads run one at a time.
                while !is_over.load(Ordering::SeqCst) {
                    drop(crate::spawn(async { compute(5_000) }));
                    yield_now().await;
                }
            })
        })
        .collect();
    while !meeting.has_begun(0) {
        compute(100_000);
    }
    compute(1_000_000);
    let metrics = world.runtime.handle().metrics();
    metrics.num_alive_tasks();
    begin_count();
    for _ in 0..CALLS_COUNT {
        compute(30_000);
        metrics.num_alive_tasks();
    }
    let transfers = own_transfers();
    // Ordering: as above.
    is_over.store(true, Ordering::SeqCst);
    tasks.into_iter().for_each(|task| world.runtime.block_on(task).expect("no panic"));
    Cost { transfers, operations_count: CALLS_COUNT }
}

/// An idle runtime ends: what it costs for each worker.
fn shutdown(workers_count: usize) -> Cost {
    let world = World::new(workers_count);
    world.on_every_worker(1, |_| async {});
    compute(50_000_000);
    begin_count();
    drop(world);
    Cost { transfers: crate::primitive::count::transfers(), operations_count: workers_count }
}
