//! Figures about a runtime.

use std::time::Duration;

#[cfg(doc)]
use super::Builder;
use super::handle::Handle;

/// Figures about a runtime; [`Handle::metrics`] returns them.
///
/// Each call reads the figure at that time.
///
/// # Examples
/// ```
/// use heist::runtime::Builder;
///
/// let runtime = Builder::new_multi_thread().worker_threads(2).build()?;
/// let metrics = runtime.handle().metrics();
/// assert_eq!(metrics.num_workers(), 2);
///
/// let endless = runtime.spawn(std::future::pending::<()>());
/// assert_eq!(metrics.num_alive_tasks(), 1);
/// endless.abort();
/// assert!(runtime.block_on(endless).unwrap_err().is_cancelled());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct RuntimeMetrics {
    handle: Handle,
}

impl Handle {
    /// Returns figures about the runtime, which are read without stopping it.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// assert_eq!(runtime.handle().metrics().num_workers(), runtime.workers());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn metrics(&self) -> RuntimeMetrics {
        RuntimeMetrics { handle: self.clone() }
    }
}

impl RuntimeMetrics {
    /// The number of workers.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
    /// assert_eq!(runtime.handle().metrics().num_workers(), 2);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn num_workers(&self) -> usize {
        self.handle.scheduler.shared().workers_count()
    }

    /// The number of tasks that are spawned and neither completed nor dropped.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// let _endless = runtime.spawn(std::future::pending::<()>());
    /// assert_eq!(runtime.handle().metrics().num_alive_tasks(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn num_alive_tasks(&self) -> usize {
        self.handle.scheduler.shared().tasks_count()
    }

    /// The number of tasks that wait in the queue that all workers share.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_current_thread().build()?;
    /// // Nobody runs it yet.
    /// let task = runtime.spawn(async {});
    /// assert_eq!(runtime.handle().metrics().global_queue_depth(), 1);
    /// runtime.block_on(task).unwrap();
    /// assert_eq!(runtime.handle().metrics().global_queue_depth(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn global_queue_depth(&self) -> usize {
        self.handle.scheduler.shared().injected_count()
    }

    /// The number of times that a worker, counted from 0, went to sleep because it had no work.
    ///
    /// # Panics
    /// Panics if there is no such worker.
    ///
    /// # Examples
    /// ```
    /// use heist::time::{Duration, sleep};
    ///
    /// let runtime = heist::runtime::Builder::new_current_thread().build()?;
    /// let metrics = runtime.handle().metrics();
    /// runtime.block_on(async {
    ///     while metrics.worker_park_count(0) == 0 {
    ///         sleep(Duration::from_millis(1)).await;
    ///     }
    /// });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn worker_park_count(&self, worker: usize) -> u64 {
        self.worker_park_unpark_count(worker).div_ceil(2)
    }

    /// The number of times that a worker went to sleep or woke up: odd while it sleeps.
    ///
    /// # Panics
    /// Panics if there is no such worker.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_current_thread().build()?;
    /// // Awake, because this thread runs it.
    /// let count = runtime.block_on(async {
    ///     heist::runtime::Handle::current().metrics().worker_park_unpark_count(0)
    /// });
    /// assert_eq!(count % 2, 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn worker_park_unpark_count(&self, worker: usize) -> u64 {
        self.handle.scheduler.shared().sleep_turns(worker)
    }

    /// The time in which a worker was not asleep. It is counted when the worker goes to sleep, and
    /// at the end of a `block_on` that runs it; a paused clock counts as it moves.
    ///
    /// # Panics
    /// Panics if there is no such worker.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_current_thread().build()?;
    /// runtime.block_on(async { std::thread::sleep(std::time::Duration::from_millis(2)) });
    /// let busy = runtime.handle().metrics().worker_total_busy_duration(0);
    /// assert!(busy.as_millis() >= 2);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn worker_total_busy_duration(&self, worker: usize) -> Duration {
        self.handle.scheduler.shared().busy_time(worker)
    }

    /// The number of threads that the blocking pool has now.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// runtime.block_on(runtime.spawn_blocking(|| ())).unwrap();
    /// assert_eq!(runtime.handle().metrics().num_blocking_threads(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn num_blocking_threads(&self) -> usize {
        self.handle.scheduler.shared().blocking().threads_count()
    }

    /// The number of reserve threads that run tasks now, in the place of stuck workers: see
    /// [`Builder::on_stall`].
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// assert_eq!(runtime.handle().metrics().num_reserve_threads(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn num_reserve_threads(&self) -> usize {
        self.handle.scheduler.shared().lookout().reserve_count()
    }

    /// The number of times that every worker was in a poll that did not end within 50 ms: see
    /// [`Builder::on_stall`].
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// assert_eq!(runtime.handle().metrics().num_stalls(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn num_stalls(&self) -> u64 {
        self.handle.scheduler.shared().lookout().stalls_count()
    }

    /// The number of operations that the kernel has not answered yet, of all workers together.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// println!("{} operations", runtime.handle().metrics().num_operations_in_flight());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn num_operations_in_flight(&self) -> usize {
        let shared = self.handle.scheduler.shared();
        (0..shared.workers_count()).map(|index| shared.driver().in_flight(index)).sum()
    }

    /// The number of sleeps that are armed, of all workers together.
    ///
    /// # Examples
    /// ```
    /// # #[heist::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use heist::time::{Duration, sleep};
    ///
    /// let metrics = heist::runtime::Handle::current().metrics();
    /// let nap = heist::spawn(sleep(Duration::from_secs(3600)));
    /// // A sleep is armed when it is polled.
    /// assert_eq!(metrics.num_timers(), 0);
    /// heist::task::yield_now().await;
    /// assert_eq!(metrics.num_timers(), 1);
    /// nap.abort();
    /// # }
    /// ```
    pub fn num_timers(&self) -> usize {
        let shared = self.handle.scheduler.shared();
        (0..shared.workers_count()).map(|index| shared.timers().armed_count(index)).sum()
    }

    /// The number of completions of operations that no task waits for any more. They are counted
    /// and otherwise ignored.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// assert_eq!(runtime.handle().metrics().num_stale_completions(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn num_stale_completions(&self) -> u64 {
        let shared = self.handle.scheduler.shared();
        (0..shared.workers_count()).map(|index| shared.driver().stale_count(index)).sum()
    }

    /// The number of operations that a shutdown could not get back from the kernel in time. Their
    /// memory is never reused.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// assert_eq!(runtime.handle().metrics().num_leaked_operations(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn num_leaked_operations(&self) -> usize {
        let shared = self.handle.scheduler.shared();
        (0..shared.workers_count()).map(|index| shared.driver().leaked_count(index)).sum()
    }
}
