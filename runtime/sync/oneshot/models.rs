//! Models of the channel for one value. A value that is lost is a leak, which loom reports.

use super::channel;
use super::error::{RecvError, TryRecvError};
use crate::primitive::atomic::{AtomicUsize, Ordering};
use crate::primitive::sync::ModelArc;
use crate::primitive::{model, thread};
use crate::sync::blocking::block_on;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

/// Counts its wakes.
struct Bell(AtomicUsize);

impl Bell {
    fn new() -> Arc<Bell> {
        Arc::new(Bell(AtomicUsize::new(0)))
    }

    fn wakes_count(&self) -> usize {
        // Ordering: Relaxed: read when the other thread is joined.
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        // Ordering: Relaxed, as above.
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// [oneshot-value]: a receiver that waits beside the sender gets the value.
#[test]
fn a_value_sent_beside_its_receiver_arrives() {
    model(|| {
        let (sender, receiver) = channel();
        let thread = thread::spawn(move || sender.send(ModelArc::new(7)).map_err(|_| ()));
        let value = block_on(receiver).expect("it was sent");
        assert_eq!(*value, 7);
        thread.join().unwrap().expect("the receiver waits");
    });
}

/// [oneshot-free]: whichever side leaves last frees the cell, and the value has one owner.
#[test]
fn a_value_sent_beside_the_end_of_the_receiver_is_dropped_once() {
    model(|| {
        let (sender, receiver) = channel();
        let thread = thread::spawn(move || sender.send(ModelArc::new(7)).err().map(|value| *value));
        drop(receiver);
        let returned = thread.join().unwrap();
        assert!(returned.is_none_or(|value| value == 7));
    });
}

/// [oneshot-free]: as above, with a waker in the cell.
#[test]
fn a_receiver_that_leaves_after_a_wait_takes_its_waker_along() {
    model(|| {
        let bell = Bell::new();
        let (sender, mut receiver) = channel();
        let waker = Waker::from(bell.clone());
        let poll = Pin::new(&mut receiver).poll(&mut Context::from_waker(&waker));
        assert!(poll.is_pending());
        drop(waker);
        let thread = thread::spawn(move || drop(sender.send(ModelArc::new(7))));
        drop(receiver);
        thread.join().unwrap();
        assert_eq!(Arc::strong_count(&bell), 1, "a waker is kept");
    });
}

/// [oneshot-value]: a value is either refused or received.
#[test]
fn closing_beside_sending_loses_no_value() {
    model(|| {
        let (sender, mut receiver) = channel();
        let thread = thread::spawn(move || sender.send(ModelArc::new(7)).is_ok());
        receiver.close();
        let received = receiver.try_recv();
        let is_sent = thread.join().unwrap();
        match received {
            Ok(value) => assert!(*value == 7 && is_sent),
            Err(error) => assert!(error == TryRecvError::Closed && !is_sent),
        }
    });
}

#[test]
fn a_sender_dropped_beside_its_receiver_ends_the_wait() {
    model(|| {
        let (sender, receiver) = channel::<u32>();
        let thread = thread::spawn(move || drop(sender));
        assert_eq!(block_on(receiver), Err(RecvError(())));
        thread.join().unwrap();
    });
}

#[test]
fn a_receiver_dropped_beside_a_waiting_sender_ends_the_wait() {
    model(|| {
        let (mut sender, receiver) = channel::<u32>();
        let thread = thread::spawn(move || drop(receiver));
        block_on(sender.closed());
        assert!(sender.is_closed());
        thread.join().unwrap();
    });
}

/// The slot holds the sender's waker first and then the value.
#[test]
fn a_sender_that_has_waited_sends_beside_the_end_of_the_receiver() {
    model(|| {
        let bell = Bell::new();
        let (mut sender, receiver) = channel();
        let waker = Waker::from(bell.clone());
        assert!(sender.poll_closed(&mut Context::from_waker(&waker)).is_pending());
        drop(waker);
        let thread = thread::spawn(move || drop(receiver));
        drop(sender.send(ModelArc::new(7)));
        thread.join().unwrap();
        assert_eq!(Arc::strong_count(&bell), 1, "a waker is kept");
    });
}

/// [oneshot-value]: the last waker is the one that counts.
#[test]
fn a_receiver_that_changes_its_waker_beside_the_sender_is_woken_by_the_last() {
    model(|| {
        let (first, second) = (Bell::new(), Bell::new());
        let (sender, mut receiver) = channel();
        let thread = thread::spawn(move || sender.send(7).unwrap());
        let mut is_ready = false;
        for bell in [&first, &second] {
            if !is_ready {
                let waker = Waker::from(bell.clone());
                let poll = Pin::new(&mut receiver).poll(&mut Context::from_waker(&waker));
                assert!(poll.is_pending() || poll == Poll::Ready(Ok(7)));
                is_ready = poll.is_ready();
            }
        }
        thread.join().unwrap();
        assert!(is_ready || second.wakes_count() == 1, "nobody told the receiver");
        drop(receiver);
        assert_eq!((Arc::strong_count(&first), Arc::strong_count(&second)), (1, 1), "a waker is kept");
    });
}
