//! How long polls are, and waits for a worker.

use std::ops::Range;
use std::time::Duration;

#[cfg(doc)]
use crate::runtime::Builder;
use crate::runtime::RuntimeMetrics;
use crate::task::Histogram;

impl RuntimeMetrics {
    /// Whether the lengths of polls are counted: if the runtime is observed, see
    /// [`Builder::observe`].
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_multi_thread().observe(true).build()?;
    /// assert!(runtime.handle().metrics().poll_time_histogram_enabled());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn poll_time_histogram_enabled(&self) -> bool {
        self.is_observed()
    }

    /// The number of buckets by which lengths of polls are counted: 24. The first one ends at
    /// 1.024 µs, each other one is twice as long as the one before, and the last one begins at
    /// 4.3 s and has no end.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// assert_eq!(runtime.handle().metrics().poll_time_histogram_num_buckets(), 24);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn poll_time_histogram_num_buckets(&self) -> usize {
        Histogram::BUCKETS_COUNT
    }

    /// Which lengths a bucket counts.
    ///
    /// # Panics
    /// Panics if there is no such bucket.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// let runtime = heist::runtime::Runtime::new()?;
    /// let range = runtime.handle().metrics().poll_time_histogram_bucket_range(0);
    /// assert_eq!(range, Duration::ZERO..Duration::from_nanos(1024));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn poll_time_histogram_bucket_range(&self, bucket: usize) -> Range<Duration> {
        Histogram::range_of(bucket)
    }

    /// How many polls of tasks by a worker, counted from 0, had a length of this bucket. Zero if
    /// the runtime is not observed.
    ///
    /// # Panics
    /// Panics if there is no such worker or bucket.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_current_thread().observe(true).build()?;
    /// runtime.block_on(runtime.spawn(async {})).unwrap();
    /// let metrics = runtime.handle().metrics();
    /// let count = |bucket| metrics.poll_time_histogram_bucket_count(0, bucket);
    /// let buckets = 0..metrics.poll_time_histogram_num_buckets();
    /// assert_eq!(buckets.map(count).sum::<u64>(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn poll_time_histogram_bucket_count(&self, worker: usize, bucket: usize) -> u64 {
        self.time_count(worker, bucket, |observed| &observed.polls)
    }

    /// Whether it is counted how long tasks that are due wait for a thread: if the runtime is
    /// observed, see [`Builder::observe`].
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_multi_thread().observe(false).build()?;
    /// assert!(!runtime.handle().metrics().schedule_latency_histogram_enabled());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn schedule_latency_histogram_enabled(&self) -> bool {
        self.poll_time_histogram_enabled()
    }

    /// The number of buckets by which waits for a thread are counted, those of
    /// [`poll_time_histogram_num_buckets`](Self::poll_time_histogram_num_buckets).
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// assert_eq!(runtime.handle().metrics().schedule_latency_histogram_num_buckets(), 24);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn schedule_latency_histogram_num_buckets(&self) -> usize {
        Histogram::BUCKETS_COUNT
    }

    /// Which waits a bucket counts.
    ///
    /// # Panics
    /// Panics if there is no such bucket.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// let runtime = heist::runtime::Runtime::new()?;
    /// let range = runtime.handle().metrics().schedule_latency_histogram_bucket_range(23);
    /// assert_eq!(range, Duration::from_nanos(1 << 32)..Duration::MAX);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn schedule_latency_histogram_bucket_range(&self, bucket: usize) -> Range<Duration> {
        Histogram::range_of(bucket)
    }

    /// How many polls by a worker, counted from 0, began after a wait of this bucket: from the time
    /// when the task was spawned, woken or yielded. Zero if the runtime is not observed.
    ///
    /// # Panics
    /// Panics if there is no such worker or bucket.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_current_thread().observe(true).build()?;
    /// runtime.block_on(runtime.spawn(heist::task::yield_now())).unwrap();
    /// let metrics = runtime.handle().metrics();
    /// let count = |bucket| metrics.schedule_latency_histogram_bucket_count(0, bucket);
    /// let buckets = 0..metrics.schedule_latency_histogram_num_buckets();
    /// assert_eq!(buckets.map(count).sum::<u64>(), 2);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn schedule_latency_histogram_bucket_count(&self, worker: usize, bucket: usize) -> u64 {
        self.time_count(worker, bucket, |observed| &observed.schedules)
    }
}

#[cfg(all(test, not(any(rt_loom, rt_shuttle))))]
mod tests {
    use crate::runtime::{Builder, Handle, block_in_place};
    use std::time::{Duration, Instant};

    /// Additions of the one and stores of the other must not undo each other.
    #[test]
    fn a_poll_that_has_lost_its_worker_is_counted_beside_the_new_thread() {
        let rt = Builder::new_multi_thread().worker_threads(1).observe(true).build().expect("a runtime");
        let task = rt.spawn(async {
            block_in_place(|| Handle::current().block_on(crate::task::spawn(async {}))).unwrap();
        });
        rt.block_on(task).unwrap();
        let metrics = rt.handle().metrics();
        let polls = &metrics.observed(0).expect("it is observed").polls;
        let count = || (0..metrics.poll_time_histogram_num_buckets()).map(|bucket| polls.count(bucket)).sum();
        // The count comes after the output.
        let began = Instant::now();
        while count() != 2_u64 && began.elapsed() < Duration::from_secs(10) {
            std::thread::yield_now();
        }
        assert_eq!((count(), polls.others_count()), (2, 1));
    }
}
