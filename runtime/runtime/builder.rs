//! Every option of a runtime, its default and the reason.

use std::io;
#[cfg(all(unix, feature = "console"))]
use std::path::PathBuf;
use std::time::Duration;

use super::options::{Flavor, StallHook, ThreadOptions};
use super::owner::Runtime;
use super::slow_poll::SlowPollOptions;
use crate::blocking::{Limits, ThreadHooks};
use crate::driver;
use crate::scheduler::Identity;
use crate::task::Id;

/// Which engine does the I/O.
pub use crate::driver::DriverKind;
pub use crate::driver::UnknownKind as UnknownDriverKind;

/// The variable that chooses the driver when the builder does not.
const DRIVER_VARIABLE: &str = "HEIST_DRIVER";
/// The kernel's limit.
const RING_ENTRIES_MAX: u32 = 32_768;
/// Completion entries per submission entry: more operations complete between two harvests than are
/// submitted. Four, because the kernel finds 32 KiB in one piece at once; for more it must search
/// and clear memory each time that a runtime starts.
const COMPLETIONS_PER_SUBMISSION: u32 = 4;
/// A little less than the most that one system call moves.
const RECV_BUFFER_BYTES_MAX: usize = 1 << 30;
/// The kernel's limit.
const COMPLETION_ENTRIES_MAX: u32 = 65_536;

/// Builds a [`Runtime`] with options of your own.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use heist::runtime::{Builder, DriverKind};
///
/// let runtime = Builder::new_multi_thread()
///     .worker_threads(2)
///     .driver(DriverKind::Auto)
///     .thread_name("my-worker")
///     .thread_stack_size(4 << 20)
///     .max_blocking_threads(16)
///     .thread_keep_alive(Duration::from_secs(1))
///     .build()?;
/// assert_eq!(runtime.block_on(async { 6 * 7 }), 42);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Builder {
    flavor: Flavor,
    worker_threads: Option<usize>,
    driver: Option<DriverKind>,
    pub(super) name: Option<String>,
    thread_name: String,
    thread_stack_size: Option<usize>,
    max_blocking_threads: usize,
    thread_keep_alive: Duration,
    ring_entries: u32,
    completion_entries: Option<u32>,
    recv_buffers: driver::BufferLimits,
    pub(super) on_stall: Option<StallHook>,
    pub(super) slow_polls: SlowPollOptions,
    #[cfg(unix)]
    pub(super) dumps_on_quit: bool,
    /// An empty path: no console, whatever the environment says.
    #[cfg(all(unix, feature = "console"))]
    pub(super) console: Option<PathBuf>,
    pub(super) hooks: ThreadHooks,
    pub(super) is_observed: Option<bool>,
    start_paused: bool,
    pub(super) allowed: driver::Allowed,
}

impl Builder {
    fn new(flavor: Flavor) -> Builder {
        Builder {
            flavor,
            worker_threads: None,
            driver: None,
            name: None,
            thread_name: "heist-worker".to_owned(),
            thread_stack_size: None,
            // As in tokio: most blocking closures wait, so there may be far more than cores.
            max_blocking_threads: 512,
            thread_keep_alive: Duration::from_secs(10),
            ring_entries: driver::Options::RING_ENTRIES,
            completion_entries: None,
            recv_buffers: driver::BufferLimits::default(),
            on_stall: None,
            slow_polls: SlowPollOptions::new(),
            #[cfg(unix)]
            dumps_on_quit: false,
            #[cfg(all(unix, feature = "console"))]
            console: None,
            hooks: ThreadHooks::default(),
            is_observed: None,
            start_paused: false,
            allowed: driver::Allowed { io: true, time: true },
        }
    }

