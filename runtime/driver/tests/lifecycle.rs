//! Registering, dropping, shutting down.

use std::future::Future;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use std::time::{Duration, Instant};

use socket2::Socket;

use crate::driver::{Direction, Driver, DriverKind, Options, Registration};
use crate::primitive::atomic::{AtomicUsize, Ordering};

use super::{
    bound, counting_waker, drive, expect_end, harvest_until, on_every_backend, pair, receive, stream_pair,
};

/// Makes the registration wait for data.
fn arm(registration: &Registration, waker: &Waker) {
    let poll = registration.poll_io(Direction::Read, &mut Context::from_waker(waker), receive);
    assert!(poll.is_pending(), "{poll:?}");
}

#[test]
fn the_peer_sees_the_end_at_the_next_harvest_after_the_drop() {
    on_every_backend(|driver| {
        let _guard = bound(driver);
        let (registration, peer) = pair();
        let (_count, waker) = counting_waker();
        arm(&registration, &waker);
        driver.harvest(0, &mut Vec::new()).expect("harvest");
        drop(registration);
        harvest_until(driver, || driver.in_flight(0) == 0);
        expect_end(&peer);
    });
}

#[test]
fn a_reused_descriptor_gets_only_its_own_events() {
    on_every_backend(|driver| {
        let _guard = bound(driver);
        for round in 0..300u32 {
            let (old, mut old_peer) = pair();
            let (old_count, old_waker) = counting_waker();
            arm(&old, &old_waker);
            if round % 2 == 0 {
                driver.harvest(0, &mut Vec::new()).expect("harvest");
            }
            drop(old);
            if round % 3 == 0 {
                driver.harvest(0, &mut Vec::new()).expect("harvest");
            }
            let (new, mut new_peer) = pair();
            let (new_count, new_waker) = counting_waker();
            arm(&new, &new_waker);
            // A reset is an error here, which also counts as an end.
            let _ = old_peer.write_all(b"old");
            harvest_until(driver, || driver.in_flight(0) == 1);
            assert_eq!((old_count.count(), new_count.count()), (0, 0));
            new_peer.write_all(&round.to_ne_bytes()).expect("write");
            let data = drive(driver, new.async_io(Direction::Read, receive)).expect("receive");
            assert_eq!(data, round.to_ne_bytes());
            drop(new);
            harvest_until(driver, || driver.in_flight(0) == 0);
        }
        assert_eq!(driver.stale_count(0), 0);
    });
}

#[test]
fn nothing_is_left_after_a_hundred_thousand_cancels() {
    on_every_backend(|driver| {
        let _guard = bound(driver);
        let (ours, theirs) = stream_pair();
        let ours = Socket::from(ours);
        ours.set_nonblocking(true).expect("non-blocking");
        let (count, waker) = counting_waker();
        for round in 0..100_000 {
            let registration = Registration::new_nonblocking(ours.try_clone().expect("duplicate"));
            arm(&registration, &waker);
            if round % 64 == 0 {
                driver.harvest(0, &mut Vec::new()).expect("harvest");
            }
        }
        harvest_until(driver, || driver.in_flight(0) == 0);
        assert_eq!((driver.stale_count(0), driver.leaked_count(0)), (0, 0));
        drop(ours);
        expect_end(&theirs);
        drop(waker);
        assert_eq!(Arc::strong_count(&count), 1, "a waker was left behind");
    });
}

