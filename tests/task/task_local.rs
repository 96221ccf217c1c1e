//! Task-local values: seen by the polls of one future and by its destructor, and by nothing else.

use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};

use heist::task::yield_now;

use crate::support::on_every_runtime;

heist::task_local! {
    static NUMBER: u32;
    /// Two keys in one call do not meet.
    pub(crate) static NAME: String;
}

#[test]
fn a_value_follows_its_task_and_no_other_task_sees_it() {
    on_every_runtime(|runtime| {
        let tasks = (0..8).map(|own| {
            let seen = async move {
                for _ in 0..100 {
                    assert_eq!(NUMBER.get(), own);
                    assert!(heist::spawn(async { NUMBER.try_get() }).await.unwrap().is_err(), "inherited");
                    yield_now().await;
                }
            };
            runtime.spawn(NUMBER.scope(own, seen))
        });
        let tasks: Vec<_> = tasks.collect();
        tasks.into_iter().for_each(|task| runtime.block_on(task).expect("no panic"));
        assert!(NUMBER.try_get().is_err());
    });
}

#[test]
fn the_inner_scope_hides_the_outer_one_and_other_keys_stay() {
    on_every_runtime(|runtime| {
        runtime.block_on(NAME.scope("outer".to_owned(), async {
            NUMBER
                .scope(1, async {
                    NUMBER
                        .scope(2, async { assert_eq!((NUMBER.get(), NAME.get().as_str()), (2, "outer")) })
                        .await;
                    assert_eq!(NUMBER.sync_scope(3, || NUMBER.get()), 3);
                    assert_eq!(NUMBER.get(), 1);
                })
                .await;
            assert!(NUMBER.try_get().is_err());
        }));
    });
}

/// Sends what the key has when it is dropped.
struct Reports(mpsc::Sender<Option<u32>>);

impl Drop for Reports {
    fn drop(&mut self) {
        self.0.send(NUMBER.try_get().ok()).expect("the test listens");
    }
}

#[test]
fn a_future_is_dropped_with_its_value_whether_it_ended_or_was_cancelled() {
    on_every_runtime(|runtime| {
        let (send, receive) = mpsc::channel();
        let report = Reports(send.clone());
        runtime.block_on(NUMBER.scope(1, async move { drop(report) }));
        assert_eq!(receive.recv(), Ok(Some(1)));

        let report = Reports(send);
        let task = runtime.spawn(NUMBER.scope(2, async move {
            let _report = report;
            pending::<()>().await;
        }));
        task.abort();
        assert!(runtime.block_on(task).unwrap_err().is_cancelled());
        assert_eq!(receive.recv(), Ok(Some(2)));
    });
}

/// A future that keeps what it has until it is dropped, also after it was ready.
struct KeepsUntilDropped(#[allow(dead_code, reason = "for its destructor")] Reports);

impl Future for KeepsUntilDropped {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

#[test]
fn a_future_that_is_ready_is_dropped_inside_of_its_scope_and_leaves_the_value() {
    let (send, receive) = mpsc::channel();
    let mut scope = Box::pin(NUMBER.scope(7, KeepsUntilDropped(Reports(send))));
    let cx = &mut Context::from_waker(Waker::noop());
    assert!(scope.as_mut().poll(cx).is_ready());
    assert_eq!(receive.recv(), Ok(Some(7)));
    assert_eq!(format!("{scope:?}"), "TaskLocalFuture { value: Some(7), .. }");
    assert_eq!(scope.as_mut().take_value(), Some(7));
    assert_eq!(scope.as_mut().take_value(), None);
    let again = catch_unwind(AssertUnwindSafe(|| scope.as_mut().poll(cx).is_ready()));
    assert!(again.is_err(), "polled again after it was ready");
}

#[test]
fn a_panic_inside_of_a_scope_leaves_the_outer_value() {
    NUMBER.sync_scope(1, || {
        let panicked = catch_unwind(|| NUMBER.sync_scope(2, || panic!("on purpose")));
        assert!(panicked.is_err());
        assert_eq!(NUMBER.get(), 1);
    });
}

#[test]
fn a_scope_inside_of_with_of_the_same_key_panics_and_one_of_another_key_does_not() {
    NUMBER.sync_scope(1, || {
        NUMBER.with(|_| {
            assert!(catch_unwind(|| NUMBER.sync_scope(2, || ())).is_err());
            NAME.sync_scope(String::new(), || ());
        });
        assert_eq!(NUMBER.get(), 1);
    });
}

#[test]
fn a_future_whose_value_was_taken_finds_none() {
    let mut scope = Box::pin(NUMBER.scope(
        7,
        poll_fn(|_| match NUMBER.try_get() {
            Ok(_) => Poll::Pending,
            Err(_) => Poll::Ready(()),
        }),
    ));
    let cx = &mut Context::from_waker(Waker::noop());
    assert!(scope.as_mut().poll(cx).is_pending());
    assert_eq!(scope.as_mut().take_value(), Some(7));
    assert!(scope.as_mut().poll(cx).is_ready());
}
