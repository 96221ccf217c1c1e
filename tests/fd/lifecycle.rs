//! Registering, closing, and the end of the runtime.

use std::future::Future;
use std::io::{Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::pin::pin;
use std::sync::{Arc, mpsc};
use std::task::{Context, Wake, Waker};

use heist::io::Interest;
use heist::io::unix::AsyncFd;

use crate::support::process::{again, expect_success, fork_and_wait, in_a_child, open_fds_count, role};
use crate::support::{on_every_runtime, with_every_runtime};
use crate::{is_pending_once, pair, soon, unregistered_pair, would_block};

/// Reports its wakes.
struct Report(mpsc::Sender<()>);

impl Wake for Report {
    fn wake(self: Arc<Self>) {
        // Nobody may listen any more.
        let _ = self.0.send(());
    }
}

#[test]
fn dropping_closes_at_once_and_taking_the_value_out_does_not() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (ours, mut theirs) = pair();
            assert!(is_pending_once(ours.readable()).await);
            assert!(would_block(theirs.read(&mut [0])));
            drop(ours);
            assert_eq!(theirs.read(&mut [0]).unwrap(), 0, "the peer sees the end at once");

            let (ours, mut theirs) = pair();
            let ours = ours.into_inner();
            assert!(would_block(theirs.read(&mut [0])));
            drop(ours);
            assert_eq!(theirs.read(&mut [0]).unwrap(), 0);
        });
    });
}

#[test]
fn a_borrowed_descriptor_stays_open_and_can_be_registered_again() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (ours, mut theirs) = unregistered_pair();
            for round in 0..3 {
                let borrowed = AsyncFd::new(ours.as_fd()).unwrap();
                assert!(is_pending_once(borrowed.readable()).await, "round {round}");
                theirs.write_all(b"x").unwrap();
                soon("the byte", borrowed.readable()).await.unwrap().retain_ready();
                assert_eq!({ &ours }.read(&mut [0; 8]).unwrap(), 1);
            }
            assert!(would_block(theirs.read(&mut [0])));
        });
    });
}

#[test]
fn a_descriptor_that_is_registered_is_refused() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (ours, _theirs) = unregistered_pair();
            let first = AsyncFd::new(ours.as_fd()).unwrap();
            let error = AsyncFd::new(ours.as_fd()).unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
            drop(first);
            AsyncFd::new(ours.as_fd()).unwrap();
        });
    });
}

#[test]
fn a_descriptor_is_ready_at_once_for_what_was_there_before() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (ours, mut theirs) = unregistered_pair();
            theirs.write_all(b"x").unwrap();
            let ours = AsyncFd::new(ours).unwrap();
            soon("the byte", ours.readable()).await.unwrap().retain_ready();
        });
    });
}

#[test]
fn the_end_of_the_runtime_wakes_every_waiter_with_an_error() {
    with_every_runtime(|runtime| {
        let (ours, _theirs) = runtime.block_on(async { pair() });
        let (sender, woken) = mpsc::channel();
        let waker = Waker::from(Arc::new(Report(sender)));
        let mut cx = Context::from_waker(&waker);
        let mut readable = pin!(ours.readable());
        assert!(readable.as_mut().poll(&mut cx).is_pending());
        assert!(ours.poll_read_ready(&mut cx).is_pending());
        drop(runtime);
        woken.recv().unwrap();
        woken.recv().unwrap();
        match readable.as_mut().poll(&mut cx) {
            std::task::Poll::Ready(Err(error)) => assert!(error.to_string().contains("shut down"), "{error}"),
            other => panic!("{other:?}"),
        }
        assert!(matches!(ours.poll_write_ready(&mut cx), std::task::Poll::Ready(Err(_))));
    });
}

