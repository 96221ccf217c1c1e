//! Sleeping beside a stuck worker. Polling only, because a ring's owner can be interrupted, and
//! there is nothing to sleep on.

use std::io::Write;
use std::sync::Arc;
use std::task::Context;
use std::thread;
use std::time::{Duration, Instant};

use crate::driver::{Direction, Driver, DriverKind, Options, Registration};

use super::{LIMIT, counting_waker, pair, receive};

/// Two workers, of which worker 0 is stuck, and a socket for which it waits.
struct Stuck {
    driver: Arc<Driver>,
    registration: Registration,
    peer: std::net::TcpStream,
}

impl Stuck {
    fn new() -> Stuck {
        let options = Options { kind: DriverKind::Poll, workers: 2, ..Options::default() };
        let driver = Driver::new(&options).expect("the back end is available");
        let _guard = driver.bind_worker(0).expect("bind");
        let (registration, peer) = pair();
        let (_count, waker) = counting_waker();
        let first = registration.poll_io(Direction::Read, &mut Context::from_waker(&waker), receive);
        assert!(first.is_pending());
        // A new socket has room to send, which is an event.
        driver.harvest(0, &mut Vec::new()).expect("harvest");
        let again = registration.poll_io(Direction::Read, &mut Context::from_waker(&waker), receive);
        assert!(again.is_pending());
        Stuck { driver, registration, peer }
    }

    /// Runs `f` as worker 1, while worker 0 does nothing.
    fn beside<R: Send>(&self, f: impl FnOnce(&Driver) -> R + Send) -> R {
        thread::scope(|scope| {
            let worker = scope.spawn(|| {
                let _guard = self.driver.bind_worker(1).expect("bind");
                f(&self.driver)
            });
            worker.join().expect("no panic")
        })
    }
}

fn sleep_beside(driver: &Driver, timeout: Duration) -> Duration {
    let started = Instant::now();
    driver.park_beside(1, &[0], Some(timeout), &mut Vec::new()).expect("park");
    started.elapsed()
}

#[test]
fn an_event_of_the_stuck_worker_ends_the_sleep_and_is_there_to_be_reaped() {
    let stuck = Stuck::new();
    let woken_count = stuck.beside(|driver| {
        assert!(
            sleep_beside(driver, Duration::from_millis(20)) >= Duration::from_millis(15),
            "it did not sleep"
        );
        (&stuck.peer).write_all(b"x").expect("write");
        assert!(sleep_beside(driver, LIMIT) < LIMIT / 2, "it slept on");
        let mut wakers = Vec::new();
        assert!(driver.try_harvest(0, &mut wakers), "nobody else is at it");
        // The event was reaped, so it ends no other sleep.
        assert!(
            sleep_beside(driver, Duration::from_millis(20)) >= Duration::from_millis(15),
            "it did not sleep"
        );
        wakers.len()
    });
    assert_eq!(woken_count, 1);
    drop(stuck.registration);
}

#[test]
fn a_ring_before_or_during_the_sleep_ends_it() {
    let stuck = Stuck::new();
    stuck.beside(|driver| {
        driver.ring_doorbell(1);
        assert!(sleep_beside(driver, LIMIT) < LIMIT / 2, "it slept on the ring");
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(20));
                driver.ring_doorbell(1);
            });
            assert!(sleep_beside(driver, LIMIT) < LIMIT / 2, "it slept through the ring");
        });
        assert!(
            sleep_beside(driver, Duration::from_millis(20)) >= Duration::from_millis(15),
            "it was rung again"
        );
    });
}

#[test]
fn what_is_its_own_is_reaped_by_the_sleep_itself() {
    let stuck = Stuck::new();
    stuck.beside(|driver| {
        let (registration, mut peer) = pair();
        let (_count, waker) = counting_waker();
        let mut wakers = Vec::new();
        let started = Instant::now();
        let mut cx = Context::from_waker(&waker);
        assert!(registration.poll_io(Direction::Read, &mut cx, receive).is_pending());
        peer.write_all(b"x").expect("write");
        while wakers.is_empty() {
            driver.park_beside(1, &[0], Some(LIMIT), &mut wakers).expect("park");
            assert!(started.elapsed() < LIMIT / 2, "it slept on");
        }
    });
}
