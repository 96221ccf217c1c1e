//! A small executor of async-task and crossbeam-deque: what tasks cost without sockets, timers, ids and metrics.
//!
//! Each of its threads has a queue, takes from the queue of the threads outside when that is empty, steals from the others, and
//! parks. A thread that is about to park says so first and looks once more.

use std::cell::RefCell;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, JoinHandle, Thread};

use async_task::{Runnable, Task as Handle};
use crossbeam::deque::{Injector, Stealer, Worker};

use super::contender::{Contender, Tasks};
use super::contract::WORKER_COUNT;
use crate::usage::Sample;
use crate::workload::about::Task;
use crate::workload::{fork_join, spawn_many_remote};

pub(super) const CONTENDERS: [Contender; 2] = [
    Contender {
        tasks: Some(Tasks { which: TASKS, run: run::<false> }),
        ..Contender::new(
            "small",
            "an executor of async-task and crossbeam-deque, 2 threads, first in first out",
        )
    },
    Contender {
        tasks: Some(Tasks { which: TASKS, run: run::<true> }),
        ..Contender::new("small-lifo", "the same, last in first out: a task may wait for ever")
    },
];

const TASKS: &[Task] = &[Task::ForkJoin, Task::SpawnManyRemote];

#[derive(Default)]
struct Shared {
    injector: Injector<Runnable>,
    seats: Vec<Seat>,
    /// How many are about to park, or do.
    sleeping_count: AtomicUsize,
    is_closed: AtomicBool,
}

struct Seat {
    stealer: Stealer<Runnable>,
    is_sleeping: AtomicBool,
    thread: OnceLock<Thread>,
}

thread_local! {
    /// The queue of this thread, if it is one of an executor's.
    static OWN: RefCell<Option<Worker<Runnable>>> = const { RefCell::new(None) };
}

impl Shared {
    fn spawn<F>(&'static self, future: F) -> Handle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        let (runnable, handle) = async_task::spawn(future, |runnable| self.schedule(runnable));
        runnable.schedule();
        handle
    }

    fn schedule(&self, runnable: Runnable) {
        OWN.with_borrow(|own| match own {
            Some(queue) => queue.push(runnable),
            None => self.injector.push(runnable),
        });
        // Ordering: either the one that is about to park sees the task, or it is seen here, together with its flag.
        fence(Ordering::SeqCst);
        if self.sleeping_count.load(Ordering::Acquire) > 0 {
            self.wake_one();
        }
    }

    fn wake_one(&self) {
        if let Some(seat) = self.seats.iter().find(|seat| self.get_up(seat)) {
            seat.thread.get().expect("set before it sleeps").unpark();
        }
    }

    /// Ends the sleep of a seat; false if another one has.
    fn get_up(&self, seat: &Seat) -> bool {
        // Ordering: what the sleeper then looks at is ordered by the queues.
        let is_ended =
            seat.is_sleeping.load(Ordering::Relaxed) && seat.is_sleeping.swap(false, Ordering::AcqRel);
        if is_ended {
            self.sleeping_count.fetch_sub(1, Ordering::Relaxed);
        }
        is_ended
    }

    fn find(&self) -> Option<Runnable> {
        OWN.with_borrow(|own| {
            let own = own.as_ref().expect("a thread of the executor");
            own.pop().or_else(|| {
                std::iter::repeat_with(|| {
                    let steal =
                        || self.seats.iter().map(|seat| seat.stealer.steal_batch_and_pop(own)).collect();
                    self.injector.steal_batch_and_pop(own).or_else(steal)
                })
                .find(|attempt| !attempt.is_retry())
                .and_then(crossbeam::deque::Steal::success)
            })
        })
    }

    fn work(&self, own: Worker<Runnable>, index: usize) {
        OWN.set(Some(own));
        let seat = &self.seats[index];
        seat.thread.get_or_init(thread::current);
        // Ordering: a flag that nothing else is read for.
        while !self.is_closed.load(Ordering::Relaxed) {
            if let Some(runnable) = self.find() {
                runnable.run();
                continue;
            }
            seat.is_sleeping.store(true, Ordering::Relaxed);
            // Ordering: as in `schedule`.
            self.sleeping_count.fetch_add(1, Ordering::Release);
            fence(Ordering::SeqCst);
            if let Some(runnable) = self.find() {
                self.get_up(seat);
                runnable.run();
                continue;
            }
            while seat.is_sleeping.load(Ordering::Acquire) && !self.is_closed.load(Ordering::Relaxed) {
                thread::park();
            }
        }
    }
}

/// The executor. What its threads share is never freed: a program has one of them.
struct Small {
    shared: &'static Shared,
    threads: Vec<JoinHandle<()>>,
}

impl Small {
    fn start(is_lifo: bool) -> Self {
        let queue = || if is_lifo { Worker::new_lifo() } else { Worker::new_fifo() };
        let queues: Vec<_> = (0..WORKER_COUNT).map(|_| queue()).collect();
        let seat = |queue: &Worker<Runnable>| Seat {
            stealer: queue.stealer(),
            is_sleeping: AtomicBool::new(false),
            thread: OnceLock::new(),
        };
        let seats = queues.iter().map(seat).collect();
        let shared: &'static Shared = Box::leak(Box::new(Shared { seats, ..Shared::default() }));
        let work = |(index, queue)| thread::spawn(move || shared.work(queue, index));
        Small { shared, threads: queues.into_iter().enumerate().map(work).collect() }
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // Ordering: as the load.
        self.shared.is_closed.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            thread.thread().unpark();
            thread.join().expect("no panic");
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        thread::park();
    }
}

/// As `fork_join::tree`.
fn tree(shared: &'static Shared, depth: u32) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async move {
        if depth == 0 {
            return 1;
        }
        let (left, right) = (shared.spawn(tree(shared, depth - 1)), shared.spawn(tree(shared, depth - 1)));
        1 + left.await + right.await
    })
}

fn fork_and_join(shared: &'static Shared) {
    let root = shared.spawn(tree(shared, fork_join::DEPTH));
    assert_eq!(block_on(root), fork_join::TASK_COUNT);
}

fn spawn_and_join(shared: &'static Shared) {
    let handles: Vec<_> = (0..spawn_many_remote::TASK_COUNT).map(|_| shared.spawn(async {})).collect();
    block_on(async {
        for handle in handles {
            handle.await;
        }
    });
}

/// One round, as `workload::run` does it.
fn run<const IS_LIFO: bool>(task: Task, repetition_count: u32) -> Sample {
    let (operation_count, once): (u64, fn(&'static Shared)) = match task {
        Task::ForkJoin => (fork_join::TASK_COUNT, fork_and_join),
        Task::SpawnManyRemote => (spawn_many_remote::TASK_COUNT, spawn_and_join),
        _ => unreachable!("{task:?} is not among its tasks"),
    };
    let executor = Small::start(IS_LIFO);
    once(executor.shared);
    Sample::take(operation_count * u64::from(repetition_count), || {
        for _ in 0..repetition_count {
            once(executor.shared);
        }
    })
}
