//! Which party keeps what alive, for how long, and on which thread it is dropped.
#![expect(unsafe_code, reason = "one test sends a Runnable through a raw pointer")]

use super::{Count, Mutex, Queue, joined, poll_once, wait_for_ever};
use crate::task::{
    self, AbortHandle, AbortOnDropHandle, Cause, Header, Id, JoinError, JoinHandle, OwnedTasks, Runnable,
    Schedule,
};
use std::cell::RefCell;
use std::panic::Location;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::thread::{self, ThreadId};

#[test]
fn handles_are_send_and_sync_if_the_output_is_send() {
    fn send_and_sync<T: Send + Sync + Unpin>() {}
    // A Cell is Send and not Sync.
    send_and_sync::<JoinHandle<std::cell::Cell<u8>>>();
    send_and_sync::<AbortOnDropHandle<std::cell::Cell<u8>>>();
    send_and_sync::<AbortHandle>();
    send_and_sync::<JoinError>();
    send_and_sync::<OwnedTasks>();
}

#[test]
fn a_wake_after_completion_does_nothing_and_the_last_waker_frees_the_task() {
    let (queue, wakers, dropped) = (Queue::new(), Arc::new(Mutex::new(Vec::new())), Count::default());
    let (waiting, captured) = (wait_for_ever(&wakers), dropped.on_drop());
    let handle = queue.spawn(async move {
        let _captured = captured;
        waiting.await;
    });
    queue.run_all();
    handle.abort();
    queue.run_all();
    assert!(joined(handle).unwrap_err().is_cancelled());
    assert_eq!(dropped.get(), 1, "a waker must not keep the future");
    let waker = wakers.lock().pop().unwrap();
    waker.wake_by_ref();
    let other = waker.clone();
    other.wake();
    assert_eq!(queue.run_all(), 0);
    assert_eq!(Arc::strong_count(&queue), 2, "the waker keeps the memory");
    drop(waker);
    queue.assert_all_freed();
}

#[test]
fn a_waker_outlives_everything_else() {
    let (queue, wakers) = (Queue::new(), Arc::new(Mutex::new(Vec::new())));
    let weak = Arc::downgrade(&queue);
    drop(queue.spawn(wait_for_ever(&wakers)));
    queue.run_all();
    queue.shut_down();
    drop(queue);
    let waker = wakers.lock().pop().unwrap();
    thread::spawn(move || {
        waker.wake_by_ref();
        waker.wake();
    })
    .join()
    .unwrap();
    assert!(weak.upgrade().is_none(), "the task and its scheduler are freed with the last waker");
}

#[test]
fn a_dropped_runnable_cancels_its_task_in_place() {
    let (queue, dropped) = (Queue::new(), Count::default());
    let captured = dropped.on_drop();
    let handle = queue.spawn(async move { drop(captured) });
    drop(queue.next());
    assert_eq!(dropped.get(), 1);
    assert!(joined(handle).unwrap_err().is_cancelled());
    queue.assert_all_freed();
}

#[test]
fn a_runnable_survives_the_way_through_a_raw_pointer() {
    let queue = Queue::new();
    let handle = queue.spawn(async { 1 });
    let runnable = queue.next().unwrap();
    assert!(format!("{handle:?}").contains(file!()), "{handle:?}");
    let raw = runnable.into_raw();
    // SAFETY: it comes from `into_raw`, once.
    let runnable = unsafe { Runnable::from_raw(raw) };
    assert_eq!(runnable.id(), handle.id());
    runnable.run();
    assert_eq!(joined(handle).unwrap(), 1);
    queue.assert_all_freed();
}

#[test]
fn dropping_an_abort_on_drop_handle_aborts_and_detaching_it_does_not() {
    let (queue, wakers) = (Queue::new(), Arc::new(Mutex::new(Vec::new())));
    let handle = AbortOnDropHandle::new(queue.spawn(wait_for_ever(&wakers)));
    queue.run_all();
    let abort = handle.abort_handle();
    let handle = handle.detach();
    assert_eq!(queue.run_all(), 0);
    assert!(!abort.is_finished());
    drop(AbortOnDropHandle::new(handle));
    assert_eq!(queue.run_all(), 1);
    assert!(abort.is_finished());
    drop(abort);
    wakers.lock().clear();
    queue.assert_all_freed();
}

