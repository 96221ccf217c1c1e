//! The channels from many tasks to one.

use super::Bell;
use heist::sync::mpsc::{self, error::TryRecvError, error::TrySendError};
use heist::task::coop;
use heist::time::Duration;
use std::future::Future;
use std::panic::UnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Waker};

fn is_pending<F: Future>(future: Pin<&mut F>) -> bool {
    future.poll(&mut Context::from_waker(Waker::noop())).is_pending()
}

#[heist::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_message_of_many_senders_arrives_once_and_in_the_order_of_its_sender() {
    const SENDERS_COUNT: usize = 4;
    const MESSAGES_COUNT: usize = 5000;
    for capacity in [1, 7, 128] {
        let (sender, mut receiver) = mpsc::channel(capacity);
        for number in 0..SENDERS_COUNT {
            let sender = sender.clone();
            heist::spawn(async move {
                for message in 0..MESSAGES_COUNT {
                    sender.send((number, message)).await.unwrap();
                }
            });
        }
        drop(sender);
        let mut next = [0; SENDERS_COUNT];
        while let Some((number, message)) = receiver.recv().await {
            assert_eq!(message, next[number]);
            next[number] += 1;
        }
        assert_eq!(next, [MESSAGES_COUNT; SENDERS_COUNT]);
    }
}

#[heist::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unbounded_channel_delivers_what_threads_and_tasks_send() {
    const MESSAGES_COUNT: u64 = 20_000;
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let other = sender.clone();
    let thread = std::thread::spawn(move || (0..MESSAGES_COUNT).for_each(|n| other.send(n).unwrap()));
    heist::spawn(async move { (0..MESSAGES_COUNT).for_each(|n| sender.send(n).unwrap()) });
    let mut buffer = Vec::new();
    let mut sum = 0;
    while receiver.recv_many(&mut buffer, 100).await > 0 {
        sum += buffer.drain(..).sum::<u64>();
    }
    thread.join().unwrap();
    assert_eq!(sum, MESSAGES_COUNT * (MESSAGES_COUNT - 1));
}

#[test]
fn senders_are_served_in_their_order() {
    let (sender, mut receiver) = mpsc::channel(1);
    sender.try_send(0).unwrap();
    let mut first = pin!(sender.send(1));
    let mut second = pin!(sender.send(2));
    assert!(is_pending(first.as_mut()) && is_pending(second.as_mut()));
    assert_eq!(receiver.try_recv(), Ok(0));
    assert!(matches!(sender.try_send(3), Err(TrySendError::Full(3))), "others wait");
    assert!(is_pending(second.as_mut()), "the first comes first");
    assert!(!is_pending(first.as_mut()));
    assert_eq!(receiver.try_recv(), Ok(1));
    assert!(!is_pending(second.as_mut()));
    assert_eq!(receiver.try_recv(), Ok(2));
}

#[test]
fn a_wish_for_many_permits_is_not_overtaken() {
    let (sender, mut receiver) = mpsc::channel(3);
    (0..3).for_each(|number| sender.try_send(number).unwrap());
    let mut many = pin!(sender.reserve_many(3));
    assert!(is_pending(many.as_mut()));
    for number in 0..3 {
        assert_eq!(receiver.try_recv(), Ok(number));
        assert!(sender.try_reserve().is_err());
        assert_eq!(sender.capacity(), 0);
    }
    let mut cx = Context::from_waker(Waker::noop());
    let std::task::Poll::Ready(Ok(permits)) = many.poll(&mut cx) else { panic!("there is room for all") };
    assert_eq!(permits.len(), 3);
    drop(permits);
    assert_eq!(sender.capacity(), 3);
}

#[test]
fn a_wait_that_is_dropped_leaves_room_for_the_next() {
    let (sender, mut receiver) = mpsc::channel(2);
    sender.try_send(0).unwrap();
    sender.try_send(1).unwrap();
    let mut next = pin!(sender.send(2));
    {
        let mut large = pin!(sender.reserve_many(2));
        assert!(is_pending(large.as_mut()));
        assert!(is_pending(next.as_mut()));
        assert_eq!(receiver.try_recv(), Ok(0));
        assert!(is_pending(next.as_mut()), "the larger wish comes first");
    }
    assert!(!is_pending(next.as_mut()));
}

