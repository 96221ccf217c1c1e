//! `timeout` and `timeout_at`.
use std::future::{pending, poll_fn, ready};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use super::super::{Instant, error::Elapsed, interval_at, sleep_until, timeout, timeout_at};
use super::{Count, Rig, ms, poll_once, poll_with};
use crate::task::coop;

#[test]
fn the_future_is_asked_before_the_clock() {
    assert_eq!(poll_once(pin!(timeout(Duration::ZERO, ready(7)))), Poll::Ready(Ok(7)));
    let past = Instant::now() - ms(1);
    assert_eq!(poll_once(pin!(timeout_at(past, ready(7)))), Poll::Ready(Ok(7)));
    assert!(matches!(poll_once(pin!(timeout_at(past, pending::<()>()))), Poll::Ready(Err(_))));
}

#[test]
fn the_future_that_is_in_time_wins_and_leaves_no_timer() {
    let (rig, _guard) = Rig::bound();
    let count = Count::new();
    let mut is_done = false;
    {
        let mut timeout = pin!(timeout(
            ms(10),
            poll_fn(|_| if std::mem::replace(&mut is_done, true) { Poll::Ready(7) } else { Poll::Pending })
        ));
        assert!(poll_with(timeout.as_mut(), &count).is_pending());
        assert_eq!(rig.armed_count(), 1);
        rig.pass(ms(10));
        assert_eq!(poll_with(timeout.as_mut(), &count), Poll::Ready(Ok(7)), "even after the deadline");
    }
    assert_eq!((rig.armed_count(), Arc::strong_count(&count)), (0, 1));
}

#[test]
fn the_future_that_is_late_ends_in_an_error_that_is_one_of_io_too() {
    let (rig, _guard) = Rig::bound();
    let count = Count::new();
    let mut timeout = pin!(timeout(ms(10), pending::<()>()));
    assert!(poll_with(timeout.as_mut(), &count).is_pending());
    rig.pass(ms(9));
    assert!(poll_with(timeout.as_mut(), &count).is_pending());
    rig.pass(ms(1));
    assert_eq!(count.get(), 1);
    let Poll::Ready(Err(elapsed)) = poll_with(timeout.as_mut(), &count) else { panic!("the time is up") };
    let _: &Elapsed = &elapsed;
    assert_eq!(elapsed.to_string(), "deadline has elapsed");
    assert_eq!(io::Error::from(elapsed).kind(), io::ErrorKind::TimedOut);
}

#[test]
fn a_future_that_always_wants_to_be_polled_again_meets_its_deadline() {
    let (rig, _guard) = Rig::bound();
    let count = Count::new();
    let busy = poll_fn(|cx| {
        cx.waker().wake_by_ref();
        Poll::<()>::Pending
    });
    let mut timeout = pin!(timeout(ms(10), busy));
    for _ in 0..10 {
        assert!(poll_with(timeout.as_mut(), &count).is_pending());
        rig.pass(ms(1));
    }
    assert!(matches!(poll_with(timeout.as_mut(), &count), Poll::Ready(Err(_))));
}

#[test]
fn a_timeout_beyond_all_bounds_waits_for_its_future() {
    let (rig, _guard) = Rig::bound();
    let mut timeout = pin!(timeout(Duration::MAX, pending::<()>()));
    assert!(poll_once(timeout.as_mut()).is_pending());
    rig.pass(Duration::from_secs(10 * 365 * 24 * 60 * 60));
    assert!(poll_once(timeout.as_mut()).is_pending());
}

#[test]
fn the_future_can_be_looked_at_and_taken_out() {
    let (rig, _guard) = Rig::bound();
    let mut timeout = timeout(ms(10), ready(7));
    assert_eq!(timeout.get_ref().clone().into_inner(), 7);
    *timeout.get_mut() = ready(8);
    assert_eq!(timeout.into_inner().into_inner(), 8);
    let mut armed = super::super::timeout(ms(10), pending::<()>());
    assert!(poll_once(std::pin::Pin::new(&mut armed)).is_pending());
    assert_eq!(rig.armed_count(), 1);
    drop(armed.into_inner());
    assert_eq!(rig.armed_count(), 0);
}

/// Spends the budget of its task, to the last unit, and waits.
async fn spend_all_and_wait() {
    poll_fn(|cx| {
        while let Poll::Ready(charge) = coop::poll_proceed(cx) {
            charge.made_progress();
        }
        Poll::Pending
    })
    .await
}

#[test]
fn a_future_that_spends_the_whole_budget_meets_its_deadline() {
    let (rig, _guard) = Rig::bound();
    let mut timeout = pin!(timeout(ms(10), spend_all_and_wait()));
    assert!(coop::with_budget(|| poll_once(timeout.as_mut())).is_pending());
    assert_eq!(rig.armed_count(), 1, "the timer was looked at");
    rig.pass(ms(10));
    assert!(matches!(coop::with_budget(|| poll_once(timeout.as_mut())), Poll::Ready(Err(_))));
}

#[test]
fn timers_that_are_always_ready_end_with_the_budget() {
    let past = Instant::now();
    let ready_count = coop::with_budget(|| {
        let mut ready_count = 0;
        while poll_once(pin!(timeout_at(past, pending::<()>()))).is_ready()
            && poll_once(pin!(sleep_until(past))).is_ready()
            && poll_once(pin!(interval_at(past, ms(1)).tick())).is_ready()
        {
            ready_count += 3;
            assert!(ready_count < 10_000, "they are free");
        }
        ready_count
    });
    assert!(ready_count > 0);
}