/// Two tasks that await each other, and one that awaits itself.
#[test]
fn cycles_of_join_handles_are_freed_by_the_shutdown() {
    let queue = Queue::new();
    let slots: [Arc<Mutex<Option<JoinHandle<()>>>>; 3] = std::array::from_fn(|_| Arc::new(Mutex::new(None)));
    for index in [0, 1, 2] {
        let slot = slots[index].clone();
        let handle = queue.spawn(async move {
            let other = slot.lock().take().expect("set before the run");
            let _ = other.await;
        });
        *slots[[1, 0, 2][index]].lock() = Some(handle);
    }
    queue.run_all();
    assert_eq!(queue.owned.len(), 3);
    queue.shut_down();
    queue.assert_all_freed();
}

/// Spawns a task like itself when it is dropped. If new tasks were not refused, the shutdown below
/// would go on until the stack ends; so the chain is cut short after a few, and the test counts the
/// refusals.
struct Respawn {
    queue: Arc<Queue>,
    refused: Count,
    left_count: usize,
}

impl Drop for Respawn {
    fn drop(&mut self) {
        let Some(left_count) = self.left_count.checked_sub(1) else { return };
        let next = Respawn { queue: self.queue.clone(), refused: self.refused.clone(), left_count };
        let handle = self.queue.spawn(async move { drop(next) });
        assert!(handle.is_finished(), "a closed list took a task");
        assert!(joined(handle).unwrap_err().is_cancelled());
        self.refused.add();
    }
}

#[test]
fn a_spawn_after_the_closing_is_cancelled_at_once_even_from_a_destructor() {
    const CHAIN_LENGTH: usize = 5;
    let (queue, refused) = (Queue::new(), Count::default());
    let wakers = Arc::new(Mutex::new(Vec::new()));
    let respawn = Respawn { queue: queue.clone(), refused: refused.clone(), left_count: CHAIN_LENGTH };
    let waiting = wait_for_ever(&wakers);
    drop(queue.spawn(async move {
        let _respawn = respawn;
        waiting.await;
    }));
    queue.run_all();
    queue.owned.close_and_shutdown_all(0);
    assert_eq!(refused.get(), CHAIN_LENGTH);
    assert_eq!(queue.run_all(), 0);
    wakers.lock().clear();
    queue.assert_all_freed();
}

#[test]
fn shutdown_reaches_tasks_that_wait_are_queued_and_are_new() {
    let (queue, wakers, dropped) = (Queue::new(), Arc::new(Mutex::new(Vec::new())), Count::default());
    let spawn = || {
        let (waiting, captured) = (wait_for_ever(&wakers), dropped.on_drop());
        queue.spawn(async move {
            let _captured = captured;
            waiting.await;
        })
    };
    let waiting = spawn();
    let woken = spawn();
    queue.run_all();
    wakers.lock()[1].wake_by_ref();
    let new = spawn();
    queue.owned.close_and_shutdown_all(3);
    assert_eq!(dropped.get(), 1, "the idle one is dropped here");
    assert_eq!(queue.owned.len(), 2, "the others count until they are complete");
    assert_eq!(queue.run_all(), 2);
    for handle in [waiting, woken, new] {
        assert!(joined(handle).unwrap_err().is_cancelled());
    }
    wakers.lock().clear();
    assert_eq!(dropped.get(), 3);
    queue.assert_all_freed();
}

#[test]
fn a_closure_runs_once_and_can_be_aborted_before_but_not_during() {
    let run = |abort_before: bool, abort_during: bool| {
        let abort = Arc::new(Mutex::new(None::<AbortHandle>));
        let inside = abort.clone();
        let (runnable, handle) = task::blocking(
            move || {
                if abort_during {
                    inside.lock().take().unwrap().abort();
                }
                task::id()
            },
            Id::next(),
            Location::caller(),
        );
        *abort.lock() = Some(handle.abort_handle());
        if abort_before {
            handle.abort();
        }
        let id = handle.id();
        runnable.run();
        joined(handle).map(|inner| assert_eq!(inner, id))
    };
    assert!(run(false, false).is_ok());
    assert!(run(false, true).is_ok());
    assert!(run(true, false).unwrap_err().is_cancelled());
}

