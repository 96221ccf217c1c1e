//! Every interleaving of the parties of one task. Without loom the same closures run on real
//! threads, many times.
//!
//! Panics inside a poll are stored for the join handle, and loom's own panics would be stored as
//! well. Therefore every model checks what the handle returns, or counts drops.
#![expect(
    unsafe_code,
    reason = "cells that loom watches are shared on purpose, to see whether they are ever contended"
)]

use super::budget::{poll_proceed_for, without_budget};
use super::census::{Census, Question, SeenTask};
use super::local_set::inbox::Inbox;
use super::wait_reason::WaitReason;
use super::{Cause, Header, Id, JoinError, JoinHandle, JoinSet, LocalSet, OwnedTasks, Runnable, Schedule};
use crate::primitive::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::primitive::cell::UnsafeCell;
use crate::primitive::sync::{ModelArc, Mutex};
use crate::primitive::{model, model_with_preemptions, thread};
use std::cell::Cell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::panic::Location;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

struct Queue {
    tasks: Mutex<VecDeque<Runnable>>,
    owned: OwnedTasks,
}

/// A cell that no thread may write while another looks. It holds nothing: loom watches the accesses
/// themselves.
struct Watched(UnsafeCell<()>);

// SAFETY: it holds nothing to race for.
unsafe impl Send for Watched {}
// SAFETY: as above.
unsafe impl Sync for Watched {}

impl Watched {
    fn new() -> Watched {
        Watched(UnsafeCell::new(()))
    }

    fn look(&self) {
        self.0.with(|_| ());
    }

    fn write(&self) {
        self.0.with_mut(|_| ());
    }
}

/// The scheduler handle in each task. It is read after the task was queued, and written when it is
/// freed.
struct Home {
    queue: ModelArc<Queue>,
    watched: Watched,
}

impl Drop for Home {
    fn drop(&mut self) {
        self.watched.write();
    }
}

impl Schedule for Home {
    fn schedule(&self, task: Runnable, _cause: Cause) {
        self.queue.tasks.lock().push_back(task);
        self.watched.look();
    }

    fn release(&self, task: &Header) {
        self.queue.owned.remove(task);
        self.watched.look();
    }
}

impl Queue {
    fn new() -> ModelArc<Queue> {
        ModelArc::new(Queue { tasks: Mutex::new(VecDeque::new()), owned: OwnedTasks::new(1) })
    }

    fn run_one(&self) -> bool {
        let next = self.tasks.lock().pop_front();
        next.map(Runnable::run).is_some()
    }

    fn run_all(&self) {
        while self.run_one() {}
    }
}

fn spawn<F>(queue: &ModelArc<Queue>, future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let home = Home { queue: queue.clone(), watched: Watched::new() };
    let (runnable, handle) = queue.owned.bind(future, home, Id::next(), Location::caller());
    if let Some(runnable) = runnable {
        queue.tasks.lock().push_back(runnable);
    }
    handle
}

/// Consumes the queue: no task is alive and none is allocated.
fn assert_all_freed(queue: ModelArc<Queue>) {
    assert!(queue.owned.is_empty(), "a task is still alive");
    assert_eq!(ModelArc::strong_count(&queue), 1, "a task is still allocated");
}

/// The state that a task that never ends shares with its model.
struct Shared {
    data: AtomicUsize,
    seen: AtomicUsize,
    wakers: Mutex<Vec<Waker>>,
}

impl Shared {
    fn new() -> Arc<Shared> {
        Arc::new(Shared {
            data: AtomicUsize::new(0),
            seen: AtomicUsize::new(0),
            wakers: Mutex::new(Vec::new()),
        })
    }

    fn publish(&self, waker: &Waker) {
        // Ordering: Relaxed on purpose, because the wake has to publish it.
        self.data.fetch_add(1, Ordering::Relaxed);
        waker.wake_by_ref();
    }
}

/// Records what it sees, and clones `wakers_count` wakers at the first poll.
struct Watcher {
    shared: Arc<Shared>,
    wakers_count: usize,
    watched: Watched,
}

impl Watcher {
    fn new(shared: &Arc<Shared>, wakers_count: usize) -> Watcher {
        Watcher { shared: shared.clone(), wakers_count, watched: Watched::new() }
    }
}

