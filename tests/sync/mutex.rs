use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;

use heist::sync::{MappedMutexGuard, Mutex, MutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard};
use heist::task::JoinSet;

use crate::support::{on_every_runtime, watched};
use crate::{Bell, message, poll, poll_with, ready};

#[test]
fn tasks_have_the_value_one_after_the_other() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let mutex = Arc::new(Mutex::new((0, 0)));
            let mut tasks = JoinSet::new();
            for _ in 0..64 {
                let mutex = mutex.clone();
                tasks.spawn(async move {
                    for _ in 0..20 {
                        let mut guard = mutex.lock().await;
                        guard.0 += 1;
                        heist::task::yield_now().await;
                        guard.1 += 1;
                        assert_eq!(guard.0, guard.1);
                    }
                });
            }
            while let Some(task) = tasks.join_next().await {
                task.unwrap();
            }
            assert_eq!(*mutex.lock().await, (64 * 20, 64 * 20));
        });
    });
}

#[test]
fn the_lock_goes_to_the_one_that_waits_and_not_to_the_one_that_comes() {
    let mutex = Mutex::new(0);
    let guard = mutex.try_lock().unwrap();
    let bell = Bell::new();
    let mut waits = pin!(mutex.lock());
    assert!(poll_with(waits.as_mut(), &bell).is_pending());
    drop(guard);
    assert_eq!(bell.wakes_count(), 1);
    assert!(mutex.try_lock().is_err(), "it was given away");
    let mut comes = pin!(mutex.lock());
    assert!(poll(comes.as_mut()).is_pending());
    drop(ready(poll(waits.as_mut())));
    assert!(poll(comes.as_mut()).is_ready());
}

#[test]
fn a_dropped_wait_leaves_the_lock_to_the_next() {
    let mutex = Mutex::new(0);
    let guard = mutex.try_lock().unwrap();
    let mut goes = Box::pin(mutex.lock());
    let mut stays = pin!(mutex.lock());
    assert!(poll(goes.as_mut()).is_pending() && poll(stays.as_mut()).is_pending());
    drop(guard);
    drop(goes);
    drop(ready(poll(stays.as_mut())));
    assert!(mutex.try_lock().is_ok());
}

#[test]
fn other_executors_lock_as_well() {
    watched(|| {
        let mutex = Arc::new(Mutex::new(0));
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let mutex = mutex.clone();
                std::thread::spawn(move || {
                    futures::executor::block_on(async {
                        for _ in 0..1000 {
                            *mutex.lock().await += 1;
                        }
                    });
                })
            })
            .collect();
        let runtime = heist::runtime::Runtime::new().unwrap();
        let own = mutex.clone();
        let task = runtime.spawn(async move {
            for _ in 0..1000 {
                *own.lock().await += 1;
            }
        });
        for _ in 0..1000 {
            *mutex.blocking_lock() += 1;
        }
        runtime.block_on(task).unwrap();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(*mutex.try_lock().unwrap(), 6000);
    });
}

#[test]
fn blocking_is_refused_where_tasks_run_and_allowed_where_they_do_not() {
    on_every_runtime(|runtime| {
        let mutex = Arc::new(Mutex::new(0));
        let expected = "Cannot block the current thread from within a runtime. This happens because a function \
                        attempted to block the current thread while the thread is being used to drive asynchronous \
                        tasks.";
        let refused = |mutex: &Mutex<i32>| {
            message(catch_unwind(AssertUnwindSafe(|| drop(mutex.blocking_lock()))).unwrap_err())
        };
        assert_eq!(runtime.block_on(async { refused(&mutex) }), expected);
        let own = mutex.clone();
        assert_eq!(runtime.block_on(runtime.spawn(async move { refused(&own) })).unwrap(), expected);
        let own = mutex.clone();
        runtime.block_on(runtime.spawn_blocking(move || *own.blocking_lock() += 1)).unwrap();
        *mutex.clone().blocking_lock_owned() += 1;
        assert_eq!(*mutex.try_lock().unwrap(), 2);
    });
}

#[test]
fn a_task_that_panics_with_the_lock_unlocks_it() {
    let mutex = Arc::new(Mutex::new(1));
    let other = mutex.clone();
    let panicked = std::thread::spawn(move || {
        let _guard = other.blocking_lock();
        panic!("with the lock");
    });
    assert!(panicked.join().is_err());
    assert_eq!(*mutex.try_lock().unwrap(), 1);
}

#[test]
fn guards_of_parts_keep_the_lock() {
    let mutex = Arc::new(Mutex::new((1, vec![2, 3])));
    let list = MutexGuard::map(mutex.try_lock().unwrap(), |all| &mut all.1);
    let list = MappedMutexGuard::try_map(list, |list| list.get_mut(5)).unwrap_err();
    let mut three = MappedMutexGuard::map(list, |list| &mut list[1]);
    *three += 1;
    assert!(mutex.try_lock().is_err());
    drop(three);
    let list = OwnedMutexGuard::map(mutex.clone().try_lock_owned().unwrap(), |all| &mut all.1);
    let mut two = OwnedMappedMutexGuard::try_map(list, |list| list.first_mut()).unwrap();
    *two += 5;
    assert!(mutex.try_lock().is_err());
    drop(two);
    assert_eq!(*mutex.try_lock().unwrap(), (1, vec![7, 4]));
}

#[test]
fn the_guard_may_be_the_last_owner() {
    struct Loud(Arc<()>);
    let count = Arc::new(());
    let mutex = Arc::new(Mutex::new(Loud(count.clone())));
    let guard = mutex.try_lock_owned().unwrap();
    assert_eq!(Arc::strong_count(&guard.0), 2);
    drop(guard);
    assert_eq!(Arc::strong_count(&count), 1);
}

#[test]
fn values_without_a_known_size_are_locked_and_shown() {
    let mutex: Box<Mutex<[i32]>> = Box::new(Mutex::new([1, 2, 3]));
    assert_eq!(format!("{mutex:?}"), "Mutex { data: [1, 2, 3] }");
    let guard = mutex.try_lock().unwrap();
    assert_eq!(guard.len(), 3);
    assert_eq!(format!("{mutex:?} {guard:?}"), "Mutex { data: <locked> } [1, 2, 3]");
}
