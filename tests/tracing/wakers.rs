//! Each use of a task's waker is an event with the number of the task's span.

use std::future::poll_fn;
use std::task::{Poll, Waker};

use futures::channel::oneshot;

use crate::recorder::{self, steps};
use crate::support::on_every_runtime;

#[test]
fn a_task_that_yields_wakes_itself_inside_of_its_span() {
    recorder::install();
    on_every_runtime(|runtime| {
        let task = runtime.spawn(heist::task::yield_now());
        let id = task.id();
        runtime.block_on(task).expect("no panic");
        assert_eq!(steps(id), ["new", "enter", "wake_by_ref", "exit", "enter", "exit", "close"]);
        let history = recorder::of_task(id).expect("it has a span").history;
        assert_eq!(history[1].1, history[2].1, "the console calls a wake within the span a self-wake");
    });
}

#[test]
fn a_wake_by_another_task_is_recorded_outside_of_the_span() {
    recorder::install();
    on_every_runtime(|runtime| {
        let (sender, receiver) = oneshot::channel::<Waker>();
        let (mut sender, mut is_woken) = (Some(sender), false);
        let task = runtime.spawn(poll_fn(move |cx| {
            if std::mem::replace(&mut is_woken, true) {
                return Poll::Ready(());
            }
            let sender = sender.take().expect("polled first once");
            sender.send(cx.waker().clone()).expect("somebody waits");
            Poll::Pending
        }));
        let id = task.id();
        let waking = runtime.spawn(async move {
            let waker = receiver.await.expect("it is sent");
            // Only when the poll is over is the order of what is recorded known.
            while !steps(id).contains(&"exit") {
                heist::task::yield_now().await;
            }
            waker.wake();
        });
        runtime.block_on(waking).expect("no panic");
        runtime.block_on(task).expect("no panic");
        let mut expected = vec!["new", "enter", "clone", "exit", "wake", "enter", "exit", "close"];
        assert_eq!(steps(id), expected);
        expected.retain(|step| *step == "clone" || *step == "drop" || step.starts_with("wake"));
        assert_eq!(expected.len(), 2, "one clone, which its wake by value uses up");
    });
}

#[test]
fn a_waker_that_outlives_its_task_still_names_the_span() {
    recorder::install();
    on_every_runtime(|runtime| {
        let task = runtime.spawn(poll_fn(|cx| Poll::Ready(cx.waker().clone())));
        let id = task.id();
        let late = runtime.block_on(task).expect("no panic");
        late.wake_by_ref();
        let other = late.clone();
        drop(late);
        other.wake();
        let life = ["new", "enter", "clone", "exit", "close"];
        assert_eq!(steps(id), [&life[..], &["wake_by_ref", "clone", "drop", "wake"]].concat());
    });
}

#[test]
fn a_timer_wakes_its_task_once_for_each_poll_in_vain() {
    recorder::install();
    on_every_runtime(|runtime| {
        let task = runtime.spawn(heist::time::sleep(std::time::Duration::from_millis(20)));
        let id = task.id();
        runtime.block_on(task).expect("no panic");
        let steps = steps(id);
        let count = |wanted: &str| steps.iter().filter(|step| step.starts_with(wanted)).count();
        // On a machine that is busy the time may be over before the first poll.
        assert_eq!(count("wake"), count("enter") - 1, "{steps:?}");
    });
}
