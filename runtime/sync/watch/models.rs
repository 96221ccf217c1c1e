//! Models of the channel that keeps the latest value.

use super::channel;
use crate::primitive::{model, thread};
use crate::sync::blocking::block_on;

/// [watch-version]: a receiver that is told of a version reads its value.
#[test]
fn a_value_sent_beside_its_receiver_is_seen() {
    model(|| {
        let (sender, mut receiver) = channel(0);
        let thread = thread::spawn(move || {
            sender.send(1).unwrap();
            sender
        });
        block_on(receiver.changed()).unwrap();
        assert_eq!(*receiver.borrow(), 1);
        drop(thread.join().unwrap());
    });
}

/// [watch-version]: the end comes after the last value.
#[test]
fn the_last_value_is_seen_before_the_end() {
    model(|| {
        let (sender, mut receiver) = channel(0);
        let thread = thread::spawn(move || sender.send(1).unwrap());
        assert!(block_on(receiver.changed()).is_ok());
        assert!(block_on(receiver.changed()).is_err());
        assert_eq!(*receiver.borrow(), 1);
        thread.join().unwrap();
    });
}

/// [watch-version]: a condition is asked about the last value.
#[test]
fn a_condition_is_met_beside_two_senders() {
    model(|| {
        let (sender, mut receiver) = channel(0);
        let other = sender.clone();
        let thread = thread::spawn(move || other.send_modify(|value| *value += 1));
        sender.send_modify(|value| *value += 1);
        assert_eq!(*block_on(receiver.wait_for(|value| *value == 2)).unwrap(), 2);
        thread.join().unwrap();
    });
}

#[test]
fn receivers_dropped_beside_a_waiting_sender_end_the_wait() {
    model(|| {
        let (sender, receiver) = channel(0);
        let second = receiver.clone();
        let thread = thread::spawn(move || drop(receiver));
        drop(second);
        block_on(sender.closed());
        assert!(sender.is_closed());
        thread.join().unwrap();
    });
}
