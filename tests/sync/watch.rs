//! The channel that keeps the latest value.

use heist::sync::watch;
use std::panic::AssertUnwindSafe;

#[heist::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_receivers_see_the_last_value() {
    let (sender, receiver) = watch::channel(0);
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let mut receiver = receiver.clone();
            heist::spawn(async move { *receiver.wait_for(|number| *number == 1000).await.unwrap() })
        })
        .collect();
    (1..=1000).for_each(|number| sender.send(number).unwrap());
    for task in tasks {
        assert_eq!(task.await.unwrap(), 1000);
    }
}

#[heist::test]
async fn a_value_is_seen_once() {
    let (sender, mut receiver) = watch::channel(0);
    sender.send(1).unwrap();
    sender.send(2).unwrap();
    receiver.changed().await.unwrap();
    assert!(!receiver.has_changed().unwrap());
    assert_eq!(*receiver.borrow(), 2);
    drop(sender);
    assert!(receiver.changed().await.is_err());
}

#[heist::test]
async fn the_last_value_is_seen_after_the_sender_is_gone() {
    let (sender, mut receiver) = watch::channel(0);
    sender.send(1).unwrap();
    drop(sender);
    receiver.changed().await.unwrap();
    assert!(receiver.wait_for(|number| *number == 5).await.is_err());
    assert_eq!(*receiver.wait_for(|number| *number == 1).await.unwrap(), 1);
}

#[heist::test]
async fn a_value_that_was_waited_for_counts_as_seen() {
    let (sender, mut receiver) = watch::channel(0);
    sender.send(1).unwrap();
    assert!(receiver.wait_for(|number| *number == 1).await.unwrap().has_changed());
    assert!(!receiver.wait_for(|number| *number == 1).await.unwrap().has_changed());
    let task = heist::spawn(async move {
        let value = receiver.wait_for(|number| *number == 2).await.unwrap();
        (*value, value.has_changed())
    });
    // The receiver waits: this task runs again after it.
    heist::task::yield_now().await;
    sender.send(2).unwrap();
    assert_eq!(task.await.unwrap(), (2, false));
}

#[test]
fn a_change_that_panics_tells_nobody_and_blocks_nobody() {
    let (sender, receiver) = watch::channel(0);
    let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| {
        sender.send_modify(|_| panic!("no change"));
    }));
    assert!(outcome.is_err());
    assert!(!receiver.has_changed().unwrap());
    sender.send(1).unwrap();
    assert_eq!(*receiver.borrow(), 1);
}

#[heist::test]
async fn a_channel_without_receivers_may_get_new_ones() {
    let (sender, receiver) = watch::channel(0);
    drop(receiver);
    sender.closed().await;
    assert!(sender.send(1).is_err());
    let receiver = sender.subscribe();
    assert!(!sender.is_closed());
    sender.send(2).unwrap();
    assert_eq!(*receiver.borrow(), 2);
}
