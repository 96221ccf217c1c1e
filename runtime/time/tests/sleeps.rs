//! `sleep`, `sleep_until`, and their effect on the run loop.
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Poll, Wake, Waker};
use std::time::Duration;

use super::super::worker_timers::FIRE_COUNT_MAX;
use super::super::{Instant, Sleep, Timers, publish_now, sleep, sleep_until};
use super::{Count, Rig, ms, panic_text, poll_once, poll_with};
use crate::primitive::sync::Mutex;

const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

#[test]
fn zero_and_past_deadlines_are_ready_at_the_first_poll_and_need_no_runtime() {
    assert!(poll_once(pin!(sleep(Duration::ZERO))).is_ready());
    assert!(poll_once(pin!(sleep_until(Instant::now()))).is_ready());
    let (rig, _guard) = Rig::bound();
    let mut past = pin!(sleep_until(Instant::now() - ms(1)));
    assert!(!past.is_elapsed(), "nobody has polled it");
    assert!(poll_once(past.as_mut()).is_ready());
    assert!(past.is_elapsed());
    assert!(poll_once(past.as_mut()).is_ready(), "and again");
    assert!(!rig.timers.has_timers(0));
}

#[test]
fn a_past_deadline_is_ready_though_the_turn_began_before_it() {
    let timers = Timers::new(1, Box::new(|_| ()));
    let _guard = timers.bind_worker(0);
    publish_now(timers.now());
    assert!(poll_once(pin!(sleep_until(Instant::now()))).is_ready());
    assert!(poll_once(pin!(sleep(Duration::ZERO))).is_ready());
}

#[test]
fn a_sleep_far_ahead_takes_the_turns_reading_for_the_present() {
    let turn_started = std::time::Instant::now() - Duration::from_secs(1);
    let timers = Timers::started_at(turn_started, 1, Box::new(|_| ()));
    let _guard = timers.bind_worker(0);
    publish_now(turn_started);
    // Past by the clock, ahead by the turn's reading: so the result shows which of them was used.
    let mut late = pin!(sleep_until(Instant::from_std(turn_started + ms(500))));
    assert!(poll_once(late.as_mut()).is_pending());
    let mut wakers = Vec::new();
    timers.fire_due(0, timers.now(), &mut wakers);
    assert_eq!(wakers.len(), 1, "the next turn makes it good");
    assert!(poll_once(late).is_ready());
}

#[test]
fn a_sleep_without_a_runtime_panics_with_the_remedy() {
    let text = panic_text(|| assert!(poll_once(pin!(sleep(ms(1)))).is_pending()));
    assert_eq!(
        text,
        "there is no heist runtime on this thread; call this from a task, from Runtime::block_on, or after \
         Runtime::enter"
    );
}

#[test]
fn a_sleep_is_never_shorter_than_asked_and_at_most_a_tick_longer() {
    let (rig, _guard) = Rig::bound();
    for step in 0..200u32 {
        // Begins and ends anywhere within ticks.
        rig.pass(Duration::from_micros(137));
        let duration = Duration::from_nanos(1) + Duration::from_micros(173) * step;
        let (start, count) = (Instant::now(), Count::new());
        let mut sleep = pin!(sleep(duration));
        assert!(poll_with(sleep.as_mut(), &count).is_pending());
        while count.get() == 0 {
            rig.pass(Duration::from_micros(50));
        }
        assert!(poll_with(sleep.as_mut(), &count).is_ready());
        assert!(start.elapsed() >= duration, "early: {:?} of {duration:?}", start.elapsed());
        assert!(
            start.elapsed() <= duration + ms(1) + Duration::from_micros(50),
            "late: {:?}",
            start.elapsed()
        );
    }
}

#[test]
fn a_sleep_on_the_systems_clock_is_not_early() {
    let timers = Timers::new(1, Box::new(|_| ()));
    let _guard = timers.bind_worker(0);
    for micros in [1, 999, 1000, 1001, 2500] {
        let start = std::time::Instant::now();
        let mut sleep = pin!(sleep(Duration::from_micros(micros)));
        let mut wakers = Vec::new();
        let is_pending = poll_once(sleep.as_mut()).is_pending();
        while is_pending && wakers.is_empty() {
            timers.fire_due(0, timers.now(), &mut wakers);
        }
        assert!(poll_once(sleep.as_mut()).is_ready());
        assert!(start.elapsed() >= Duration::from_micros(micros));
    }
}