#[test]
fn a_wait_that_begins_after_the_end_of_the_runtime_fails() {
    with_every_runtime(|runtime| {
        let (ours, _theirs) = runtime.block_on(async { pair() });
        let handle = runtime.handle().clone();
        drop(runtime);
        let waker = Waker::noop();
        let mut cx = Context::from_waker(waker);
        assert!(matches!(pin!(ours.readable()).poll(&mut cx), std::task::Poll::Ready(Err(_))));
        assert!(matches!(ours.poll_read_ready(&mut cx), std::task::Poll::Ready(Err(_))));
        // Only the call can tell what it finds.
        assert!(would_block(ours.try_io(Interest::READABLE, |mut ours| ours.read(&mut [0]))));
        let _entered = handle.enter();
        let (late, _theirs) = unregistered_pair();
        assert!(AsyncFd::new(late).is_err());
    });
}

#[test]
fn a_descriptor_can_be_dropped_on_a_thread_outside_and_after_its_runtime() {
    with_every_runtime(|runtime| {
        let (ours, mut theirs) = runtime.block_on(async { pair() });
        std::thread::spawn(move || drop(ours)).join().unwrap();
        assert_eq!(theirs.read(&mut [0]).unwrap(), 0);
        let (ours, mut theirs) = runtime.block_on(async { pair() });
        drop(runtime);
        drop(ours);
        assert_eq!(theirs.read(&mut [0]).unwrap(), 0);
    });
}

#[test]
fn descriptors_come_and_go_and_leave_nothing_behind() {
    const TEST: &str = "lifecycle::descriptors_come_and_go_and_leave_nothing_behind";
    in_a_child(TEST, |runtime| {
        runtime.block_on(async {
            let (keeps, _theirs) = pair();
            let before = open_fds_count();
            for _ in 0..200 {
                let (ours, mut theirs) = pair();
                theirs.write_all(b"x").unwrap();
                soon("the byte", ours.readable()).await.unwrap().retain_ready();
            }
            assert_eq!(open_fds_count(), before);
            drop(keeps);
        });
    });
}

#[test]
fn the_last_descriptor_takes_the_watcher_along_and_the_next_one_makes_another() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            for _ in 0..20 {
                let (ours, mut theirs) = pair();
                theirs.write_all(b"x").unwrap();
                soon("the byte", ours.readable()).await.unwrap().retain_ready();
                assert!(ours.as_raw_fd() >= 0);
            }
        });
    });
}

#[test]
fn registering_outside_of_a_runtime_panics() {
    let (ours, _theirs) = unregistered_pair();
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(AsyncFd::new(ours))));
    let message = panic.unwrap_err();
    let text =
        message.downcast_ref::<String>().map(String::as_str).or(message.downcast_ref::<&str>().copied());
    assert!(text.unwrap().contains("runtime"), "{text:?}");
}

#[test]
fn what_a_forked_child_drops_stays_watched_in_its_parent() {
    let test = "lifecycle::what_a_forked_child_drops_stays_watched_in_its_parent";
    if role().is_none() {
        // In a process of its own: the child has what other tests have open.
        expect_success(&mut again(test, "forks"));
        return;
    }
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let (ours, mut theirs) = pair();
            let mut ours = Some(ours);
            let status = fork_and_wait(|| {
                drop(ours.take());
                0
            });
            assert_eq!(status, 0);
            theirs.write_all(b"x").unwrap();
            soon("bytes", ours.unwrap().readable()).await.unwrap().clear_ready();
        });
    });
}

#[test]
fn a_descriptor_goes_on_to_another_runtime() {
    with_every_runtime(|first| {
        let (ours, mut theirs) = unregistered_pair();
        let ours = first.block_on(async { AsyncFd::new(ours).unwrap() });
        let second = crate::support::two_workers();
        let ours = second.block_on(async { AsyncFd::new(ours.into_inner()).unwrap() });
        drop(first);
        second.block_on(async {
            theirs.write_all(b"x").unwrap();
            soon("bytes", ours.readable()).await.unwrap().clear_ready();
        });
    });
}