#[test]
fn a_closed_channel_ends_after_the_last_permit() {
    let (sender, mut receiver) = mpsc::channel(2);
    let permit = sender.try_reserve().unwrap();
    sender.try_send(1).unwrap();
    receiver.close();
    assert!(sender.is_closed() && receiver.is_closed());
    assert_eq!(receiver.try_recv(), Ok(1));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    permit.send(2);
    assert_eq!(receiver.try_recv(), Ok(2));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn a_permit_that_was_forgotten_does_not_outlive_the_last_sender() {
    for closes_first in [false, true] {
        let (sender, mut receiver) = mpsc::channel(3);
        sender.try_send(1).unwrap();
        std::mem::forget(sender.try_reserve().unwrap());
        if closes_first {
            receiver.close();
        }
        assert_eq!(receiver.try_recv(), Ok(1));
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
        assert!(is_pending(pin!(receiver.recv())));
        drop(sender);
        assert!(!is_pending(pin!(receiver.recv())));
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
    }
}

#[test]
fn a_wish_for_no_permits_is_granted_at_once() {
    let (sender, mut receiver) = mpsc::channel::<u32>(1);
    let _all = sender.try_reserve().unwrap();
    let mut first = pin!(sender.reserve());
    assert!(is_pending(first.as_mut()));
    assert_eq!(sender.try_reserve_many(0).unwrap().count(), 0);
    assert!(!is_pending(pin!(sender.reserve_many(0))));
    assert!(is_pending(first.as_mut()));
    receiver.close();
    assert!(matches!(sender.try_reserve_many(0), Err(TrySendError::Closed(()))));
}

#[test]
fn a_waker_that_panics_hides_the_end_of_the_receiver_from_nobody() {
    let value = Arc::new(());
    let (sender, receiver) = mpsc::channel(1);
    sender.try_send(value.clone()).unwrap();
    let panics = Waker::from(Bell::with(|| panic!("a waker")));
    let mut room = pin!(sender.reserve());
    assert!(room.as_mut().poll(&mut Context::from_waker(&panics)).is_pending());
    let bell = Bell::new();
    let waker = Waker::from(bell.clone());
    let mut end = pin!(sender.closed());
    assert!(end.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    let dropping = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(receiver)));
    assert!(dropping.is_err());
    assert_eq!(bell.wakes_count(), 1);
    assert!(!is_pending(end) && !is_pending(room));
    assert_eq!(Arc::strong_count(&value), 1, "the message is dropped with its receiver");
}

#[test]
fn messages_in_a_channel_are_dropped_with_its_receiver() {
    let message = Arc::new(());
    let (sender, receiver) = mpsc::unbounded_channel();
    (0..100).for_each(|_| sender.send(message.clone()).unwrap());
    drop(receiver);
    assert_eq!(Arc::strong_count(&message), 1);
    assert!(sender.send(message.clone()).is_err());
    let (sender, _receiver) = mpsc::channel(100);
    (0..100).for_each(|_| sender.try_send(message.clone()).unwrap());
    drop((sender, _receiver));
    assert_eq!(Arc::strong_count(&message), 1);
}

#[test]
fn a_destructor_that_panics_keeps_no_other_message_from_being_dropped() {
    struct Message(#[expect(dead_code, reason = "counted")] Arc<()>, bool);

    impl Drop for Message {
        fn drop(&mut self) {
            assert!(!self.1, "this one panics");
        }
    }

    let counted = Arc::new(());
    let (sender, receiver) = mpsc::unbounded_channel();
    for number in 0..40 {
        assert!(sender.send(Message(counted.clone(), number == 20)).is_ok());
    }
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(receiver)));
    assert!(outcome.is_err());
    assert_eq!(Arc::strong_count(&counted), 1);
}

#[heist::test]
async fn a_time_out_gives_the_message_back() {
    let (sender, mut receiver) = mpsc::channel(1);
    sender.send_timeout(1, Duration::from_secs(60)).await.unwrap();
    let error = sender.send_timeout(2, Duration::from_millis(1)).await.unwrap_err();
    assert_eq!(error.into_inner(), 2);
    assert_eq!(receiver.recv().await, Some(1));
    sender.send_timeout(3, Duration::from_secs(60)).await.unwrap();
}

#[heist::test]
async fn a_full_channel_costs_budget() {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    (0..1000).for_each(|number| sender.send(number).unwrap());
    let task = heist::spawn(async move {
        let mut count = 0_u32;
        while coop::has_budget_remaining() {
            receiver.recv().await;
            count += 1;
        }
        count
    });
    assert!(task.await.unwrap() < 1000, "a poll receives all");
}

#[test]
fn threads_block_for_messages_and_for_room() {
    let (sender, mut receiver) = mpsc::channel(1);
    let thread = std::thread::spawn(move || {
        let mut sum = 0;
        while let Some(number) = receiver.blocking_recv() {
            sum += number;
        }
        sum
    });
    (0..1000).for_each(|number| sender.blocking_send(number).unwrap());
    drop(sender);
    assert_eq!(thread.join().unwrap(), 499_500);
}

#[test]
fn auto_traits_are_those_of_the_message() {
    fn is_all<T: Send + Sync + Unpin + UnwindSafe>() {}
    is_all::<mpsc::Sender<std::cell::Cell<u32>>>();
    is_all::<mpsc::Receiver<std::cell::Cell<u32>>>();
    is_all::<mpsc::UnboundedSender<std::cell::Cell<u32>>>();
    is_all::<mpsc::UnboundedReceiver<std::cell::Cell<u32>>>();
    is_all::<mpsc::OwnedPermit<std::cell::Cell<u32>>>();
}
