use std::panic::catch_unwind;
use std::pin::pin;
use std::sync::Arc;

use heist::sync::{
    OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock, RwLockMappedWriteGuard,
    RwLockReadGuard, RwLockWriteGuard,
};
use heist::task::JoinSet;

use crate::support::on_every_runtime;
use crate::{poll, ready};

#[test]
fn readers_share_and_a_writer_is_alone() {
    on_every_runtime(|runtime| {
        runtime.block_on(async {
            let lock = Arc::new(RwLock::new((0, 0)));
            let mut tasks = JoinSet::new();
            for number in 0..32 {
                let lock = lock.clone();
                tasks.spawn(async move {
                    for _ in 0..20 {
                        if number % 4 == 0 {
                            let mut guard = lock.write().await;
                            guard.0 += 1;
                            heist::task::yield_now().await;
                            guard.1 += 1;
                        } else {
                            let guard = lock.read().await;
                            heist::task::yield_now().await;
                            assert_eq!(guard.0, guard.1);
                        }
                    }
                });
            }
            while let Some(task) = tasks.join_next().await {
                task.unwrap();
            }
            assert_eq!(*lock.read().await, (160, 160));
        });
    });
}

#[test]
fn a_writer_that_waits_is_not_overtaken_by_readers() {
    let lock = RwLock::new(0);
    let reader = lock.try_read().unwrap();
    let mut writer = pin!(lock.write());
    assert!(poll(writer.as_mut()).is_pending());
    assert!(lock.try_read().is_err());
    let mut late = pin!(lock.read());
    assert!(poll(late.as_mut()).is_pending());
    drop(reader);
    let mut guard = ready(poll(writer.as_mut()));
    *guard += 1;
    assert!(poll(late.as_mut()).is_pending());
    drop(guard);
    assert_eq!(*ready(poll(late.as_mut())), 1);
}

#[test]
fn a_writer_that_is_dropped_lets_the_readers_in() {
    let lock = RwLock::new(0);
    let reader = lock.try_read().unwrap();
    let mut writer = Box::pin(lock.write());
    let (mut first, mut second) = (pin!(lock.read()), pin!(lock.read()));
    assert!(poll(writer.as_mut()).is_pending());
    assert!(poll(first.as_mut()).is_pending() && poll(second.as_mut()).is_pending());
    drop(writer);
    let guards = (ready(poll(first.as_mut())), ready(poll(second.as_mut())));
    assert_eq!(*guards.0 + *guards.1 + *reader, 0);
}

#[test]
fn a_writer_becomes_a_reader_without_another_writer_in_between() {
    let lock = Arc::new(RwLock::with_max_readers((1, "one"), 4));
    let mut waits = pin!(lock.write());
    let guard = lock.try_write().unwrap();
    assert!(poll(waits.as_mut()).is_pending());
    let guard = RwLockWriteGuard::try_downgrade_map(guard, |_| None::<&i32>).unwrap_err();
    let name = RwLockWriteGuard::downgrade_map(guard, |pair| &pair.1);
    assert!(poll(waits.as_mut()).is_pending());
    assert_eq!(*name, "one");
    drop(name);
    let guard = ready(poll(waits.as_mut()));
    assert!(lock.try_read().is_err());
    drop(guard.downgrade());
    let guard = lock.clone().try_write_owned().unwrap();
    let name = OwnedRwLockWriteGuard::downgrade_map(guard, |pair| &pair.1);
    assert!(lock.try_read().is_ok() && lock.try_write().is_err());
    drop(name);
    let guard = lock.clone().try_write_owned().unwrap().downgrade();
    assert!(lock.try_read().is_ok());
    drop(guard);
    assert!(lock.try_write().is_ok());
}

#[test]
fn guards_of_parts_keep_the_lock() {
    let lock = Arc::new(RwLock::new((1, vec![2, 3])));
    let list = RwLockReadGuard::map(lock.try_read().unwrap(), |all| &all.1);
    let three = RwLockReadGuard::try_map(list, |list| list.get(1)).unwrap();
    assert!(*three == 3 && lock.try_write().is_err());
    drop(three);
    let list = RwLockWriteGuard::map(lock.try_write().unwrap(), |all| &mut all.1);
    let mut two = RwLockMappedWriteGuard::map(list, |list| &mut list[0]);
    *two += 5;
    assert!(lock.try_read().is_err());
    drop(two);
    let list = OwnedRwLockWriteGuard::map(lock.clone().try_write_owned().unwrap(), |all| &mut all.1);
    let list = OwnedRwLockMappedWriteGuard::try_map(list, |list| list.get_mut(9)).unwrap_err();
    assert!(Arc::ptr_eq(OwnedRwLockMappedWriteGuard::rwlock(&list), &lock));
    drop(list);
    let one = OwnedRwLockReadGuard::map(lock.clone().try_read_owned().unwrap(), |all| &all.0);
    assert!(*one == 1 && lock.try_write().is_err());
    drop(one);
    assert_eq!(*lock.try_read().unwrap(), (1, vec![7, 3]));
}

#[test]
fn there_are_no_more_readers_than_allowed() {
    let lock = RwLock::with_max_readers(0, 2);
    let guards = (lock.try_read().unwrap(), lock.try_read().unwrap());
    assert!(lock.try_read().is_err());
    drop(guards);
    assert!(lock.try_write().is_ok());
    assert!(catch_unwind(|| RwLock::with_max_readers(0, 0)).is_err());
    assert!(catch_unwind(|| RwLock::with_max_readers(0, u32::MAX >> 2)).is_err());
}

#[test]
fn threads_block_for_it() {
    let lock = Arc::new(RwLock::new(0));
    let other = lock.clone();
    let guard = lock.try_write().unwrap();
    let reader = std::thread::spawn(move || *other.blocking_read());
    drop(guard);
    assert_eq!(reader.join().unwrap(), 0);
    *lock.blocking_write() += 1;
    assert_eq!(format!("{lock:?}"), "RwLock { data: 1 }");
}
