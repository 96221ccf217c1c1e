//! Models of the channels from many tasks to one. A message that is lost is a leak, which loom
//! reports.

use super::error::TryRecvError;
use super::{channel, unbounded_channel};
use crate::primitive::atomic::{AtomicUsize, Ordering};
use crate::primitive::sync::ModelArc;
use crate::primitive::{model, thread};
use crate::sync::blocking::block_on;
use std::future::Future;
use std::pin::pin;
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

fn is_pending<F: Future>(future: std::pin::Pin<&mut F>) -> bool {
    future.poll(&mut Context::from_waker(Waker::noop())).is_pending()
}

/// [mpsc-message], [mpsc-block]: the receiver gets each message once and in order, over the border
/// of a block, and then the end.
#[test]
fn messages_arrive_in_order_and_then_the_end() {
    model(|| {
        let (sender, mut receiver) = unbounded_channel();
        let thread = thread::spawn(move || {
            for number in 0..3 {
                sender.send(ModelArc::new(number)).unwrap();
            }
        });
        for number in 0..3 {
            assert_eq!(*block_on(receiver.recv()).expect("a message"), number);
        }
        assert!(block_on(receiver.recv()).is_none());
        thread.join().unwrap();
    });
}

/// [mpsc-block]: of two senders at the border of a block, one links the next and both find it.
#[test]
fn two_senders_share_the_positions() {
    model(|| {
        let (sender, mut receiver) = unbounded_channel();
        sender.send(0).unwrap();
        let other = sender.clone();
        let thread = thread::spawn(move || other.send(1).unwrap());
        sender.send(2).unwrap();
        drop(sender);
        thread.join().unwrap();
        let mut sum = 0;
        while let Some(number) = block_on(receiver.recv()) {
            sum += number;
        }
        assert_eq!(sum, 3);
    });
}

/// [mpsc-block]: one of two senders makes the first block, and the other finds it.
#[test]
fn two_senders_find_the_first_block() {
    model(|| {
        let (sender, mut receiver) = unbounded_channel();
        let other = sender.clone();
        let thread = thread::spawn(move || other.send(1).unwrap());
        sender.send(2).unwrap();
        thread.join().unwrap();
        assert_eq!(receiver.try_recv().unwrap() + receiver.try_recv().unwrap(), 3);
    });
}

/// [mpsc-block]: both sides may be the first to look for the first block.
#[test]
fn the_first_block_is_made_once() {
    model(|| {
        let (sender, mut receiver) = unbounded_channel();
        let other = sender.clone();
        let thread = thread::spawn(move || other.send(1).unwrap());
        let early = receiver.try_recv();
        sender.send(2).unwrap();
        thread.join().unwrap();
        let mut sum = early.unwrap_or(0);
        while let Ok(number) = receiver.try_recv() {
            sum += number;
        }
        assert_eq!(sum, 3);
    });
}

/// [mpsc-block]: a block that the receiver has done with serves again.
#[test]
fn a_block_is_used_again() {
    model(|| {
        let (sender, mut receiver) = unbounded_channel();
        for number in 0..4 {
            sender.send(number).unwrap();
        }
        let thread = thread::spawn(move || {
            for number in 4..7 {
                sender.send(number).unwrap();
            }
        });
        for number in 0..7 {
            assert_eq!(block_on(receiver.recv()), Some(number));
        }
        thread.join().unwrap();
    });
}

/// [mpsc-room]: a sender that waits for room gets it.
#[test]
fn a_sender_waits_for_the_receiver() {
    model(|| {
        let (sender, mut receiver) = channel(1);
        let thread = thread::spawn(move || {
            for number in 0..2 {
                block_on(sender.send(ModelArc::new(number))).unwrap();
            }
        });
        for number in 0..2 {
            assert_eq!(*block_on(receiver.recv()).expect("a message"), number);
        }
        thread.join().unwrap();
    });
}

/// [mpsc-room]: a permit that is given back goes to the one who waits.
#[test]
fn a_permit_given_back_wakes_a_waiter() {
    model(|| {
        let (sender, _receiver) = channel::<u32>(1);
        let permit = sender.clone().try_reserve_owned().unwrap();
        let thread = thread::spawn(move || drop(permit));
        drop(block_on(sender.reserve()).unwrap());
        thread.join().unwrap();
        assert_eq!(sender.capacity(), 1);
    });
}

/// [mpsc-room]: room that was found for a future that is dropped goes on.
#[test]
fn a_dropped_wait_loses_no_room() {
    model(|| {
        let (sender, mut receiver) = channel(1);
        sender.try_send(0).unwrap();
        let thread = thread::spawn(move || {
            assert_eq!(receiver.try_recv(), Ok(0));
            receiver
        });
        {
            let mut reserve = pin!(sender.reserve());
            let _ = is_pending(reserve.as_mut());
        }
        let _receiver = thread.join().unwrap();
        assert_eq!(sender.capacity(), 1);
        sender.try_send(1).unwrap();
    });
}

/// [mpsc-end]: a message is either refused or received before the end.
#[test]
fn closing_beside_sending_loses_no_message() {
    model(|| {
        let (sender, mut receiver) = unbounded_channel();
        let thread = thread::spawn(move || sender.send(ModelArc::new(7)).is_ok());
        receiver.close();
        let received = block_on(receiver.recv());
        assert_eq!(received.is_some(), thread.join().unwrap());
    });
}

/// [mpsc-end]: the end comes when the last permit is gone, and wakes the receiver.
#[test]
fn the_last_permit_ends_a_closed_channel() {
    model(|| {
        let (sender, mut receiver) = channel::<u32>(2);
        let (first, second) =
            (sender.clone().try_reserve_owned().unwrap(), sender.try_reserve_owned().unwrap());
        let thread = thread::spawn(move || drop(first.send(1)));
        let other = thread::spawn(move || drop(second.release()));
        receiver.close();
        assert_eq!(block_on(receiver.recv()), Some(1));
        assert_eq!(block_on(receiver.recv()), None);
        thread.join().unwrap();
        other.join().unwrap();
    });
}