#[test]
fn durations_beyond_all_bounds_mean_never() {
    let (rig, _guard) = Rig::bound();
    for duration in
        [Duration::MAX, Duration::from_secs(u64::MAX), Duration::new(i64::MAX as u64, 999_999_999)]
    {
        let start = Instant::now();
        let mut never = pin!(sleep(duration));
        assert!(never.deadline() >= start + 29 * YEAR);
        let count = Count::new();
        assert!(poll_with(never.as_mut(), &count).is_pending());
        rig.pass(2 * YEAR);
        assert!(poll_with(never.as_mut(), &count).is_pending());
        let far =
            [Some(Instant::now() + 1000 * YEAR), Instant::now().checked_add(Duration::from_secs(1 << 62))];
        for deadline in far.into_iter().flatten() {
            never.as_mut().reset(deadline);
            rig.pass(2 * YEAR);
            assert!(poll_with(never.as_mut(), &count).is_pending());
        }
        assert_eq!(count.get(), 0);
    }
    assert_eq!(rig.armed_count(), 0);
}

#[test]
fn the_latest_task_that_polled_is_the_one_that_is_woken() {
    let (rig, _guard) = Rig::bound();
    let (first, second) = (Count::new(), Count::new());
    let mut sleep = pin!(sleep(ms(5)));
    assert!(poll_with(sleep.as_mut(), &first).is_pending());
    assert!(poll_with(sleep.as_mut(), &second).is_pending());
    assert!(poll_with(sleep.as_mut(), &second).is_pending());
    assert_eq!(Arc::strong_count(&first), 1, "the old waker is gone at once");
    rig.pass(ms(5));
    assert_eq!((first.get(), second.get()), (0, 1));
    assert!(sleep.is_elapsed(), "fired, and not polled since");
    assert!(poll_with(sleep.as_mut(), &first).is_ready());
    assert_eq!(Arc::strong_count(&second), 1);
}

#[test]
fn reset_moves_an_armed_sleep_both_ways_at_once() {
    let (rig, _guard) = Rig::bound();
    let (count, start) = (Count::new(), Instant::now());
    let mut sleep = pin!(sleep(ms(10)));
    assert!(poll_with(sleep.as_mut(), &count).is_pending());
    sleep.as_mut().reset(start + ms(300));
    assert_eq!(sleep.deadline(), start + ms(300));
    rig.pass(ms(100));
    assert_eq!(count.get(), 0);
    sleep.as_mut().reset(start + ms(150));
    rig.pass(ms(50));
    assert_eq!(count.get(), 1, "with the waker it had, without a poll");
    assert!(poll_with(sleep.as_mut(), &count).is_ready());
    assert_eq!(rig.armed_count(), 0);
}

#[test]
fn reset_to_the_past_wakes_the_sleeper_now() {
    let (rig, _guard) = Rig::bound();
    let (count, start) = (Count::new(), Instant::now());
    rig.pass(ms(10));
    let mut sleep = pin!(sleep(ms(10)));
    assert!(poll_with(sleep.as_mut(), &count).is_pending());
    sleep.as_mut().reset(start);
    assert_eq!(count.get(), 1, "the wheel is past it");
    assert_eq!(rig.armed_count(), 0);
    assert!(poll_with(sleep.as_mut(), &count).is_ready());
    sleep.as_mut().reset(Instant::now() + ms(10));
    assert!(poll_with(sleep.as_mut(), &count).is_pending());
    assert!(rig.timers.clock().advance_to(rig.timers.now() + ms(5)));
    sleep.as_mut().reset(Instant::now() - ms(1));
    assert_eq!(count.get(), 2, "the clock is past it, although the wheel is not yet");
    assert!(poll_with(sleep.as_mut(), &count).is_ready());
}

#[test]
fn reset_before_the_first_poll_and_after_completion_arms_nothing() {
    let (rig, _guard) = Rig::bound();
    let count = Count::new();
    let mut sleep = pin!(sleep(ms(10)));
    sleep.as_mut().reset(Instant::now() + ms(20));
    assert_eq!(rig.armed_count(), 0);
    assert!(poll_with(sleep.as_mut(), &count).is_pending());
    rig.pass(ms(19));
    assert!(poll_with(sleep.as_mut(), &count).is_pending());
    rig.pass(ms(1));
    // It has fired, but the sleep has not noticed: the reset comes between.
    sleep.as_mut().reset(Instant::now() + ms(20));
    assert_eq!((count.get(), rig.armed_count()), (1, 0));
    assert!(!sleep.is_elapsed());
    assert!(poll_with(sleep.as_mut(), &count).is_pending());
    rig.pass(ms(20));
    assert_eq!(count.get(), 2);
    assert!(poll_with(sleep.as_mut(), &count).is_ready());
}

