//! How late timers fire.

use std::ops::Range;
use std::time::Duration;

#[cfg(doc)]
use crate::runtime::Builder;
use crate::runtime::RuntimeMetrics;
use crate::task::Histogram;

impl RuntimeMetrics {
    /// Whether it is counted how late sleeps fire: if the runtime is observed, see
    /// [`Builder::observe`].
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_multi_thread().observe(true).build()?;
    /// assert!(runtime.handle().metrics().timer_lateness_histogram_enabled());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn timer_lateness_histogram_enabled(&self) -> bool {
        self.is_observed()
    }

    /// The number of buckets by which delays of sleeps are counted, those of
    /// [`poll_time_histogram_num_buckets`](Self::poll_time_histogram_num_buckets).
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// assert_eq!(runtime.handle().metrics().timer_lateness_histogram_num_buckets(), 24);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn timer_lateness_histogram_num_buckets(&self) -> usize {
        Histogram::BUCKETS_COUNT
    }

    /// Which delays of sleeps a bucket counts.
    ///
    /// # Panics
    /// Panics if there is no such bucket.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// let runtime = heist::runtime::Runtime::new()?;
    /// let range = runtime.handle().metrics().timer_lateness_histogram_bucket_range(1);
    /// assert_eq!(range, Duration::from_nanos(1024)..Duration::from_nanos(2048));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn timer_lateness_histogram_bucket_range(&self, bucket: usize) -> Range<Duration> {
        Histogram::range_of(bucket)
    }

    /// How many sleeps fired with a delay of this bucket: from the millisecond to which their
    /// deadline was rounded up until a worker found them due, by the runtime's clock. They belong
    /// to the worker, counted from 0, that has armed them. Time-outs and intervals are sleeps as
    /// well. Zero if the runtime is not observed.
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
    /// // A paused clock moves to the deadline, and no further.
    /// assert_eq!(runtime.handle().metrics().timer_lateness_histogram_bucket_count(0, 0), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn timer_lateness_histogram_bucket_count(&self, worker: usize, bucket: usize) -> u64 {
        self.time_count(worker, bucket, |observed| &observed.timers)
    }
}