/// The end comes once, also if a permit was forgotten.
#[test]
fn a_forgotten_permit_ends_with_the_last_sender_beside_a_closing_receiver() {
    model(|| {
        let (sender, mut receiver) = channel(2);
        std::mem::forget(sender.try_reserve().unwrap());
        let other = sender.clone();
        let thread = thread::spawn(move || drop((other.try_send(1), other)));
        drop(sender);
        receiver.close();
        let mut count = 0;
        while block_on(receiver.recv()).is_some() {
            count += 1;
        }
        thread.join().unwrap();
        assert!(count <= 1);
        assert!(receiver.try_recv().is_err());
    });
}

/// [mpsc-end]: those who wait for room learn that the channel is closed.
#[test]
fn closing_beside_a_waiting_sender_ends_its_wait() {
    model(|| {
        let (sender, mut receiver) = channel(1);
        sender.try_send(0).unwrap();
        let thread = thread::spawn(move || {
            receiver.close();
            receiver
        });
        assert!(block_on(sender.send(1)).is_err());
        let mut receiver = thread.join().unwrap();
        assert_eq!(receiver.try_recv(), Ok(0));
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
    });
}

/// [mpsc-end]: a receiver that is dropped beside a sender leaves no message behind.
#[test]
fn a_message_sent_beside_the_end_of_the_receiver_is_dropped_once() {
    model(|| {
        let (sender, receiver) = unbounded_channel();
        sender.send(ModelArc::new(0)).unwrap();
        // The channel ends after the join, because loom does not see the count of std's Arc.
        let _last = sender.clone();
        let thread = thread::spawn(move || {
            for number in 1..3 {
                drop(sender.send(ModelArc::new(number)));
            }
        });
        drop(receiver);
        thread.join().unwrap();
    });
}

/// [mpsc-end]: a weak sender becomes a sender before the end or not at all.
#[test]
fn a_weak_sender_is_upgraded_before_the_end_or_not_at_all() {
    model(|| {
        let (sender, mut receiver) = unbounded_channel();
        let weak = sender.downgrade();
        let thread = thread::spawn(move || drop(sender));
        let is_sent = weak.upgrade().map(|sender| sender.send(7).unwrap()).is_some();
        thread.join().unwrap();
        assert_eq!(block_on(receiver.recv()), is_sent.then_some(7));
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
    });
}

/// [mpsc-end]: the messages of all senders come before the end.
#[test]
fn the_end_comes_after_the_messages_of_both_senders() {
    model(|| {
        let (sender, mut receiver) = unbounded_channel();
        let other = sender.clone();
        let thread = thread::spawn(move || other.send(1).unwrap());
        drop(sender);
        assert_eq!(block_on(receiver.recv()), Some(1));
        assert_eq!(block_on(receiver.recv()), None);
        thread.join().unwrap();
    });
}

/// [mpsc-waker]: the waker changes when no sender uses it, and the last one is woken.
#[test]
fn a_receiver_that_changes_its_waker_beside_a_sender_is_woken_by_the_last() {
    model(|| {
        let (first, second) = (Bell::new(), Bell::new());
        let (sender, mut receiver) = unbounded_channel();
        let thread = thread::spawn(move || {
            sender.send(0).unwrap();
            sender.send(1).unwrap();
            sender
        });
        let mut received_count = 0;
        for bell in [&first, &second] {
            let waker = Waker::from(bell.clone());
            if let Poll::Ready(value) = receiver.poll_recv(&mut Context::from_waker(&waker)) {
                assert_eq!(value, Some(received_count));
                received_count += 1;
            }
        }
        let is_pending = receiver.poll_recv(&mut Context::from_waker(&Waker::from(second.clone())));
        let _sender = thread.join().unwrap();
        assert!(is_pending.is_ready() || received_count == 2 || second.wakes_count() > 0, "nobody told it");
        drop(receiver);
    });
}

/// [mpsc-waker]: a receiver that waits, receives and waits again is woken each time.
#[test]
fn each_wait_is_ended_by_its_message() {
    model(|| {
        let (there, mut arrived) = unbounded_channel();
        let (back, mut returned) = unbounded_channel();
        let thread = thread::spawn(move || {
            for _ in 0..2 {
                back.send(block_on(arrived.recv()).unwrap()).unwrap();
            }
        });
        for number in 0..2 {
            there.send(number).unwrap();
            assert_eq!(block_on(returned.recv()), Some(number));
        }
        thread.join().unwrap();
    });
}

/// [mpsc-message]: a look beside a send finds the message or nothing.
#[test]
fn a_look_beside_a_sender_finds_the_message_or_nothing() {
    model(|| {
        let (sender, mut receiver) = channel(1);
        let thread = thread::spawn(move || {
            sender.try_send(ModelArc::new(7)).unwrap();
            sender
        });
        match receiver.try_recv() {
            Ok(value) => assert_eq!(*value, 7),
            Err(error) => assert_eq!(error, TryRecvError::Empty),
        }
        drop(thread.join().unwrap());
        while receiver.try_recv().is_ok() {}
    });
}

#[test]
fn a_receiver_dropped_beside_a_waiting_sender_ends_the_wait() {
    model(|| {
        let (sender, receiver) = unbounded_channel::<u32>();
        let thread = thread::spawn(move || drop(receiver));
        block_on(sender.closed());
        assert!(sender.is_closed());
        thread.join().unwrap();
    });
}
