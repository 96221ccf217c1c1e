//! The time for what is counted of tasks that are observed.
//!
//! A reading of the system's clock takes longer than many a poll. The processor's time stamp
//! counter takes a third of that, so it is read wherever the kernel has found that it may be: where
//! its own clock rests on it, the counter goes at one rate and is the same on each processor. How
//! long a tick takes is measured against the clock, over the first tenth of a second after a time
//! was asked for. Until then, and everywhere else, times are the clock's.
#![cfg_attr(
    all(target_arch = "x86_64", not(miri)),
    expect(unsafe_code, reason = "an instruction without a safe name")
)]

use crate::primitive::clock;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// How long a tick is measured.
const MEASURED: Duration = Duration::from_millis(100);
/// A clock and a counter that are read together are read at most so far apart. With both ends of
/// the measured time it is the error of a tick: 20 millionths.
const DOUBT_MAX: Duration = Duration::from_micros(1);
/// Of so many pairs of readings the closest one is taken.
const TRIES_COUNT: usize = 5;
/// Bits of the fraction in a tick's nanoseconds.
const FRACTION_BITS: u32 = 32;

/// The time now, in nanoseconds since the first one was asked for.
#[inline]
pub(crate) fn nanos_now() -> u64 {
    COUNTER.get().and_then(|counter| counter.nanos_at(ticks_now())).unwrap_or_else(nanos_by_clock)
}

/// Set when a tick has been measured.
static COUNTER: OnceLock<Counter> = OnceLock::new();

/// The time by the clock.
fn nanos_by_clock() -> u64 {
    static EPOCH: OnceLock<Epoch> = OnceLock::new();
    // One reading, also for the first time: simulated worlds see each.
    let now = clock::now();
    let epoch = EPOCH.get_or_init(|| Epoch::at(now));
    let nanos = nanos_between(epoch.began, now);
    if nanos >= epoch.measured_at {
        epoch.measure();
    }
    nanos
}

fn nanos_between(from: Instant, to: Instant) -> u64 {
    let since = to.saturating_duration_since(from);
    // Not `as_nanos`, which has 128 bits: these reach for 584 years.
    since.as_secs() * 1_000_000_000 + u64::from(since.subsec_nanos())
}

/// When times begin.
struct Epoch {
    began: Instant,
    ticks: u64,
    /// When the counter may be used, in nanoseconds.
    measured_at: u64,
}

impl Epoch {
    fn at(began: Instant) -> Epoch {
        let by_clock = Epoch { began, ticks: 0, measured_at: u64::MAX };
        if !kernel_counts_ticks() {
            return by_clock;
        }
        let measured_at = nanos_between(began, began + MEASURED);
        read_both().map_or(by_clock, |(began, ticks)| Epoch { began, ticks, measured_at })
    }

    /// Measures a tick, and begins to use the counter. If this thread is disturbed, the next one
    /// does it.
    #[cold]
    fn measure(&self) {
        let Some((now, ticks)) = read_both() else { return };
        let nanos = nanos_between(self.began, now);
        if let Some(counter) = Counter::new(nanos, ticks, ticks.saturating_sub(self.ticks)) {
            let _ = COUNTER.set(counter);
        }
    }
}

/// A counter, and how long its ticks are.
struct Counter {
    /// The nanoseconds at `ticks`.
    nanos: u64,
    ticks: u64,
    /// Nanoseconds of a tick, times two to the power of `FRACTION_BITS`.
    tick: u64,
}

impl Counter {
    /// One that has counted `counted` ticks in `nanos` nanoseconds, and is at `ticks`. `None` if no
    /// processor counts so.
    fn new(nanos: u64, ticks: u64, counted: u64) -> Option<Counter> {
        let tick = (u128::from(nanos) << FRACTION_BITS).checked_div(u128::from(counted))?;
        let tick = u64::try_from(tick).ok().filter(|&tick| tick > 0)?;
        Some(Counter { nanos, ticks, tick })
    }

