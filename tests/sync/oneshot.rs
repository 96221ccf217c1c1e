//! The channel for one value.

use heist::sync::oneshot::{self, error::RecvError, error::TryRecvError};
use heist::task::coop;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

#[heist::test]
async fn a_value_goes_from_one_task_to_another() {
    let (sender, receiver) = oneshot::channel();
    let task = heist::spawn(receiver);
    sender.send("hello").unwrap();
    assert_eq!(task.await.unwrap(), Ok("hello"));
}

#[test]
fn it_works_outside_of_a_runtime_and_on_another_executor() {
    let (sender, receiver) = oneshot::channel();
    let thread = std::thread::spawn(move || futures::executor::block_on(receiver));
    sender.send(1).unwrap();
    assert_eq!(thread.join().unwrap(), Ok(1));
}

#[test]
fn a_sender_that_is_dropped_ends_the_channel() {
    let (sender, mut receiver) = oneshot::channel::<u32>();
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    drop(sender);
    assert_eq!(futures::executor::block_on(&mut receiver), Err::<u32, RecvError>(receiver_error()));
    assert!(receiver.is_terminated());
}

fn receiver_error() -> RecvError {
    let (sender, receiver) = oneshot::channel::<u32>();
    drop(sender);
    futures::executor::block_on(receiver).unwrap_err()
}

#[test]
fn a_value_sent_before_closing_is_received() {
    let (sender, mut receiver) = oneshot::channel();
    sender.send(1).unwrap();
    receiver.close();
    assert_eq!(receiver.try_recv(), Ok(1));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
}

#[test]
#[should_panic(expected = "called after complete")]
fn a_poll_after_the_end_panics() {
    let (sender, receiver) = oneshot::channel();
    sender.send(1).unwrap();
    let mut receiver = pin!(receiver);
    let mut cx = Context::from_waker(Waker::noop());
    assert_eq!(receiver.as_mut().poll(&mut cx), Poll::Ready(Ok(1)));
    let _ = receiver.poll(&mut cx);
}

#[heist::test]
async fn a_ready_receiver_costs_budget() {
    let task = heist::spawn(async {
        let mut count = 0_u32;
        while coop::has_budget_remaining() {
            let (sender, receiver) = oneshot::channel();
            sender.send(()).unwrap();
            receiver.await.unwrap();
            count += 1;
        }
        count
    });
    let count = task.await.unwrap();
    assert!(count > 1 && count < 1000, "{count} receivers in a poll");
}

#[heist::test]
#[should_panic(expected = "Cannot block the current thread from within a runtime")]
async fn blocking_in_a_task_panics() {
    let (_sender, receiver) = oneshot::channel::<()>();
    let _ = receiver.blocking_recv();
}

#[test]
fn auto_traits_are_those_of_the_value() {
    fn is_send_and_sync<T: Send + Sync + Unpin>() {}
    is_send_and_sync::<oneshot::Sender<std::cell::Cell<u32>>>();
    is_send_and_sync::<oneshot::Receiver<std::cell::Cell<u32>>>();
}
