//! The pool's accounting, with loom's threads. Time does not pass there: an idle thread waits
//! until it is woken.

use super::{Limits, Pool, ThreadHooks};
use crate::primitive::atomic::{AtomicUsize, Ordering};
use crate::primitive::sync::ModelArc;
use crate::primitive::{model, thread};
use crate::scheduler::park::Parker;
use std::time::Duration;

fn pool(threads_count_max: usize) -> Pool {
    Pool::new(Limits {
        threads_count_max,
        keep_alive: Duration::from_secs(60),
        thread_name: "blocking".to_owned(),
        stack_size: None,
        hooks: ThreadHooks::default(),
        observation: None,
    })
}

/// [idle-own]: a job that needs another job gets it run, whether the thread of a third job was
/// counted idle or busy when the two came.
#[test]
fn two_jobs_that_need_each_other_get_a_thread_each() {
    model(|| {
        let pool = pool(2);
        let parker = Parker::new();
        pool.run(Box::new(|| ()));
        let waiting = parker.clone();
        pool.run(Box::new(move || waiting.park()));
        pool.run(Box::new(move || parker.unpark()));
        pool.shut_down();
        assert_eq!(pool.threads_count(), 0);
    });
}

/// [never-orphaned]: at the limit a job waits for a thread that exists, and a thread that is
/// about to be idle sees it.
#[test]
fn a_job_beyond_the_limit_is_run_by_the_thread_that_ends_another() {
    model(|| {
        let pool = pool(1);
        let parker = Parker::new();
        pool.run(Box::new(|| ()));
        let done = parker.clone();
        pool.run(Box::new(move || done.unpark()));
        parker.park();
        pool.shut_down();
        assert_eq!(pool.threads_count(), 0);
    });
}

/// Counts its drops: the closure of a job is dropped once, whether it was run or not.
struct Dropped(ModelArc<AtomicUsize>);

impl Drop for Dropped {
    fn drop(&mut self) {
        // Ordering: Relaxed, because it is read when all other threads are joined.
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// [never-orphaned]: a job that comes during the shutdown is run before the shutdown returns,
/// or dropped.
#[test]
fn a_job_beside_the_shutdown_is_run_or_dropped() {
    model(|| {
        let pool = pool(2);
        let drops = ModelArc::new(AtomicUsize::new(0));
        pool.run(Box::new(|| ()));
        let (there, dropped) = (pool.clone(), Dropped(drops.clone()));
        let other = thread::spawn(move || there.run(Box::new(move || drop(dropped))));
        pool.shut_down();
        other.join().unwrap();
        assert_eq!(pool.threads_count(), 0);
        // Ordering: Relaxed, because all threads are joined.
        assert_eq!(drops.load(Ordering::Relaxed), 1);
    });
}
