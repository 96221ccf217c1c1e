//! Models of this room: a sleep against its firing, its reset and its drop on another thread, and
//! foreign deadlines against a worker that parks.
//!
//! Under loom a worker fires one node at a time, so that every model passes through wheels that
//! are half-way through a slot. loom does not model thread-locals: models name the timers in which
//! they arm entries.
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use super::Timers;
use super::entry::TimerEntry;
use crate::primitive::atomic::{AtomicUsize, Ordering};
use crate::primitive::sync::{Condvar, ModelArc, Mutex, wait};
use crate::primitive::{model, thread};

/// Counts its wake-ups.
struct Count(AtomicUsize);

impl Count {
    fn new() -> Arc<Count> {
        Arc::new(Count(AtomicUsize::new(0)))
    }

    fn get(&self) -> usize {
        // Ordering: Relaxed: read when the other threads are joined, or by the thread that woke.
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        // Ordering: Relaxed: a count orders nothing.
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Fires everything that is due on worker 0 at `now`.
fn fire(timers: &Timers, now: Instant) {
    let mut wakers = Vec::new();
    timers.fire_due(0, now, &mut wakers);
    wakers.drain(..).for_each(Waker::wake);
    while timers.is_due(0, now) {
        timers.fire_due(0, now, &mut wakers);
        wakers.drain(..).for_each(Waker::wake);
    }
}

struct Scene {
    timers: Arc<Timers>,
    start: Instant,
    count: Arc<Count>,
}

impl Scene {
    fn new() -> Scene {
        let timers = Timers::new(1, Box::new(|_| ()));
        let start = timers.clock().instant_of(0).unwrap();
        Scene { timers, start, count: Count::new() }
    }

    /// Returns the instant `minute` minutes after tick 0. The deadlines of models are in the
    /// future: real time must not reach them.
    fn at(&self, minute: u64) -> Instant {
        self.start + Duration::from_secs(60 * minute)
    }

    fn arm(&self, count: &Arc<Count>, minute: u64) -> TimerEntry {
        TimerEntry::armed_at(self.timers.worker(0), &Waker::from(count.clone()), self.at(minute))
    }

    /// Starts a worker that fires everything up to `minute`.
    fn spawn_firing(&self, minute: u64) -> thread::JoinHandle<()> {
        let (timers, now) = (self.timers.clone(), self.at(minute));
        thread::spawn(move || fire(&timers, now))
    }

    fn assert_nothing_is_left(&self) {
        assert_eq!(self.timers.armed_count(0), 0, "no node is leaked");
        assert!(!self.timers.has_timers(0));
        assert_eq!(Arc::strong_count(&self.count), 1, "no waker is leaked");
    }
}

fn poll(entry: &mut TimerEntry, count: &Arc<Count>, deadline: Instant) -> Poll<()> {
    let waker = Waker::from(count.clone());
    entry.poll_elapsed(&Context::from_waker(&waker), deadline)
}

#[test]
fn a_sleep_dropped_while_it_fires_is_woken_once_or_not_at_all() {
    model(|| {
        let scene = Scene::new();
        let neighbour_count = Count::new();
        let neighbour = scene.arm(&neighbour_count, 10);
        let entry = scene.arm(&scene.count, 10);
        let worker = scene.spawn_firing(10);
        drop(entry);
        worker.join().unwrap();
        assert!(scene.count.get() <= 1);
        assert_eq!(neighbour_count.get(), 1, "whoever else sleeps is not touched");
        assert!(neighbour.is_fired());
        drop(neighbour);
        scene.assert_nothing_is_left();
    });
}

#[test]
fn a_sleep_dropped_while_others_fire_takes_its_own_node_and_no_other() {
    model(|| {
        let scene = Scene::new();
        let (new_count, later_count) = (Count::new(), Count::new());
        // Two nodes in one slot, so that under loom the firing stops half-way and the slot is not
        // settled.
        let (entry, neighbour) = (scene.arm(&scene.count, 10), scene.arm(&scene.count, 10));
        let later = scene.arm(&later_count, 20);
        let (timers, start, count) = (scene.timers.clone(), scene.start, new_count.clone());
        let worker = thread::spawn(move || {
            let scene = Scene { timers, start, count };
            let mut wakers = Vec::new();
            scene.timers.fire_due(0, scene.at(10), &mut wakers);
            wakers.into_iter().for_each(Waker::wake);
            // It may get the node that has just fired.
            scene.arm(&scene.count, 30)
        });
        drop((entry, later));
        let new = worker.join().unwrap();
        fire(&scene.timers, scene.at(20));
        assert_eq!(later_count.get(), 0, "dropped in time");
        assert_eq!(scene.timers.armed_count(0), 1, "the new one alone");
        fire(&scene.timers, scene.at(30));
        assert_eq!(new_count.get(), 1);
        drop((new, neighbour));
        scene.assert_nothing_is_left();
    });
}

#[test]
fn a_sleep_reset_while_it_fires_keeps_or_loses_its_slot_but_never_both() {
    model(|| {
        let scene = Scene::new();
        let mut entry = scene.arm(&scene.count, 10);
        let worker = scene.spawn_firing(10);
        let later = scene.at(20);
        entry.reset(later);
        worker.join().unwrap();
        let fired_count = scene.count.get();
        assert_eq!(
            fired_count + scene.timers.armed_count(0),
            1,
            "it fired, or it waits for its new deadline"
        );
        assert!(!entry.is_fired(), "the new deadline is ahead");
        assert!(poll(&mut entry, &scene.count, later).is_pending());
        assert_eq!(scene.timers.armed_count(0), 1, "the poll arms it anew if it had fired");
        fire(&scene.timers, later);
        assert_eq!(scene.count.get(), fired_count + 1);
        drop(entry);
        scene.assert_nothing_is_left();
    });
}

#[test]
fn a_sleep_that_moves_to_another_task_while_it_fires_wakes_that_task_or_is_ready() {
    model(|| {
        let scene = Scene::new();
        // The first of its slot: the worker fires this one, and is then half-way.
        let neighbour = scene.arm(&Count::new(), 10);
        let mut entry = scene.arm(&scene.count, 10);
        let worker = scene.spawn_firing(10);
        let other = Count::new();
        let polled = poll(&mut entry, &other, scene.at(10));
        // The same task again: without the lock, if nothing has happened.
        let polled_again = poll(&mut entry, &other, scene.at(10));
        worker.join().unwrap();
        assert!(polled.is_pending() || polled_again.is_ready(), "ready stays ready");
        match polled {
            Poll::Pending => assert_eq!((scene.count.get(), other.get()), (0, 1), "the new task is woken"),
            Poll::Ready(()) => assert_eq!((scene.count.get(), other.get()), (1, 0), "it had fired"),
        }
        assert!(poll(&mut entry, &other, scene.at(10)).is_ready());
        drop((entry, neighbour));
        assert_eq!(Arc::strong_count(&other), 1, "no waker is leaked");
        scene.assert_nothing_is_left();
    });
}

#[test]
fn a_sleep_polled_again_while_it_fires_is_ready_or_woken_afterwards() {
    model(|| {
        let scene = Scene::new();
        let mut entry = scene.arm(&scene.count, 10);
        let worker = scene.spawn_firing(10);
        let polled = poll(&mut entry, &scene.count, scene.at(10));
        worker.join().unwrap();
        assert_eq!(scene.count.get(), 1);
        assert!(polled.is_pending() || entry.is_fired());
        assert!(poll(&mut entry, &scene.count, scene.at(10)).is_ready());
        scene.assert_nothing_is_left();
    });
}

#[test]
fn two_threads_that_fire_the_same_wheel_fire_each_sleep_once() {
    model(|| {
        let scene = Scene::new();
        let entries = [scene.arm(&scene.count, 10), scene.arm(&scene.count, 11)];
        let worker = scene.spawn_firing(11);
        let (timers, now) = (&scene.timers, scene.at(11));
        let mut wakers = Vec::new();
        let has_fired = timers.try_fire_due(0, now, &mut wakers);
        assert!(has_fired || wakers.is_empty());
        wakers.into_iter().for_each(Waker::wake);
        worker.join().unwrap();
        assert_eq!(scene.count.get(), 2);
        assert!(entries.iter().all(TimerEntry::is_fired));
        drop(entries);
        scene.assert_nothing_is_left();
    });
}

#[test]
fn a_sleep_armed_while_the_runtime_ends_is_woken_or_refused() {
    model(|| {
        let scene = Scene::new();
        let timers = scene.timers.clone();
        let ending = thread::spawn(move || timers.shutdown());
        let entry = scene.arm(&scene.count, 10);
        // If refused, the next poll is ready, and nothing needs to be woken.
        let is_refused = !entry.is_armed();
        ending.join().unwrap();
        assert_eq!(scene.count.get(), usize::from(!is_refused));
        drop(entry);
        scene.assert_nothing_is_left();
    });
}

/// The event that a worker parks on. A ring stays pending until the worker has seen it.
struct Bell {
    is_rung: Mutex<bool>,
    condvar: Condvar,
}

impl Bell {
    fn new() -> Self {
        Bell { is_rung: Mutex::new(false), condvar: Condvar::new() }
    }

    fn ring(&self) {
        *self.is_rung.lock() = true;
        self.condvar.notify_one();
    }

    /// Parks until it is rung.
    fn park(&self) {
        let mut is_rung = self.is_rung.lock();
        while !*is_rung {
            is_rung = wait(&self.condvar, is_rung);
        }
        *is_rung = false;
    }
}

/// A worker with a late deadline parks repeatedly until it sees the early one that another thread
/// brings. If that one were lost, the worker would park for ever, which loom reports as a deadlock.
fn worker_sees_a_deadline_brought_by(
    bring: impl Fn(&Scene, TimerEntry) -> TimerEntry + Send + Sync + Copy + 'static,
) {
    model(move || {
        let bell = ModelArc::new(Bell::new());
        let unparked = bell.clone();
        let timers = Timers::new(1, Box::new(move |_| unparked.ring()));
        let start = timers.clock().instant_of(0).unwrap();
        let scene = Scene { timers, start, count: Count::new() };
        let late = scene.arm(&scene.count, 30);
        let (timers, early) = (scene.timers.clone(), scene.at(10));
        let worker = thread::spawn(move || {
            // `next` may be earlier than its deadline, where a slot is to be spread. The slot of
            // the late deadline starts after the early one, so only the early one ends this loop.
            while timers.next_deadline(0).unwrap() > early {
                bell.park();
            }
        });
        let brought = bring(&scene, late);
        worker.join().unwrap();
        fire(&scene.timers, scene.at(10));
        assert_eq!(scene.count.get(), 1);
        drop(brought);
    });
}

#[test]
fn a_foreign_deadline_reaches_the_worker_that_is_about_to_park() {
    worker_sees_a_deadline_brought_by(|scene, late| {
        let early = scene.arm(&scene.count, 10);
        // The late one is no longer needed; its removal must not hide the early one.
        drop(late);
        early
    });
}

#[test]
fn a_foreign_reset_to_an_earlier_deadline_reaches_the_worker_that_is_about_to_park() {
    worker_sees_a_deadline_brought_by(|scene, mut late| {
        late.reset(scene.at(10));
        late
    });
}

/// [fires-once]: a thread that sees its tick settled, without the lock, sees what the firing thread
/// did before.
#[test]
fn a_sleeper_that_sees_its_tick_settled_sees_what_came_before() {
    model(|| {
        let scene = Scene::new();
        let message = ModelArc::new(AtomicUsize::new(0));
        let entry = scene.arm(&scene.count, 10);
        let (timers, now, told) = (scene.timers.clone(), scene.at(10), message.clone());
        let worker = thread::spawn(move || {
            // Ordering: Relaxed on purpose: the settling must publish it.
            told.store(1, Ordering::Relaxed);
            fire(&timers, now);
        });
        if entry.is_fired() {
            assert_eq!(message.load(Ordering::Relaxed), 1, "it fired before the thread that fired it came");
        }
        worker.join().unwrap();
        drop(entry);
        scene.assert_nothing_is_left();
    });
}

#[test]
fn a_sleep_reset_to_the_past_while_it_fires_is_woken_once() {
    model(|| {
        let scene = Scene::new();
        let neighbour = scene.arm(&Count::new(), 10);
        let mut entry = scene.arm(&scene.count, 20);
        let worker = scene.spawn_firing(10);
        // The deadline has passed if the worker has fired; else the worker fires it, or finds it
        // later.
        entry.reset(scene.at(5));
        worker.join().unwrap();
        fire(&scene.timers, scene.at(10));
        assert_eq!(scene.count.get(), 1, "it is past, and was told so once");
        assert!(poll(&mut entry, &scene.count, scene.at(5)).is_ready());
        drop((entry, neighbour));
        scene.assert_nothing_is_left();
    });
}

/// [fires-once]: a tick is not settled while one of its nodes is left.
#[test]
fn a_sleep_dropped_when_half_of_its_slot_has_fired_leaves_nothing_behind() {
    model(|| {
        let scene = Scene::new();
        let neighbour = scene.arm(&Count::new(), 10);
        let entry = scene.arm(&scene.count, 10);
        let (timers, now) = (scene.timers.clone(), scene.at(10));
        let worker = thread::spawn(move || {
            let mut wakers = Vec::new();
            timers.fire_due(0, now, &mut wakers);
            wakers.into_iter().for_each(Waker::wake);
        });
        drop(entry);
        worker.join().unwrap();
        // Without loom the worker fires all at once.
        assert!(scene.count.get() <= 1);
        drop(neighbour);
        scene.assert_nothing_is_left();
    });
}