impl Future for Watcher {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.watched.write();
        for _ in 0..std::mem::take(&mut self.wakers_count) {
            self.shared.wakers.lock().push(cx.waker().clone());
        }
        // Ordering: Relaxed on purpose, because the wake has to have published it.
        let seen = self.shared.data.load(Ordering::Relaxed);
        self.shared.seen.store(seen, Ordering::Relaxed);
        Poll::Pending
    }
}

/// Ends a model whose task waits for ever.
fn shut_down(queue: ModelArc<Queue>, shared: &Arc<Shared>, handle: JoinHandle<()>) {
    shared.wakers.lock().clear();
    queue.owned.close_and_shutdown_all(0);
    queue.run_all();
    let error = joined(handle).expect_err("the task waits for ever");
    assert!(error.is_cancelled(), "{error:?}");
    assert_all_freed(queue);
}

/// Counts its wakes. The count of references to it is the number of wakers that are left.
struct Joiner(AtomicUsize);

impl Joiner {
    fn new() -> Arc<Joiner> {
        Arc::new(Joiner(AtomicUsize::new(0)))
    }

    fn wakes_count(&self) -> usize {
        // Ordering: Relaxed, because it is read after the other threads were joined.
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Joiner {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Ordering: Relaxed, because it is read after the other threads were joined.
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn poll<T>(handle: &mut JoinHandle<T>, waker: &Waker) -> Poll<Result<T, JoinError>> {
    // Loom's threads share one thread-local, and the budget with it.
    without_budget(|| Pin::new(handle).poll(&mut Context::from_waker(waker)))
}

fn joined<T>(mut handle: JoinHandle<T>) -> Result<T, JoinError> {
    match poll(&mut handle, Waker::noop()) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the task is not complete"),
    }
}

/// Counts its drops, and is watched: one thread makes it, another drops it.
struct Counted {
    drops: Arc<AtomicUsize>,
    watched: Watched,
}

impl Counted {
    fn new(drops: &Arc<AtomicUsize>) -> Counted {
        let counted = Counted { drops: drops.clone(), watched: Watched::new() };
        counted.watched.write();
        counted
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.watched.write();
        // Ordering: Relaxed, because it is read after the other threads were joined.
        self.drops.fetch_add(1, Ordering::Relaxed);
    }
}

fn drops_counter() -> Arc<AtomicUsize> {
    Arc::new(AtomicUsize::new(0))
}

fn drops_count(counter: &Arc<AtomicUsize>) -> usize {
    // Ordering: Relaxed, because it is read after the other threads were joined.
    counter.load(Ordering::Relaxed)
}

/// [wake-publishes]: the wake finds the task scheduled and does nothing more, and still the poll
/// sees the data.
#[test]
fn what_was_written_before_an_ignored_wake_is_seen_by_the_poll() {
    model(|| {
        let queue = Queue::new();
        let shared = Shared::new();
        let handle = spawn(&queue, Watcher::new(&shared, 1));
        queue.run_all();
        let waker = shared.wakers.lock().pop().unwrap();
        waker.wake_by_ref();
        let other = shared.clone();
        let writer = thread::spawn(move || other.publish(&waker));
        queue.run_one();
        writer.join().unwrap();
        queue.run_all();
        assert_eq!(shared.seen.load(Ordering::Relaxed), 1, "the last poll saw old data");
        shut_down(queue, &shared, handle);
    });
}

/// [no-lost-wake], [one-poller]: two threads wake the task and run what they find, while a third
/// runs.
#[test]
fn two_remote_wakes_and_a_run_lose_nothing() {
    model(|| {
        let queue = Queue::new();
        let shared = Shared::new();
        let handle = spawn(&queue, Watcher::new(&shared, 2));
        queue.run_all();
        let threads: Vec<_> = (0..2)
            .map(|index| {
                let (queue, shared) = (queue.clone(), shared.clone());
                let waker = shared.wakers.lock().pop().unwrap();
                thread::spawn(move || {
                    shared.publish(&waker);
                    if index == 0 {
                        queue.run_one();
                    }
                })
            })
            .collect();
        queue.run_one();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        queue.run_all();
        assert_eq!(shared.seen.load(Ordering::Relaxed), 2, "a wake was lost");
        shut_down(queue, &shared, handle);
    });
}

/// [one-poller]: the runner schedules a task that was woken during its poll, while others wake and
/// run it too.
#[test]
fn a_wake_during_a_poll_makes_one_runnable() {
    model(|| {
        let queue = Queue::new();
        let shared = Shared::new();
        let handle = spawn(&queue, Watcher::new(&shared, 1));
        queue.run_all();
        let waker = shared.wakers.lock().pop().unwrap();
        waker.wake_by_ref();
        let (queue_there, shared_there) = (queue.clone(), shared.clone());
        let other = thread::spawn(move || {
            shared_there.publish(&waker);
            waker.wake();
            queue_there.run_all();
        });
        queue.run_all();
        other.join().unwrap();
        queue.run_all();
        assert_eq!(shared.seen.load(Ordering::Relaxed), 1, "a wake was lost");
        shut_down(queue, &shared, handle);
    });
}

/// [cancel-is-seen], [output-owner]: one winner, and nothing is dropped twice or never.
#[test]
fn abort_completion_and_join_agree_on_the_outcome() {
    model(|| {
        let queue = Queue::new();
        let (futures, outputs) = (drops_counter(), drops_counter());
        let (captured, counter) = (Counted::new(&futures), outputs.clone());
        let mut handle = spawn(&queue, async move {
            let _captured = captured;
            Counted::new(&counter)
        });
        let abort = handle.abort_handle();
        let aborter = thread::spawn(move || abort.abort());
        let queue_there = queue.clone();
        let runner = thread::spawn(move || queue_there.run_all());
        let joiner = Joiner::new();
        let early = poll(&mut handle, &joiner.clone().into());
        aborter.join().unwrap();
        runner.join().unwrap();
        queue.run_all();
        let outcome = match early {
            Poll::Ready(outcome) => {
                drop(handle);
                outcome
            }
            Poll::Pending => {
                assert_eq!(joiner.wakes_count(), 1, "the joiner was not told once");
                joined(handle)
            }
        };
        let outputs_made = match outcome {
            Ok(output) => {
                drop(output);
                true
            }
            Err(error) => !error.is_cancelled(),
        };
        assert_eq!(drops_count(&futures), 1);
        assert_eq!(drops_count(&outputs), usize::from(outputs_made));
        assert_all_freed(queue);
    });
}

/// [waker-lent], [output-owner]: a handle that polled pending is woken, with the waker of its
/// latest poll.
#[test]
fn a_join_waker_that_meets_the_completion_is_called() {
    model(|| {
        let queue = Queue::new();
        let outputs = drops_counter();
        let counter = outputs.clone();
        let mut handle = spawn(&queue, async move { Counted::new(&counter) });
        let queue_there = queue.clone();
        let runner = thread::spawn(move || queue_there.run_all());
        let joiners = [Joiner::new(), Joiner::new()];
        let latest = joiners.iter().find(|joiner| poll(&mut handle, &Arc::clone(joiner).into()).is_ready());
        runner.join().unwrap();
        if latest.is_none() {
            assert_eq!(joiners[1].wakes_count(), 1, "the latest joiner was not told once");
            assert!(joined(handle).is_ok());
        } else {
            drop(handle);
        }
        assert_eq!(drops_count(&outputs), 1);
        assert!(joiners.iter().all(|joiner| Arc::strong_count(joiner) == 1), "a join waker is left");
        assert_all_freed(queue);
    });
}

/// [waker-lent], [output-owner]: the handle is dropped while the runner wakes the joiner.
#[test]
fn a_handle_dropped_during_completion_leaves_nothing_behind() {
    model(|| {
        let queue = Queue::new();
        let outputs = drops_counter();
        let counter = outputs.clone();
        let mut handle = spawn(&queue, async move { Counted::new(&counter) });
        let joiner = Joiner::new();
        assert!(poll(&mut handle, &joiner.clone().into()).is_pending());
        // It keeps the memory, so that the party that has to drop the join waker cannot leave it to
        // the end of the memory.
        let abort = handle.abort_handle();
        let queue_there = queue.clone();
        let runner = thread::spawn(move || queue_there.run_all());
        drop(handle);
        runner.join().unwrap();
        assert_eq!(drops_count(&outputs), 1);
        assert!(joiner.wakes_count() <= 1);
        assert_eq!(Arc::strong_count(&joiner), 1, "the join waker is left");
        drop(abort);
        assert_all_freed(queue);
    });
}

/// [output-owner]: as above, without a waker: the fast path of both sides.
#[test]
fn a_handle_dropped_unpolled_during_completion_leaves_nothing_behind() {
    model(|| {
        let queue = Queue::new();
        let outputs = drops_counter();
        let counter = outputs.clone();
        let handle = spawn(&queue, async move { Counted::new(&counter) });
        let abort = handle.abort_handle();
        let queue_there = queue.clone();
        let runner = thread::spawn(move || queue_there.run_all());
        drop(handle);
        drop(abort);
        runner.join().unwrap();
        assert_eq!(drops_count(&outputs), 1);
        assert_all_freed(queue);
    });
}

/// Pending once, then ready.
struct Twice {
    shared: Arc<Shared>,
    is_first: bool,
}

impl Future for Twice {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.is_first, false) {
            self.shared.wakers.lock().extend([cx.waker().clone(), cx.waker().clone()]);
            return Poll::Pending;
        }
        Poll::Ready(())
    }
}

