//! Tasks that compute and never yield, for as long as it takes until what shall happen beside them has happened.
//!
//! What others waited is measured in the time that the computation was given: a machine that has no core to spare stops the
//! computation as well as those who wait, and a runtime that serves nobody meanwhile does not.

use std::time::{Duration, Instant};

/// Who is not served within that is never served.
const NEVER: Duration = Duration::from_secs(20);
/// Less than the least that a computation would have to take for a runtime that waits for its end to be noticed.
const SOON: Duration = Duration::from_millis(100);

/// Computes until `is_over`. The CPU time it took; none if it was in vain.
pub(crate) fn until(is_over: impl Fn() -> bool) -> Option<Duration> {
    let (start, before) = (Instant::now(), thread_cpu());
    while !is_over() {
        if start.elapsed() > NEVER {
            return None;
        }
        std::hint::spin_loop();
    }
    Some(thread_cpu() - before)
}

/// Fails unless most of a few computations end soon. Each of `tries` computes [`until`] others were served beside it.
///
/// The core that serves them may be taken away, too, so a few more are tried then.
#[track_caller]
pub(crate) fn expect_soon(what: &str, tries: impl FnMut() -> Option<Duration>) {
    const NEEDED_COUNT: usize = 3;
    const TRIES_COUNT_MAX: usize = 15;
    let mut times = Vec::new();
    for time in std::iter::repeat_with(tries).take(TRIES_COUNT_MAX) {
        let Some(time) = time else {
            panic!("{what} waited in vain for {NEVER:?}, and for {times:?} before");
        };
        times.push(time);
        if times.iter().filter(|time| **time < SOON).count() == NEEDED_COUNT {
            eprintln!("{what} waited for {times:?}");
            return;
        }
    }
    panic!("{what} waited for the computation: {times:?}");
}

/// CPU time that this thread has used so far; where it is not to be had in one call, time on the clock.
fn thread_cpu() -> Duration {
    #[cfg(unix)]
    return super::process::thread_cpu_time();
    #[cfg(not(unix))]
    {
        static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        START.get_or_init(Instant::now).elapsed()
    }
}