/// Records on which thread it is dropped. It is not Send.
struct Local(Rc<RefCell<Vec<ThreadId>>>);

impl Drop for Local {
    fn drop(&mut self) {
        self.0.borrow_mut().push(thread::current().id());
    }
}

#[test]
fn a_pinned_future_is_dropped_on_its_thread_whoever_aborts_it_or_drops_its_last_waker() {
    let (queue, wakers) = (Queue::new(), Arc::new(Mutex::new(Vec::new())));
    let drops = Rc::new(RefCell::new(Vec::new()));
    let (local, waiting) = (Local(drops.clone()), wait_for_ever(&wakers));
    let handle = queue.spawn_local(async move {
        let _local = local;
        waiting.await;
    });
    queue.run_all();
    let waker = wakers.lock().pop().unwrap();
    thread::spawn(move || {
        handle.abort();
        drop(handle);
        waker.wake_by_ref();
        drop(waker);
    })
    .join()
    .unwrap();
    assert!(drops.borrow().is_empty(), "nothing runs before its home does");
    assert_eq!(queue.run_all(), 1);
    assert_eq!(*drops.borrow(), [thread::current().id()]);
    queue.assert_all_freed();
}

/// A scheduler that is wrong about the home of a pinned task has to be stopped before it does harm.
/// Runs in a child process.
#[test]
fn a_pinned_task_run_on_a_foreign_thread_aborts_the_process() {
    const CHILD: &str = "HEIST_TEST_PINNED_ELSEWHERE";
    if std::env::var_os(CHILD).is_some() {
        let queue = Queue::new();
        let local = Local(Rc::default());
        let _handle = queue.spawn_local(async move { drop(local) });
        let runnable = queue.next().unwrap();
        let _ = thread::spawn(move || runnable.run()).join();
        std::process::exit(0);
    }
    let name = "task::tests::life::a_pinned_task_run_on_a_foreign_thread_aborts_the_process";
    let this = std::env::current_exe().expect("the test binary has a path");
    let child = std::process::Command::new(this)
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, "1")
        .output()
        .expect("the test binary starts again");
    let text = String::from_utf8_lossy(&child.stderr).into_owned();
    assert!(!child.status.success() && text.contains("away from its thread"), "{}: {text}", child.status);
}

#[test]
fn the_output_of_a_task_goes_with_its_handle() {
    let (queue, dropped) = (Queue::new(), Count::default());
    let output = dropped.on_drop();
    let handle = queue.spawn(async move { output });
    queue.run_all();
    assert_eq!(dropped.get(), 0);
    drop(handle);
    assert_eq!(dropped.get(), 1);
    queue.assert_all_freed();
}

/// Drops every Runnable.
struct Nowhere;

impl Schedule for Nowhere {
    fn schedule(&self, task: Runnable, _cause: Cause) {
        drop(task);
    }

    fn release(&self, _task: &Header) {}
}

#[test]
fn a_scheduler_that_drops_what_it_gets_cancels_it_wherever_it_was_woken() {
    let (owned, wakers, dropped) = (OwnedTasks::new(1), Arc::new(Mutex::new(Vec::new())), Count::default());
    let owned_ref = &owned;
    let spawn = |is_yielding: bool| {
        let (waiting, captured) = (wait_for_ever(&wakers), dropped.on_drop());
        let future = async move {
            let _captured = captured;
            if is_yielding {
                task::yield_now().await;
            }
            waiting.await;
        };
        owned_ref.bind(future, Nowhere, Id::next(), Location::caller())
    };
    for is_yielding in [false, true] {
        let (runnable, mut handle) = spawn(is_yielding);
        runnable.unwrap().run();
        if !is_yielding {
            assert!(matches!(poll_once(&mut handle), Poll::Pending));
            let waker = wakers.lock().pop().unwrap();
            waker.wake();
        }
        assert!(joined(handle).unwrap_err().is_cancelled());
    }
    assert_eq!(dropped.get(), 2);
}
