//! Pauses between the attempts of a call for which the system has no event. Each pause is twice as
//! long as the one before. So a call waits at most twice as long as necessary, and after the first
//! quarter of a second it makes at most eight attempts a second.

use std::time::Duration;

/// The longest pause, and so the longest time that a call can wait in vain. A pause ends a little
/// later than asked, and the next attempt is worth that delay too.
const LONGEST: Duration = Duration::from_millis(128);

/// The length of the next pause of a call.
#[cfg(unix)]
#[derive(Clone, Copy, Debug)]
pub(super) struct Pauses(Duration);

#[cfg(unix)]
impl Pauses {
    pub(super) const fn new() -> Pauses {
        Pauses(Duration::from_millis(1))
    }

    pub(super) fn take(&mut self) -> Duration {
        let pause = self.0;
        self.0 = (pause * 2).min(LONGEST);
        pause
    }
}

/// The pause after `count` failures in a row before this one, if each of them is reported.
pub(super) fn after_failures(count: u32, shortest: Duration) -> Duration {
    (shortest * 2_u32.pow(count.min(8))).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::{Duration, after_failures};

    #[cfg(unix)]
    #[test]
    fn a_call_tries_eight_times_in_the_first_quarter_of_a_second_and_eight_times_a_second_then() {
        use super::{LONGEST, Pauses};

        let mut pauses = Pauses::new();
        let first: Duration = (0..8).map(|_| pauses.take()).sum();
        assert_eq!(first, Duration::from_millis(255));
        let later: Duration = (0..8).map(|_| pauses.take()).sum();
        assert_eq!(later, 8 * LONGEST);
        assert!(later > Duration::from_secs(1));
    }

    #[test]
    fn the_pause_of_a_failure_grows_and_has_a_bound() {
        let pauses = [0, 1, 2, 3, 4, u32::MAX].map(|count| after_failures(count, Duration::from_millis(10)));
        assert_eq!(pauses.map(|pause| pause.as_millis()), [10, 20, 40, 80, 128, 128]);
    }
}