#[test]
fn a_socket_that_is_taken_back_still_works() {
    on_every_backend(|driver| {
        let _guard = bound(driver);
        for was_waiting in [false, true] {
            let (registration, mut peer) = pair();
            let (_count, waker) = counting_waker();
            if was_waiting {
                arm(&registration, &waker);
                driver.harvest(0, &mut Vec::new()).expect("harvest");
            }
            let mut socket = TcpStream::from(registration.into_socket().expect("the socket"));
            harvest_until(driver, || driver.in_flight(0) == 0);
            socket.set_nonblocking(false).expect("blocking");
            socket.write_all(b"out").expect("write");
            peer.write_all(b"in!").expect("write");
            let mut three = [0; 3];
            socket.read_exact(&mut three).expect("read");
            assert_eq!(&three, b"in!");
            peer.read_exact(&mut three).expect("read");
            assert_eq!(&three, b"out");
            // The socket can be registered again.
            let again = Registration::new(socket.into()).expect("register");
            peer.write_all(b"again").expect("write");
            assert_eq!(drive(driver, again.async_io(Direction::Read, receive)).expect("receive"), b"again");
            drop(again);
            harvest_until(driver, || driver.in_flight(0) == 0);
        }
    });
}

#[test]
fn a_shutdown_ends_a_thousand_waits_and_wakes_the_waiters() {
    on_every_backend(|driver| {
        let guard = bound(driver);
        let (ours, theirs) = stream_pair();
        let ours = Socket::from(ours);
        ours.set_nonblocking(true).expect("non-blocking");
        let (count, waker) = counting_waker();
        let registrations: Vec<Registration> =
            (0..1000).map(|_| Registration::new_nonblocking(ours.try_clone().expect("duplicate"))).collect();
        let mut cx = Context::from_waker(&waker);
        registrations.iter().for_each(|registration| arm(registration, &waker));
        driver.harvest(0, &mut Vec::new()).expect("harvest");
        let started = Instant::now();
        driver.shutdown(0, Duration::from_secs(5));
        assert!(started.elapsed() < Duration::from_secs(4), "it ran into its deadline");
        assert_eq!((driver.in_flight(0), driver.leaked_count(0), driver.stale_count(0)), (0, 0, 0));
        assert_eq!(count.count(), 1000, "every waiter is told once");
        let refused = registrations[0].poll_io(Direction::Read, &mut cx, receive);
        let text = format!("{refused:?}");
        assert!(text.contains("has shut down"), "{text}");
        drop(guard);
        drop(registrations);
        drop(ours);
        expect_end(&theirs);
    });
}

#[test]
fn a_worker_that_was_never_bound_shuts_down_at_once() {
    on_every_backend(|driver| {
        let guard = driver.enter();
        let (registration, _peer) = pair();
        let (count, waker) = counting_waker();
        arm(&registration, &waker);
        driver.shutdown(0, Duration::from_secs(5));
        assert_eq!(count.count(), 1);
        assert_eq!((driver.in_flight(0), driver.leaked_count(0)), (0, 0));
        drop(guard);
    });
}

/// A waker whose wake and drop use the same side of the same socket, as a user's may.
struct Reentrant {
    registration: Arc<Registration>,
    uses: Arc<AtomicUsize>,
}

impl Reentrant {
    fn use_it(&self) {
        // Ordering: SeqCst: a test's counter.
        self.uses.fetch_add(1, Ordering::SeqCst);
        let _ = self.registration.poll_io(Direction::Read, &mut Context::from_waker(Waker::noop()), receive);
        drop(self.registration.async_io(Direction::Read, receive));
    }
}

impl Wake for Reentrant {
    fn wake(self: Arc<Self>) {
        self.use_it();
    }
}

impl Drop for Reentrant {
    fn drop(&mut self) {
        self.use_it();
    }
}

