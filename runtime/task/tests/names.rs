//! Names of tasks last as long as their futures.

use super::{Arc, Id, JoinHandle, Queue};
use crate::task::names::{Named, name_of};
use std::future::pending;
use std::panic::Location;

/// Spawns a task that is called "worker".
fn spawn_named<F>(queue: &Arc<Queue>, id: Id, future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let named = Named::new(future, id, Arc::from("worker"));
    let (runnable, handle) = queue.owned.bind(named, queue.clone(), id, Location::caller());
    queue.tasks.lock().extend(runnable);
    handle
}

#[test]
fn a_name_lasts_until_the_future_is_dropped() {
    let queue = Queue::new();
    let id = Id::next();
    assert_eq!(name_of(id), None);
    let handle = spawn_named(&queue, id, async move { name_of(id) });
    assert_eq!(name_of(id).as_deref(), Some("worker"));
    assert!(queue.run_one());
    // The handle keeps the cell and the output.
    assert_eq!(name_of(id), None);
    drop(handle);
}

#[test]
fn a_name_ends_with_a_task_that_is_aborted_or_refused() {
    let queue = Queue::new();
    let (aborted, refused) = (Id::next(), Id::next());
    let handle = spawn_named(&queue, aborted, pending::<()>());
    handle.abort();
    while queue.run_one() {}
    queue.owned.close();
    drop(spawn_named(&queue, refused, pending::<()>()));
    assert_eq!((name_of(aborted), name_of(refused)), (None, None));
}

/// Ids of several blocks, so of several maps.
#[test]
fn each_task_has_its_own_name() {
    let ids: Vec<Id> = (0..5000).map(|_| Id::next()).collect();
    let named: Vec<_> =
        ids.iter().map(|id| Named::new(pending::<()>(), *id, Arc::from(format!("task {id}")))).collect();
    for id in &ids {
        assert_eq!(name_of(*id).as_deref(), Some(&*format!("task {id}")));
    }
    drop(named);
    assert!(ids.iter().all(|id| name_of(*id).is_none()));
}