/// [alive-while-scheduling], [last-reference], [runnable-is-alive]: two wakers, one of them the
/// last reference, are used up on foreign threads while the task completes.
#[test]
fn the_last_waker_on_a_foreign_thread_frees_the_task() {
    model(|| {
        let queue = Queue::new();
        let shared = Shared::new();
        drop(spawn(&queue, Twice { shared: shared.clone(), is_first: true }));
        queue.run_all();
        let wakers = std::mem::take(&mut *shared.wakers.lock());
        let threads: Vec<_> = wakers.into_iter().map(|waker| thread::spawn(move || waker.wake())).collect();
        queue.run_all();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        queue.run_all();
        assert_all_freed(queue);
    });
}

/// [cancel-is-seen], [list-under-lock]: the runner sees the cancellation at the end of its poll,
/// whichever party drops the future.
#[test]
fn shutdown_cancels_what_another_thread_is_polling() {
    model(|| {
        let queue = Queue::new();
        let shared = Shared::new();
        let futures = drops_counter();
        let (captured, watcher) = (Counted::new(&futures), Watcher::new(&shared, 0));
        let handle = spawn(&queue, async move {
            let _captured = captured;
            watcher.await;
        });
        let queue_there = queue.clone();
        let runner = thread::spawn(move || queue_there.run_all());
        queue.owned.close_and_shutdown_all(0);
        runner.join().unwrap();
        queue.run_all();
        assert_eq!(drops_count(&futures), 1);
        shut_down(queue, &shared, handle);
    });
}

