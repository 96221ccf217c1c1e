use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use heist::sync::{OnceCell, SetError};
use heist::task::JoinSet;

use crate::support::on_every_runtime;
use crate::{Bell, poll, poll_with, ready};

#[test]
fn the_value_is_computed_once() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let cell = Arc::new(OnceCell::new());
            let calls = Arc::new(AtomicUsize::new(0));
            let mut tasks = JoinSet::new();
            for number in 0..32 {
                let (cell, calls) = (cell.clone(), calls.clone());
                tasks.spawn(async move {
                    *cell
                        .get_or_init(|| async {
                            calls.fetch_add(1, Ordering::SeqCst);
                            heist::task::yield_now().await;
                            number
                        })
                        .await
                });
            }
            let values = tasks.join_all().await;
            assert!(values.iter().all(|value| *value == values[0]));
            assert_eq!(calls.load(Ordering::SeqCst), 1);
        });
    });
}

#[test]
fn one_that_is_dropped_while_it_computes_leaves_it_to_the_next() {
    let cell = OnceCell::new();
    let bell = Bell::new();
    let mut goes = Box::pin(cell.get_or_init(std::future::pending));
    let mut stays = pin!(cell.get_or_init(|| async { 2 }));
    assert!(poll(goes.as_mut()).is_pending() && poll_with(stays.as_mut(), &bell).is_pending());
    assert_eq!(cell.set(3), Err(SetError::InitializingError(3)));
    drop(goes);
    assert_eq!(bell.wakes_count(), 1);
    assert_eq!(*ready(poll(stays.as_mut())), 2);
    assert_eq!(cell.set(3), Err(SetError::AlreadyInitializedError(3)));
}

#[test]
fn an_error_leaves_the_cell_empty() {
    let cell = OnceCell::new();
    assert_eq!(ready(poll(pin!(cell.get_or_try_init(|| async { Err::<u32, _>("no") })))), Err("no"));
    assert!(!cell.initialized());
    assert_eq!(ready(poll(pin!(cell.get_or_try_init(|| async { Ok::<_, &str>(1) })))), Ok(&1));
}

#[test]
fn a_value_is_dropped_once() {
    let value = Arc::new(());
    let cell = OnceCell::new();
    cell.set(value.clone()).unwrap();
    drop(cell.set(value.clone()).unwrap_err());
    assert_eq!(Arc::strong_count(&value), 2);
    drop(cell);
    assert_eq!(Arc::strong_count(&value), 1);
    let mut cell = OnceCell::from(value.clone());
    assert!(cell.take().is_some() && cell.set(value.clone()).is_ok());
    drop(cell.into_inner());
    assert_eq!(Arc::strong_count(&value), 1);
}

#[test]
fn a_clone_is_a_cell_of_its_own() {
    let cell = OnceCell::new();
    let empty = cell.clone();
    cell.set(1).unwrap();
    let full = cell.clone();
    assert!(empty.set(2).is_ok() && full.set(2).is_err());
    assert_eq!((cell == full, cell == empty), (true, false));
    assert_eq!(format!("{full:?}"), "OnceCell { value: Some(1) }");
}