#[test]
fn dropping_takes_the_timer_away_at_every_moment() {
    let (rig, _guard) = Rig::bound();
    let count = Count::new();
    let boxed = || Box::pin(sleep(ms(3)));
    drop(boxed());
    let mut armed = boxed();
    assert!(poll_with(armed.as_mut(), &count).is_pending());
    assert!(rig.timers.has_timers(0));
    drop(armed);
    assert_eq!((rig.armed_count(), rig.timers.has_timers(0), Arc::strong_count(&count)), (0, false, 1));
    let mut fired = boxed();
    assert!(poll_with(fired.as_mut(), &count).is_pending());
    rig.pass(ms(3));
    // A new sleep takes the node that the fired one had; dropping the fired one must not touch it.
    let mut other = boxed();
    assert!(poll_with(other.as_mut(), &count).is_pending());
    drop(fired);
    assert_eq!(rig.armed_count(), 1);
    rig.pass(ms(3));
    assert_eq!(count.get(), 2);
}

/// A waker that owns a sleep of the same wheel, like the waker of a task that holds a sleep.
struct Owner {
    _sleep: Mutex<Option<std::pin::Pin<Box<Sleep>>>>,
}

impl Wake for Owner {
    fn wake(self: Arc<Self>) {}
}

fn owning_waker() -> Waker {
    let mut inner = Box::pin(sleep(ms(70)));
    assert!(poll_once(inner.as_mut()).is_pending());
    Waker::from(Arc::new(Owner { _sleep: Mutex::new(Some(inner)) }))
}

#[test]
fn a_waker_whose_drop_comes_back_to_the_wheel_finds_no_lock_held() {
    let (rig, _guard) = Rig::bound();
    let poll_owning = |sleep: std::pin::Pin<&mut Sleep>| {
        let waker = owning_waker();
        assert!(sleep.poll(&mut std::task::Context::from_waker(&waker)).is_pending());
    };
    // Cancelled.
    let mut cancelled = Box::pin(sleep(ms(5)));
    poll_owning(cancelled.as_mut());
    assert_eq!(rig.armed_count(), 2);
    drop(cancelled);
    assert_eq!(rig.armed_count(), 0);
    // Replaced.
    let mut replaced = Box::pin(sleep(ms(5)));
    poll_owning(replaced.as_mut());
    poll_owning(replaced.as_mut());
    assert_eq!(rig.armed_count(), 2);
    // Reset to the past.
    rig.pass(ms(1));
    replaced.as_mut().reset(Instant::now() - ms(1));
    assert_eq!(rig.armed_count(), 0);
    // Fired, and at the end of the runtime.
    let mut fired = Box::pin(sleep(ms(5)));
    poll_owning(fired.as_mut());
    rig.pass(ms(5));
    assert_eq!(rig.armed_count(), 0);
    let mut ended = Box::pin(sleep(ms(5)));
    poll_owning(ended.as_mut());
    rig.timers.shutdown();
    assert_eq!(rig.armed_count(), 0);
}

/// Records its number when woken.
struct Turn(usize, Arc<Mutex<Vec<usize>>>);

impl Wake for Turn {
    fn wake(self: Arc<Self>) {
        self.1.lock().push(self.0);
    }
}

