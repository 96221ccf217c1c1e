//! The system's monotonic clock. Under an explorer time advances a little when the clock is read,
//! and as far as a test or the simulated kernel of a model moves it.

#[cfg(not(any(rt_loom, rt_shuttle, all(test, rt_count))))]
#[inline(always)]
pub(crate) fn now() -> std::time::Instant {
    std::time::Instant::now()
}

#[cfg(all(test, rt_count))]
pub(crate) use super::count::now;

#[cfg(any(rt_loom, rt_shuttle))]
pub(super) use virtual_clock::restart;
#[cfg(any(rt_loom, rt_shuttle))]
pub(crate) use virtual_clock::{advance_to, now};

#[cfg(any(rt_loom, rt_shuttle))]
mod virtual_clock {
    use std::cell::Cell;
    use std::sync::OnceLock;
    use std::time::{Duration, Instant};

    /// Time between two reads. Under shuttle a worker has spent its time budget after a poll or
    /// two, as if polls were long. Under loom polls are short: each harvest is many steps.
    const LOOK: Duration = if cfg!(rt_loom) { Duration::from_nanos(100) } else { Duration::from_micros(100) };

    std::thread_local! {
        /// The time of one execution: an explorer runs all threads of an execution on one thread of
        /// the system.
        static NOW: Cell<Option<Instant>> = const { Cell::new(None) };
    }

    /// When executions begin. Each begins at the same time, because an explorer repeats them.
    fn beginning() -> Instant {
        static BEGINNING: OnceLock<Instant> = OnceLock::new();
        *BEGINNING.get_or_init(Instant::now)
    }

    pub(crate) fn now() -> Instant {
        let now = NOW.get().unwrap_or_else(beginning) + LOOK;
        NOW.set(Some(now));
        now
    }

    /// Moves the clock forward, never back.
    pub(crate) fn advance_to(instant: Instant) {
        NOW.set(NOW.get().max(Some(instant)));
    }

    /// Called when an execution begins.
    pub(in crate::primitive) fn restart() {
        NOW.set(None);
    }
}
