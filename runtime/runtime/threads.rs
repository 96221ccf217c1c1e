//! Names of runtimes and threads, calls at turns of a thread's life, and options of tokio's that
//! have no meaning here.

use std::sync::Arc;

#[cfg(doc)]
use super::Handle;
use super::builder::Builder;

impl Builder {
    /// The name of the runtime, which [`Handle::name`](Handle::name) returns. Default: none.
    ///
    /// # Panics
    /// Panics if the name is empty or has nothing but spaces.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::Builder;
    ///
    /// let runtime = Builder::new_multi_thread().name("background").build()?;
    /// assert_eq!(runtime.handle().name(), Some("background"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn name(&mut self, name: impl Into<String>) -> &mut Self {
        let name = name.into();
        assert!(!name.trim().is_empty(), "the name of a runtime must not be empty");
        self.name = Some(name);
        self
    }

    /// Makes the names of the threads that run tasks and blocking closures. Called once for each,
    /// on the thread that starts it. Default: [`thread_name`](Self::thread_name) and a number.
    ///
    /// NUL bytes are left out. If `naming` panics, the thread gets its default name.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::Builder;
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    ///
    /// let count = AtomicUsize::new(0);
    /// let runtime = Builder::new_multi_thread()
    ///     .thread_name_fn(move || format!("pool-{}", count.fetch_add(1, Ordering::Relaxed)))
    ///     .build()?;
    /// let name = runtime.spawn_blocking(|| std::thread::current().name().map(str::to_owned));
    /// assert!(runtime.block_on(name).unwrap().unwrap().starts_with("pool-"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn thread_name_fn<F>(&mut self, naming: F) -> &mut Self
    where
        F: Fn() -> String + Send + Sync + 'static,
    {
        self.hooks.naming = Some(Arc::new(naming));
        self
    }

    /// Calls `f` on each thread that runs tasks or blocking closures, when it starts. Default: no
    /// call.
    ///
    /// The call is made inside of the runtime, before the thread does anything else. The threads
    /// are those of workers, those that stand in for workers, and those of the blocking pool; not
    /// a thread that calls `block_on`. A panic of `f` is ignored.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::Builder;
    /// use std::sync::mpsc;
    ///
    /// let (send, receive) = mpsc::channel();
    /// let _runtime = Builder::new_multi_thread()
    ///     .worker_threads(1)
    ///     .on_thread_start(move || send.send("started").unwrap())
    ///     .build()?;
    /// assert_eq!(receive.recv(), Ok("started"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn on_thread_start<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn() + Send + Sync + 'static,
    {
        self.hooks.start = Some(Arc::new(f));
        self
    }

    /// Calls `f` on each thread of [`on_thread_start`](Self::on_thread_start) when it ends.
    /// Default: no call. A panic of `f` is ignored.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::Builder;
    /// use std::sync::mpsc;
    ///
    /// let (send, receive) = mpsc::channel();
    /// let runtime = Builder::new_multi_thread()
    ///     .worker_threads(1)
    ///     .on_thread_stop(move || send.send("stopped").unwrap())
    ///     .build()?;
    /// drop(runtime);
    /// assert_eq!(receive.try_recv(), Ok("stopped"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn on_thread_stop<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn() + Send + Sync + 'static,
    {
        self.hooks.stop = Some(Arc::new(f));
        self
    }

    /// Calls `f` on a worker's thread before it goes to sleep, because it has no work. Default: no
    /// call.
    ///
    /// The call is made inside of the runtime. If it spawns or wakes a task here, the worker runs
    /// the task and does not sleep. On a current-thread runtime this is the thread that calls
    /// `block_on`. Blocking threads make no call. A panic of `f` is ignored.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::Builder;
    /// use heist::sync::oneshot;
    /// use std::sync::mpsc;
    ///
    /// let (send, receive) = mpsc::channel();
    /// let runtime = Builder::new_current_thread()
    ///     .on_thread_park(move || drop(send.send(())))
    ///     .build()?;
    /// let (answer, question) = oneshot::channel();
    /// let thread = std::thread::spawn(move || {
    ///     receive.recv().expect("the worker goes to sleep");
    ///     answer.send(42)
    /// });
    /// assert_eq!(runtime.block_on(question), Ok(42));
    /// thread.join().unwrap().unwrap();
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn on_thread_park<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn() + Send + Sync + 'static,
    {
        self.hooks.park = Some(Arc::new(f));
        self
    }

    /// Calls `f` on a worker's thread after it has woken up, and before it runs a task. Default: no
    /// call. The rest is as in [`on_thread_park`](Self::on_thread_park).
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::Builder;
    /// use heist::sync::oneshot;
    /// use std::sync::mpsc;
    ///
    /// let (park, parks) = mpsc::channel();
    /// let (unpark, unparks) = mpsc::channel();
    /// let runtime = Builder::new_current_thread()
    ///     .on_thread_park(move || drop(park.send(())))
    ///     .on_thread_unpark(move || drop(unpark.send(())))
    ///     .build()?;
    /// let (answer, question) = oneshot::channel();
    /// let thread = std::thread::spawn(move || {
    ///     parks.recv().expect("the worker goes to sleep");
    ///     answer.send(42)
    /// });
    /// assert_eq!(runtime.block_on(question), Ok(42));
    /// assert!(unparks.recv().is_ok());
    /// thread.join().unwrap().unwrap();
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn on_thread_unpark<F>(&mut self, f: F) -> &mut Self
    where
        F: Fn() + Send + Sync + 'static,
    {
        self.hooks.unpark = Some(Arc::new(f));
        self
    }

    /// Has no effect: a worker looks for completions and timers after a time, not after a number of
    /// polls. Programs written for tokio call it.
    ///
    /// # Panics
    /// Panics if `count` is 0.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_multi_thread().event_interval(31).build()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn event_interval(&mut self, count: u32) -> &mut Self {
        assert!(count > 0, "event_interval must be at least 1");
        self
    }

    /// Has no effect, as [`event_interval`](Self::event_interval): a worker looks into the queue
    /// that all share each time that it looks for completions.
    ///
    /// # Panics
    /// Panics if `count` is 0.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::Builder;
    ///
    /// let runtime = Builder::new_multi_thread().global_queue_interval(31).build()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn global_queue_interval(&mut self, count: u32) -> &mut Self {
        assert!(count > 0, "global_queue_interval must be at least 1");
        self
    }

    /// Has no effect, as [`event_interval`](Self::event_interval): a worker takes all completions
    /// that are there.
    ///
    /// # Panics
    /// Panics if `count` is 0.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::Builder;
    ///
    /// let runtime = Builder::new_multi_thread().max_io_events_per_tick(256).build()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn max_io_events_per_tick(&mut self, count: usize) -> &mut Self {
        assert!(count > 0, "max_io_events_per_tick must be at least 1");
        self
    }

    /// Has no effect, as [`max_io_events_per_tick`](Self::max_io_events_per_tick).
    ///
    /// # Panics
    /// Panics if `count` is 0.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::Builder;
    ///
    /// let runtime = Builder::new_multi_thread().max_io_events_per_busy_tick(64).build()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn max_io_events_per_busy_tick(&mut self, count: usize) -> &mut Self {
        assert!(count > 0, "max_io_events_per_busy_tick must be at least 1");
        self
    }
}