#[test]
fn a_hundred_thousand_sleeps_fire_in_order_and_a_storm_comes_in_batches() {
    const COUNT: usize = 100_000;
    let (rig, _guard) = Rig::bound();
    let turns = Arc::new(Mutex::new(Vec::new()));
    let start = Instant::now();
    // In scattered order: 7919 has no divisor in common with the count.
    let place = |number: usize| number * 7919 % COUNT;
    let mut sleeps: Vec<_> =
        (0..COUNT).map(|n| Box::pin(sleep_until(start + ms(1 + place(n) as u64 / 4)))).collect();
    for (number, sleep) in sleeps.iter_mut().enumerate() {
        let waker = Waker::from(Arc::new(Turn(place(number) / 4, turns.clone())));
        assert!(sleep.as_mut().poll(&mut std::task::Context::from_waker(&waker)).is_pending());
    }
    let mut fired_count = 0;
    assert!(rig.timers.clock().advance_to(rig.timers.now() + Duration::from_secs(60)));
    while rig.timers.is_due(0, rig.timers.now()) {
        let mut wakers = Vec::new();
        rig.timers.fire_due(0, rig.timers.now(), &mut wakers);
        assert!(!wakers.is_empty() && wakers.len() <= FIRE_COUNT_MAX);
        fired_count += wakers.len();
        wakers.into_iter().for_each(Waker::wake);
    }
    assert_eq!(fired_count, COUNT);
    assert!(turns.lock().is_sorted());
    assert!(sleeps.iter_mut().all(|sleep| poll_once(sleep.as_mut()).is_ready()));
    assert_eq!((rig.armed_count(), rig.timers.next_deadline(0)), (0, None));
}

#[test]
fn a_half_fired_tick_completes_those_that_are_polled_and_fires_the_rest() {
    let (rig, _guard) = Rig::bound();
    let counts: Vec<_> = (0..FIRE_COUNT_MAX + 2).map(|_| Count::new()).collect();
    let mut sleeps: Vec<_> = counts.iter().map(|_| Box::pin(sleep(ms(4)))).collect();
    for (sleep, count) in sleeps.iter_mut().zip(&counts) {
        assert!(poll_with(sleep.as_mut(), count).is_pending());
    }
    assert!(rig.timers.clock().advance_to(rig.timers.now() + ms(9)));
    let mut wakers = Vec::new();
    rig.timers.fire_due(0, rig.timers.now(), &mut wakers);
    assert_eq!((wakers.len(), rig.armed_count()), (FIRE_COUNT_MAX, 2));
    assert!(poll_with(sleeps[0].as_mut(), &counts[0]).is_ready(), "fired, with its own waker");
    assert!(poll_with(sleeps[1].as_mut(), &counts[0]).is_ready(), "fired, with another");
    let last = sleeps.len() - 1;
    assert!(poll_with(sleeps[last].as_mut(), &counts[last]).is_pending(), "its turn is about to come");
    drop(sleeps.remove(last - 1));
    assert_eq!(rig.armed_count(), 1);
    rig.timers.fire_due(0, rig.timers.now(), &mut wakers);
    wakers.drain(..).for_each(Waker::wake);
    assert_eq!(counts[last].get(), 1);
    assert!(sleeps.iter_mut().all(|sleep| poll_once(sleep.as_mut()).is_ready()));
}

#[test]
fn a_foreign_sleep_unparks_the_worker_only_for_an_earlier_deadline() {
    let rig = Rig::new(1);
    let guard = rig.timers.enter();
    let (mut late, mut later, mut early) = (pin!(sleep(ms(50))), pin!(sleep(ms(60))), pin!(sleep(ms(20))));
    assert!(poll_once(late.as_mut()).is_pending());
    assert_eq!(rig.take_unparked(), [0]);
    assert!(poll_once(later.as_mut()).is_pending());
    assert!(rig.take_unparked().is_empty());
    assert!(poll_once(early.as_mut()).is_pending());
    assert_eq!(rig.take_unparked(), [0]);
    assert_eq!(rig.timers.next_deadline(0), Some(early.deadline().into_std()));
    let now = Instant::now();
    later.as_mut().reset(now + ms(10));
    assert_eq!(rig.take_unparked(), [0]);
    drop(guard);
    let _guard = rig.timers.bind_worker(0);
    late.as_mut().reset(now + ms(5));
    assert!(poll_once(pin!(sleep(ms(1)))).is_pending());
    assert!(rig.take_unparked().is_empty(), "the worker itself is awake");
}

