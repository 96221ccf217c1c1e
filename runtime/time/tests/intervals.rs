//! `interval`, `interval_at` and the treatment of missed ticks.
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::super::{Instant, Interval, MissedTickBehavior, interval, interval_at};
use super::{Count, Rig, ms, panic_text, poll_once, poll_with};

fn try_tick(interval: &mut Interval) -> Option<Instant> {
    match interval.poll_tick(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(tick) => Some(tick),
        Poll::Pending => None,
    }
}

/// Returns when each tick is handed out, and when it was due, if the third call comes at 180 ms.
fn ticks_after_a_miss(behavior: MissedTickBehavior) -> Vec<(u128, u128)> {
    let (rig, _guard) = Rig::bound();
    let start = Instant::now();
    let mut interval = interval(ms(50));
    interval.set_missed_tick_behavior(behavior);
    assert_eq!(interval.missed_tick_behavior(), behavior);
    let mut ticks = Vec::new();
    while ticks.len() < 6 {
        if let Some(tick) = try_tick(&mut interval) {
            ticks.push((start.elapsed().as_millis(), (tick - start).as_millis()));
            if ticks.len() == 2 {
                rig.pass(ms(130));
            }
        } else {
            rig.pass(ms(1));
        }
    }
    ticks
}

#[test]
fn burst_catches_up() {
    let expected = [(0, 0), (50, 50), (180, 100), (180, 150), (200, 200), (250, 250)];
    assert_eq!(ticks_after_a_miss(MissedTickBehavior::Burst), expected);
    assert_eq!(MissedTickBehavior::default(), MissedTickBehavior::Burst);
}

#[test]
fn delay_starts_a_new_schedule() {
    let expected = [(0, 0), (50, 50), (180, 100), (230, 230), (280, 280), (330, 330)];
    assert_eq!(ticks_after_a_miss(MissedTickBehavior::Delay), expected);
}

#[test]
fn skip_goes_on_with_the_old_schedule() {
    let expected = [(0, 0), (50, 50), (180, 100), (200, 200), (250, 250), (300, 300)];
    assert_eq!(ticks_after_a_miss(MissedTickBehavior::Skip), expected);
}

#[test]
fn a_tick_that_is_late_by_a_little_is_not_missed() {
    let (rig, _guard) = Rig::bound();
    let start = Instant::now();
    let mut interval = interval_at(start + ms(50), ms(50));
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    assert_eq!(interval.period(), ms(50));
    assert_eq!(try_tick(&mut interval), None);
    rig.pass(ms(55));
    assert_eq!(try_tick(&mut interval), Some(start + ms(50)));
    rig.pass(ms(44));
    assert_eq!(try_tick(&mut interval), None);
    rig.pass(ms(1));
    assert_eq!(try_tick(&mut interval), Some(start + ms(100)));
}

#[test]
fn a_period_of_zero_is_refused_in_clear_words() {
    assert_eq!(panic_text(|| drop(interval(Duration::ZERO))), "an interval needs a period longer than zero");
    let now = Instant::now();
    assert_eq!(
        panic_text(|| drop(interval_at(now, Duration::ZERO))),
        "an interval needs a period longer than zero"
    );
}

#[test]
fn periods_beyond_all_bounds_tick_once_and_never_again() {
    for behavior in [MissedTickBehavior::Burst, MissedTickBehavior::Delay, MissedTickBehavior::Skip] {
        let (rig, _guard) = Rig::bound();
        let mut interval = interval(Duration::MAX);
        interval.set_missed_tick_behavior(behavior);
        rig.pass(ms(100));
        assert!(try_tick(&mut interval).is_some(), "late, so that the behaviour is asked");
        rig.pass(Duration::from_secs(365 * 24 * 60 * 60));
        assert_eq!(try_tick(&mut interval), None);
        interval.reset();
        interval.reset_after(Duration::MAX);
        assert_eq!(try_tick(&mut interval), None);
    }
}

#[test]
fn a_dropped_tick_loses_none() {
    let (rig, _guard) = Rig::bound();
    let (start, count) = (Instant::now(), Count::new());
    let mut interval = interval_at(start + ms(10), ms(10));
    assert!(poll_with(pin!(interval.tick()), &count).is_pending());
    rig.pass(ms(10));
    assert_eq!(count.get(), 1);
    assert_eq!(poll_once(pin!(interval.tick())), Poll::Ready(start + ms(10)));
}

#[test]
fn resets_begin_anew() {
    let (rig, _guard) = Rig::bound();
    let start = Instant::now();
    let mut interval = interval(ms(50));
    assert_eq!(try_tick(&mut interval), Some(start));
    assert_eq!(try_tick(&mut interval), None);
    rig.pass(ms(30));
    interval.reset();
    rig.pass(ms(49));
    assert_eq!(try_tick(&mut interval), None);
    rig.pass(ms(1));
    assert_eq!(try_tick(&mut interval), Some(start + ms(80)));
    interval.reset_immediately();
    assert_eq!(try_tick(&mut interval), Some(start + ms(80)));
    interval.reset_after(ms(7));
    rig.pass(ms(7));
    assert_eq!(try_tick(&mut interval), Some(start + ms(87)));
    interval.reset_at(start + ms(90));
    rig.pass(ms(3));
    assert_eq!(try_tick(&mut interval), Some(start + ms(90)));
    assert_eq!(rig.armed_count(), 0, "an interval waits for its next tick only while somebody does");
}
