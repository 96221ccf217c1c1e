//! How the lengths of polls, and of waits for a thread, are spread: for each worker of a runtime
//! that is observed.

use std::ops::Range;
use std::time::Duration;

#[cfg(all(unix, feature = "console"))]
use super::poll_log::PollLog;
use crate::primitive::atomic::{AtomicU64, Ordering};

/// The first bucket ends at this power of two, in nanoseconds; each other one is twice as long.
const FIRST_END_BITS: u32 = 10;

/// Times by their length. Buckets are powers of two, so a time finds its bucket by its highest bit.
pub(crate) struct Histogram {
    /// Of the thread that runs the worker, which therefore needs no read-modify-writes.
    own: Times,
    /// Of threads that have left the worker to another one while a poll went on.
    others: Times,
}

struct Times {
    counts: [AtomicU64; Histogram::BUCKETS_COUNT],
    nanos: AtomicU64,
}

impl Times {
    fn new() -> Times {
        Times { counts: std::array::from_fn(|_| AtomicU64::new(0)), nanos: AtomicU64::new(0) }
    }
}

impl Histogram {
    /// The last one begins at 4.3 s and has no end.
    pub(crate) const BUCKETS_COUNT: usize = 24;

    fn new() -> Histogram {
        Histogram { own: Times::new(), others: Times::new() }
    }

    fn bucket_of(nanos: u64) -> usize {
        let bits = u64::BITS - (nanos >> FIRST_END_BITS).leading_zeros();
        (bits as usize).min(Histogram::BUCKETS_COUNT - 1)
    }

    /// Which times a bucket counts.
    ///
    /// # Panics
    /// Panics if there is no such bucket.
    pub(crate) fn range_of(bucket: usize) -> Range<Duration> {
        let count = Histogram::BUCKETS_COUNT;
        assert!(bucket < count, "there are {count} buckets, numbered from 0: {bucket} is none");
        let end = |bucket: usize| Duration::from_nanos(1 << (FIRST_END_BITS as usize + bucket));
        let from = if bucket == 0 { Duration::ZERO } else { end(bucket - 1) };
        from..if bucket + 1 == count { Duration::MAX } else { end(bucket) }
    }

    /// Notes a time. `is_alone`: this thread runs the worker, and no other one does.
    #[inline]
    pub(super) fn note_of(&self, is_alone: bool, nanos: u64) {
        if !is_alone {
            return self.note(nanos);
        }
        let add = |sum: &AtomicU64, more| {
            // Ordering: Relaxed, both: sums that only metrics read. Only this thread writes them,
            // and a hand-over of the worker carries them to the next one.
            sum.store(sum.load(Ordering::Relaxed).wrapping_add(more), Ordering::Relaxed);
        };
        add(&self.own.counts[Histogram::bucket_of(nanos)], 1);
        add(&self.own.nanos, nanos);
    }

    /// Notes a time beside the thread that runs the worker, or where there is none.
    pub(crate) fn note(&self, nanos: u64) {
        // Ordering: Relaxed, both: sums that only metrics read. Additions, because several threads
        // may have left the worker.
        self.others.counts[Histogram::bucket_of(nanos)].fetch_add(1, Ordering::Relaxed);
        // Ordering: Relaxed, as above.
        self.others.nanos.fetch_add(nanos, Ordering::Relaxed);
    }

    /// How many times are in a bucket.
    pub(crate) fn count(&self, bucket: usize) -> u64 {
        // Ordering: Relaxed: it is only a metric.
        [&self.own, &self.others].map(|times| times.counts[bucket].load(Ordering::Relaxed)).iter().sum()
    }

    /// How many times threads have noted that had left the worker to another one.
    #[cfg(all(test, not(any(rt_loom, rt_shuttle))))]
    pub(crate) fn others_count(&self) -> u64 {
        // Ordering: Relaxed: it is only a metric.
        self.others.counts.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }

    /// All times together.
    pub(crate) fn sum(&self) -> Duration {
        // Ordering: Relaxed: it is only a metric.
        let nanos = [&self.own, &self.others].map(|times| times.nanos.load(Ordering::Relaxed));
        Duration::from_nanos(nanos.iter().sum())
    }
}

/// What is counted of the polls of a worker.
pub(crate) struct ObservedWorker {
    /// Lengths of polls.
    pub(crate) polls: Histogram,
    /// From when a task was due until its poll began.
    pub(crate) schedules: Histogram,
    #[cfg(all(unix, feature = "console"))]
    pub(crate) log: PollLog,
}

impl ObservedWorker {
    pub(crate) fn new() -> ObservedWorker {
        ObservedWorker {
            polls: Histogram::new(),
            schedules: Histogram::new(),
            #[cfg(all(unix, feature = "console"))]
            log: PollLog::new(),
        }
    }
}

#[cfg(all(test, not(any(rt_loom, rt_shuttle))))]
mod tests {
    use super::Histogram;
    use std::time::Duration;

    #[test]
    fn each_time_is_in_the_bucket_whose_range_has_it() {
        let histogram = Histogram::new();
        let times = (0..40).flat_map(|bits| [(1_u64 << bits) - 1, 1 << bits, (1 << bits) + 1]);
        let mut sum = 0;
        for nanos in times {
            let bucket = Histogram::bucket_of(nanos);
            let range = Histogram::range_of(bucket);
            assert!(range.contains(&Duration::from_nanos(nanos)), "{nanos} ns are not in {range:?}");
            let before = histogram.count(bucket);
            for is_alone in [true, false] {
                histogram.note_of(is_alone, nanos);
            }
            assert_eq!(histogram.count(bucket), before + 2);
            sum += 2 * nanos;
        }
        assert_eq!(histogram.sum(), Duration::from_nanos(sum));
    }

    #[test]
    fn buckets_follow_each_other_without_a_gap() {
        for bucket in 1..Histogram::BUCKETS_COUNT {
            assert_eq!(Histogram::range_of(bucket - 1).end, Histogram::range_of(bucket).start);
        }
    }
}
