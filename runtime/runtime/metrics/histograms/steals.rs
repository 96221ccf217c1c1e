//! How many tasks a worker takes from another one at once.

use std::ops::Range;

use super::sizes_of;
#[cfg(doc)]
use crate::runtime::Builder;
use crate::runtime::RuntimeMetrics;
use crate::task::SizeHistogram;

impl RuntimeMetrics {
    /// Whether it is counted how many tasks workers take from each other at once: if the runtime is
    /// observed, see [`Builder::observe`].
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_multi_thread().observe(true).build()?;
    /// assert!(runtime.handle().metrics().steal_size_histogram_enabled());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn steal_size_histogram_enabled(&self) -> bool {
        self.is_observed()
    }

    /// The number of buckets by which thefts are counted: 12. The first one counts those of 1, each
    /// other one reaches twice as far as the one before, and the last one begins at 2048 and has no
    /// end.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// assert_eq!(runtime.handle().metrics().steal_size_histogram_num_buckets(), 12);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn steal_size_histogram_num_buckets(&self) -> usize {
        SizeHistogram::BUCKETS_COUNT
    }

    /// Which sizes a bucket counts. The last one ends at `u64::MAX`.
    ///
    /// # Panics
    /// Panics if there is no such bucket.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// let metrics = runtime.handle().metrics();
    /// assert_eq!(metrics.steal_size_histogram_bucket_range(0), 1..2);
    /// assert_eq!(metrics.steal_size_histogram_bucket_range(3), 8..16);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn steal_size_histogram_bucket_range(&self, bucket: usize) -> Range<u64> {
        sizes_of(bucket)
    }

    /// How often a worker, counted from 0, took so many tasks from another one at once. All buckets
    /// together are [`worker_steal_operations`](Self::worker_steal_operations). Zero if the runtime
    /// is not observed.
    ///
    /// # Panics
    /// Panics if there is no such worker or bucket.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_current_thread().observe(true).build()?;
    /// runtime.block_on(runtime.spawn(async {})).unwrap();
    /// // A worker that is alone takes from nobody.
    /// let metrics = runtime.handle().metrics();
    /// let count = |bucket| metrics.steal_size_histogram_bucket_count(0, bucket);
    /// assert_eq!((0..metrics.steal_size_histogram_num_buckets()).map(count).sum::<u64>(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn steal_size_histogram_bucket_count(&self, worker: usize, bucket: usize) -> u64 {
        self.size_count(worker, bucket, |observed| &observed.steals)
    }
}