#[test]
fn a_waker_may_use_its_socket_when_it_is_woken_and_when_it_is_dropped() {
    on_every_backend(|driver| {
        let _guard = bound(driver);
        let (registration, mut peer) = pair();
        let registration = Arc::new(registration);
        let uses = Arc::new(AtomicUsize::new(0));
        let reentrant =
            || Waker::from(Arc::new(Reentrant { registration: registration.clone(), uses: uses.clone() }));
        // Ordering: SeqCst: a test's counter.
        let use_count = || uses.load(Ordering::SeqCst);
        // Dropped when another waker replaces it.
        arm(&registration, &reentrant());
        arm(&registration, Waker::noop());
        assert_eq!(use_count(), 1);
        // Dropped with its future.
        {
            let waker = reentrant();
            let mut future = pin!(registration.async_io(Direction::Read, receive));
            assert!(future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        }
        assert_eq!(use_count(), 2);
        // Woken, then dropped.
        arm(&registration, &reentrant());
        peer.write_all(b"x").expect("write");
        harvest_until(driver, || use_count() == 4);
        // Dropped with its registration, which it kept alive, by another waker's wake.
        let (other, _other_peer) = pair();
        arm(&other, &reentrant());
        drop(other);
        assert_eq!(use_count(), 5);
    });
}

#[test]
#[should_panic(expected = "there is no heist runtime on this thread")]
fn a_registration_without_a_runtime_says_so() {
    let (ours, _theirs) = stream_pair();
    drop(Registration::new(ours.into()));
}

#[test]
fn a_guard_brings_back_the_driver_before_it() {
    let outer = Driver::new(&Options { kind: DriverKind::Poll, ..Options::default() }).expect("poll");
    let inner = Driver::new(&Options { kind: DriverKind::Poll, ..Options::default() }).expect("poll");
    let is_current = |driver: &Arc<Driver>| {
        crate::driver::try_current().is_some_and(|current| Arc::ptr_eq(&current, driver))
    };
    let outer_guard = outer.enter();
    let inner_guard = inner.bind_worker(0).expect("bind");
    assert!(is_current(&inner));
    drop(inner_guard);
    assert!(is_current(&outer));
    drop(outer_guard);
    assert!(crate::driver::try_current().is_none());
}

#[test]
fn a_ring_without_entries_is_refused_as_a_mistake_and_not_as_an_old_kernel() {
    for (ring_entries, completion_entries) in [(0, 8), (8, 0)] {
        for kind in [DriverKind::Auto, DriverKind::Uring, DriverKind::Poll] {
            let options = Options { kind, ring_entries, completion_entries, ..Options::default() };
            assert_eq!(Driver::new(&options).expect_err("no entries").kind(), ErrorKind::InvalidInput);
        }
    }
}

#[test]
fn the_kind_reads_what_it_prints_and_lists_the_valid_words() {
    for kind in [DriverKind::Auto, DriverKind::Uring, DriverKind::Poll] {
        assert_eq!(kind.to_string().parse(), Ok(kind));
    }
    assert_eq!(DriverKind::default(), DriverKind::Auto);
    let error = "epoll".parse::<DriverKind>().expect_err("not a word").to_string();
    for word in ["\"epoll\"", "auto", "uring", "poll"] {
        assert!(error.contains(word), "{error}");
    }
}

#[test]
fn tries_alone_find_bytes_that_come_later() {
    on_every_backend(|driver| {
        let _guard = bound(driver);
        let (registration, peer) = pair();
        for _ in 0..3 {
            let error = registration.try_io(Direction::Read, receive).expect_err("nothing to read");
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
        }
        // No task waits, so no event is on order and none will come: the try itself must look.
        (&peer).write_all(b"x").expect("the peer writes");
        registration.try_io(Direction::Read, receive).expect("the byte is there");
    });
}

#[test]
fn a_try_leaves_the_socket_alone_while_an_event_is_on_order() {
    on_every_backend(|driver| {
        let _guard = bound(driver);
        let (registration, _peer) = pair();
        let (_count, waker) = counting_waker();
        let mut cx = Context::from_waker(&waker);
        assert!(registration.poll_io(Direction::Read, &mut cx, receive).is_pending());
        let outcome = registration.try_io(Direction::Read, |_socket| -> std::io::Result<()> {
            unreachable!("an event is on order")
        });
        assert_eq!(outcome.expect_err("nothing to read").kind(), ErrorKind::WouldBlock);
    });
}
