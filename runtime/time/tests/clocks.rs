//! `Instant`, and the clock that tests hold still.
use std::pin::pin;
use std::time::Duration;

use super::super::{Instant, Timers, TimersGuard, advance, pause, resume, sleep};
use super::{Count, Rig, ms, panic_text, poll_once, poll_with};

#[test]
fn a_paused_clock_stands_still_and_runs_on_from_there() {
    let timers = Timers::new(1, Box::new(|_| ()));
    let _guard = timers.bind_worker(0);
    let before = Instant::now();
    pause();
    let paused = Instant::now();
    assert!(paused >= before);
    assert!(poll_once(pin!(advance(Duration::from_secs(3600)))).is_pending(), "others run first");
    assert_eq!(Instant::now(), paused + Duration::from_secs(3600));
    resume();
    let resumed = Instant::now();
    assert!(resumed >= paused + Duration::from_secs(3600));
    while Instant::now() == resumed {}
    pause();
    assert!(Instant::now() > resumed);
}

#[test]
fn advance_fires_what_it_passes_and_yields_once() {
    let (rig, _guard) = Rig::bound();
    let (passed, ahead, own) = (Count::new(), Count::new(), Count::new());
    let (mut first, mut second) = (pin!(sleep(ms(10))), pin!(sleep(ms(11))));
    assert!(poll_with(first.as_mut(), &passed).is_pending());
    assert!(poll_with(second.as_mut(), &ahead).is_pending());
    let mut advance = pin!(advance(ms(10)));
    assert!(poll_with(advance.as_mut(), &own).is_pending());
    assert_eq!((passed.get(), ahead.get(), own.get()), (1, 0, 1));
    assert!(poll_with(advance.as_mut(), &own).is_ready());
    assert!(rig.timers.advance_to_next(0));
    assert!(rig.timers.is_due(0, rig.timers.now()));
}

#[test]
fn an_advance_beyond_all_bounds_goes_far_and_does_not_panic() {
    let (_rig, _guard) = Rig::bound();
    let start = Instant::now();
    let _ = poll_once(pin!(advance(Duration::MAX)));
    assert!(start.elapsed() > Duration::from_secs(29 * 365 * 24 * 60 * 60));
}

#[test]
fn the_run_loop_jumps_to_exact_deadlines_however_far() {
    let (rig, _guard) = Rig::bound();
    assert!(!rig.timers.advance_to_next(0), "nothing is armed");
    let start = Instant::now();
    for milliseconds in [1, 63, 64, 65, 4095, 4096, 1 << 36, (1 << 36) + 12_345] {
        let (count, start) = (Count::new(), Instant::now());
        let mut sleep = pin!(sleep(ms(milliseconds)));
        assert!(poll_with(sleep.as_mut(), &count).is_pending());
        assert!(rig.timers.advance_to_next(0));
        assert_eq!(start.elapsed(), ms(milliseconds));
        rig.pass(Duration::ZERO);
        assert!(poll_with(sleep.as_mut(), &count).is_ready());
    }
    assert!(rig.timers.clock().resume());
    let mut ahead = pin!(sleep(ms(1000)));
    assert!(poll_once(ahead.as_mut()).is_pending());
    assert!(!rig.timers.advance_to_next(0), "a clock that runs is left alone");
    assert!(start.elapsed() > ms(1 << 37));
}

#[test]
fn misuse_of_the_clock_is_reported_in_clear_words() {
    assert!(panic_text(pause).contains("there is no heist runtime on this thread"));
    let timers = Timers::new(1, Box::new(|_| ()));
    let guard = timers.bind_worker(0);
    assert!(panic_text(resume).contains("the clock is not paused; call time::pause first"));
    let text = panic_text(|| assert!(poll_once(pin!(advance(ms(1)))).is_pending()));
    assert!(text.contains("the clock is not paused"), "{text}");
    pause();
    assert!(panic_text(pause).contains("paused already"));
    drop(guard);
    let rig = Rig::new(2);
    let _guard = rig.timers.bind_worker(0);
    assert!(panic_text(pause).contains("needs a current-thread runtime"));
}

#[test]
fn a_clock_that_runs_backwards_changes_nothing() {
    let (rig, _guard) = Rig::bound();
    rig.pass(ms(100));
    let (now, count) = (rig.timers.now(), Count::new());
    let mut sleep = pin!(sleep(ms(10)));
    assert!(poll_with(sleep.as_mut(), &count).is_pending());
    let next = rig.timers.next_deadline(0);
    let mut wakers = Vec::new();
    for back in [ms(1), ms(50), ms(100)] {
        let earlier = now - back;
        assert!(!rig.timers.is_due(0, earlier));
        rig.timers.fire_due(0, earlier, &mut wakers);
        assert!(rig.timers.try_fire_due(0, earlier, &mut wakers));
        assert!(rig.timers.clock().advance_to(earlier));
        assert_eq!((wakers.len(), rig.timers.next_deadline(0), rig.timers.now()), (0, next, now));
    }
    rig.pass(ms(10));
    assert_eq!(count.get(), 1);
}

#[test]
fn an_instant_does_what_stds_does() {
    let std = std::time::Instant::now();
    let instant = Instant::from_std(std);
    assert_eq!(instant.into_std(), std);
    assert_eq!((Instant::from(std), std::time::Instant::from(instant)), (instant, std));
    let mut later = instant + ms(5);
    assert_eq!((later - instant, instant - later), (ms(5), Duration::ZERO));
    assert_eq!((later.duration_since(instant), instant.duration_since(later)), (ms(5), Duration::ZERO));
    assert_eq!(instant.checked_duration_since(later), None);
    assert_eq!(later.saturating_duration_since(instant), ms(5));
    assert_eq!((later.checked_add(Duration::MAX), later.checked_sub(ms(5))), (None, Some(instant)));
    later += ms(1);
    later -= ms(6);
    assert_eq!((later, later - ms(1) < instant), (instant, true));
    assert_eq!(format!("{instant:?}"), format!("{std:?}"));
}

#[test]
fn guards_and_sleeps_cross_threads_only_where_they_may() {
    // There is one implementation for all types and one for `Send` types. If the guard were `Send`,
    // the call would be ambiguous and would not compile.
    trait NotSend<Marker> {
        fn check() {}
    }
    impl<T: ?Sized> NotSend<()> for T {}
    impl<T: ?Sized + Send> NotSend<u8> for T {}
    <TimersGuard as NotSend<_>>::check();
    fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<super::super::Sleep>();
    is_send_and_sync::<super::super::Timeout<()>>();
    is_send_and_sync::<super::super::Interval>();
    is_send_and_sync::<Timers>();
}
