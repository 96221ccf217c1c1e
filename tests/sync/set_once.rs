use std::pin::pin;
use std::sync::Arc;

use heist::sync::{SetOnce, SetOnceError};

use crate::support::on_every_runtime;
use crate::{Bell, poll, poll_with, ready};

#[test]
fn all_that_wait_get_the_value() {
    on_every_runtime(|runtime| {
        let once = Arc::new(SetOnce::new());
        let tasks: Vec<_> = (0..50)
            .map(|_| {
                let once = once.clone();
                runtime.spawn(async move { *once.wait().await })
            })
            .collect();
        once.set(7).unwrap();
        runtime.block_on(async {
            for task in tasks {
                assert_eq!(task.await.unwrap(), 7);
            }
        });
    });
}

#[test]
fn a_value_is_set_once() {
    let once = SetOnce::new();
    let bells: Vec<_> = (0..40).map(|_| Bell::new()).collect();
    let mut waits: Vec<_> = bells.iter().map(|_| Box::pin(once.wait())).collect();
    for (wait, bell) in waits.iter_mut().zip(&bells) {
        assert!(poll_with(wait.as_mut(), bell).is_pending());
    }
    drop(waits.swap_remove(3));
    once.set(1).unwrap();
    assert_eq!(once.set(2), Err(SetOnceError(2)));
    let woken: usize = bells.iter().map(|bell| bell.wakes_count()).sum();
    assert_eq!(woken, 39);
    assert!(waits.iter_mut().all(|wait| *ready(poll(wait.as_mut())) == 1));
    assert_eq!(*ready(poll(pin!(once.wait()))), 1);
    assert_eq!((once.get(), once.clone().into_inner()), (Some(&1), Some(1)));
}