/// [list-under-lock]: a task is either listed and then cancelled by the closing, or refused; it is
/// never forgotten.
#[test]
fn a_spawn_that_meets_the_closing_of_the_list_is_cancelled() {
    model(|| {
        let queue = Queue::new();
        let shared = Shared::new();
        let (queue_there, shared_there) = (queue.clone(), shared.clone());
        let spawner = thread::spawn(move || {
            let handle = spawn(&queue_there, Watcher::new(&shared_there, 0));
            queue_there.run_all();
            handle
        });
        queue.owned.close_and_shutdown_all(0);
        let handle = spawner.join().unwrap();
        queue.run_all();
        assert!(joined(handle).expect_err("the task waits for ever").is_cancelled());
        assert_all_freed(queue);
    });
}

/// [alive-while-scheduling]: another thread finishes and frees a task that yielded, while the
/// runner's call into the scheduler that lived in it has not returned.
#[test]
fn a_task_that_yields_may_be_finished_elsewhere_at_once() {
    model(|| {
        let queue = Queue::new();
        drop(spawn(&queue, super::yield_now()));
        let queue_there = queue.clone();
        let other = thread::spawn(move || queue_there.run_all());
        queue.run_all();
        other.join().unwrap();
        queue.run_all();
        assert_all_freed(queue);
    });
}

/// [wake-publishes] for a waker that is used up while the task is scheduled already.
#[test]
fn a_waker_that_is_used_up_publishes() {
    model(|| {
        let queue = Queue::new();
        let shared = Shared::new();
        let handle = spawn(&queue, Watcher::new(&shared, 1));
        queue.run_all();
        let waker = shared.wakers.lock().pop().unwrap();
        waker.wake_by_ref();
        let other = shared.clone();
        let writer = thread::spawn(move || {
            // Ordering: Relaxed on purpose, because the wake has to publish it.
            other.data.fetch_add(1, Ordering::Relaxed);
            waker.wake();
        });
        queue.run_one();
        writer.join().unwrap();
        queue.run_all();
        assert_eq!(shared.seen.load(Ordering::Relaxed), 1, "the last poll saw old data");
        shut_down(queue, &shared, handle);
    });
}

