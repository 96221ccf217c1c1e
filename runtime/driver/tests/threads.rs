//! More than one thread: doorbells, mailboxes and helpers.

use std::io::Write;
use std::sync::{Arc, mpsc};
use std::task::Context;
use std::thread;
use std::time::{Duration, Instant};

use crate::driver::{Direction, Driver, Options};
use crate::primitive::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::{
    LIMIT, bound, counting_waker, drive, drive_on, expect_end, on_every_backend, on_every_backend_of, pair,
    receive,
};

/// Parks with a time-out that should not matter, and fails if the park needed it.
fn park_for_a_ring(driver: &Arc<Driver>) {
    let started = Instant::now();
    driver.park(0, Some(LIMIT), &mut Vec::new()).expect("park");
    assert!(started.elapsed() < LIMIT / 2, "the ring was lost");
}

#[test]
fn ten_thousand_rings_end_ten_thousand_parks() {
    on_every_backend(|driver| {
        let _guard = bound(driver);
        let asked = AtomicUsize::new(0);
        let answered = AtomicUsize::new(0);
        thread::scope(|scope| {
            scope.spawn(|| {
                for round in 1..=10_000 {
                    // Ordering: SeqCst: a test.
                    asked.store(round, Ordering::SeqCst);
                    driver.ring_doorbell(0);
                    let started = Instant::now();
                    while answered.load(Ordering::SeqCst) != round {
                        assert!(started.elapsed() < LIMIT, "ring {round} was lost");
                        thread::yield_now();
                    }
                }
            });
            // Ordering: SeqCst: a test.
            while answered.load(Ordering::SeqCst) < 10_000 {
                park_for_a_ring(driver);
                answered.store(asked.load(Ordering::SeqCst), Ordering::SeqCst);
            }
        });
        // Nothing is sent afterwards: a park sleeps for its whole time-out.
        driver.park(0, Some(Duration::ZERO), &mut Vec::new()).expect("park");
        let started = Instant::now();
        driver.park(0, Some(Duration::from_millis(50)), &mut Vec::new()).expect("park");
        assert!(started.elapsed() >= Duration::from_millis(45), "{:?}", started.elapsed());
    });
}

#[test]
fn a_ring_is_kept_for_the_next_park_whoever_swallows_its_event() {
    on_every_backend(|driver| {
        let _guard = bound(driver);
        for swallow in 0..3 {
            driver.ring_doorbell(0);
            match swallow {
                0 => {}
                1 => driver.harvest(0, &mut Vec::new()).expect("harvest"),
                _ => {
                    // Let the kernel post the event first.
                    thread::sleep(Duration::from_millis(5));
                    thread::scope(|scope| {
                        scope.spawn(|| assert!(driver.try_harvest(0, &mut Vec::new())));
                    });
                }
            }
            park_for_a_ring(driver);
        }
    });
}

#[test]
fn a_park_sleeps_its_time_and_no_longer() {
    on_every_backend(|driver| {
        let _guard = bound(driver);
        driver.park(0, Some(Duration::ZERO), &mut Vec::new()).expect("park");
        let started = Instant::now();
        driver.park(0, Some(Duration::from_millis(30)), &mut Vec::new()).expect("park");
        let elapsed = started.elapsed();
        assert!(elapsed >= Duration::from_millis(25), "{elapsed:?}");
        assert!(elapsed < LIMIT, "{elapsed:?}");
        for endless in [None, Some(Duration::MAX)] {
            let is_rung = AtomicBool::new(false);
            thread::scope(|scope| {
                scope.spawn(|| {
                    thread::sleep(Duration::from_millis(20));
                    // Ordering: SeqCst: a test.
                    is_rung.store(true, Ordering::SeqCst);
                    driver.ring_doorbell(0);
                });
                // The event of an earlier ring may still be on its way. It then ends one park
                // early.
                let mut park_count = 0;
                while !is_rung.load(Ordering::SeqCst) {
                    driver.park(0, endless, &mut Vec::new()).expect("park");
                    park_count += 1;
                }
                assert!(park_count <= 2, "it did not sleep");
            });
        }
    });
}

#[test]
fn a_thief_delivers_what_came_for_a_busy_worker() {
    on_every_backend(|driver| {
        let _guard = bound(driver);
        let (registration, mut peer) = pair();
        let (count, waker) = counting_waker();
        assert!(
            registration.poll_io(Direction::Read, &mut Context::from_waker(&waker), receive).is_pending()
        );
        driver.harvest(0, &mut Vec::new()).expect("harvest");
        let is_delivered = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                peer.write_all(b"x").expect("write");
                let started = Instant::now();
                let mut wakers = Vec::new();
                while wakers.is_empty() {
                    assert!(started.elapsed() < LIMIT, "the thief found nothing");
                    driver.try_harvest(0, &mut wakers);
                    thread::yield_now();
                }
                wakers.into_iter().for_each(|waker| waker.wake());
                // Ordering: SeqCst: a test.
                is_delivered.store(true, Ordering::SeqCst);
            });
            // Computes, and enters neither the driver nor the kernel.
            while !is_delivered.load(Ordering::SeqCst) {
                std::hint::spin_loop();
            }
        });
        assert_eq!(count.count(), 1);
    });
}

#[test]
fn nothing_is_stolen_from_a_sleeping_worker() {
    on_every_backend(|driver| {
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                let _guard = bound(driver);
                driver.park(0, Some(LIMIT), &mut Vec::new()).expect("park");
                // Ordering: SeqCst: a test.
                is_over.store(true, Ordering::SeqCst);
            });
            let started = Instant::now();
            // It sleeps as soon as the helper fails.
            while driver.try_harvest(0, &mut Vec::new()) {
                assert!(started.elapsed() < LIMIT, "it never slept");
                thread::yield_now();
            }
            assert!(!is_over.load(Ordering::SeqCst));
            driver.ring_doorbell(0);
        });
    });
}

