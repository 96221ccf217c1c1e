//! Locks and notifications, with loom's threads. Futures are polled by hand, or by `block_on` of
//! this room, which parks the thread.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker as TaskWaker};

use super::blocking::block_on;
use super::wait_list::{Home, Left, WaitList, Waiter, WaiterStage};
use super::{Barrier, Mutex, Notify, OnceCell, RwLock, Semaphore, SetError, SetOnce};
use crate::primitive::atomic::{AtomicUsize, Ordering};
use crate::primitive::cell::UnsafeCell;
use crate::primitive::{model, thread};

/// Counts its wakes.
struct Bell(AtomicUsize);

impl Bell {
    fn new() -> Arc<Bell> {
        Arc::new(Bell(AtomicUsize::new(0)))
    }

    fn wakes_count(&self) -> usize {
        // Ordering: Relaxed: read when the other threads are joined.
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        // Ordering: Relaxed, as above.
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn poll<F: Future>(future: Pin<&mut F>, bell: &Arc<Bell>) -> Poll<F::Output> {
    let waker = TaskWaker::from(bell.clone());
    future.poll(&mut Context::from_waker(&waker))
}

/// Something that one thread at a time may write.
struct Plain(UnsafeCell<usize>);

// SAFETY: that is what the models check.
#[expect(unsafe_code, reason = "a cell whose accesses loom checks")]
unsafe impl Sync for Plain {}

#[expect(unsafe_code, reason = "a cell whose accesses loom checks")]
impl Plain {
    fn new() -> Plain {
        Plain(UnsafeCell::new(0))
    }

    fn write(&self, value: usize) {
        // SAFETY: loom reports another access at the same time.
        self.0.with_mut(|place| unsafe { *place = value });
    }

    fn read(&self) -> usize {
        // SAFETY: loom reports a write at the same time.
        self.0.with(|place| unsafe { *place })
    }
}

/// A list of those who wait for a number.
struct Numbers(WaitList<(), usize>);

impl Home for Numbers {
    type State = ();
    type Wish = usize;

    const NAME: &'static str = "numbers";

    fn wait_list(&self) -> &WaitList<(), usize> {
        &self.0
    }
}

/// [list-lock] and [chosen-last]: a waiter that is chosen reads its outcome without the lock.
#[test]
fn a_waiter_that_finds_itself_chosen_has_its_outcome() {
    model(|| {
        let numbers = Arc::new(Numbers(WaitList::new(())));
        let mut waiter = Box::pin(Waiter::new(numbers.clone()));
        let bell = Bell::new();
        waiter.as_ref().enter(&mut numbers.0.lock(), 1, Some(TaskWaker::from(bell.clone())));
        let chooser = numbers.clone();
        let thread = thread::spawn(move || {
            let mut locked = chooser.0.lock();
            let chosen = locked.choose_first(|number| *number += 6).unwrap();
            drop(locked);
            chosen.wake();
        });
        let mut outcome = waiter.as_mut().take_outcome();
        if outcome.is_none() {
            let waker = TaskWaker::from(bell.clone());
            if let Poll::Ready(number) = waiter.as_mut().poll_chosen(&mut Context::from_waker(&waker)) {
                outcome = Some(number);
            }
        }
        thread.join().unwrap();
        assert_eq!(bell.wakes_count(), 1, "its waker was not woken");
        assert_eq!(outcome.or_else(|| waiter.as_mut().take_outcome()), Some(7));
        assert_eq!(waiter.stage(), WaiterStage::Idle);
    });
}

/// [leaves-first] and [list-lock]: beside the choice of the first, the second leaves, and the third
/// stays in the list.
#[test]
fn a_waiter_that_leaves_beside_a_choice_breaks_no_list() {
    model(|| {
        let numbers = Arc::new(Numbers(WaitList::new(())));
        let waiters: Vec<_> = (0..3).map(|_| Box::pin(Waiter::new(numbers.clone()))).collect();
        for (number, waiter) in waiters.iter().enumerate() {
            waiter.as_ref().enter(&mut numbers.0.lock(), number, None);
        }
        let chooser = numbers.clone();
        let thread = thread::spawn(move || {
            for _ in 0..2 {
                let chosen = chooser.0.lock().choose_first(|number| *number += 10);
                chosen.expect("two are left").wake();
            }
        });
        let left = waiters[1].as_ref().leave(&mut numbers.0.lock());
        thread.join().unwrap();
        let mut locked = numbers.0.lock();
        match left {
            // The first and the third were chosen.
            Some(Left::Unchosen(1, None)) => assert!(locked.choose_first(|_| ()).is_none()),
            Some(Left::Chosen(11)) => assert_eq!(locked.first_wish(), Some(&mut 2)),
            _ => panic!("it was in the list, or chosen"),
        }
        drop(locked);
    });
}

/// [permits-published] without waiting: who has the permit sees what the former one did.
#[test]
fn a_permit_shows_what_was_done_under_it() {
    model(|| {
        let shared = Arc::new((Semaphore::new(1), Plain::new()));
        let other = shared.clone();
        let add = |(semaphore, plain): &(Semaphore, Plain)| {
            if let Ok(_permit) = semaphore.try_acquire() {
                plain.write(plain.read() + 1);
                return 1;
            }
            0
        };
        let thread = thread::spawn(move || add(&other));
        let here = add(&shared);
        let sum = here + thread.join().unwrap();
        let _permit = shared.0.try_acquire().unwrap();
        assert_eq!(shared.1.read(), sum);
    });
}

/// [permits-published] and [waiters-take-all]: the lock goes from one thread to the other, also to
/// one that waits.
#[test]
fn two_threads_have_a_mutex_one_after_the_other() {
    model(|| {
        let mutex = Arc::new(Mutex::new(0));
        let other = mutex.clone();
        let thread = thread::spawn(move || *other.blocking_lock() += 1);
        *mutex.blocking_lock() += 1;
        thread.join().unwrap();
        assert_eq!(*mutex.try_lock().unwrap(), 2);
    });
}

/// [waiters-take-all]: one that needs two permits keeps the first that comes.
#[test]
fn permits_that_come_one_by_one_reach_one_that_needs_two() {
    model(|| {
        let semaphore = Arc::new(Semaphore::new(0));
        let giver = semaphore.clone();
        let thread = thread::spawn(move || {
            giver.add_permits(1);
            giver.add_permits(1);
        });
        let permits = semaphore.blocking_acquire_many(2).unwrap();
        thread.join().unwrap();
        assert_eq!(semaphore.available_permits(), 0);
        drop(permits);
        assert_eq!(semaphore.available_permits(), 2);
    });
}

/// [passed-on]: a permit that reaches a future as it is dropped goes to the next one.
#[test]
fn a_waiter_that_is_dropped_beside_its_choice_passes_the_permit_on() {
    model(|| {
        let semaphore = Arc::new(Semaphore::new(0));
        let (gone, here) = (Bell::new(), Bell::new());
        let mut goes = Box::pin(semaphore.acquire());
        let mut stays = pin!(semaphore.acquire());
        assert!(poll(goes.as_mut(), &gone).is_pending() && poll(stays.as_mut(), &here).is_pending());
        let giver = semaphore.clone();
        let thread = thread::spawn(move || giver.add_permits(1));
        drop(goes);
        thread.join().unwrap();
        assert_eq!(here.wakes_count(), 1, "the permit is lost");
        let Poll::Ready(permit) = poll(stays.as_mut(), &here) else { panic!("woken without a permit") };
        assert_eq!(semaphore.available_permits(), 0);
        drop(permit);
        assert_eq!(semaphore.available_permits(), 1);
        assert_eq!(Arc::strong_count(&gone), 1, "a waker is kept");
    });
}

/// [closed-published]: nobody waits for a semaphore that is closed, whenever that happens.
#[test]
fn a_semaphore_that_is_closed_beside_a_waiter_wakes_it() {
    model(|| {
        let shared = Arc::new((Semaphore::new(0), Plain::new()));
        let closer = shared.clone();
        let thread = thread::spawn(move || {
            closer.1.write(1);
            closer.0.close();
        });
        if shared.0.is_closed() {
            assert_eq!(shared.1.read(), 1, "what came before the end is not seen");
        }
        assert!(shared.0.blocking_acquire().is_err());
        assert_eq!(shared.1.read(), 1, "what came before the end is not seen");
        thread.join().unwrap();
    });
}

/// [guard-owns]: a reader beside a writer sees the value before or after, and the writer waits for
/// it.
#[test]
fn a_reader_and_a_writer_do_not_meet() {
    model(|| {
        let lock = Arc::new(RwLock::with_max_readers(0, 2));
        let writer = lock.clone();
        let thread = thread::spawn(move || *writer.blocking_write() += 1);
        let seen = *lock.blocking_read();
        assert!(seen < 2);
        thread.join().unwrap();
        assert_eq!(*lock.try_read().unwrap(), 1);
    });
}

/// [guard-owns]: a writer that becomes a reader lets readers in, and no writer.
#[test]
fn a_downgraded_writer_keeps_writers_out() {
    model(|| {
        let lock = Arc::new(RwLock::with_max_readers(Plain::new(), 2));
        let guard = lock.try_write().unwrap();
        guard.write(1);
        let writer = lock.clone();
        let thread = thread::spawn(move || writer.blocking_write().write(2));
        let guard = guard.downgrade();
        assert_eq!(guard.read(), 1);
        drop(guard);
        thread.join().unwrap();
        assert_eq!(lock.try_read().unwrap().read(), 2);
    });
}

/// [notified-published] and [waited-locked]: a permit or a wake-up reaches the one that waits, with
/// what came before it.
#[test]
fn a_notification_reaches_one_that_comes_beside_it() {
    model(|| {
        let shared = Arc::new((Notify::new(), Plain::new()));
        let notifier = shared.clone();
        let thread = thread::spawn(move || {
            notifier.1.write(1);
            notifier.0.notify_one();
        });
        block_on(shared.0.notified());
        assert_eq!(shared.1.read(), 1);
        thread.join().unwrap();
    });
}

/// [notified-published] of a call for all: a future that was created before is ready after it.
#[test]
fn a_call_for_all_reaches_a_future_that_was_not_polled() {
    model(|| {
        let shared = Arc::new((Notify::new(), Plain::new()));
        let bell = Bell::new();
        let mut notified = pin!(shared.0.notified());
        let caller = shared.clone();
        let thread = thread::spawn(move || {
            caller.1.write(1);
            caller.0.notify_waiters();
        });
        if poll(notified.as_mut(), &bell).is_ready() {
            assert_eq!(shared.1.read(), 1);
        }
        thread.join().unwrap();
        assert!(poll(notified.as_mut(), &bell).is_ready());
    });
}

/// [passed-on] of a notification for one, and [waited-locked] when the last waiter leaves.
#[test]
fn a_notification_of_a_future_that_is_dropped_is_not_lost() {
    model(|| {
        let notify = Arc::new(Notify::new());
        let bell = Bell::new();
        let mut goes = Box::pin(notify.notified());
        assert!(poll(goes.as_mut(), &bell).is_pending());
        let notifier = notify.clone();
        let thread = thread::spawn(move || notifier.notify_one());
        drop(goes);
        thread.join().unwrap();
        assert!(poll(pin!(notify.notified()), &bell).is_ready(), "the permit is lost");
    });
}

/// [notified-published] and [waited-locked]: the mark of one that has left becomes a permit.
#[test]
fn a_permit_in_the_place_of_a_mark_shows_what_came_before() {
    model(|| {
        let shared = Arc::new((Notify::new(), Plain::new()));
        let bell = Bell::new();
        let mut goes = Box::pin(shared.0.notified());
        assert!(poll(goes.as_mut(), &bell).is_pending());
        drop(goes);
        let notifier = shared.clone();
        let thread = thread::spawn(move || {
            notifier.1.write(1);
            notifier.0.notify_one();
        });
        let mut comes = Box::pin(shared.0.notified());
        if poll(comes.as_mut(), &bell).is_ready() {
            assert_eq!(shared.1.read(), 1);
        }
        thread.join().unwrap();
        assert!(poll(comes.as_mut(), &bell).is_ready());
    });
}

/// [due]: a call for one beside a call for all is not spent on one whom the other wakes: the last
/// of the two leaves a permit, or was the first to choose.
#[test]
fn a_call_for_one_beside_a_call_for_all_is_kept() {
    model(|| {
        let notify = Arc::new(Notify::new());
        let (first, second) = (Bell::new(), Bell::new());
        let mut waits = pin!(notify.notified());
        assert!(poll(waits.as_mut(), &first).is_pending());
        let all = notify.clone();
        let thread = thread::spawn(move || all.notify_waiters());
        let mut later = pin!(notify.notified());
        let is_later_ready = poll(later.as_mut(), &second).is_ready();
        notify.notify_one();
        thread.join().unwrap();
        assert!(poll(waits.as_mut(), &first).is_ready(), "a call for all has missed one");
        let is_later_ready = is_later_ready || poll(later.as_mut(), &second).is_ready();
        assert!(is_later_ready || poll(pin!(notify.notified()), &second).is_ready(), "one is lost");
    });
}

/// [round]: the tasks of a round leave the barrier together, and one of them leads.
#[test]
fn one_of_two_leads_at_a_barrier() {
    model(|| {
        let shared = Arc::new((Barrier::new(2), Plain::new()));
        let other = shared.clone();
        let thread = thread::spawn(move || {
            other.1.write(1);
            block_on(other.0.wait()).is_leader()
        });
        let here = block_on(shared.0.wait()).is_leader();
        assert_eq!(shared.1.read(), 1, "it has left before the other came");
        assert_ne!(here, thread.join().unwrap());
    });
}

/// [one-setter] and [written-once]: one of two sets a cell, and both see its value.
#[test]
fn a_cell_is_set_once_and_seen_by_both() {
    model(|| {
        let cell = Arc::new(OnceCell::new());
        let other = cell.clone();
        let thread = thread::spawn(move || *block_on(other.get_or_init(|| async { 1 })));
        let here = *block_on(cell.get_or_init(|| async { 2 }));
        assert_eq!(here, thread.join().unwrap());
    });
}

/// [closed-published] of a cell: who does not get to set it finds the value.
#[test]
fn a_cell_that_is_set_beside_a_reader_is_empty_or_whole() {
    model(|| {
        let cell = Arc::new(OnceCell::new());
        let setter = cell.clone();
        let thread = thread::spawn(move || setter.set(1).is_ok());
        let seen = cell.get().copied();
        assert!(seen.is_none_or(|seen| seen == 1));
        if let Err(error) = cell.set(2) {
            assert!(error.is_initializing_err() || cell.get() == Some(&1));
        }
        thread.join().unwrap();
    });
}

/// [set-or-listed]: one that waits for a value gets it.
#[test]
fn a_value_that_is_set_beside_a_waiter_reaches_it() {
    model(|| {
        let once = Arc::new(SetOnce::new());
        let setter = once.clone();
        let thread = thread::spawn(move || setter.set(7).unwrap());
        assert_eq!(block_on(once.wait()), &7);
        thread.join().unwrap();
    });
}

/// One that has seen the value learns that the cell is set, not that it is being set.
#[test]
fn a_cell_whose_value_was_seen_is_set_already() {
    model(|| {
        let cell = Arc::new(OnceCell::new());
        let other = cell.clone();
        let thread = thread::spawn(move || other.set(1).is_ok());
        let was_set = cell.initialized();
        let error = cell.set(2).err();
        assert!(!was_set || error.as_ref().is_some_and(SetError::is_already_init_err));
        assert_eq!(thread.join().unwrap(), error.is_some());
    });
}
