//! Scenarios: whole runtimes under shuttle. Scheduler, tasks, timers and blocking pool are the real
//! ones, and the driver is a fake.
//!
//! `DESIGN.md` in this directory explains the method and the invariants. Read the files in this
//! order:
//!
//! - this file: `World`, which runs a scenario, and the jobs and events that scenarios use
//! - `spawn.rs`: tasks that are spawned, stolen, joined and aborted
//! - `wake.rs`: wakes from everywhere, and `block_on`
//! - `blocking.rs`: closures that block; `time.rs`: timers; `driver.rs`: operations and sockets
//! - `shutdown.rs`: the end of a runtime

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};

use futures_task::waker_ref;

use crate::driver::fake::Kernel;
use crate::primitive::sync::{Condvar, Mutex, wait};
use crate::primitive::{explore_runs, thread};
use crate::runtime::{Builder, DriverKind, Runtime};
use crate::scheduler::SharedScheduler;
use crate::scheduler::park::Parker;
use crate::task::JoinHandle;

mod blocking;
mod driver;
mod shutdown;
mod spawn;
mod time;
mod wake;

/// Runs the scenario in many worlds with `workers_count` workers each; 0 means a current-thread
/// runtime.
fn explore(workers_count: usize, scenario: impl Fn(&mut World) + Send + Sync + 'static) {
    explore_runs(move || {
        let mut world = World::new(workers_count);
        scenario(&mut world);
        world.end();
    });
}

struct World {
    runtime: Option<Runtime>,
    kernel: Arc<Kernel>,
    ledger: Arc<Ledger>,
    clock: thread::JoinHandle<()>,
    shared: Weak<SharedScheduler>,
}

impl World {
    fn new(workers_count: usize) -> World {
        let mut builder = match workers_count {
            0 => Builder::new_current_thread(),
            _ => Builder::new_multi_thread(),
        };
        let builder = builder.worker_threads(workers_count).driver(DriverKind::Fake).max_blocking_threads(2);
        let runtime = builder.build().expect("nothing can fail here");
        let shared = runtime.handle().shared().clone();
        let kernel = shared.driver().kernel().clone();
        let clock = {
            let kernel = kernel.clone();
            thread::spawn(move || kernel.run_clock())
        };
        let shared = Arc::downgrade(&shared);
        World { runtime: Some(runtime), kernel, ledger: Arc::new(Ledger::default()), clock, shared }
    }

    fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("it has not ended")
    }

    /// Spawns a job from this thread, which is no worker.
    fn spawn<T: Send + 'static>(&self, job: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.runtime().spawn(self.ledger.enter(job))
    }

    /// Waits for the outcome of a job that was not aborted.
    fn join<T: Send + 'static>(&self, handle: JoinHandle<T>) -> T {
        self.runtime().block_on(handle).expect("the job was not aborted")
    }

    fn join_all<T: Send + 'static>(&self, handles: impl IntoIterator<Item = JoinHandle<T>>) {
        handles.into_iter().for_each(|handle| drop(self.join(handle)));
    }

    /// [asleep-at-the-end]: waits until every worker sleeps without a time-out.
    fn rest(&self) {
        self.kernel.wait_until_all_sleep();
        let metrics = self.runtime().handle().metrics();
        assert_eq!(metrics.num_alive_tasks(), 0, "all sleep, and there are tasks");
        assert_eq!(metrics.num_timers(), 0, "all sleep, and there are timers");
        assert_eq!(metrics.num_operations_in_flight(), 0, "all sleep, and there are operations");
        assert_eq!(metrics.num_stale_completions(), 0, "a completion fitted nothing");
    }

    fn end(self) {
        drop(self.runtime);
        self.ledger.settle();
        self.kernel.stop_clock();
        self.clock.join().expect("the clock does not panic");
        assert!(self.shared.upgrade().is_none(), "something holds the scheduler");
    }
}

/// Counts the outcomes of jobs. Its counters are std's, so they are no steps of a schedule.
#[derive(Default)]
struct Ledger {
    entered: AtomicUsize,
    ended: AtomicUsize,
    dropped: AtomicUsize,
}

impl Ledger {
    /// Turns a future into a job.
    fn enter<F: Future>(self: &Arc<Ledger>, future: F) -> Job<F> {
        // Ordering: Relaxed, here and below: read after all threads are joined.
        self.entered.fetch_add(1, Ordering::Relaxed);
        let ledger = self.clone();
        Job { future: Box::pin(future), ledger, is_polled: AtomicBool::new(false), has_ended: false }
    }

    fn ended(&self) -> usize {
        self.ended.load(Ordering::Relaxed)
    }

    /// [counted-once].
    fn settle(&self) {
        let gone = self.ended() + self.dropped.load(Ordering::Relaxed);
        assert_eq!(self.entered.load(Ordering::Relaxed), gone, "a job is left, or ended twice");
    }
}

/// A future that reports its end to the ledger.
struct Job<F> {
    future: Pin<Box<F>>,
    ledger: Arc<Ledger>,
    is_polled: AtomicBool,
    has_ended: bool,
}

impl<F: Future> Future for Job<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // Ordering: Relaxed: a second thread is noticed whatever the ordering, because shuttle
        // knows only one.
        assert!(!self.is_polled.swap(true, Ordering::Relaxed), "a job is polled by two threads");
        assert!(!self.has_ended, "a job is polled after its end");
        let outcome = self.future.as_mut().poll(cx);
        self.is_polled.store(false, Ordering::Relaxed);
        if outcome.is_ready() {
            self.has_ended = true;
            self.ledger.ended.fetch_add(1, Ordering::Relaxed);
        }
        outcome
    }
}

impl<F> Drop for Job<F> {
    fn drop(&mut self) {
        if !self.has_ended {
            self.ledger.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Waits for `future` on a thread that may be in no runtime.
fn wait_for<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let parker = Parker::new();
    let waker = waker_ref(&parker);
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        parker.park();
    }
}

/// An event that happens once. Threads and tasks can wait for it.
struct Event {
    state: Mutex<Happened>,
    bell: Condvar,
}

#[derive(Default)]
struct Happened {
    has_happened: bool,
    waiting: Vec<Waker>,
}

impl Event {
    fn new() -> Arc<Event> {
        Arc::new(Event { state: Mutex::new(Happened::default()), bell: Condvar::new() })
    }

    /// Wakes all that wait, after the lock is released.
    fn happen(&self) {
        let mut state = self.state.lock();
        state.has_happened = true;
        let waiting = std::mem::take(&mut state.waiting);
        self.bell.notify_all();
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Blocks this thread. In a task, the worker is stuck.
    fn block(&self) {
        let mut state = self.state.lock();
        while !state.has_happened {
            state = wait(&self.bell, state);
        }
    }

    async fn wait(&self) {
        poll_fn(|cx| {
            let mut state = self.state.lock();
            if state.has_happened {
                return Poll::Ready(());
            }
            state.waiting.push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}
