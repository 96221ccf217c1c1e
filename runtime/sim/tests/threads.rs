//! Threads, locks and clocks of std in a world.
#![cfg(target_os = "linux")]

use std::collections::HashMap;
use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use heist_sim::Builder;

#[test]
fn an_hour_of_sleep_takes_no_time() {
    let began = Instant::now();
    let (slept, report) = Builder::new()
        .run(|| {
            let began = Instant::now();
            thread::sleep(Duration::from_secs(3600));
            began.elapsed()
        })
        .unwrap();
    assert!(slept >= Duration::from_secs(3600) && slept < Duration::from_secs(3601), "{slept:?}");
    assert!(report.lasted >= Duration::from_secs(3600));
    assert!(began.elapsed() < Duration::from_secs(5));
}

fn talk() -> Vec<usize> {
    let (send, receive) = mpsc::channel();
    let threads: Vec<_> = (0..4)
        .map(|number| {
            let send = send.clone();
            thread::spawn(move || {
                for _ in 0..10 {
                    send.send(number).unwrap();
                    thread::yield_now();
                }
            })
        })
        .collect();
    drop(send);
    let heard = receive.iter().collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    heard
}

#[test]
fn a_seed_makes_the_same_world_again() {
    let world = |seed| Builder::new().seed(seed).run(talk).unwrap();
    let (heard, report) = world(1);
    assert_eq!(heard.len(), 40);
    for _ in 0..20 {
        assert_eq!(world(1), (heard.clone(), report.clone()));
    }
    let others = (2..12).filter(|seed| world(*seed).0 != heard).count();
    assert!(others >= 9, "only {others} of ten seeds differ");
}

#[test]
fn a_map_is_in_the_same_order_in_each_run_of_a_seed() {
    let keys = || {
        Builder::new().seed(3).run(|| {
            let map: HashMap<u32, ()> = (0..100).map(|key| (key, ())).collect();
            map.into_keys().collect::<Vec<_>>()
        })
    };
    assert_eq!(keys().unwrap(), keys().unwrap());
}

#[test]
fn a_deadlock_is_found_and_told() {
    let failure = Builder::new()
        .run(|| {
            let (lock, condvar) = (Mutex::new(()), Condvar::new());
            let guard = lock.lock().unwrap();
            drop(condvar.wait(guard));
        })
        .unwrap_err();
    assert!(failure.reason.contains("deadlock"), "{failure}");
}

#[test]
fn a_race_is_found_by_some_seed() {
    let is_lost = |seed| {
        let (sum, _) = Builder::new()
            .seed(seed)
            .run(|| {
                let sum = Arc::new(Mutex::new(0));
                let add = |sum: Arc<Mutex<i32>>| {
                    let read = *sum.lock().unwrap();
                    thread::yield_now();
                    *sum.lock().unwrap() = read + 1;
                };
                let other = thread::spawn({
                    let sum = sum.clone();
                    move || add(sum)
                });
                add(sum.clone());
                other.join().unwrap();
                *sum.lock().unwrap()
            })
            .unwrap();
        sum == 1
    };
    assert!((0..100).any(is_lost));
    assert!(!(0..100).all(is_lost));
}

#[test]
fn a_wait_with_a_timeout_ends_in_the_time_of_the_world() {
    let (waited, _) = Builder::new()
        .run(|| {
            let (lock, condvar) = (Mutex::new(()), Condvar::new());
            let began = Instant::now();
            let guard = lock.lock().unwrap();
            let (_guard, outcome) = condvar.wait_timeout(guard, Duration::from_secs(7)).unwrap();
            assert!(outcome.timed_out());
            began.elapsed()
        })
        .unwrap();
    assert!(waited >= Duration::from_secs(7) && waited < Duration::from_secs(8), "{waited:?}");
}
