//! Hosts: how they start, crash, stop and go on.
#![cfg(target_os = "linux")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use heist_sim::{Builder, elapsed, host};

const SECOND: Duration = Duration::from_secs(1);

/// A main function that counts the seconds that it lives.
fn counter(count: &Arc<AtomicU32>) -> impl Fn() + Send + Sync + 'static {
    let count = count.clone();
    move || {
        // On a thread of its own: a host has more than its first.
        let count = count.clone();
        let ticks = thread::spawn(move || {
            loop {
                thread::sleep(SECOND);
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
        ticks.join().unwrap();
    }
}

#[test]
fn a_crash_ends_all_threads_of_a_host_and_a_restart_begins_anew() {
    Builder::new()
        .run(|| {
            let count = Arc::new(AtomicU32::new(0));
            let host = host("counter").start(counter(&count));
            thread::sleep(10 * SECOND + SECOND / 2);
            assert_eq!(count.load(Ordering::Relaxed), 10);
            host.crash();
            assert!(!host.is_running());
            thread::sleep(10 * SECOND);
            assert_eq!(count.load(Ordering::Relaxed), 10);
            host.restart();
            assert!(host.is_running());
            thread::sleep(5 * SECOND + SECOND / 2);
            assert_eq!(count.load(Ordering::Relaxed), 15);
        })
        .unwrap();
}

#[test]
fn a_paused_host_stands_still_until_it_is_resumed() {
    Builder::new()
        .run(|| {
            let count = Arc::new(AtomicU32::new(0));
            let host = host("counter").start(counter(&count));
            thread::sleep(10 * SECOND + SECOND / 2);
            host.pause();
            let paused_at = elapsed();
            thread::sleep(100 * SECOND);
            assert_eq!(count.load(Ordering::Relaxed), 10);
            host.resume();
            // The sleep that was over long ago ends, and then there is one a second.
            thread::sleep(2 * SECOND + SECOND / 2);
            assert_eq!(count.load(Ordering::Relaxed), 13);
            assert!(elapsed() >= paused_at + 102 * SECOND);
        })
        .unwrap();
}

#[test]
fn a_host_that_crashes_itself_goes_no_further() {
    Builder::new()
        .run(|| {
            let count = Arc::new(AtomicU32::new(0));
            let there = count.clone();
            let (send, receive) = std::sync::mpsc::channel::<heist_sim::Host>();
            let receive = std::sync::Mutex::new(receive);
            let host = host("fuse").start(move || {
                let own = receive.lock().unwrap().recv().unwrap();
                there.fetch_add(1, Ordering::Relaxed);
                own.crash();
                there.fetch_add(1, Ordering::Relaxed);
            });
            send.send(host.clone()).unwrap();
            host.wait();
            assert_eq!(count.load(Ordering::Relaxed), 1);
        })
        .unwrap();
}

#[test]
fn the_panic_of_a_host_ends_the_world() {
    let failure = Builder::new()
        .run(|| {
            host("unlucky").start(|| panic!("the roof is on fire")).wait();
        })
        .unwrap_err();
    assert!(failure.reason.contains("the roof is on fire"), "{failure}");
}

#[test]
fn the_panic_of_the_root_is_the_failure_of_the_world() {
    let failure = Builder::new().seed(7).run(|| assert_eq!(1, 2, "as expected")).unwrap_err();
    assert_eq!(failure.seed, 7);
    assert!(failure.reason.contains("as expected") && failure.panic.is_some(), "{failure}");
}

#[test]
fn calendars_of_hosts_differ_and_their_clocks_run_alike() {
    Builder::new()
        .run(|| {
            let (send, receive) = std::sync::mpsc::channel();
            let ahead = host("ahead").clock_ahead(3600 * SECOND).start(move || {
                send.send((SystemTime::now(), Instant::now())).unwrap();
            });
            ahead.wait();
            let (calendar, clock) = receive.recv().unwrap();
            let difference = calendar.duration_since(SystemTime::now()).unwrap();
            assert!(difference > 3599 * SECOND && difference <= 3600 * SECOND, "{difference:?}");
            assert!(clock <= Instant::now() && clock.elapsed() < SECOND);
        })
        .unwrap();
}

#[test]
fn two_hosts_of_one_name_are_refused() {
    let failure = Builder::new()
        .run(|| {
            host("a").start(|| {}).wait();
            host("a").start(|| {});
        })
        .unwrap_err();
    assert!(failure.reason.contains("there is a host named \"a\""), "{failure}");
}

#[test]
fn a_host_has_the_processors_that_it_was_given() {
    let (seen, _) = Builder::new()
        .run(|| {
            let (send, receive) = std::sync::mpsc::channel();
            host("big").cpus(7).start(move || send.send(thread::available_parallelism()).unwrap()).wait();
            receive.recv().unwrap()
        })
        .unwrap();
    // A quota of the machine's, which std reads as well, may be less.
    assert!(seen.unwrap().get() <= 7);
}