    /// Workers on threads of their own, which steal from each other. Default: one for each core
    /// that this process may use.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::Builder;
    ///
    /// let runtime = Builder::new_multi_thread().build()?;
    /// assert!(runtime.workers() >= 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new_multi_thread() -> Builder {
        Builder::new(Flavor::MultiThread)
    }

    /// The same scheduler with one worker, which runs on the thread that calls
    /// [`Runtime::block_on`], and only during that call.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::Builder;
    ///
    /// let runtime = Builder::new_current_thread().build()?;
    /// assert_eq!(runtime.workers(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new_current_thread() -> Builder {
        Builder::new(Flavor::CurrentThread)
    }

    /// The number of workers, 1 to 1024. Default: one for each core that this process may use
    /// (cgroup quotas and affinity count). Out of range makes [`build`](Self::build) fail. A
    /// current-thread runtime has one, and ignores this.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::Builder;
    ///
    /// let mut builder = Builder::new_multi_thread();
    /// assert_eq!(builder.worker_threads(2).build()?.workers(), 2);
    /// assert!(builder.worker_threads(0).build().is_err());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn worker_threads(&mut self, count: usize) -> &mut Self {
        self.worker_threads = Some(count);
        self
    }

    /// The engine that does the I/O. Default: the one that the variable `HEIST_DRIVER` names
    /// (`auto`, `uring` or `poll`), and without it [`DriverKind::Auto`].
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::{Builder, DriverKind};
    ///
    /// let runtime = Builder::new_multi_thread().driver(DriverKind::Poll).build()?;
    /// assert_eq!(runtime.driver_name(), "poll");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn driver(&mut self, kind: DriverKind) -> &mut Self {
        self.driver = Some(kind);
        self
    }

    /// The name of the workers' threads; a hyphen and the worker's number follow. Default:
    /// `heist-worker`. The system may truncate the whole (Linux: to 15 bytes). A NUL byte in it
    /// makes [`build`](Self::build) fail.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::Builder;
    ///
    /// let runtime = Builder::new_multi_thread().thread_name("io").build()?;
    /// let task = runtime.spawn(async { std::thread::current().name().map(str::to_owned) });
    /// assert!(runtime.block_on(task).unwrap().unwrap().starts_with("io-"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn thread_name(&mut self, name: impl Into<String>) -> &mut Self {
        self.thread_name = name.into();
        self
    }

    /// The stack of each thread in bytes. Default: that of std's threads, 2 MiB unless the variable
    /// `RUST_MIN_STACK` is set.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::Builder;
    ///
    /// let runtime = Builder::new_multi_thread().thread_stack_size(8 * 1024 * 1024).build()?;
    /// assert_eq!(runtime.block_on(runtime.spawn(async { 42 })).unwrap(), 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn thread_stack_size(&mut self, bytes: usize) -> &mut Self {
        self.thread_stack_size = Some(bytes);
        self
    }

    /// The most threads that [`spawn_blocking`](crate::task::spawn_blocking) may use. Default: 512.
    /// Zero makes [`build`](Self::build) fail. Closures beyond that wait for a thread.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::Builder;
    ///
    /// let mut builder = Builder::new_multi_thread();
    /// let runtime = builder.max_blocking_threads(4).build()?;
    /// assert_eq!(runtime.block_on(runtime.spawn_blocking(|| 42)).unwrap(), 42);
    /// assert!(builder.max_blocking_threads(0).build().is_err());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn max_blocking_threads(&mut self, count: usize) -> &mut Self {
        self.max_blocking_threads = count;
        self
    }

    /// The time that a blocking thread stays without work. Default: 10 seconds. Zero ends it at
    /// once.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::Builder;
    ///
    /// let minute = std::time::Duration::from_secs(60);
    /// let runtime = Builder::new_multi_thread().thread_keep_alive(minute).build()?;
    /// assert_eq!(runtime.block_on(runtime.spawn_blocking(|| 42)).unwrap(), 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn thread_keep_alive(&mut self, duration: Duration) -> &mut Self {
        self.thread_keep_alive = duration;
        self
    }

    /// Submission entries per ring, 1 to 32768, rounded up to a power of two. Default: 256. Out of
    /// range makes [`build`](Self::build) fail.
    ///
    /// Choose more if thousands of operations start together: a full queue costs a system call, and
    /// nothing is lost. Fewer save memory: 64 bytes per entry and worker. With readiness polling
    /// there is no ring; the value is checked and not used.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::Builder;
    ///
    /// let mut builder = Builder::new_multi_thread();
    /// builder.ring_entries(1024).build()?;
    /// assert!(builder.ring_entries(0).build().is_err());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn ring_entries(&mut self, count: u32) -> &mut Self {
        self.ring_entries = count;
        self
    }

    /// Completion entries per ring, [`ring_entries`](Self::ring_entries) to 65536, rounded up to a
    /// power of two. Default: four for each submission entry, so 1024. Out of range makes
    /// [`build`](Self::build) fail.
    ///
    /// Completions beyond that wait in the kernel's memory until the worker takes them: nothing is
    /// lost, but it is slow. Choose more for servers with many thousands of busy connections. Each
    /// entry costs 16 bytes per worker. With readiness polling there is no ring; the value is
    /// checked and not used.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::Builder;
    ///
    /// let mut builder = Builder::new_multi_thread();
    /// builder.ring_entries(1024).completion_entries(32_768);
    /// builder.build()?;
    ///
    /// let error = builder.completion_entries(512).build().unwrap_err();
    /// assert!(error.to_string().ends_with("it must be between 1024 (ring_entries) and 65536"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn completion_entries(&mut self, count: u32) -> &mut Self {
        self.completion_entries = Some(count);
        self
    }

    /// The most bytes that one [`recv_pooled`](crate::net::ByteStream::recv_pooled) of a stream
    /// receives: the length of the runtime's buffers, 1 to 2^30. Default: 16384. Out of range makes
    /// [`build`](Self::build) fail.
    ///
    /// Larger buffers save system calls if much arrives at once; smaller ones save memory if many
    /// are held. Buffers for datagrams always have 65536 bytes, those for datagrams of Unix sockets
    /// 262144, so that no datagram is truncated.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::Builder;
    ///
    /// let mut builder = Builder::new_multi_thread();
    /// builder.recv_buffer_bytes(64 * 1024).build()?;
    /// assert!(builder.recv_buffer_bytes(0).build().is_err());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn recv_buffer_bytes(&mut self, bytes: usize) -> &mut Self {
        self.recv_buffers.stream_bytes = bytes;
        self
    }

    /// The number of idle buffers for [`recv_pooled`](crate::net::ByteStream::recv_pooled) that
    /// each worker keeps of each kind (streams, datagrams, datagrams of Unix sockets). Default: 64.
    /// Zero keeps none: each receive then allocates.
    ///
    /// It bounds idle buffers, not those in use: no receive ever waits for a buffer. Choose more if
    /// the program holds many buffers and drops them together; a buffer that comes back beyond the
    /// bound is freed.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::Builder;
    ///
    /// let mut builder = Builder::new_multi_thread();
    /// builder.recv_buffer_bytes(64 * 1024).recv_buffers_kept_max(16).build()?;
    /// let error = builder.recv_buffer_bytes(0).build().unwrap_err().to_string();
    /// assert_eq!(error, "recv_buffer_bytes is 0; it must be between 1 and 1073741824");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn recv_buffers_kept_max(&mut self, count: usize) -> &mut Self {
        self.recv_buffers.kept_count_max = count;
        self
    }

    /// Whether the clock is paused from the start, as after [`time::pause`](crate::time::pause()):
    /// for tests. Default: no. Only a current-thread runtime can pause its clock: with `true`,
    /// [`build`](Self::build) fails for others.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::Builder;
    /// use heist::time::{Duration, Instant, sleep};
    ///
    /// let runtime = Builder::new_current_thread().start_paused(true).build()?;
    /// runtime.block_on(async {
    ///     let start = Instant::now();
    ///     sleep(Duration::from_secs(3600)).await;
    ///     assert_eq!(start.elapsed(), Duration::from_secs(3600));
    /// });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn start_paused(&mut self, is_paused: bool) -> &mut Self {
        self.start_paused = is_paused;
        self
    }

    /// Does nothing, because I/O and time are always on. Programs written for tokio call it.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::Builder;
    ///
    /// let runtime = Builder::new_multi_thread().enable_all().build()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn enable_all(&mut self) -> &mut Self {
        self
    }

    /// Does nothing, as [`enable_all`](Self::enable_all).
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_multi_thread().enable_io().build()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn enable_io(&mut self) -> &mut Self {
        self
    }

    /// Does nothing, as [`enable_all`](Self::enable_all).
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_multi_thread().enable_time().build()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn enable_time(&mut self) -> &mut Self {
        self
    }

    /// Builds the runtime and starts its workers. If it fails nothing is left behind.
    ///
    /// # Errors
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): an option out of range, a NUL byte in the
    ///   thread name, a `HEIST_DRIVER` that is none of its three words, a `HEIST_OBSERVE` that is
    ///   neither `1` nor `0`, or [`start_paused`](Self::start_paused) on a multi-thread runtime.
    /// - The system's error if it refuses threads, descriptors or memory. With
    ///   [`DriverKind::Uring`]: why io_uring was refused, and the remedy.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::Builder;
    ///
    /// let mut builder = Builder::new_multi_thread();
    /// let runtime = builder.build()?;
    /// // A builder builds any number of runtimes.
    /// let other = builder.worker_threads(1).build()?;
    /// assert_eq!(other.workers(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn build(&mut self) -> io::Result<Runtime> {
        self.build_for(None)
    }

    pub(super) fn is_current_thread(&self) -> bool {
        self.flavor == Flavor::CurrentThread
    }

    /// Builds the runtime; `local_thread` is the thread of a local one.
    pub(super) fn build_for(&self, local_thread: Option<Id>) -> io::Result<Runtime> {
        #[cfg(feature = "tokio-context")]
        crate::blocking::tokio_context::start()?;
        let workers_count = self.workers_count()?;
        self.check_pause()?;
        in_range("max_blocking_threads", self.max_blocking_threads, 1, usize::MAX)?;
        self.slow_polls.check()?;
        let (ring_entries, completion_entries) = self.ring_sizes()?;
        in_range("recv_buffer_bytes", self.recv_buffers.stream_bytes, 1, RECV_BUFFER_BYTES_MAX)?;
        let observation = self.observation(workers_count)?;
        let driver = driver::Driver::new(&driver::Options {
            kind: self.driver_kind()?,
            workers: workers_count,
            single_thread: self.flavor == Flavor::CurrentThread,
            ring_entries,
            completion_entries,
            buffers: self.recv_buffers,
            allowed: self.allowed,
            observation: observation.clone(),
        })?;
        let hooks = self.hooks.anew();
        let limits = Limits {
            threads_count_max: self.max_blocking_threads,
            keep_alive: self.thread_keep_alive,
            thread_name: "heist-blocking".to_owned(),
            stack_size: self.thread_stack_size,
            hooks: hooks.clone(),
            observation: observation.clone(),
        };
        let report = self.on_stall.as_ref().map(StallHook::report);
        let (name, is_alone) = (self.name.clone(), self.is_current_thread());
        let identity = Identity::new(name, is_alone, observation, local_thread);
        let threads = self.thread_builder(hooks)?;
        let mut runtime =
            Runtime::start(self.flavor, driver, workers_count, limits, threads, report, identity)?;
        self.start_reports(&mut runtime)?;
        if self.start_paused {
            runtime.pause_clock();
        }
        Ok(runtime)
    }

    fn check_pause(&self) -> io::Result<()> {
        if self.start_paused && self.flavor != Flavor::CurrentThread {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "start_paused needs Builder::new_current_thread(): with several threads nobody knows when all of them wait",
            ));
        }
        Ok(())
    }

    fn workers_count(&self) -> io::Result<usize> {
        if self.flavor == Flavor::CurrentThread {
            return Ok(1);
        }
        let count = self.worker_threads.unwrap_or_else(num_cpus::get);
        in_range("worker_threads", count, 1, 1024)
    }

    /// Submission and completion entries. The kernel would round some mistakes to other values, and
    /// refuse others with a bare EINVAL, as a kernel does that is too old.
    fn ring_sizes(&self) -> io::Result<(u32, u32)> {
        let submissions = self.ring_entries;
        in_range("ring_entries", submissions as usize, 1, RING_ENTRIES_MAX as usize)?;
        let default = submissions.saturating_mul(COMPLETIONS_PER_SUBMISSION).min(COMPLETION_ENTRIES_MAX);
        let completions = self.completion_entries.unwrap_or(default);
        if (submissions..=COMPLETION_ENTRIES_MAX).contains(&completions) {
            return Ok((submissions, completions));
        }
        Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!(
                "completion_entries is {completions}; it must be between {submissions} (ring_entries) and \
                 {COMPLETION_ENTRIES_MAX}"
            ),
        ))
    }

    fn driver_kind(&self) -> io::Result<DriverKind> {
        if let Some(kind) = self.driver {
            return Ok(kind);
        }
        match std::env::var(DRIVER_VARIABLE) {
            Ok(word) => word.parse().map_err(|error| {
                io::Error::new(io::ErrorKind::InvalidInput, format!("{DRIVER_VARIABLE}: {error}"))
            }),
            Err(std::env::VarError::NotPresent) => Ok(DriverKind::Auto),
            Err(error) => {
                Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{DRIVER_VARIABLE}: {error}")))
            }
        }
    }

    fn thread_builder(&self, hooks: ThreadHooks) -> io::Result<ThreadOptions> {
        if self.thread_name.contains('\0') {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "thread_name must not contain a NUL byte",
            ));
        }
        Ok(ThreadOptions::new(self.thread_name.clone(), self.thread_stack_size, hooks))
    }
}

impl Runtime {
    /// Builds a multi-thread runtime with default options: one worker for each core that this
    /// process may use, and the driver that `HEIST_DRIVER` names, else [`DriverKind::Auto`].
    ///
    /// # Errors
    /// As [`Builder::build`].
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// assert_eq!(runtime.block_on(async { 6 * 7 }), 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new() -> io::Result<Runtime> {
        Builder::new_multi_thread().build()
    }
}

fn in_range(name: &str, value: usize, min: usize, max: usize) -> io::Result<usize> {
    if (min..=max).contains(&value) {
        return Ok(value);
    }
    let allowed =
        if max == usize::MAX { format!("at least {min}") } else { format!("between {min} and {max}") };
    Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{name} is {value}; it must be {allowed}")))
}