struct Stop<'a>(&'a Arc<Driver>, &'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        // Ordering: SeqCst: a test.
        self.1.store(true, Ordering::SeqCst);
        self.0.ring_doorbell(0);
    }
}

/// Runs worker 0 on its own thread, which only parks, while the test runs on a thread outside of
/// the runtime.
fn beside_a_parking_worker(driver: &Arc<Driver>, test: impl FnOnce()) {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let _guard = bound(driver);
            let mut wakers = Vec::new();
            // Ordering: SeqCst: a test.
            while !is_over.load(Ordering::SeqCst) {
                driver.park(0, Some(LIMIT), &mut wakers).expect("park");
                wakers.drain(..).for_each(|waker| waker.wake());
            }
            // Handles the requests of the last wakes.
            driver.shutdown(0, LIMIT);
        });
        // Also when the test panics, because the worker would otherwise park forever.
        let stop = Stop(driver, &is_over);
        let guard = driver.enter();
        test();
        drop(guard);
        drop(stop);
    });
}

#[test]
fn a_foreign_thread_waits_through_the_mailbox() {
    on_every_backend(|driver| {
        beside_a_parking_worker(driver, || {
            for round in 0..200u32 {
                let (registration, mut peer) = pair();
                let (count, waker) = counting_waker();
                let mut cx = Context::from_waker(&waker);
                assert!(registration.poll_io(Direction::Read, &mut cx, receive).is_pending());
                peer.write_all(&round.to_ne_bytes()).expect("write");
                let started = Instant::now();
                while count.count() == 0 {
                    assert!(started.elapsed() < LIMIT, "round {round}: nobody was woken");
                    thread::yield_now();
                }
            }
        });
    });
}

#[test]
fn a_drop_on_a_foreign_thread_is_seen_by_the_peer_of_a_sleeping_worker() {
    on_every_backend(|driver| {
        beside_a_parking_worker(driver, || {
            for _ in 0..200 {
                let (registration, peer) = pair();
                let (_count, waker) = counting_waker();
                let mut cx = Context::from_waker(&waker);
                assert!(registration.poll_io(Direction::Read, &mut cx, receive).is_pending());
                drop(registration);
                expect_end(&peer);
            }
        });
        assert_eq!((driver.in_flight(0), driver.stale_count(0)), (0, 0));
    });
}

#[test]
fn a_wait_is_in_flight_with_the_worker_that_polled() {
    on_every_backend_of(&Options { workers: 2, ..Options::default() }, |driver| {
        let (registration, mut peer) = {
            let _guard = driver.enter();
            pair()
        };
        let (registration, is_ring) = (&registration, driver.name() == "io_uring");
        thread::scope(|scope| {
            let desks = [0, 1].map(|index| {
                let (sender, jobs) = mpsc::channel::<mpsc::Sender<Vec<u8>>>();
                scope.spawn(move || {
                    let _guard = driver.bind_worker(index).expect("bind");
                    for answer in jobs {
                        let (_count, waker) = counting_waker();
                        let mut cx = Context::from_waker(&waker);
                        let poll = registration.poll_io(Direction::Read, &mut cx, receive);
                        assert!(poll.is_pending());
                        if is_ring {
                            assert_eq!((driver.in_flight(index), driver.in_flight(1 - index)), (1, 0));
                        }
                        answer.send(Vec::new()).expect("send");
                        let read = registration.async_io(Direction::Read, receive);
                        answer.send(drive_on(driver, index, read).expect("receive")).expect("send");
                    }
                });
                sender
            });
            for (round, worker) in [0, 1, 1, 0, 1].into_iter().enumerate() {
                let (answer, answers) = mpsc::channel();
                desks[worker].send(answer).expect("send");
                assert_eq!(answers.recv().expect("it waits"), b"");
                // With polling, the wait may belong to the other worker's poller, which no worker
                // is looking at.
                peer.write_all(&[round as u8]).expect("write");
                let data = loop {
                    if let Ok(data) = answers.recv_timeout(Duration::from_millis(1)) {
                        break data;
                    }
                    for index in 0..2 {
                        let mut wakers = Vec::new();
                        driver.try_harvest(index, &mut wakers);
                        wakers.into_iter().for_each(|waker| waker.wake());
                    }
                    driver.ring_doorbell(worker);
                };
                assert_eq!(data, [round as u8]);
            }
        });
    });
}

#[test]
fn a_loop_that_moves_to_another_thread_takes_its_waits_along() {
    on_every_backend_of(&Options { single_thread: true, ..Options::default() }, |driver| {
        let (registration, mut peer) = thread::scope(|scope| {
            scope
                .spawn(|| {
                    let _guard = bound(driver);
                    let (registration, peer) = pair();
                    let (_count, waker) = counting_waker();
                    let mut cx = Context::from_waker(&waker);
                    assert!(registration.poll_io(Direction::Read, &mut cx, receive).is_pending());
                    driver.harvest(0, &mut Vec::new()).expect("harvest");
                    (registration, peer)
                })
                .join()
                .expect("join")
        });
        // The thread has exited: the kernel has cancelled what that thread had submitted, the
        // doorbell included.
        let _guard = bound(driver);
        let writer = thread::spawn(move || {
            thread::sleep(Duration::from_millis(20));
            peer.write_all(b"still here").expect("write");
            peer
        });
        let data = drive(driver, registration.async_io(Direction::Read, receive)).expect("receive");
        assert_eq!(data, b"still here");
        drop(writer.join());
        // The new doorbell.
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(20));
                driver.ring_doorbell(0);
            });
            park_for_a_ring(driver);
        });
    });
}
