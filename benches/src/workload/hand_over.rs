//! The floor under the workloads that hand work over: boxed closures, and no runtime. Made and run on one thread, or made on
//! one and run on two others that take them from a queue.
//!
//! Where a workload does nothing but begin tasks and end them, two threads cannot be as fast as one: each task's lines move
//! from one core's cache to another's. How much faster the one thread is here is what no runtime can better by much, as long as
//! it hands the tasks over; and it must hand them over, for it cannot know that they are empty. The closures have no
//! join handle, no state and no place in a list, so the figures themselves are lower than a runtime's can be.

use std::collections::VecDeque;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, Thread};

use crossbeam::deque::{Injector, Steal, Worker};
use crossbeam::utils::Backoff;

use super::about::{ONE_THREAD, THREADS, Task};
use super::{chained_spawn, spawn_many_local, spawn_many_remote};
use crate::rival::contender::{Contender, Tasks};
use crate::rival::contract::WORKER_COUNT;
use crate::usage::Sample;

/// These workloads have it.
const TASKS: &[Task] = &[Task::SpawnManyLocal, Task::SpawnManyRemote, Task::ChainedSpawn];

pub(crate) const CONTENDERS: [Contender; 2] = [
    contender(THREADS, "closures and no runtime, handed to 2 threads over a queue", run::<Threads>),
    contender(ONE_THREAD, "closures and no runtime, on 1 thread", run::<OneThread>),
];

const fn contender(name: &'static str, explanation: &'static str, run: fn(Task, u32) -> Sample) -> Contender {
    Contender { tasks: Some(Tasks { which: TASKS, run }), ..Contender::new(name, explanation) }
}

type Job = Box<dyn FnOnce() + Send>;

/// Something that runs closures.
trait Place {
    fn start() -> Self;
    /// Takes in a closure.
    fn put(&self, job: Job);
    /// Waits until `is_done`, which says no until a closure has run that unparks this thread.
    fn wait(&self, is_done: impl Fn() -> bool);
}

/// The calling thread, which runs them when it waits.
struct OneThread(std::cell::RefCell<VecDeque<Job>>);

impl Place for OneThread {
    fn start() -> Self {
        OneThread(std::cell::RefCell::default())
    }

    fn put(&self, job: Job) {
        self.0.borrow_mut().push_back(job);
    }

    fn wait(&self, is_done: impl Fn() -> bool) {
        while !is_done() {
            let job = self.0.borrow_mut().pop_front();
            job.expect("a closure that is not done waits here")();
        }
    }
}

/// Threads that take batches from a queue, and yield the processor while it is empty: waking them costs nothing.
struct Threads {
    shared: Arc<Shared>,
    threads: Vec<thread::JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    queue: Injector<Job>,
    is_closed: AtomicBool,
}

impl Shared {
    fn work(&self) {
        let own = Worker::new_fifo();
        let backoff = Backoff::new();
        loop {
            let job = own.pop().or_else(|| match self.queue.steal_batch_and_pop(&own) {
                Steal::Success(job) => Some(job),
                Steal::Empty | Steal::Retry => None,
            });
            match job {
                Some(job) => {
                    backoff.reset();
                    job();
                }
                // Ordering: nothing is read for it.
                None if self.is_closed.load(Ordering::Relaxed) => return,
                None => backoff.snooze(),
            }
        }
    }
}

impl Place for Threads {
    fn start() -> Self {
        let shared = Arc::new(Shared::default());
        let work = |shared: Arc<Shared>| thread::spawn(move || shared.work());
        let threads = (0..WORKER_COUNT).map(|_| work(shared.clone())).collect();
        Threads { shared, threads }
    }

    fn put(&self, job: Job) {
        self.shared.queue.push(job);
    }

    fn wait(&self, is_done: impl Fn() -> bool) {
        while !is_done() {
            thread::park();
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // Ordering: as the load.
        self.shared.is_closed.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            thread.join().expect("no panic");
        }
    }
}

/// One round, as `workload::run` does it.
fn run<P: Place>(task: Task, repetition_count: u32) -> Sample {
    let (operation_count, once): (u64, fn(&P)) = match task {
        Task::SpawnManyLocal => (spawn_many_local::TASK_COUNT, count_down),
        Task::SpawnManyRemote => (spawn_many_remote::TASK_COUNT, join_each),
        Task::ChainedSpawn => (chained_spawn::TASK_COUNT, chain),
        _ => unreachable!("{task:?} is not among TASKS"),
    };
    let place = P::start();
    once(&place);
    Sample::take(operation_count * u64::from(repetition_count), || {
        for _ in 0..repetition_count {
            once(&place);
        }
    })
}

/// As `spawn_many_local`: everyone counts down, the last one says so.
fn count_down<P: Place>(place: &P) {
    let left = Arc::new((AtomicU64::new(spawn_many_local::TASK_COUNT), thread::current()));
    for _ in 0..spawn_many_local::TASK_COUNT {
        let left = left.clone();
        place.put(Box::new(move || {
            // Ordering: as `Countdown::report`.
            if left.0.fetch_sub(1, Ordering::AcqRel) == 1 {
                left.1.unpark();
            }
        }));
    }
    place.wait(|| left.0.load(Ordering::Acquire) == 0);
}

/// As `spawn_many_remote`: somebody waits for each of them.
fn join_each<P: Place>(place: &P) {
    let handles: Vec<_> = (0..spawn_many_remote::TASK_COUNT)
        .map(|_| {
            let handle = Arc::new((AtomicBool::new(false), thread::current()));
            let end = handle.clone();
            place.put(Box::new(move || {
                // Ordering: publishes what the closure did.
                end.0.store(true, Ordering::Release);
                end.1.unpark();
            }));
            handle
        })
        .collect();
    for handle in handles {
        place.wait(|| handle.0.load(Ordering::Acquire));
    }
}

/// As `chained_spawn`: one is handed over, and runs those that follow where it is.
fn chain<P: Place>(place: &P) {
    let end = Arc::new((AtomicBool::new(false), thread::current()));
    let last = end.clone();
    place.put(Box::new(move || link(chained_spawn::TASK_COUNT, last)));
    place.wait(|| end.0.load(Ordering::Acquire));
}

fn link(remaining_count: u64, end: Arc<(AtomicBool, Thread)>) {
    let mut next: VecDeque<Job> = VecDeque::new();
    for number in 0..remaining_count {
        next.push_back(Box::new(move || {
            black_box(number);
        }));
        next.pop_front().expect("it was just put there")();
    }
    // Ordering: as in `join_each`.
    end.0.store(true, Ordering::Release);
    end.1.unpark();
}