#[test]
fn foreign_sleeps_are_spread_and_a_workers_sleep_stays_with_it() {
    let rig = Rig::new(3);
    let foreign = rig.timers.enter();
    let mut sleeps: Vec<_> = (0..6).map(|_| Box::pin(sleep(ms(5)))).collect();
    assert!(sleeps.iter_mut().all(|sleep| poll_once(sleep.as_mut()).is_pending()));
    let counts = |rig: &Rig| [0, 1, 2].map(|index| rig.timers.armed_count(index));
    assert_eq!(counts(&rig), [2, 2, 2]);
    drop(sleeps);
    let mut sleep = pin!(sleep(ms(5)));
    let worker = rig.timers.bind_worker(1);
    assert!(poll_once(sleep.as_mut()).is_pending());
    assert_eq!(counts(&rig), [0, 1, 0]);
    let other = rig.timers.bind_worker(2);
    let count = Count::new();
    assert!(poll_with(sleep.as_mut(), &count).is_pending());
    sleep.as_mut().reset(Instant::now() + ms(2));
    assert_eq!((counts(&rig), rig.take_unparked().last()), ([0, 1, 0], Some(&1)));
    rig.pass(ms(2));
    assert_eq!(count.get(), 1);
    sleep.as_mut().reset(Instant::now() + ms(2));
    assert!(poll_with(sleep.as_mut(), &count).is_pending());
    assert_eq!(counts(&rig), [0, 0, 1], "once it has fired it goes to the worker that polls it");
    drop((other, worker, foreign));
    let text = panic_text(|| assert!(poll_once(pin!(super::super::sleep(ms(1)))).is_pending()));
    assert!(text.contains("no heist runtime"), "the guards have brought back that there was none");
}

#[test]
fn a_sleep_belongs_to_the_runtime_that_it_first_waited_in() {
    let (first, second) = (Rig::new(1), Rig::new(1));
    let guard = first.timers.bind_worker(0);
    let count = Count::new();
    let mut sleep = pin!(sleep(ms(5)));
    assert!(poll_with(sleep.as_mut(), &count).is_pending());
    drop(guard);
    first.pass(ms(5));
    let _guard = second.timers.bind_worker(0);
    sleep.as_mut().reset(Instant::from_std(first.timers.now() + ms(5)));
    assert!(poll_with(sleep.as_mut(), &count).is_pending());
    assert_eq!((first.armed_count(), second.armed_count()), (1, 0));
    assert_eq!(first.take_unparked(), [0], "this thread is a worker, but not that one");
}

#[test]
fn shutdown_wakes_all_and_later_sleeps_are_over_at_once() {
    let rig = Rig::new(2);
    let _guard = rig.timers.enter();
    let count = Count::new();
    let mut sleeps: Vec<_> = (1..9).map(|n| Box::pin(sleep(ms(n)))).collect();
    assert!(sleeps.iter_mut().all(|sleep| poll_with(sleep.as_mut(), &count).is_pending()));
    rig.timers.shutdown();
    assert_eq!((count.get(), rig.armed_count(), Arc::strong_count(&count)), (8, 0, 1));
    drop(sleeps.pop());
    let far = Instant::now() + ms(500);
    sleeps[0].as_mut().reset(far);
    assert!(sleeps.iter_mut().all(|sleep| poll_once(sleep.as_mut()).is_ready()));
    let mut new = pin!(sleep(Duration::MAX));
    assert!(poll_once(new.as_mut()).is_ready());
    new.as_mut().reset(far);
    assert!(poll_once(new.as_mut()).is_ready());
    assert!(!rig.timers.has_timers(0) && !rig.timers.has_timers(1));
    rig.timers.shutdown();
}

#[test]
fn another_thread_fires_a_stalled_workers_sleeps_unless_the_wheel_is_in_use() {
    let (rig, _guard) = Rig::bound();
    let count = Count::new();
    let mut sleep = pin!(sleep(ms(5)));
    assert!(poll_with(sleep.as_mut(), &count).is_pending());
    let due = rig.timers.now() + ms(5);
    assert!(!rig.timers.is_due(0, rig.timers.now()) && rig.timers.is_due(0, due));
    let timers = &rig.timers;
    let mut wakers = Vec::new();
    let held = timers.worker(0).hold();
    let in_use = std::thread::scope(|scope| scope.spawn(|| timers.try_fire_due(0, due, &mut wakers)).join());
    assert!(!in_use.unwrap());
    drop(held);
    let fired = std::thread::scope(|scope| scope.spawn(|| timers.try_fire_due(0, due, &mut wakers)).join());
    assert!(fired.unwrap());
    wakers.into_iter().for_each(Waker::wake);
    assert_eq!(count.get(), 1);
    assert_eq!(poll_with(sleep, &count), Poll::Ready(()));
}
