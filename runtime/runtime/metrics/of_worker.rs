//! Figures about one worker.

use std::thread::ThreadId;
use std::time::Duration;

use super::RuntimeMetrics;

impl RuntimeMetrics {
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
        self.handle.scheduler.shared().figures(worker).sleep_turns.get()
    }

    /// The time in which a worker was not asleep. It is counted when the worker looks at its
    /// sockets and timers, before each sleep, and at the end of a `block_on` that runs it: a poll
    /// that goes on is not in it. A paused clock counts as it moves.
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
        self.handle.scheduler.shared().figures(worker).busy_time()
    }

    /// The number of times that a worker woke up and went to sleep again without having polled a
    /// task. The future of a `block_on` is no task, and a worker that only looks after others wakes
    /// up in vain as well.
    ///
    /// # Panics
    /// Panics if there is no such worker.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// let metrics = runtime.handle().metrics();
    /// // The sleep that follows counts both.
    /// assert!(metrics.worker_noop_count(0) <= metrics.worker_park_count(0));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn worker_noop_count(&self, worker: usize) -> u64 {
        self.handle.scheduler.shared().figures(worker).noops.get()
    }

    /// The number of tasks that a worker has polled, each as often as it was polled.
    ///
    /// # Panics
    /// Panics if there is no such worker.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_current_thread().build()?;
    /// // It is polled, yields, and is polled again.
    /// runtime.block_on(runtime.spawn(heist::task::yield_now())).unwrap();
    /// assert_eq!(runtime.handle().metrics().worker_poll_count(0), 2);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn worker_poll_count(&self, worker: usize) -> u64 {
        self.handle.scheduler.shared().figures(worker).polls.get()
    }

    /// About how long a poll of a worker takes, lately: each turn moves it halfway to the mean of
    /// that turn's polls. It begins with a guess of 200 µs, and a wake-up in vain counts as a short
    /// poll. Zero while no poll is counted.
    ///
    /// # Panics
    /// Panics if there is no such worker.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_current_thread().build()?;
    /// let metrics = runtime.handle().metrics();
    /// assert!(metrics.worker_mean_poll_time(0).is_zero());
    /// runtime.block_on(runtime.spawn(async {})).unwrap();
    /// assert!(!metrics.worker_mean_poll_time(0).is_zero());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn worker_mean_poll_time(&self, worker: usize) -> Duration {
        let shared = self.handle.scheduler.shared();
        match shared.figures(worker).polls.get() {
            0 => Duration::ZERO,
            _ => shared.mean_poll_time(worker),
        }
    }

    /// The number of tasks that wait in a worker's own queue, those beyond the room of its ring
    /// included. The task that it runs next may wait elsewhere and is not counted then; neither are
    /// local tasks.
    ///
    /// # Panics
    /// Panics if there is no such worker.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_current_thread().build()?;
    /// let metrics = runtime.handle().metrics();
    /// runtime.block_on(async {
    ///     let task = heist::spawn(async {});
    ///     assert_eq!(metrics.worker_local_queue_depth(0), 1);
    ///     task.await.unwrap();
    ///     assert_eq!(metrics.worker_local_queue_depth(0), 0);
    /// });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn worker_local_queue_depth(&self, worker: usize) -> usize {
        self.handle.scheduler.shared().local_queue_depth(worker)
    }

    /// The number of times that a worker's ring was full, which has room for 256 tasks. The tasks
    /// that do not fit wait in memory of the worker's that grows.
    ///
    /// # Panics
    /// Panics if there is no such worker.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_current_thread().build()?;
    /// let metrics = runtime.handle().metrics();
    /// runtime.block_on(async {
    ///     (0..300).for_each(|_| drop(heist::spawn(async {})));
    ///     assert_eq!(metrics.worker_overflow_count(0), 1);
    /// });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn worker_overflow_count(&self, worker: usize) -> u64 {
        self.handle.scheduler.shared().figures(worker).overflows.get()
    }

    /// The number of tasks that a worker has taken from the queues of other workers.
    ///
    /// # Panics
    /// Panics if there is no such worker.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_current_thread().build()?;
    /// // There is no other worker.
    /// assert_eq!(runtime.handle().metrics().worker_steal_count(0), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn worker_steal_count(&self, worker: usize) -> u64 {
        self.handle.scheduler.shared().figures(worker).stolen_tasks.get()
    }

    /// The number of times that a worker has taken tasks from the queue of another worker. It takes
    /// about half of them each time.
    ///
    /// # Panics
    /// Panics if there is no such worker.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_current_thread().build()?;
    /// // There is no other worker.
    /// assert_eq!(runtime.handle().metrics().worker_steal_operations(0), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn worker_steal_operations(&self, worker: usize) -> u64 {
        self.handle.scheduler.shared().figures(worker).steals.get()
    }

    /// The thread that runs a worker. `None` before it has begun, and while nobody blocks on a
    /// current-thread runtime. Another thread takes the worker over when a task calls
    /// [`block_in_place`](crate::task::block_in_place).
    ///
    /// # Panics
    /// Panics if there is no such worker.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_current_thread().build()?;
    /// let metrics = runtime.handle().metrics();
    /// assert_eq!(metrics.worker_thread_id(0), None);
    /// let id = runtime.block_on(async { metrics.worker_thread_id(0) });
    /// assert_eq!(id, Some(std::thread::current().id()));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn worker_thread_id(&self, worker: usize) -> Option<ThreadId> {
        self.handle.scheduler.shared().figures(worker).thread()
    }
}
