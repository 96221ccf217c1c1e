//! The clock in the hands of tests.
use std::time::Duration;

use super::clock::Clock;
use super::context;
use super::instant::deadline_after;
use crate::task::wake_all;

#[track_caller]
fn single_worker_clock<R>(name: &str, f: impl FnOnce(&Clock) -> R) -> R {
    let outcome = context::with_timers(|timers| {
        let is_single = timers.workers_count() == 1 && timers.clock().is_pausable();
        is_single.then(|| f(timers.clock()))
    });
    // Not in the closure, where the panic would name this file.
    match outcome {
        Some(outcome) => outcome,
        None => panic!(
            "time::{name} needs a current-thread runtime, such as Builder::new_current_thread() makes: \
             several threads would not agree on when nothing is left to do"
        ),
    }
}

/// Pauses the clock of this runtime, for tests.
///
/// To start a test with a paused clock, write `#[heist::test(start_paused = true)]` or call
/// [`Builder::start_paused`](crate::runtime::Builder::start_paused).
///
/// From now on [`Instant::now`](super::Instant::now) stands still, at the next whole millisecond of
/// the runtime's age. The clock jumps to the next deadline whenever every task waits, at least one
/// of them sleeps, and no operation of the runtime is in flight: so a test of an hour takes no
/// time. [`std::time::Instant`] is not affected.
///
/// | in flight | does time stand still? |
/// |---|---|
/// | closures of [`spawn_blocking`](crate::task::spawn_blocking), running or queued | yes |
/// | operations of [`fs`](crate::fs), standard output, name lookups | yes |
/// | reads and writes of an [`fs::File`](crate::fs::File) that wait for a peer: a FIFO, an eventfd | on io_uring yes, on polling no: do not pause beside them |
/// | opens of a FIFO whose other end is missing, sockets, [`io::pipe`](crate::io::pipe()), signals, standard input | no: the runtime cannot know whether the peer will act |
/// | your own threads and processes | no: the runtime does not know of them |
///
/// Two tasks of one runtime that talk over a local socket are safe: the bytes that one has sent are
/// there before the run loop looks for work. If the peer of a test is another thread, process or
/// machine, do not pause the clock, or call [`resume`] while the test waits for that peer.
///
/// # Panics
/// Panics if called outside of a runtime, on a runtime that is not a current-thread runtime, or if
/// the clock is paused already.
///
/// # Examples
/// ```
/// use heist::time::{self, Duration, Instant};
///
/// # heist::runtime::Builder::new_current_thread().build()?.block_on(async {
/// time::pause();
/// let start = Instant::now();
/// time::sleep(Duration::from_secs(3600)).await;
/// assert_eq!(start.elapsed(), Duration::from_secs(3600));
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[track_caller]
pub fn pause() {
    let was_running = single_worker_clock("pause", Clock::pause);
    assert!(was_running, "time::pause: the clock is paused already");
}

/// Lets a paused clock run on, from the time it shows.
///
/// # Panics
/// Panics if called outside of a runtime, on a runtime that is not a current-thread runtime, or if
/// the clock is not paused.
///
/// # Examples
/// ```
/// use heist::time::{self, Duration, Instant};
///
/// # heist::runtime::Builder::new_current_thread().build()?.block_on(async {
/// time::pause();
/// let paused = Instant::now();
/// assert_eq!(Instant::now(), paused);
/// time::resume();
/// time::sleep(Duration::from_millis(1)).await; // in real time
/// assert!(Instant::now() > paused);
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[track_caller]
pub fn resume() {
    let was_paused = single_worker_clock("resume", Clock::resume);
    assert!(was_paused, "time::resume: the clock is not paused; call time::pause first");
}

/// Moves a paused clock forward by `duration`, and lets the tasks run whose deadlines have passed.
///
/// A sleep of `duration` that began at the present time is over afterwards. Timers have a
/// resolution of one millisecond, so this is true for whole milliseconds. A sleep that ends within
/// a millisecond needs an advance to the next whole one.
///
/// The clock makes one jump: a task that would have slept twice within `duration` begins its second
/// sleep at the end of the jump. A `duration` that leads beyond the range of
/// [`Instant`](super::Instant) moves the clock by about 30 years.
///
/// # Panics
/// Panics if called outside of a runtime, on a runtime that is not a current-thread runtime, or if
/// the clock is not paused.
///
/// # Cancel safety
/// The clock has moved once this future was polled. Dropping the future does not move it back.
///
/// # Examples
/// ```
/// use heist::runtime::Builder;
/// use heist::time::{self, Duration};
///
/// Builder::new_current_thread().start_paused(true).build()?.block_on(async {
///     let lease = heist::spawn(time::sleep(Duration::from_secs(30)));
///     // Let the task begin its sleep.
///     heist::task::yield_now().await;
///     time::advance(Duration::from_secs(30)).await;
///     assert!(lease.is_finished());
/// });
/// # Ok::<(), std::io::Error>(())
/// ```
pub async fn advance(duration: Duration) {
    let was_paused =
        single_worker_clock("advance", |clock| clock.advance_to(deadline_after(clock.now(), duration)));
    assert!(was_paused, "time::advance: the clock is not paused; call time::pause first");
    let mut wakers = Vec::new();
    context::with_timers(|timers| timers.fire_all_due(&mut wakers));
    wake_all(wakers);
    // Yields once to the run loop, so that the woken tasks run before the caller continues.
    let mut has_yielded = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut has_yielded, true) {
            return std::task::Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}
