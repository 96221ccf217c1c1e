//! [no-spin]: every kind of wait in every state of a socket makes few calls while nothing happens,
//! and ends when something happens.

use std::cell::Cell;
use std::future::Future;
use std::io::{self, Write};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use crate::driver::{Direction, Driver, Registration};

use super::{LIMIT, bound, counting_waker, on_every_backend, stream_pair};

#[cfg(target_os = "linux")]
mod errors;
mod states;

use states::{Call, Resolve, Waits, every_state, refill};

/// How long each case is watched, and the most calls of a wait, and turns of the driver, in that
/// time.
const QUIET: Duration = Duration::from_secs(1);
const CALLS_COUNT_MAX: usize = 20;

/// A wait that counts its calls.
struct Watched<'a> {
    name: &'static str,
    calls_count: Rc<Cell<usize>>,
    future: Pin<Box<dyn Future<Output = ()> + 'a>>,
    is_done: bool,
}

fn watch((name, registration, waits): &Waits) -> impl Iterator<Item = Watched<'_>> {
    waits.iter().map(|&(direction, call)| {
        let calls_count = Rc::new(Cell::new(0));
        let counted = calls_count.clone();
        let wait = registration.async_io(direction, move |socket| {
            counted.set(counted.get() + 1);
            call(socket)
        });
        let future = Box::pin(async { drop(wait.await) });
        Watched { name, calls_count, future, is_done: false }
    })
}

/// Serves all waits until they are done or the time-out ends. Returns the number of turns that this
/// took.
fn serve(driver: &Driver, watched: &mut [Watched<'_>], limit: Duration) -> usize {
    let (count, waker) = counting_waker();
    let (started, mut turns_count, mut wakers) = (Instant::now(), 0, Vec::new());
    loop {
        let before = count.count();
        for wait in watched.iter_mut().filter(|wait| !wait.is_done) {
            wait.is_done = wait.future.as_mut().poll(&mut Context::from_waker(&waker)) == Poll::Ready(());
        }
        if watched.iter().all(|wait| wait.is_done) {
            return turns_count;
        }
        while count.count() == before {
            let Some(left) = limit.checked_sub(started.elapsed()) else { return turns_count };
            driver.park(0, Some(left), &mut wakers).expect("park");
            turns_count += 1;
            wakers.drain(..).for_each(Waker::wake);
        }
    }
}

#[test]
fn no_wait_in_any_state_spins_and_each_ends_when_its_state_does() {
    on_every_backend(|driver| {
        let _guard = bound(driver);
        let (waits, resolves): (Vec<Waits>, Vec<Resolve>) = every_state()
            .into_iter()
            .map(|case| ((case.name, case.registration, case.waits), case.resolve))
            .unzip();
        refill(&waits);
        let mut watched: Vec<Watched<'_>> = waits.iter().flat_map(watch).collect();
        // All waits try; those that can complete do so.
        serve(driver, &mut watched, Duration::from_millis(300));
        assert!(
            watched.iter().all(|wait| !wait.is_done),
            "not a wait: {:?}",
            names(&watched, |wait| wait.is_done)
        );
        let before: Vec<usize> = watched.iter().map(|wait| wait.calls_count.get()).collect();
        let turns_count = serve(driver, &mut watched, QUIET);
        for (wait, before) in watched.iter().zip(before) {
            assert!(before <= CALLS_COUNT_MAX, "{} settles after {before} calls", wait.name);
            let calls_count = wait.calls_count.get() - before;
            assert!(calls_count <= CALLS_COUNT_MAX, "{}: {calls_count} calls in {QUIET:?}", wait.name);
        }
        let turns_count_max = CALLS_COUNT_MAX * if has_edges(driver) { 1 } else { watched.len() };
        assert!(turns_count <= turns_count_max, "{turns_count} turns in {QUIET:?}");
        let _kept: Vec<_> = resolves.into_iter().map(|resolve| resolve()).collect();
        serve(driver, &mut watched, LIMIT);
        assert!(
            watched.iter().all(|wait| wait.is_done),
            "asleep: {:?}",
            names(&watched, |wait| !wait.is_done)
        );
    });
}

/// Without edges, the driver must look at a futile wait now and then.
fn has_edges(driver: &Driver) -> bool {
    driver.name() != "poll" || !driver.is_level_at_arm()
}

fn names(watched: &[Watched<'_>], which: impl Fn(&Watched<'_>) -> bool) -> Vec<&'static str> {
    watched.iter().filter(|wait| which(wait)).map(|wait| wait.name).collect()
}

/// Whatever the kernel reports: here everything is always ready.
#[test]
fn a_call_that_always_blocks_is_not_tried_for_ever() {
    on_every_backend(|driver| {
        let _guard = bound(driver);
        let (ours, mut theirs) = stream_pair();
        theirs.write_all(b"never read").expect("write");
        let registration = Registration::new(ours.into()).expect("register");
        let waits = ("ready", registration, vec![(Direction::Read, NEVER), (Direction::Write, NEVER)]);
        expect_quiet(driver, &waits, CALLS_COUNT_MAX);
    });
}

/// The kernel answers every order for it at once, because there is nothing for which it could wait.
#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_waited_for_is_tried_a_few_times_a_second() {
    on_every_backend(|driver| {
        let _guard = bound(driver);
        let file = tempfile::tempfile().expect("a file");
        let registration =
            Registration::new(socket2::Socket::from(std::os::fd::OwnedFd::from(file))).expect("register");
        let waits = ("a file", registration, vec![(Direction::Read, NEVER)]);
        if driver.name() == "poll" {
            let call = waits.1.async_io(Direction::Read, NEVER);
            super::drive(driver, call).expect_err("epoll refuses it");
        } else {
            let calls_count = expect_quiet(driver, &waits, CALLS_COUNT_MAX);
            assert!(calls_count > 2, "and is tried again: {calls_count}");
        }
        drop(waits);
        super::harvest_until(driver, || driver.in_flight(0) == 0);
        assert_eq!(driver.stale_count(0), 0);
    });
}

const NEVER: Call = |_| Err(io::ErrorKind::WouldBlock.into());

/// Returns how many calls each of the waits makes in a second, and checks that none makes more than
/// `calls_count_max`.
fn expect_quiet(driver: &Driver, waits: &Waits, calls_count_max: usize) -> usize {
    let mut watched: Vec<Watched<'_>> = watch(waits).collect();
    let turns_count = serve(driver, &mut watched, QUIET);
    let calls_counts: Vec<usize> = watched.iter().map(|wait| wait.calls_count.get()).collect();
    let most = calls_counts.iter().copied().max().expect("a wait");
    assert!(most <= calls_count_max, "{calls_counts:?} calls in {QUIET:?}");
    assert!(turns_count <= calls_count_max, "{turns_count} turns in {QUIET:?}");
    most
}
