//! The public instant: std's, read from the clock of the runtime.
use std::fmt;
use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::time::Duration;

use super::context;

/// The deadline that replaces one that overflows: about 30 years ahead.
const FAR_FUTURE: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// A point on the monotonic clock of the runtime.
///
/// It is a [`std::time::Instant`] with one difference: on the threads of a runtime whose clock is
/// paused, [`Instant::now`] follows [`pause`](super::pause) and [`advance`](super::advance).
/// Conversions in both directions cost nothing.
///
/// # Examples
/// ```
/// use heist::time::{Duration, Instant};
///
/// let start = Instant::now();
/// let deadline = start + Duration::from_millis(250);
/// assert_eq!(deadline - start, Duration::from_millis(250));
/// assert_eq!(start - deadline, Duration::ZERO); // never negative
/// assert_eq!(start.checked_duration_since(deadline), None);
/// assert_eq!(Instant::from_std(start.into_std()), start);
/// assert!(start.elapsed() <= start.elapsed());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(std::time::Instant);

/// Returns `now + duration`, or an instant about 30 years ahead if the sum overflows.
pub(super) fn deadline_after(now: std::time::Instant, duration: Duration) -> std::time::Instant {
    now.checked_add(duration).or_else(|| now.checked_add(FAR_FUTURE)).unwrap_or(now)
}

impl Instant {
    /// Returns the present. It works on every thread, and always reads the clock.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use heist::time::{Duration, Instant, sleep};
    ///
    /// let start = Instant::now();
    /// sleep(Duration::from_millis(1)).await;
    /// assert!(Instant::now() - start >= Duration::from_millis(1));
    /// # }
    /// ```
    #[must_use]
    pub fn now() -> Instant {
        Instant(context::now())
    }

    /// Returns the present plus `duration`, or "never".
    pub(super) fn after(duration: Duration) -> Instant {
        Instant(deadline_after(context::now(), duration))
    }

    /// Returns `self + duration`, or an instant about 30 years after `self` if the sum overflows.
    pub(super) fn saturating_add(self, duration: Duration) -> Instant {
        Instant(deadline_after(self.0, duration))
    }

    /// Converts an instant of std.
    ///
    /// # Examples
    /// ```
    /// use heist::time::Instant;
    ///
    /// let std = std::time::Instant::now();
    /// assert_eq!(Instant::from_std(std).into_std(), std);
    /// ```
    #[must_use]
    pub fn from_std(std: std::time::Instant) -> Instant {
        Instant(std)
    }

    /// Converts into an instant of std.
    ///
    /// # Examples
    /// ```
    /// use heist::time::Instant;
    ///
    /// let now = Instant::now();
    /// assert_eq!(Instant::from_std(now.into_std()), now);
    /// ```
    #[must_use]
    pub fn into_std(self) -> std::time::Instant {
        self.0
    }

    /// Returns the time from `earlier` to `self`, or zero if `earlier` is later.
    ///
    /// # Examples
    /// ```
    /// use heist::time::{Duration, Instant};
    ///
    /// let start = Instant::now();
    /// let later = start + Duration::from_secs(1);
    /// assert_eq!(later.duration_since(start), Duration::from_secs(1));
    /// assert_eq!(start.duration_since(later), Duration::ZERO);
    /// ```
    #[must_use]
    pub fn duration_since(&self, earlier: Instant) -> Duration {
        self.0.saturating_duration_since(earlier.0)
    }

    /// Returns the time from `earlier` to `self`, or `None` if `earlier` is later.
    ///
    /// # Examples
    /// ```
    /// use heist::time::{Duration, Instant};
    ///
    /// let start = Instant::now();
    /// let later = start + Duration::from_secs(1);
    /// assert_eq!(later.checked_duration_since(start), Some(Duration::from_secs(1)));
    /// assert_eq!(start.checked_duration_since(later), None);
    /// ```
    #[must_use]
    pub fn checked_duration_since(&self, earlier: Instant) -> Option<Duration> {
        self.0.checked_duration_since(earlier.0)
    }

    /// Returns the time from `earlier` to `self`, or zero if `earlier` is later.
    ///
    /// # Examples
    /// ```
    /// use heist::time::{Duration, Instant};
    ///
    /// let start = Instant::now();
    /// let later = start + Duration::from_secs(1);
    /// assert_eq!(later.saturating_duration_since(start), Duration::from_secs(1));
    /// assert_eq!(start.saturating_duration_since(later), Duration::ZERO);
    /// ```
    #[must_use]
    pub fn saturating_duration_since(&self, earlier: Instant) -> Duration {
        self.0.saturating_duration_since(earlier.0)
    }

    /// Returns the time from this instant to the present, or zero if it is in the future.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use heist::time::{Duration, Instant, sleep};
    ///
    /// let start = Instant::now();
    /// sleep(Duration::from_secs(1)).await;
    /// assert_eq!(start.elapsed(), Duration::from_secs(1));
    /// # }
    /// ```
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        Instant::now().saturating_duration_since(*self)
    }

    /// Returns `self + duration`, or `None` if the platform cannot represent it.
    ///
    /// # Examples
    /// ```
    /// use heist::time::{Duration, Instant};
    ///
    /// let start = Instant::now();
    /// assert_eq!(start.checked_add(Duration::from_secs(1)), Some(start + Duration::from_secs(1)));
    /// assert_eq!(start.checked_add(Duration::MAX), None);
    /// ```
    #[must_use]
    pub fn checked_add(&self, duration: Duration) -> Option<Instant> {
        self.0.checked_add(duration).map(Instant)
    }

    /// Returns `self - duration`, or `None` if the platform cannot represent it.
    ///
    /// # Examples
    /// ```
    /// use heist::time::{Duration, Instant};
    ///
    /// let start = Instant::now();
    /// let later = start + Duration::from_secs(1);
    /// assert_eq!(later.checked_sub(Duration::from_secs(1)), Some(start));
    /// assert_eq!(start.checked_sub(Duration::MAX), None);
    /// ```
    #[must_use]
    pub fn checked_sub(&self, duration: Duration) -> Option<Instant> {
        self.0.checked_sub(duration).map(Instant)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<std::time::Instant> for Instant {
    fn from(instant: std::time::Instant) -> Instant {
        Instant(instant)
    }
}

impl From<Instant> for std::time::Instant {
    fn from(instant: Instant) -> std::time::Instant {
        instant.0
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;

    /// # Panics
    /// Panics if the platform cannot represent the sum, as std does. See
    /// [`Instant::checked_add`].
    fn add(self, duration: Duration) -> Instant {
        Instant(self.0 + duration)
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl Sub<Instant> for Instant {
    type Output = Duration;

    fn sub(self, earlier: Instant) -> Duration {
        self.0.saturating_duration_since(earlier.0)
    }
}

impl Sub<Duration> for Instant {
    type Output = Instant;

    /// # Panics
    /// Panics if the platform cannot represent the difference, as std does. See
    /// [`Instant::checked_sub`].
    fn sub(self, duration: Duration) -> Instant {
        Instant(self.0 - duration)
    }
}

impl SubAssign<Duration> for Instant {
    fn sub_assign(&mut self, duration: Duration) {
        *self = *self - duration;
    }
}
