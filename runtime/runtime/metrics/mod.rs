//! Figures about a runtime: those of the whole here, those of a worker in `of_worker.rs`, how they
//! are spread in `histograms/`, all of them as a text in `openmetrics.rs`.

mod histograms;
mod of_worker;
mod openmetrics;

#[cfg(doc)]
use super::Builder;
use super::handle::Handle;

/// Figures about a runtime; [`Handle::metrics`] returns them.
///
/// Each call reads the figure at that time and stops nobody. Functions that tokio has as well have
/// its names and meanings. [`openmetrics`](Self::openmetrics) returns all figures as a text.
///
/// The numbers of polls and of forced yields are a turn late: a worker publishes them when it looks
/// at its sockets and timers, which is every 150 µs while it is busy, and before each sleep.
/// Threads of the reserve ([`Builder::on_stall`]) are no workers: what they poll is not among these
/// numbers.
///
/// # Left out
/// The clock is read for each poll and wake only while a runtime is observed
/// ([`Builder::observe`]): then the histograms count, of which tokio has `poll_time_histogram_*`.
/// [`worker_mean_poll_time`](Self::worker_mean_poll_time) comes from the clock that a worker reads
/// once per turn. These figures of tokio's would cost something for each spawn, wake or event,
/// whoever looks:
/// - `spawned_tasks_count`: an addition for each spawn, in memory that all workers write to or that
///   each spawn first has to find.
/// - `worker_local_schedule_count`: an addition for each wake. Wakes from other threads take a lock
///   anyway, so [`remote_schedule_count`](Self::remote_schedule_count) is there.
/// - `io_driver_fd_registered_count`, `io_driver_fd_deregistered_count` and
///   `io_driver_ready_count`: an addition for each socket or event; and with io_uring no file is
///   registered, and most events are results.
///   [`num_operations_in_flight`](Self::num_operations_in_flight) shows what waits.
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

    /// The number of tasks that were spawned or woken by threads that are no workers of the
    /// runtime, or by a worker's thread while it blocks in place. They go to the queue that all
    /// workers share.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// let metrics = runtime.handle().metrics();
    /// runtime.block_on(runtime.spawn(async {})).unwrap();
    /// assert_eq!(metrics.remote_schedule_count(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn remote_schedule_count(&self) -> u64 {
        self.handle.scheduler.shared().outsiders_count()
    }

    /// The number of times that an operation made its task yield because the task had spent its
    /// budget: see [`coop`](crate::task::coop).
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_current_thread().build()?;
    /// runtime.block_on(async {
    ///     for _ in 0..129 {
    ///         heist::task::consume_budget().await;
    ///     }
    /// });
    /// assert_eq!(runtime.handle().metrics().budget_forced_yield_count(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn budget_forced_yield_count(&self) -> u64 {
        let shared = self.handle.scheduler.shared();
        (0..shared.workers_count()).map(|index| shared.figures(index).forced_yields.get()).sum()
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

    /// The number of threads of the blocking pool that wait for a closure.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// let metrics = runtime.handle().metrics();
    /// runtime.block_on(runtime.spawn_blocking(|| ())).unwrap();
    /// // The thread waits for the next one, for some seconds.
    /// while metrics.num_idle_blocking_threads() == 0 {
    ///     std::thread::yield_now();
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn num_idle_blocking_threads(&self) -> usize {
        self.handle.scheduler.shared().blocking().idle_count()
    }

    /// The number of closures that wait for a thread of the blocking pool.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// runtime.block_on(runtime.spawn_blocking(|| ())).unwrap();
    /// assert_eq!(runtime.handle().metrics().blocking_queue_depth(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn blocking_queue_depth(&self) -> usize {
        self.handle.scheduler.shared().blocking().waiting_count()
    }

    /// The number of closures that threads of the blocking pool have begun to run, since the
    /// runtime began. Operations on files that no ring carries out are closures as well.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// runtime.block_on(runtime.spawn_blocking(|| ())).unwrap();
    /// assert_eq!(runtime.handle().metrics().blocking_run_count(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn blocking_run_count(&self) -> u64 {
        self.handle.scheduler.shared().blocking().begun_count()
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

    /// The number of polls that took longer than the threshold, while someone wants to know: see
    /// [`Builder::on_slow_poll`].
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// assert_eq!(runtime.handle().metrics().num_slow_polls(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn num_slow_polls(&self) -> u64 {
        self.handle.scheduler.shared().watchdog().slow_polls_count()
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