/// Waits for ever, and is watched at each poll. Its first poll leaves two wakers.
struct Inline {
    watched: Watched,
    wakers: Option<Arc<Mutex<Vec<Waker>>>>,
}

impl Future for Inline {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.watched.write();
        if let Some(wakers) = self.wakers.take() {
            wakers.lock().extend([cx.waker().clone(), cx.waker().clone()]);
        }
        Poll::Pending
    }
}

/// Runs a scheduled task on the spot. There is no queue, because its lock would publish what the
/// state word has to publish.
struct OnTheSpot;

impl Schedule for OnTheSpot {
    fn schedule(&self, task: Runnable, _cause: Cause) {
        task.run();
    }

    fn release(&self, _task: &Header) {}
}

/// [one-poller]: two threads wake an idle task, and each runs it at once if it may. No two polls
/// overlap, and the later one sees the future as the earlier one left it.
#[test]
fn a_wake_takes_the_future_over_from_the_last_run() {
    model(|| {
        let wakers = Arc::new(Mutex::new(Vec::new()));
        let future = Inline { watched: Watched::new(), wakers: Some(wakers.clone()) };
        let (runnable, handle) = super::owned::unlisted(future, OnTheSpot, Id::next(), Location::caller());
        runnable.run();
        let by_value = wakers.lock().pop().unwrap();
        let by_reference = wakers.lock().pop().unwrap();
        let other = thread::spawn(move || by_value.wake());
        by_reference.wake_by_ref();
        other.join().unwrap();
        handle.abort();
        drop(by_reference);
        assert!(joined(handle).expect_err("it waits for ever").is_cancelled());
    });
}

/// Records at its drop what it sees.
struct LastLook(Arc<Shared>);

impl Drop for LastLook {
    fn drop(&mut self) {
        // Ordering: Relaxed on purpose, because the abort has to have published it.
        let seen = self.0.data.load(Ordering::Relaxed);
        self.0.seen.store(seen, Ordering::Relaxed);
    }
}

/// [wake-publishes] for an abort: it finds the task scheduled and does nothing more, and still the
/// destructor sees the data.
#[test]
fn what_was_written_before_an_abort_is_seen_by_the_destructor() {
    model(|| {
        let queue = Queue::new();
        let shared = Shared::new();
        let (last_look, watcher) = (LastLook(shared.clone()), Watcher::new(&shared, 0));
        let handle = spawn(&queue, async move {
            let _last_look = last_look;
            watcher.await;
        });
        let abort = handle.abort_handle();
        let other = shared.clone();
        let aborter = thread::spawn(move || {
            // Ordering: Relaxed on purpose, because the abort has to publish it.
            other.data.fetch_add(1, Ordering::Relaxed);
            abort.abort();
        });
        queue.run_one();
        aborter.join().unwrap();
        queue.run_all();
        assert_eq!(shared.seen.load(Ordering::Relaxed), 1, "the destructor saw old data");
        shut_down(queue, &shared, handle);
    });
}

/// [waker-lent]: the handle reads the waker once more and is dropped, while the runner calls the
/// waker; the last of the two drops it.
#[test]
fn a_handle_polled_and_dropped_during_completion_leaves_nothing_behind() {
    // One more preemption, to get between the steps in which the handle is dropped.
    model_with_preemptions(3, || {
        let queue = Queue::new();
        let mut handle = spawn(&queue, async {});
        let joiner = Joiner::new();
        let waker = Waker::from(joiner.clone());
        assert!(poll(&mut handle, &waker).is_pending());
        let queue_there = queue.clone();
        let runner = thread::spawn(move || queue_there.run_all());
        let polled = poll(&mut handle, &waker);
        drop(handle);
        runner.join().unwrap();
        assert!(polled.is_ready() || joiner.wakes_count() <= 1);
        drop(waker);
        assert_eq!(Arc::strong_count(&joiner), 1, "the join waker is left");
        assert_all_freed(queue);
    });
}

/// [output-owner]: `is_finished` alone, without the output, orders what follows it after the task.
#[test]
fn a_thread_that_sees_the_end_sees_what_came_before_it() {
    model(|| {
        let queue = Queue::new();
        let shared = Shared::new();
        let there = shared.clone();
        let handle = spawn(&queue, async move {
            // Ordering: Relaxed on purpose, because the end of the task has to publish it.
            there.data.fetch_add(1, Ordering::Relaxed);
        });
        let queue_there = queue.clone();
        let runner = thread::spawn(move || queue_there.run_all());
        if handle.is_finished() {
            assert_eq!(shared.data.load(Ordering::Relaxed), 1, "the end came before what led to it");
        }
        runner.join().unwrap();
        drop(handle);
        assert_all_freed(queue);
    });
}