    /// `None`: it has gone back, as some do while a machine sleeps.
    #[inline]
    fn nanos_at(&self, ticks: u64) -> Option<u64> {
        let counted = ticks.checked_sub(self.ticks)?;
        Some(self.nanos + ((u128::from(counted) * u128::from(self.tick)) >> FRACTION_BITS) as u64)
    }
}

/// Reads the clock and the counter together. `None` if this thread was disturbed each time.
fn read_both() -> Option<(Instant, u64)> {
    let read = |_| {
        let (before, ticks, after) = (clock::now(), ticks_now(), clock::now());
        (after.saturating_duration_since(before), before, ticks)
    };
    let (apart, at, ticks) = (0..TRIES_COUNT).map(read).min()?;
    (apart <= DOUBT_MAX).then_some((at, ticks))
}

/// Whether the kernel's clock rests on the counter. A kernel that is not Linux does not say so
/// here.
fn kernel_counts_ticks() -> bool {
    const CLOCK_SOURCE: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    // Models have a clock of their own, or count its readings. So has a simulated world, which the
    // counter knows nothing of.
    let is_known = cfg!(all(
        target_arch = "x86_64",
        not(any(miri, feature = "sim")),
        not(any(rt_loom, rt_shuttle, all(test, rt_count)))
    ));
    is_known && std::fs::read_to_string(CLOCK_SOURCE).is_ok_and(|source| source.trim() == "tsc")
}

#[cfg(all(target_arch = "x86_64", not(miri)))]
#[inline]
fn ticks_now() -> u64 {
    // SAFETY: each processor of this kind has it. Only a process that forbids itself the counter
    // may not read it, and that one may not read the clock either where this is called.
    unsafe { std::arch::x86_64::_rdtsc() }
}

#[cfg(not(all(target_arch = "x86_64", not(miri))))]
fn ticks_now() -> u64 {
    0
}

#[cfg(all(test, not(any(rt_loom, rt_shuttle, rt_count))))]
mod tests {
    use super::{Counter, MEASURED, kernel_counts_ticks, nanos_between, nanos_now};
    use std::time::{Duration, Instant};

    #[test]
    fn a_counter_has_the_nanoseconds_that_it_was_measured_by() {
        // 3 GHz, for a tenth of a second, and then for ten years.
        let counter = Counter::new(100_000_000, 5_000_000_000, 300_000_000).unwrap();
        assert_eq!(counter.nanos_at(5_000_000_000), Some(100_000_000));
        assert_eq!(counter.nanos_at(5_000_003_000), Some(100_001_000 - 1), "rounded down");
        let ten_years = 10 * 365 * 86_400 * 1_000_000_000_u64;
        let nanos = counter.nanos_at(5_000_000_000 + 3 * ten_years).unwrap() - 100_000_000;
        assert!(ten_years - nanos < 1_000_000_000, "{nanos} of {ten_years}");
    }

    #[test]
    fn a_counter_that_stands_or_has_gone_back_has_no_time() {
        assert!(Counter::new(100_000_000, 7, 0).is_none());
        assert!(Counter::new(0, 7, 300_000_000).is_none());
        assert_eq!(Counter::new(1_000, 7, 3_000).unwrap().nanos_at(6), None);
    }

    /// Before, while and after a tick has been measured.
    #[test]
    fn times_go_on_as_the_clock_does() {
        let (began, first) = (Instant::now(), nanos_now());
        let mut last = first;
        while began.elapsed() < 3 * MEASURED {
            let now = nanos_now();
            assert!(now + 2_000 >= last, "{now} after {last}");
            last = now;
        }
        // The clock is read last, so it may only be ahead; by how much, other processes decide.
        let by_clock = nanos_between(began, Instant::now());
        assert!(last - first <= by_clock + 10_000, "{} of {by_clock}", last - first);
        assert!(by_clock - (last - first).min(by_clock) < Duration::from_millis(100).as_nanos() as u64);
        assert_eq!(super::COUNTER.get().is_some(), kernel_counts_ticks());
    }
}
