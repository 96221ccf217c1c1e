//! What of heist works in a model. Each model has a fault that its assertions would notice.

use std::time::Duration;

#[cfg(rt_loom)]
use heist::model::Depth;
use heist::model::sync::Arc;
use heist::model::sync::atomic::{AtomicUsize, Ordering};
use heist::model::{Explorer, thread};
use heist::sync::{Mutex, Notify, mpsc, oneshot};
#[cfg(not(rt_loom))]
use heist::task::JoinSet;
use heist::task::yield_now;
use heist::time::{Instant, sleep, timeout};

const SHORT: Duration = Duration::from_millis(1);
const LONG: Duration = Duration::from_secs(3600);

#[test]
fn a_value_passes_through_a_oneshot() {
    heist::model(|| async {
        let (answer, question) = oneshot::channel();
        let task = heist::spawn(async move { answer.send(42) });
        assert_eq!(question.await, Ok(42));
        task.await.unwrap().unwrap();
    });
}

#[test]
fn values_pass_through_an_mpsc_channel_in_order() {
    Explorer::new().preemptions(1).check(|| async {
        let (sender, mut receiver) = mpsc::channel(1);
        let task = heist::spawn(async move {
            for number in 0..2 {
                sender.send(number).await.unwrap();
            }
        });
        assert_eq!(receiver.recv().await, Some(0));
        assert_eq!(receiver.recv().await, Some(1));
        assert_eq!(receiver.recv().await, None);
        task.await.unwrap();
    });
}

#[test]
fn a_lock_excludes_two_tasks() {
    heist::model(|| async {
        let count = Arc::new(Mutex::new(0));
        let there = count.clone();
        let task = heist::spawn(async move {
            let mut count = there.lock().await;
            let seen = *count;
            yield_now().await;
            *count = seen + 1;
        });
        *count.lock().await += 1;
        task.await.unwrap();
        assert_eq!(*count.lock().await, 2);
    });
}

#[test]
fn a_notification_is_not_lost() {
    heist::model(|| async {
        let notify = Arc::new(Notify::new());
        let there = notify.clone();
        let task = heist::spawn(async move { there.notify_one() });
        notify.notified().await;
        task.await.unwrap();
    });
}

#[test]
fn an_aborted_task_has_ended_or_not() {
    heist::model(|| async {
        let task = heist::spawn(yield_now());
        task.abort();
        if let Err(error) = task.await {
            assert!(error.is_cancelled());
        }
    });
}

/// The list of a set's members is another crate's, whose atomics loom does not see.
#[test]
#[cfg(not(rt_loom))]
fn a_set_returns_each_outcome() {
    Explorer::new().preemptions(1).check(|| async {
        let mut set = JoinSet::new();
        for number in 0..2 {
            set.spawn(async move { number });
        }
        let mut sum = 0;
        while let Some(number) = set.join_next().await {
            sum += number.unwrap();
        }
        assert_eq!(sum, 1);
    });
}

#[test]
fn sleeps_take_no_time() {
    Explorer::new().preemptions(1).schedules(100).repetitions(1).check(|| async {
        let began = Instant::now();
        let length = if cfg!(any(rt_loom, rt_shuttle)) { LONG } else { SHORT };
        let task = heist::spawn(sleep(length));
        sleep(SHORT).await;
        task.await.unwrap();
        assert!(began.elapsed() >= length);
    });
}

#[test]
fn a_timeout_ends_a_wait() {
    Explorer::new().preemptions(1).schedules(100).check(|| async {
        let never = heist::spawn(async { timeout(SHORT, std::future::pending::<()>()).await });
        assert!(never.await.unwrap().is_err());
    });
}

#[test]
fn a_closure_runs_in_the_blocking_pool() {
    Explorer::new().preemptions(1).schedules(100).check(|| async {
        assert_eq!(heist::task::spawn_blocking(|| 42).await.unwrap(), 42);
    });
}

#[test]
fn a_thread_of_the_program_wakes_a_task() {
    heist::model(|| async {
        let (answer, question) = oneshot::channel();
        let thread = thread::spawn(move || answer.send(42));
        assert_eq!(question.await, Ok(42));
        thread.join().unwrap().unwrap();
    });
}

#[test]
fn tasks_take_turns_on_one_thread() {
    Explorer::new().worker_threads(0).check(|| async {
        let count = Arc::new(AtomicUsize::new(0));
        let there = count.clone();
        let task = heist::spawn(async move {
            // Ordering: Relaxed: no thread but this one.
            let seen = there.load(Ordering::Relaxed);
            there.store(seen + 1, Ordering::Relaxed);
        });
        let seen = count.load(Ordering::Relaxed);
        count.store(seen + 1, Ordering::Relaxed);
        task.await.unwrap();
        assert_eq!(count.load(Ordering::Relaxed), 2);
    });
}

/// The same with a worker loses an increment.
#[test]
#[cfg(any(rt_loom, rt_shuttle))]
#[should_panic(expected = "an increment was lost")]
fn a_lost_increment_is_found() {
    heist::model(|| async {
        let count = Arc::new(AtomicUsize::new(0));
        let there = count.clone();
        let task = heist::spawn(async move {
            let seen = there.load(Ordering::SeqCst);
            there.store(seen + 1, Ordering::SeqCst);
        });
        let seen = count.load(Ordering::SeqCst);
        count.store(seen + 1, Ordering::SeqCst);
        task.await.unwrap();
        assert_eq!(count.load(Ordering::SeqCst), 2, "an increment was lost");
    });
}

/// A task that waits for ever. loom finds it as well, prints it and aborts, because destructors find
/// its locks gone.
#[test]
#[cfg(rt_shuttle)]
#[should_panic(expected = "deadlock")]
fn a_deadlock_is_found() {
    heist::model(|| async {
        let (first, question) = oneshot::channel::<()>();
        let task = heist::spawn(async move {
            std::future::pending::<()>().await;
            first.send(())
        });
        let _ = question.await;
        drop(task);
    });
}

#[test]
#[cfg(any(rt_loom, rt_shuttle))]
#[should_panic(expected = "a model has no sockets, files")]
fn a_socket_panics_and_says_why() {
    heist::model(|| async {
        drop(heist::net::TcpListener::bind("127.0.0.1:0").await);
    });
}

#[test]
#[cfg(any(rt_loom, rt_shuttle))]
#[should_panic(expected = "a model has no sockets, files")]
fn a_file_panics_and_says_why() {
    heist::model(|| async {
        drop(heist::fs::remove_file("there is no such file").await);
    });
}

/// With each step of the scheduler there is more to try.
#[test]
#[cfg(rt_loom)]
fn a_greater_depth_has_more_interleavings() {
    let runs = [Depth::Program, Depth::Scheduler, Depth::Runtime].map(|depth| {
        let explorer = Explorer::new().depth(depth).preemptions(1).interleavings(20_000);
        explorer.check(|| async { heist::spawn(async {}).await.unwrap() }).runs()
    });
    assert!(runs.is_sorted() && runs[0] < runs[2], "{runs:?}");
}

#[test]
fn a_model_that_is_cut_short_is_not_complete() {
    let explored = Explorer::new().interleavings(3).schedules(1).repetitions(1).check(|| async {
        heist::spawn(async {}).await.unwrap();
    });
    assert!(explored.runs() <= 3 && !explored.is_complete());
}