/// [none-is-left]: a thread that sees the list empty, without its lock, may go on as if the tasks
/// had never existed.
#[test]
fn a_thread_that_sees_the_list_empty_sees_what_its_tasks_did() {
    model(|| {
        let queue = Queue::new();
        let shared = Shared::new();
        let there = shared.clone();
        drop(spawn(&queue, async move {
            // Ordering: Relaxed on purpose, because the removal from the list has to publish it.
            there.data.fetch_add(1, Ordering::Relaxed);
        }));
        let queue_there = queue.clone();
        let runner = thread::spawn(move || queue_there.run_all());
        // A thread of its own, begun last. Otherwise loom would take the runner's read of the count
        // for the one that matters, and would never place an earlier read of ours after its store.
        let queue_there = queue.clone();
        let looker = thread::spawn(move || {
            if queue_there.owned.is_empty() {
                assert_eq!(shared.data.load(Ordering::Relaxed), 1, "it left the list before its end");
            }
        });
        runner.join().unwrap();
        looker.join().unwrap();
        assert_all_freed(queue);
    });
}

/// [last-reference]: two wakers, one of them the last reference, are dropped on foreign threads
/// while the task completes.
#[test]
fn the_last_waker_dropped_on_a_foreign_thread_frees_the_task() {
    model(|| {
        let queue = Queue::new();
        let shared = Shared::new();
        drop(spawn(&queue, Twice { shared: shared.clone(), is_first: true }));
        queue.run_all();
        let wakers = std::mem::take(&mut *shared.wakers.lock());
        wakers[0].wake_by_ref();
        let threads: Vec<_> = wakers.into_iter().map(|waker| thread::spawn(move || drop(waker))).collect();
        queue.run_all();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_all_freed(queue);
    });
}

fn poll_set<T: 'static>(set: &mut JoinSet<T>, waker: &Waker) -> Poll<Option<Result<T, JoinError>>> {
    // As in `poll`.
    without_budget(|| set.poll_join_next(&mut Context::from_waker(waker)))
}

/// [waker-lent] through a set: it is woken for each task that ends after its poll. Loom takes the
/// set's own list for one step.
#[test]
fn a_set_hears_of_each_of_its_tasks() {
    model(|| {
        let queue = Queue::new();
        let mut set = JoinSet::new();
        for number in 0..2 {
            set.insert(spawn(&queue, async move { number }));
        }
        let queue_there = queue.clone();
        let runner = thread::spawn(move || queue_there.run_all());
        let joiner = Joiner::new();
        let waker = Waker::from(joiner.clone());
        let mut outputs = Vec::new();
        while let Poll::Ready(Some(output)) = poll_set(&mut set, &waker) {
            outputs.push(output.unwrap());
        }
        runner.join().unwrap();
        assert!(set.is_empty() || joiner.wakes_count() > 0, "the set was not told");
        while let Poll::Ready(Some(output)) = poll_set(&mut set, &waker) {
            outputs.push(output.unwrap());
        }
        outputs.sort_unstable();
        assert_eq!(outputs, [0, 1]);
        drop(set);
        assert_all_freed(queue);
    });
}

/// [cancel-is-seen]: a set that is dropped while a task runs aborts what it holds, and the output
/// of a task that was faster is dropped.
#[test]
fn a_set_dropped_while_its_tasks_run_leaves_nothing_behind() {
    model(|| {
        let queue = Queue::new();
        let (shared, outputs) = (Shared::new(), drops_counter());
        let counter = outputs.clone();
        let mut set = JoinSet::new();
        let watcher = Watcher::new(&shared, 0);
        set.insert(spawn(&queue, async move {
            watcher.await;
            None
        }));
        set.insert(spawn(&queue, async move { Some(Counted::new(&counter)) }));
        assert!(poll_set(&mut set, Waker::noop()).is_pending());
        let queue_there = queue.clone();
        let runner = thread::spawn(move || queue_there.run_all());
        drop(set);
        runner.join().unwrap();
        queue.run_all();
        assert!(drops_count(&outputs) <= 1);
        assert_all_freed(queue);
    });
}

