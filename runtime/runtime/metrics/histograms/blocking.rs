//! How long closures on the blocking pool run, and wait for a thread.

use std::ops::Range;
use std::time::Duration;

#[cfg(doc)]
use crate::runtime::Builder;
use crate::runtime::RuntimeMetrics;
use crate::task::{Histogram, ObservedPool};

impl RuntimeMetrics {
    /// Whether it is counted how long closures on the blocking pool run: if the runtime is
    /// observed, see [`Builder::observe`].
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_multi_thread().observe(true).build()?;
    /// assert!(runtime.handle().metrics().blocking_time_histogram_enabled());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn blocking_time_histogram_enabled(&self) -> bool {
        self.is_observed()
    }

    /// The number of buckets by which lengths of closures are counted, those of
    /// [`poll_time_histogram_num_buckets`](Self::poll_time_histogram_num_buckets).
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// assert_eq!(runtime.handle().metrics().blocking_time_histogram_num_buckets(), 24);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn blocking_time_histogram_num_buckets(&self) -> usize {
        Histogram::BUCKETS_COUNT
    }

    /// Which lengths of closures a bucket counts.
    ///
    /// # Panics
    /// Panics if there is no such bucket.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// let runtime = heist::runtime::Runtime::new()?;
    /// let range = runtime.handle().metrics().blocking_time_histogram_bucket_range(1);
    /// assert_eq!(range, Duration::from_nanos(1024)..Duration::from_nanos(2048));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn blocking_time_histogram_bucket_range(&self, bucket: usize) -> Range<Duration> {
        Histogram::range_of(bucket)
    }

    /// How many closures on the blocking pool ran so long, of those that have ended. Operations on
    /// files that no ring carries out are closures as well. Zero if the runtime is not observed.
    ///
    /// # Panics
    /// Panics if there is no such bucket.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// let runtime = heist::runtime::Builder::new_multi_thread().observe(true).build()?;
    /// let pause = || std::thread::sleep(Duration::from_millis(10));
    /// runtime.block_on(runtime.spawn_blocking(pause)).unwrap();
    /// let metrics = runtime.handle().metrics();
    /// let is_long = |bucket: &usize| {
    ///     metrics.blocking_time_histogram_bucket_range(*bucket).end > Duration::from_millis(10)
    /// };
    /// let buckets = || (0..metrics.blocking_time_histogram_num_buckets()).filter(is_long);
    /// // It is counted after its output is there.
    /// while buckets().all(|bucket| metrics.blocking_time_histogram_bucket_count(bucket) == 0) {
    ///     std::thread::yield_now();
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn blocking_time_histogram_bucket_count(&self, bucket: usize) -> u64 {
        self.pool_count(bucket, |observed| &observed.runs)
    }

    /// Whether it is counted how long closures wait for a thread of the blocking pool: if the
    /// runtime is observed, see [`Builder::observe`].
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_multi_thread().observe(true).build()?;
    /// assert!(runtime.handle().metrics().blocking_wait_histogram_enabled());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn blocking_wait_histogram_enabled(&self) -> bool {
        self.is_observed()
    }

    /// The number of buckets by which waits of closures are counted, those of
    /// [`poll_time_histogram_num_buckets`](Self::poll_time_histogram_num_buckets).
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// assert_eq!(runtime.handle().metrics().blocking_wait_histogram_num_buckets(), 24);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn blocking_wait_histogram_num_buckets(&self) -> usize {
        Histogram::BUCKETS_COUNT
    }

    /// Which waits of closures a bucket counts.
    ///
    /// # Panics
    /// Panics if there is no such bucket.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// let runtime = heist::runtime::Runtime::new()?;
    /// let range = runtime.handle().metrics().blocking_wait_histogram_bucket_range(1);
    /// assert_eq!(range, Duration::from_nanos(1024)..Duration::from_nanos(2048));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn blocking_wait_histogram_bucket_range(&self, bucket: usize) -> Range<Duration> {
        Histogram::range_of(bucket)
    }

    /// How many closures waited so long for a thread of the blocking pool, of those that one has
    /// begun. Zero if the runtime is not observed.
    ///
    /// # Panics
    /// Panics if there is no such bucket.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_multi_thread().observe(true).build()?;
    /// runtime.block_on(runtime.spawn_blocking(|| ())).unwrap();
    /// let metrics = runtime.handle().metrics();
    /// let count = |bucket| metrics.blocking_wait_histogram_bucket_count(bucket);
    /// let buckets = 0..metrics.blocking_wait_histogram_num_buckets();
    /// assert_eq!(buckets.map(count).sum::<u64>(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn blocking_wait_histogram_bucket_count(&self, bucket: usize) -> u64 {
        self.pool_count(bucket, |observed| &observed.waits)
    }

    fn pool_count(&self, bucket: usize, of: fn(&ObservedPool) -> &Histogram) -> u64 {
        let _ = Histogram::range_of(bucket);
        let observed = self.handle.scheduler.shared().blocking().observed();
        observed.map_or(0, |observed| of(observed).count(bucket))
    }
}
