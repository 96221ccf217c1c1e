//! Models of the pool: two tasks ask at once.

use heist::model::Explorer;
use heist::model::sync::Arc;
#[cfg(any(rt_loom, rt_shuttle))]
use heist::model::sync::Mutex;

use super::Pool;

/// Two tasks use a pool in which one connection is idle.
async fn two_tasks_use(pool: Pool<&'static str>, opened_count_max: usize) {
    let pool = Arc::new(pool);
    drop(pool.get().await);
    let there = pool.clone();
    let other = heist::spawn(async move { there.get().await.len() });
    assert_eq!(pool.get().await.len(), 1);
    assert_eq!(other.await.unwrap(), 1);
    assert!(pool.opened_count() <= opened_count_max, "too many connections were opened");
}

#[test]
fn one_connection_serves_two_tasks_in_turn() {
    let explored = Explorer::new().check(|| two_tasks_use(Pool::new(1, || "c"), 1));
    assert!(explored.runs() > 1);
}

#[test]
fn two_connections_serve_two_tasks_at_once() {
    let explored = Explorer::new().check(|| two_tasks_use(Pool::new(2, || "c"), 2));
    assert!(explored.runs() > 1);
}

/// Looks whether a connection is idle, and then takes one. Another task may have taken it in
/// between.
#[cfg(any(rt_loom, rt_shuttle))]
fn look_and_take(idle: &Mutex<Vec<&'static str>>) -> Option<&'static str> {
    if idle.lock().unwrap().is_empty() {
        return None;
    }
    Some(idle.lock().unwrap().pop().expect("a connection was idle"))
}

/// Real threads hardly ever meet there, so a normal build does not run it. Shuttle reports a panic in
/// its own words.
#[test]
#[cfg(any(rt_loom, rt_shuttle))]
#[cfg_attr(rt_loom, should_panic(expected = "a connection was idle"))]
#[cfg_attr(rt_shuttle, should_panic(expected = "test panicked in task"))]
fn a_connection_that_two_tasks_take_is_found() {
    // Shuttle needs some luck for it: the same luck at each run.
    let explorer = Explorer::new().schedules(20_000).seed(1);
    explorer.check(|| two_tasks_use(Pool::taking(2, || "c", look_and_take), 2));
}
