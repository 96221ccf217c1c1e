//! A span is entered around each poll, and closes with its future.

use std::future::{pending, poll_fn};
use std::task::Poll;

use futures::channel::oneshot;
use heist::runtime::Handle;

use crate::recorder::{self, steps};
use crate::support::on_every_runtime;

#[test]
fn a_span_is_entered_for_the_one_poll_and_is_closed_when_the_task_is_joined() {
    recorder::install();
    on_every_runtime(|runtime| {
        let task = runtime.spawn(async {});
        let id = task.id();
        runtime.block_on(task).expect("no panic");
        assert_eq!(steps(id), ["new", "enter", "exit", "close"]);
    });
}

#[test]
fn what_a_future_owns_is_dropped_outside_of_the_span_and_before_it_closes() {
    struct Look(oneshot::Sender<Vec<&'static str>>);

    impl Look {
        fn send(self) {
            self.0.send(steps(heist::task::id())).expect("somebody waits");
        }
    }

    struct OnDrop(Option<Look>);

    impl Drop for OnDrop {
        fn drop(&mut self) {
            self.0.take().expect("dropped once").send();
        }
    }

    recorder::install();
    on_every_runtime(|runtime| {
        let (sender, receiver) = oneshot::channel();
        let owned = OnDrop(Some(Look(sender)));
        let task = runtime.spawn(poll_fn(move |_| {
            let _owned = &owned;
            Poll::Ready(())
        }));
        runtime.block_on(task).expect("no panic");
        let seen = runtime.block_on(receiver).expect("it is dropped");
        assert_eq!(seen, ["new", "enter", "exit"]);
    });
}

#[test]
fn a_panic_closes_the_span() {
    recorder::install();
    on_every_runtime(|runtime| {
        let task = runtime.spawn(async {
            heist::task::yield_now().await;
            std::panic::resume_unwind(Box::new("on purpose"));
        });
        let id = task.id();
        let outcome: Result<(), _> = runtime.block_on(task);
        assert!(outcome.expect_err("it panicked").is_panic());
        assert_eq!(steps(id), ["new", "enter", "wake_by_ref", "exit", "enter", "exit", "close"]);
    });
}

#[test]
fn an_abort_of_a_task_that_waits_closes_the_span() {
    recorder::install();
    on_every_runtime(|runtime| {
        let (sender, is_polled) = oneshot::channel();
        let task = runtime.spawn(async {
            sender.send(()).expect("somebody waits");
            pending::<()>().await;
        });
        let id = task.id();
        runtime.block_on(is_polled).expect("it is polled");
        task.abort();
        assert!(runtime.block_on(task).expect_err("aborted").is_cancelled());
        assert_eq!(steps(id), ["new", "enter", "exit", "close"]);
    });
}

#[test]
fn an_abort_before_the_first_poll_closes_a_span_that_was_never_entered() {
    recorder::install();
    let runtime = heist::runtime::Builder::new_current_thread().build().expect("a runtime");
    let task = runtime.spawn(async {});
    let id = task.id();
    task.abort();
    assert!(runtime.block_on(task).expect_err("aborted").is_cancelled());
    assert_eq!(steps(id), ["new", "close"]);
}

#[test]
fn the_end_of_a_runtime_closes_the_spans_of_its_tasks() {
    recorder::install();
    on_every_runtime(|runtime| {
        // The runtime of its own is dropped here.
        let own = heist::runtime::Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
        let (sender, is_polled) = oneshot::channel();
        let waiting = own.spawn(async {
            sender.send(()).expect("somebody waits");
            pending::<()>().await;
        });
        runtime.block_on(is_polled).expect("it is polled");
        let handle: Handle = own.handle().clone();
        drop(own);
        assert_eq!(steps(waiting.id()), ["new", "enter", "exit", "close"]);
        // Cancelled at once: the runtime has ended.
        let late = handle.spawn(async {});
        assert_eq!(steps(late.id()), ["new", "close"]);
    });
}

#[test]
fn a_task_that_no_subscriber_wanted_records_nothing() {
    recorder::install();
    let runtime = heist::runtime::Builder::new_current_thread().build().expect("a runtime");
    let nobody = tracing::subscriber::NoSubscriber::default();
    let task = tracing::subscriber::with_default(nobody, || runtime.spawn(heist::task::yield_now()));
    let id = task.id();
    runtime.block_on(task).expect("no panic");
    assert!(recorder::of_task(id).is_none());
}