/// Records that it was called.
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        // Ordering: Relaxed, because the threads are joined before it is read.
        self.0.store(true, Ordering::Relaxed);
    }
}

/// [inbox-wakes]: the poll sees a task that was posted, or its waker is called.
#[test]
fn a_posted_task_is_seen_or_wakes() {
    model(|| {
        let inbox = ModelArc::new(Inbox::new());
        let there = inbox.clone();
        let posting = thread::spawn(move || there.post(42));
        let flag = Arc::new(Flag(AtomicBool::new(false)));
        let mut due = VecDeque::new();
        let has_seen = inbox.listen(&Waker::from(flag.clone()), || {});
        if has_seen {
            inbox.take(&mut due);
        }
        posting.join().unwrap();
        // Ordering: Relaxed, because the other thread is joined.
        assert!(has_seen || flag.0.load(Ordering::Relaxed), "neither seen nor woken");
        inbox.take(&mut due);
        assert_eq!(due, [42]);
    });
}

/// Where a task leaves its waker, and what its destructor tells.
fn waiting_task(set: &LocalSet, waker: &ModelArc<Mutex<Option<Waker>>>) -> ModelArc<AtomicBool> {
    struct Dropped(ModelArc<AtomicBool>, Cell<u32>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            // Ordering: Relaxed, because the same thread reads it.
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let is_dropped = ModelArc::new(AtomicBool::new(false));
    let (guard, slot) = (Dropped(is_dropped.clone(), Cell::new(0)), waker.clone());
    drop(set.spawn_with_id(
        async move {
            let guard = guard;
            poll_fn(|cx| {
                guard.1.set(guard.1.get() + 1);
                *slot.lock() = Some(cx.waker().clone());
                if guard.1.get() == 2 { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
        },
        crate::task::Id::next(),
        std::panic::Location::caller(),
    ));
    is_dropped
}

/// [pinned-stays]: the end of a set waits for a task that another thread is just waking, and drops
/// it on its own thread.
#[test]
fn a_set_that_ends_beside_a_wake_drops_its_task_here() {
    model(|| {
        let set = LocalSet::new();
        let waker = ModelArc::new(Mutex::new(None));
        let is_dropped = waiting_task(&set, &waker);
        {
            let cx = &mut Context::from_waker(Waker::noop());
            let mut polling = pin!(set.run_until(std::future::pending::<()>()));
            assert!(polling.as_mut().poll(cx).is_pending());
        }
        let waker = waker.lock().take().expect("the task waits");
        let waking = thread::spawn(move || waker.wake());
        drop(set);
        // Ordering: Relaxed, because the destructor ran on this thread.
        assert!(is_dropped.load(Ordering::Relaxed), "the task outlives its set");
        waking.join().unwrap();
    });
}

/// [inbox-wakes]: a task that another thread wakes is polled again, because the set is.
#[test]
fn a_set_is_polled_again_after_a_wake_from_another_thread() {
    model(|| {
        let mut set = LocalSet::new();
        let waker = ModelArc::new(Mutex::new(None));
        let _is_dropped = waiting_task(&set, &waker);
        let flag = Arc::new(Flag(AtomicBool::new(false)));
        let woken = Waker::from(flag.clone());
        let cx = &mut Context::from_waker(&woken);
        assert!(pin!(&mut set).poll(cx).is_pending());
        let waker = waker.lock().take().expect("the task waits");
        let waking = thread::spawn(move || waker.wake());
        let is_ready = pin!(&mut set).poll(cx).is_ready();
        waking.join().unwrap();
        if !is_ready {
            // Ordering: Relaxed, because the other thread is joined.
            assert!(flag.0.load(Ordering::Relaxed), "a lost wake");
            assert!(pin!(&mut set).poll(cx).is_ready());
        }
    });
}

fn look(queue: &ModelArc<Queue>) -> Option<Vec<SeenTask>> {
    Census::default().proceed(&queue.owned, Question::Reasons, |_| true, || false)
}

/// A dump polls a task that waits while another thread wakes it and a third one may run it: the
/// poll that looks takes a wake-up and does nothing for it, so it has to give it back. Neither is
/// the task polled by two at once [one-poller], nor its wake lost [no-lost-wake].
#[test]
fn a_look_meets_a_wake() {
    model(|| {
        let queue = Queue::new();
        let shared = Shared::new();
        let watched = Watched::new();
        let waiting = shared.clone();
        let handle = spawn(
            &queue,
            poll_fn(move |cx| {
                watched.write();
                let reason = || WaitReason::of_process(1);
                let Poll::Ready(restore) = poll_proceed_for(cx, reason) else { return Poll::Pending };
                restore.made_progress();
                waiting.wakers.lock().push(cx.waker().clone());
                // Ordering: Relaxed on purpose, because the wake has to publish it.
                if waiting.data.load(Ordering::Relaxed) == 1 { Poll::Ready(()) } else { Poll::Pending }
            }),
        );
        assert!(queue.run_one());
        let waker = shared.wakers.lock().pop().expect("the task waits");
        let waking = thread::spawn({
            let shared = shared.clone();
            move || shared.publish(&waker)
        });
        let looking = thread::spawn({
            let queue = queue.clone();
            move || {
                let seen = look(&queue).expect("there is a shard");
                // It may have been due, or have ended.
                assert!(seen.iter().all(|task| task.notes.len() <= 1));
            }
        });
        queue.run_all();
        waking.join().unwrap();
        looking.join().unwrap();
        queue.run_all();
        shared.wakers.lock().clear();
        let mut handle = handle;
        let polled = Pin::new(&mut handle).poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(polled, Poll::Ready(Ok(()))), "a lost wake");
        drop(handle);
        assert_all_freed(queue);
    });
}

/// A poll that looks finds out what the task waits for, does nothing else, and leaves it due, for a
/// thread that runs it meanwhile or later.
#[test]
fn a_look_says_what_a_task_waits_for_and_leaves_it_due() {
    model(|| {
        let queue = Queue::new();
        let wait_for = |number| {
            poll_fn(move |cx| -> Poll<()> {
                let reason = || WaitReason::of_process(number);
                drop(std::task::ready!(poll_proceed_for(cx, reason)));
                Poll::Pending
            })
        };
        let handles = [1, 2].map(|number| spawn(&queue, wait_for(number)));
        queue.run_all();
        let looking = thread::spawn({
            let queue = queue.clone();
            move || look(&queue).expect("there is a shard")
        });
        let mut runs_count = 0;
        while queue.run_one() {
            runs_count += 1;
        }
        let seen = looking.join().unwrap();
        while queue.run_one() {
            runs_count += 1;
        }
        assert_eq!(runs_count, handles.len(), "a lost wake");
        let reasons: Vec<_> = seen.into_iter().flat_map(|task| task.notes).map(|note| note.reason).collect();
        assert_eq!(reasons, [1, 2].map(WaitReason::of_process));
        handles.iter().for_each(JoinHandle::abort);
        queue.run_all();
        drop(handles);
        assert_all_freed(queue);
    });
}

/// The last references to an observed task go on another thread while its last run ends: the run
/// still counts, so the record lasts as long as the run.
#[test]
fn a_record_lasts_as_long_as_the_run_that_ends_its_task() {
    model(|| {
        let queue = Queue::new();
        queue.owned.observe();
        let handle = spawn(&queue, std::future::ready(()));
        let other = thread::spawn(move || drop(handle));
        assert!(queue.run_one());
        other.join().unwrap();
        assert_all_freed(queue);
    });
}

/// An observed task is woken and run by others while a run of it ends, and looked at. Each run
/// counts once, and no wait or poll is longer than the life of the task.
#[test]
fn each_run_of_an_observed_task_counts_once() {
    model(|| {
        let queue = Queue::new();
        queue.owned.observe();
        let shared = Shared::new();
        let handle = spawn(&queue, Watcher::new(&shared, 1));
        assert!(queue.run_one());
        let waker = shared.wakers.lock().pop().expect("the task waits");
        let there = queue.clone();
        let other = thread::spawn(move || {
            waker.wake();
            usize::from(there.run_one())
        });
        let stats = || {
            let seen = Census::default().proceed(&queue.owned, Question::Presence, |_| true, || false);
            seen.and_then(|seen| seen.first()?.stats).expect("it is alive and observed")
        };
        let before = stats();
        let runs_count =
            1 + usize::from(queue.run_one()) + other.join().unwrap() + usize::from(queue.run_one());
        let after = stats();
        assert_eq!((after.polls(), runs_count), (2, 2));
        assert!((1..=2).contains(&before.polls()), "{before:?}");
        assert!(after.busy() + after.scheduled() <= after.age(), "{after:?}");
        shut_down(queue, &shared, handle);
    });
}
