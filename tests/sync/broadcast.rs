//! The channel from many tasks to many.

use heist::sync::broadcast::{self, error::RecvError, error::TryRecvError};
use std::sync::Arc;

#[heist::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_receiver_gets_each_value_in_order() {
    const VALUES_COUNT: u64 = 500;
    let (sender, receiver) = broadcast::channel(1024);
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let mut receiver = receiver.resubscribe();
            heist::spawn(async move {
                for number in 0..VALUES_COUNT {
                    assert_eq!(receiver.recv().await, Ok(number));
                }
                assert_eq!(receiver.recv().await, Err(RecvError::Closed));
            })
        })
        .collect();
    drop(receiver);
    for number in 0..VALUES_COUNT {
        sender.send(number).unwrap();
        heist::task::yield_now().await;
    }
    drop(sender);
    for task in tasks {
        task.await.unwrap();
    }
}

#[test]
fn a_slow_receiver_learns_how_many_it_has_missed() {
    let (sender, mut receiver) = broadcast::channel(2);
    (0..5).for_each(|number| assert_eq!(sender.send(number).unwrap(), 1));
    assert_eq!(receiver.len(), 5);
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Lagged(3)));
    assert_eq!(receiver.try_recv(), Ok(3));
    assert_eq!(receiver.try_recv(), Ok(4));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn a_value_goes_with_the_last_receiver_that_has_not_received_it() {
    let value = Arc::new(());
    let (sender, mut first) = broadcast::channel(4);
    let second = first.resubscribe();
    sender.send(value.clone()).unwrap();
    sender.send(value.clone()).unwrap();
    drop(first.try_recv().unwrap());
    assert_eq!((Arc::strong_count(&value), sender.len()), (3, 2));
    drop(second);
    assert_eq!((Arc::strong_count(&value), sender.len()), (2, 1));
    drop(first);
    assert_eq!((Arc::strong_count(&value), sender.len()), (1, 0));
    assert!(sender.is_empty());
}

#[test]
fn a_receiver_that_lags_far_is_dropped() {
    let (sender, slow) = broadcast::channel(2);
    let mut quick = sender.subscribe();
    (0..100).for_each(|number| drop(sender.send(number)));
    drop(slow);
    assert_eq!(quick.try_recv(), Err(TryRecvError::Lagged(98)));
    assert_eq!(quick.try_recv(), Ok(98));
    assert_eq!(sender.len(), 1);
}

#[heist::test]
async fn senders_wait_for_the_end_of_all_receivers() {
    let (sender, receiver) = broadcast::channel::<u32>(2);
    let second = receiver.resubscribe();
    let waiting = sender.clone();
    let task = heist::spawn(async move { waiting.closed().await });
    drop(receiver);
    drop(second);
    task.await.unwrap();
    assert!(sender.send(1).is_err());
    let mut receiver = sender.subscribe();
    sender.send(2).unwrap();
    assert_eq!(receiver.recv().await, Ok(2));
}

#[test]
fn a_ring_too_large_for_memory_panics_and_sends_nothing() {
    let (sender, mut receiver) = broadcast::channel(usize::MAX / 2);
    for _ in 0..2 {
        let sending = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| sender.send(1)));
        assert!(sending.is_err(), "there is no room for the values");
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    }
    drop(sender);
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
}
