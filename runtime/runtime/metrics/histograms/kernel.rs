//! What the kernel answers: how many completions at once, and how long operations take.

use std::ops::Range;
use std::time::Duration;

use super::sizes_of;
#[cfg(doc)]
use crate::runtime::Builder;
use crate::runtime::RuntimeMetrics;
use crate::task::{Histogram, SizeHistogram};

impl RuntimeMetrics {
    /// Whether it is counted how many completions workers get at once: if the runtime is observed,
    /// see [`Builder::observe`].
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_multi_thread().observe(true).build()?;
    /// assert!(runtime.handle().metrics().batch_size_histogram_enabled());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn batch_size_histogram_enabled(&self) -> bool {
        self.is_observed()
    }

    /// The number of buckets by which batches are counted: 12. The first one counts those of 1,
    /// each other one reaches twice as far as the one before, and the last one begins at 2048 and
    /// has no end.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// assert_eq!(runtime.handle().metrics().batch_size_histogram_num_buckets(), 12);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn batch_size_histogram_num_buckets(&self) -> usize {
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
    /// assert_eq!(metrics.batch_size_histogram_bucket_range(0), 1..2);
    /// assert_eq!(metrics.batch_size_histogram_bucket_range(3), 8..16);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn batch_size_histogram_bucket_range(&self, bucket: usize) -> Range<u64> {
        sizes_of(bucket)
    }

    /// How often a look of a worker, counted from 0, at its ring or its poller brought so many
    /// completions or events. Looks that brought none and wake-ups by other threads do not count.
    /// With the polling driver a batch is counted when the worker looks again. Zero if the runtime
    /// is not observed.
    ///
    /// # Panics
    /// Panics if there is no such worker or bucket.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_current_thread().observe(true).build()?;
    /// runtime.block_on(async {
    ///     let listener = heist::net::TcpListener::bind("127.0.0.1:0").await?;
    ///     let address = listener.local_addr()?;
    ///     let _client = heist::net::TcpStream::connect(address).await?;
    ///     listener.accept().await.map(drop)
    /// })?;
    /// let metrics = runtime.handle().metrics();
    /// for bucket in 0..metrics.batch_size_histogram_num_buckets() {
    ///     let range = metrics.batch_size_histogram_bucket_range(bucket);
    ///     println!("{range:?}: {}", metrics.batch_size_histogram_bucket_count(0, bucket));
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn batch_size_histogram_bucket_count(&self, worker: usize, bucket: usize) -> u64 {
        self.size_count(worker, bucket, |observed| &observed.batches)
    }

    /// Whether it is counted how long the operations of rings take: if the runtime is observed, see
    /// [`Builder::observe`], and its driver is io_uring. The polling driver has no operations: it
    /// waits for readiness, and leaves files to the blocking pool.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_multi_thread().observe(true).build()?;
    /// let is_ring = runtime.driver_name() == "io_uring";
    /// assert_eq!(runtime.handle().metrics().ring_round_trip_histogram_enabled(), is_ring);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn ring_round_trip_histogram_enabled(&self) -> bool {
        self.is_observed() && self.has_rings()
    }

    /// The number of buckets by which lengths of operations are counted, those of
    /// [`poll_time_histogram_num_buckets`](Self::poll_time_histogram_num_buckets).
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// assert_eq!(runtime.handle().metrics().ring_round_trip_histogram_num_buckets(), 24);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn ring_round_trip_histogram_num_buckets(&self) -> usize {
        Histogram::BUCKETS_COUNT
    }

    /// Which lengths of operations a bucket counts.
    ///
    /// # Panics
    /// Panics if there is no such bucket.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// let runtime = heist::runtime::Runtime::new()?;
    /// let range = runtime.handle().metrics().ring_round_trip_histogram_bucket_range(1);
    /// assert_eq!(range, Duration::from_nanos(1024)..Duration::from_nanos(2048));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn ring_round_trip_histogram_bucket_range(&self, bucket: usize) -> Range<Duration> {
        Histogram::range_of(bucket)
    }

    /// How many operations of the ring of a worker, counted from 0, took so long: from their
    /// submission to the kernel until a worker saw their answer. They are reads and writes of files
    /// and pipes, opens, connects, sends without a copy, and the like. Waits for a socket to become
    /// ready are not among them, because only the peer ends them. Zero if
    /// [`ring_round_trip_histogram_enabled`](Self::ring_round_trip_histogram_enabled) is false.
    ///
    /// # Panics
    /// Panics if there is no such worker or bucket.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_current_thread().observe(true).build()?;
    /// runtime.block_on(heist::fs::metadata("."))?;
    /// let metrics = runtime.handle().metrics();
    /// for bucket in 0..metrics.ring_round_trip_histogram_num_buckets() {
    ///     let range = metrics.ring_round_trip_histogram_bucket_range(bucket);
    ///     println!("{range:?}: {}", metrics.ring_round_trip_histogram_bucket_count(0, bucket));
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn ring_round_trip_histogram_bucket_count(&self, worker: usize, bucket: usize) -> u64 {
        self.time_count(worker, bucket, |observed| &observed.operations.round_trips)
    }
}
