//! How long workers sleep.

use std::ops::Range;
use std::time::Duration;

#[cfg(doc)]
use crate::runtime::Builder;
use crate::runtime::RuntimeMetrics;
use crate::task::Histogram;

impl RuntimeMetrics {
    /// Whether the lengths of the sleeps of workers are counted: if the runtime is observed, see
    /// [`Builder::observe`].
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_multi_thread().observe(true).build()?;
    /// assert!(runtime.handle().metrics().park_time_histogram_enabled());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn park_time_histogram_enabled(&self) -> bool {
        self.is_observed()
    }

    /// The number of buckets by which lengths of sleeps are counted, those of
    /// [`poll_time_histogram_num_buckets`](Self::poll_time_histogram_num_buckets).
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// assert_eq!(runtime.handle().metrics().park_time_histogram_num_buckets(), 24);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn park_time_histogram_num_buckets(&self) -> usize {
        Histogram::BUCKETS_COUNT
    }

    /// Which lengths of sleeps a bucket counts.
    ///
    /// # Panics
    /// Panics if there is no such bucket.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// let runtime = heist::runtime::Runtime::new()?;
    /// let range = runtime.handle().metrics().park_time_histogram_bucket_range(1);
    /// assert_eq!(range, Duration::from_nanos(1024)..Duration::from_nanos(2048));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn park_time_histogram_bucket_range(&self, bucket: usize) -> Range<Duration> {
        Histogram::range_of(bucket)
    }

    /// How many sleeps of a worker, counted from 0, had a length of this bucket, by the runtime's
    /// clock. One that goes on is not among them, but in
    /// [`worker_park_count`](Self::worker_park_count). Zero if the runtime is not observed.
    ///
    /// # Panics
    /// Panics if there is no such worker or bucket.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// let mut builder = heist::runtime::Builder::new_current_thread();
    /// let runtime = builder.observe(true).start_paused(true).build()?;
    /// runtime.block_on(heist::time::sleep(Duration::from_secs(5)));
    /// // Five seconds of the paused clock: in the bucket that has no end.
    /// assert_eq!(runtime.handle().metrics().park_time_histogram_bucket_count(0, 23), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn park_time_histogram_bucket_count(&self, worker: usize, bucket: usize) -> u64 {
        self.time_count(worker, bucket, |observed| &observed.parks)
    }
}
