//! Tasks with a record live and end as others do.

use super::{Count, Mutex, Queue, joined, wait_for_ever};
use crate::task::{Id, SeenTask, TaskStats, id, yield_now};
use std::sync::Arc;
use std::thread;

fn observed() -> Arc<Queue> {
    let queue = Queue::new();
    queue.owned.observe();
    queue
}

fn stats(queue: &Queue, task: Id) -> TaskStats {
    let (mut shard, mut seen) = (0, Vec::<SeenTask>::new());
    while let Some((references, _)) = queue.owned.references_in(shard, 0, usize::MAX) {
        seen.extend(references.iter().filter_map(|reference| reference.seen()));
        shard += 1;
    }
    seen.into_iter().find(|seen| seen.id == task).and_then(|seen| seen.stats).expect("it is observed")
}

#[test]
fn polls_and_the_parent_are_counted() {
    let queue = observed();
    let there = queue.clone();
    let parent = queue.spawn(async move { (id(), there.spawn(std::future::pending::<()>()).id()) });
    queue.run_all();
    let (parent, child) = joined(parent).unwrap();
    let busy = queue.spawn(async {
        for _ in 0..3 {
            yield_now().await;
        }
        std::future::pending::<()>().await;
    });
    queue.run_all();
    assert_eq!((stats(&queue, child).parent(), stats(&queue, child).polls()), (Some(parent), 1));
    assert_eq!((stats(&queue, busy.id()).parent(), stats(&queue, busy.id()).polls()), (None, 4));
    queue.shut_down();
    drop(busy);
    queue.assert_all_freed();
}

#[test]
fn a_task_that_was_there_before_has_no_record() {
    let queue = Queue::new();
    let before = queue.spawn(std::future::pending::<()>());
    queue.owned.observe();
    let after = queue.spawn(std::future::pending::<()>());
    queue.run_all();
    assert_eq!(stats(&queue, after.id()).polls(), 1);
    let (references, _) = (0..4)
        .filter_map(|shard| queue.owned.references_in(shard, 0, usize::MAX))
        .find(|(references, _)| references.iter().any(|reference| reference.id() == before.id()))
        .expect("it is alive");
    let seen = references.iter().find(|reference| reference.id() == before.id()).unwrap().seen();
    assert_eq!(seen.expect("it waits").stats, None);
    queue.shut_down();
    drop((before, after, references));
    queue.assert_all_freed();
}

/// Every way to end: output, panic, abort, shutdown, refusal by a closed list; with the last
/// reference a handle, a waker of another thread, or the run itself.
#[test]
fn a_record_ends_with_its_task_whatever_ends_it() {
    let (queue, wakers, dropped) = (observed(), Arc::new(Mutex::new(Vec::new())), Count::default());
    assert_eq!(
        joined({
            let done = queue.spawn(async { 7 });
            queue.run_all();
            done
        })
        .unwrap(),
        7
    );
    let (captured, panicking) = (dropped.on_drop(), dropped.on_drop());
    let panicked = queue.spawn(async move {
        let _panicking = panicking;
        panic!("on purpose")
    });
    let waiting = queue.spawn({
        let wait = wait_for_ever(&wakers);
        async move {
            let _captured = captured;
            wait.await;
        }
    });
    let local = queue.spawn_local(std::future::pending::<()>());
    drop(queue.spawn(std::future::pending::<()>()));
    queue.run_all();
    assert!(joined::<()>(panicked).unwrap_err().is_panic());
    waiting.abort();
    queue.run_all();
    assert!(joined(waiting).unwrap_err().is_cancelled());
    queue.shut_down();
    assert!(joined(local).unwrap_err().is_cancelled());
    assert!(joined(queue.spawn(async {})).unwrap_err().is_cancelled());
    assert_eq!(dropped.get(), 2);
    let waker = wakers.lock().pop().unwrap();
    thread::spawn(move || waker.wake()).join().unwrap();
    queue.assert_all_freed();
}
