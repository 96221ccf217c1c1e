//! Histograms whose buckets are powers of two, so that a value finds its bucket by its highest bit.

use std::ops::Range;
use std::time::Duration;

use crate::primitive::atomic::{AtomicU64, Ordering};

/// How values are spread. The first bucket ends at two to the power of `FIRST_END_BITS`, each other
/// one is twice as long as the one before, and the last one has no end.
pub(crate) struct Buckets<const FIRST_END_BITS: u32, const COUNT: usize> {
    /// Of the thread that runs the worker, which therefore needs no read-modify-writes.
    own: BucketCounts<COUNT>,
    /// Of all others, also of threads that have left the worker to another one during a poll.
    others: BucketCounts<COUNT>,
}

/// What some threads have noted.
struct BucketCounts<const COUNT: usize> {
    counts: [AtomicU64; COUNT],
    sum: AtomicU64,
}

/// Times by their length, in nanoseconds. The last bucket begins at 4.3 s.
pub(crate) type Histogram = Buckets<10, 24>;

/// Numbers of things that came together, from 1. The last bucket begins at 2048.
pub(crate) type SizeHistogram = Buckets<1, 12>;

impl<const COUNT: usize> BucketCounts<COUNT> {
    fn new() -> Self {
        BucketCounts { counts: std::array::from_fn(|_| AtomicU64::new(0)), sum: AtomicU64::new(0) }
    }
}

impl<const FIRST_END_BITS: u32, const COUNT: usize> Buckets<FIRST_END_BITS, COUNT> {
    pub(crate) const BUCKETS_COUNT: usize = COUNT;

    pub(crate) fn new() -> Self {
        Buckets { own: BucketCounts::new(), others: BucketCounts::new() }
    }

    fn bucket_of(value: u64) -> usize {
        let bits = u64::BITS - (value >> FIRST_END_BITS).leading_zeros();
        (bits as usize).min(COUNT - 1)
    }

    /// Which values a bucket counts. The last one ends at the largest number.
    ///
    /// # Panics
    /// Panics if there is no such bucket.
    pub(crate) fn span_of(bucket: usize) -> Range<u64> {
        assert!(bucket < COUNT, "there are {COUNT} buckets, numbered from 0: {bucket} is none");
        let end = |bucket: usize| 1 << (FIRST_END_BITS as usize + bucket);
        let from = if bucket == 0 { 0 } else { end(bucket - 1) };
        from..if bucket + 1 == COUNT { u64::MAX } else { end(bucket) }
    }

    /// Notes a value. `is_alone`: this thread runs the worker, and no other one does.
    #[inline]
    pub(super) fn note_of(&self, is_alone: bool, value: u64) {
        if !is_alone {
            return self.note(value);
        }
        let add = |sum: &AtomicU64, more| {
            // Ordering: Relaxed, both: sums that only metrics read. Only this thread writes them,
            // and a hand-over of the worker carries them to the next one.
            sum.store(sum.load(Ordering::Relaxed).wrapping_add(more), Ordering::Relaxed);
        };
        add(&self.own.counts[Self::bucket_of(value)], 1);
        add(&self.own.sum, value);
    }

    /// Notes a value beside the thread that runs the worker, or where there is none.
    pub(crate) fn note(&self, value: u64) {
        self.note_many(value, 1);
    }

    /// Notes the same value several times, as `note`.
    pub(crate) fn note_many(&self, value: u64, count: u64) {
        // Ordering: Relaxed, both: sums that only metrics read. Additions, because a thread that
        // takes a worker over may note a value beside the thread that had it.
        self.others.counts[Self::bucket_of(value)].fetch_add(count, Ordering::Relaxed);
        // Ordering: Relaxed, as above.
        self.others.sum.fetch_add(value.wrapping_mul(count), Ordering::Relaxed);
    }

    /// How many values are in a bucket.
    pub(crate) fn count(&self, bucket: usize) -> u64 {
        // Ordering: Relaxed: it is only a metric.
        [&self.own, &self.others].map(|noted| noted.counts[bucket].load(Ordering::Relaxed)).iter().sum()
    }

    /// How many values were noted by threads that did not run the worker alone.
    #[cfg(all(test, not(any(rt_loom, rt_shuttle))))]
    pub(crate) fn others_count(&self) -> u64 {
        // Ordering: Relaxed: it is only a metric.
        self.others.counts.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }

    /// All values together, modulo two to the power of 64.
    pub(crate) fn total(&self) -> u64 {
        // Ordering: Relaxed: it is only a metric.
        let [own, others] = [&self.own, &self.others].map(|noted| noted.sum.load(Ordering::Relaxed));
        own.wrapping_add(others)
    }
}

impl Histogram {
    /// Which times a bucket counts.
    ///
    /// # Panics
    /// Panics if there is no such bucket.
    pub(crate) fn range_of(bucket: usize) -> Range<Duration> {
        let Range { start, end } = Histogram::span_of(bucket);
        let end = if end == u64::MAX { Duration::MAX } else { Duration::from_nanos(end) };
        Duration::from_nanos(start)..end
    }

    /// Notes the same time several times.
    pub(crate) fn note_times(&self, time: Duration, count: u64) {
        self.note_many(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), count);
    }
}

#[cfg(all(test, not(any(rt_loom, rt_shuttle))))]
mod tests {
    use super::{Histogram, SizeHistogram};
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
        assert_eq!(histogram.total(), sum);
    }

    #[test]
    fn buckets_follow_each_other_without_a_gap() {
        for bucket in 1..Histogram::BUCKETS_COUNT {
            assert_eq!(Histogram::range_of(bucket - 1).end, Histogram::range_of(bucket).start);
        }
        for bucket in 1..SizeHistogram::BUCKETS_COUNT {
            assert_eq!(SizeHistogram::span_of(bucket - 1).end, SizeHistogram::span_of(bucket).start);
        }
    }

    #[test]
    fn one_alone_has_a_bucket_and_many_at_once_are_noted_together() {
        let histogram = SizeHistogram::new();
        [1, 2, 3, 4, 2047, 2048, u64::MAX >> 1].into_iter().for_each(|size| histogram.note(size));
        let counts: Vec<u64> = (0..SizeHistogram::BUCKETS_COUNT).map(|at| histogram.count(at)).collect();
        assert_eq!(counts, [1, 2, 1, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
        let times = Histogram::new();
        times.note_many(3000, 5);
        assert_eq!((times.count(Histogram::bucket_of(3000)), times.total()), (5, 15_000));
    }
}
