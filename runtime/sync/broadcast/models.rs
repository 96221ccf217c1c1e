//! Models of the channel from many tasks to many. A value that is lost is a leak, which loom
//! reports.

use super::channel;
use super::error::RecvError;
use crate::primitive::sync::ModelArc;
use crate::primitive::{model, thread};
use crate::sync::blocking::block_on;

#[test]
fn both_receivers_get_a_value_that_is_sent_beside_them() {
    model(|| {
        let (sender, mut first) = channel(2);
        let mut second = sender.subscribe();
        let thread = thread::spawn(move || {
            assert_eq!(sender.send(ModelArc::new(7)).unwrap(), 2);
            // The value wakes them, and not the end.
            sender
        });
        assert_eq!(*block_on(first.recv()).unwrap(), 7);
        assert_eq!(*block_on(second.recv()).unwrap(), 7);
        drop(thread.join().unwrap());
    });
}

#[test]
fn two_receivers_share_a_value() {
    model(|| {
        let (sender, mut first) = channel(1);
        let mut second = sender.subscribe();
        let value = ModelArc::new(7);
        sender.send(value.clone()).unwrap();
        let thread = thread::spawn(move || drop(block_on(first.recv()).unwrap()));
        drop(block_on(second.recv()).unwrap());
        thread.join().unwrap();
        assert_eq!(ModelArc::strong_count(&value), 1, "the channel keeps a value that all have");
    });
}

/// [broadcast-end]: the end comes after the values.
#[test]
fn the_end_comes_after_the_last_value() {
    model(|| {
        let (sender, mut receiver) = channel(1);
        let thread = thread::spawn(move || sender.send(7).unwrap());
        assert_eq!(block_on(receiver.recv()), Ok(7));
        assert_eq!(block_on(receiver.recv()), Err(RecvError::Closed));
        thread.join().unwrap();
    });
}

#[test]
fn a_receiver_that_is_overtaken_learns_how_far() {
    model(|| {
        let (sender, mut receiver) = channel(1);
        let thread = thread::spawn(move || {
            sender.send(ModelArc::new(0)).unwrap();
            sender.send(ModelArc::new(1)).unwrap();
        });
        let mut seen_count = 0;
        loop {
            match block_on(receiver.recv()) {
                Ok(value) => {
                    assert_eq!(*value, seen_count);
                    seen_count += 1;
                }
                Err(RecvError::Lagged(count)) => seen_count += count,
                Err(RecvError::Closed) => break,
            }
        }
        assert_eq!(seen_count, 2, "each value is received, or counted as missed");
        thread.join().unwrap();
    });
}

#[test]
fn a_receiver_dropped_beside_a_sender_leaves_no_value_behind() {
    model(|| {
        let (sender, receiver) = channel(2);
        let value = ModelArc::new(7);
        let mut second = sender.subscribe();
        let copy = value.clone();
        let thread = thread::spawn(move || {
            sender.send(copy).unwrap();
            sender
        });
        drop(receiver);
        let _sender = thread.join().unwrap();
        drop(second.try_recv().unwrap());
        assert_eq!(ModelArc::strong_count(&value), 1, "the channel keeps a value that all have");
    });
}

#[test]
fn receivers_dropped_beside_a_waiting_sender_end_the_wait() {
    model(|| {
        let (sender, receiver) = channel::<u32>(1);
        let thread = thread::spawn(move || drop(receiver));
        block_on(sender.closed());
        thread.join().unwrap();
    });
}
