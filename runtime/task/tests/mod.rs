//! One task at a time, on a scheduler that is a plain queue.

use super::{Cause, Header, Id, JoinError, JoinHandle, OwnedTasks, Runnable, Schedule};
use crate::primitive::atomic::{AtomicUsize, Ordering};
use crate::primitive::sync::Mutex;
use std::collections::VecDeque;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

mod census;
mod combinations;
mod fairness;
mod life;
mod names;
mod observed;
mod panics;
#[cfg(all(unix, feature = "console"))]
mod readings;

/// Every task holds one of these handles, so their count is the number of tasks that are still
/// allocated.
struct Queue {
    tasks: Mutex<VecDeque<Runnable>>,
    causes: Mutex<Vec<Cause>>,
    owned: OwnedTasks,
}

impl Schedule for Arc<Queue> {
    fn schedule(&self, task: Runnable, cause: Cause) {
        self.causes.lock().push(cause);
        self.tasks.lock().push_back(task);
    }

    fn release(&self, task: &Header) {
        self.owned.remove(task);
    }
}

impl Queue {
    fn new() -> Arc<Queue> {
        Arc::new(Queue {
            tasks: Mutex::new(VecDeque::new()),
            causes: Mutex::new(Vec::new()),
            owned: OwnedTasks::new(4),
        })
    }

    #[track_caller]
    fn spawn<F>(self: &Arc<Queue>, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (runnable, handle) = self.owned.bind(future, self.clone(), Id::next(), Location::caller());
        if let Some(runnable) = runnable {
            self.schedule(runnable, Cause::Spawned);
        }
        handle
    }

    #[track_caller]
    fn spawn_local<F>(self: &Arc<Queue>, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let (runnable, handle) = self.owned.bind_local(future, self.clone(), Id::next(), Location::caller());
        if let Some(runnable) = runnable {
            self.schedule(runnable, Cause::Spawned);
        }
        handle
    }

    fn next(&self) -> Option<Runnable> {
        self.tasks.lock().pop_front()
    }

    /// Runs one task. Returns false if there is none.
    fn run_one(&self) -> bool {
        let next = self.next();
        next.map(Runnable::run).is_some()
    }

    /// Runs until nothing is due, and returns how many runs that took.
    fn run_all(&self) -> usize {
        const RUNS_COUNT_MAX: usize = 10_000;
        let runs_count = (0..RUNS_COUNT_MAX).take_while(|_| self.run_one()).count();
        assert!(runs_count < RUNS_COUNT_MAX, "the tasks never come to rest");
        runs_count
    }

    fn shut_down(&self) {
        self.owned.close_and_shutdown_all(0);
        self.run_all();
    }

    #[track_caller]
    fn assert_all_freed(self: &Arc<Queue>) {
        assert!(self.owned.is_empty(), "{} tasks are still alive", self.owned.len());
        assert_eq!(Arc::strong_count(self), 1, "a task's memory was not freed");
    }
}

/// Counts how often it was dropped.
#[derive(Clone)]
struct Count(Arc<AtomicUsize>);

impl Default for Count {
    fn default() -> Count {
        Count(Arc::new(AtomicUsize::new(0)))
    }
}

impl Count {
    fn get(&self) -> usize {
        // Ordering: Relaxed, because tests read it after they joined the other threads.
        self.0.load(Ordering::Relaxed)
    }

    fn add(&self) {
        // Ordering: as in `get`.
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn on_drop(&self) -> OnDrop<impl FnMut() + Send + use<>> {
        let count = self.clone();
        OnDrop(move || count.add())
    }
}

struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// The output of a handle whose task is complete.
#[track_caller]
fn joined<T>(mut handle: JoinHandle<T>) -> Result<T, JoinError> {
    match poll_once(&mut handle) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the task is not complete"),
    }
}

/// Gives its waker away, and is pending for ever.
fn wait_for_ever(wakers: &Arc<Mutex<Vec<Waker>>>) -> impl Future<Output = ()> + Send + use<> {
    let wakers = wakers.clone();
    std::future::poll_fn(move |cx| {
        wakers.lock().push(cx.waker().clone());
        Poll::Pending
    })
}

#[test]
fn a_task_runs_and_its_handle_returns_the_output() {
    let queue = Queue::new();
    let mut handle = queue.spawn(async { 6 * 7 });
    assert!(poll_once(&mut handle).is_pending());
    assert!(!handle.is_finished());
    assert_eq!(queue.run_all(), 1);
    assert!(handle.is_finished());
    assert_eq!(joined(handle).unwrap(), 42);
    queue.assert_all_freed();
}

#[test]
fn a_detached_task_runs_and_its_output_is_dropped_by_the_run() {
    let queue = Queue::new();
    let dropped = Count::default();
    let output = dropped.on_drop();
    drop(queue.spawn(async { output }));
    assert_eq!(dropped.get(), 0);
    queue.run_all();
    assert_eq!(dropped.get(), 1);
    queue.assert_all_freed();
}

#[test]
fn wakes_between_two_polls_lead_to_one_poll() {
    let queue = Queue::new();
    let wakers = Arc::new(Mutex::new(Vec::new()));
    let handle = queue.spawn(wait_for_ever(&wakers));
    queue.run_all();
    let waker = wakers.lock().pop().unwrap();
    for _ in 0..5 {
        waker.wake_by_ref();
    }
    waker.wake();
    assert_eq!(queue.run_all(), 1);
    drop(handle);
    wakers.lock().clear();
    queue.shut_down();
    queue.assert_all_freed();
}

#[test]
fn a_wake_during_the_poll_leads_to_exactly_one_more_as_yielded() {
    let queue = Queue::new();
    let handle = queue.spawn(super::yield_now());
    assert_eq!(queue.run_all(), 2);
    assert_eq!(*queue.causes.lock(), [Cause::Spawned, Cause::Yielded]);
    joined(handle).unwrap();
    queue.assert_all_freed();
}

#[test]
fn run_once_returns_the_runnable_of_a_task_that_yielded() {
    let queue = Queue::new();
    let handle = queue.spawn(super::yield_now());
    let again = queue.next().unwrap().run_once().expect("it yielded");
    assert_eq!(again.id(), handle.id());
    assert!(again.run_once().is_none());
    joined(handle).unwrap();
    queue.assert_all_freed();
}

#[test]
fn a_waker_of_the_same_task_will_wake_it_and_one_of_another_will_not() {
    let queue = Queue::new();
    let wakers = Arc::new(Mutex::new(Vec::new()));
    let first = queue.spawn(wait_for_ever(&wakers));
    let second = queue.spawn(wait_for_ever(&wakers));
    queue.run_all();
    wakers.lock()[0].wake_by_ref();
    queue.run_all();
    {
        let wakers = wakers.lock();
        assert!(wakers[0].will_wake(&wakers[2]), "two wakers of one task");
        assert!(!wakers[0].will_wake(&wakers[1]), "wakers of two tasks");
    }
    drop((first, second));
    wakers.lock().clear();
    queue.shut_down();
    queue.assert_all_freed();
}
