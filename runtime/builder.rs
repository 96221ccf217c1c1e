//! Every option of a runtime, its default and the reason.

use std::fmt;
use std::io;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use crate::blocking::Limits;
use crate::driver;
use crate::primitive::thread;
use crate::runtime::Runtime;
use crate::scheduler::lookout::Report;

/// Which engine does the I/O.
pub use crate::driver::Kind as DriverKind;

/// The variable that chooses the driver when the builder does not.
const DRIVER_VARIABLE: &str = "HEIST_DRIVER";
/// Submission entries per ring: a harvest's worth of operations on a busy worker.
const RING_ENTRIES: u32 = 256;
/// The most that the kernel gives.
const RING_ENTRIES_MAX: u32 = 32_768;
/// Completion entries per submission entry: between two harvests more completes than was begun. Four: the kernel finds 32 KiB
/// in one piece at once, and must search and clear for more each time that a runtime starts.
const COMPLETIONS_PER_SUBMISSION: u32 = 4;
/// The most that one system call moves, and some less.
const RECV_BUFFER_BYTES_MAX: usize = 1 << 30;
/// The most that the kernel gives.
const COMPLETION_ENTRIES_MAX: u32 = 65_536;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Flavor {
    MultiThread,
    CurrentThread,
}

/// Makes a [`Runtime`] with options of your own.
///
/// ```
/// use heist::runtime::{Builder, DriverKind};
///
/// let runtime = Builder::new_multi_thread()
///     .worker_threads(2)
///     .driver(DriverKind::Auto)
///     .build()?;
/// assert_eq!(runtime.block_on(async { 6 * 7 }), 42);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Builder {
    flavor: Flavor,
    worker_threads: Option<usize>,
    driver: Option<DriverKind>,
    thread_name: String,
    thread_stack_size: Option<usize>,
    max_blocking_threads: usize,
    thread_keep_alive: Duration,
    ring_entries: u32,
    completion_entries: Option<u32>,
    recv_buffers: driver::BufferLimits,
    on_stall: Option<StallHook>,
    start_paused: bool,
}

impl Builder {
    fn new(flavor: Flavor) -> Builder {
        Builder {
            flavor,
            worker_threads: None,
            driver: None,
            thread_name: "heist-worker".to_owned(),
            thread_stack_size: None,
            // As in tokio: blocking closures mostly wait, so there may be many more of them than cores.
            max_blocking_threads: 512,
            thread_keep_alive: Duration::from_secs(10),
            ring_entries: RING_ENTRIES,
            completion_entries: None,
            recv_buffers: driver::BufferLimits::default(),
            on_stall: None,
            start_paused: false,
        }
    }

    /// Workers on threads of their own, which steal from each other. One per core that this process may use
    /// (cgroup quotas and affinity count), unless [`worker_threads`](Self::worker_threads) says otherwise.
    pub fn new_multi_thread() -> Builder {
        Builder::new(Flavor::MultiThread)
    }

    /// The single-threaded loop: the same scheduler with one worker, which runs on the thread that calls
    /// [`Runtime::block_on`], and only while it does.
    pub fn new_current_thread() -> Builder {
        Builder::new(Flavor::CurrentThread)
    }

    /// How many workers. A count of zero makes [`build`](Self::build) fail. The current-thread runtime has one.
    pub fn worker_threads(&mut self, count: usize) -> &mut Self {
        self.worker_threads = Some(count);
        self
    }

    /// Which engine does the I/O. Unless this is called the variable `HEIST_DRIVER` (`auto`, `uring`, `poll`) decides,
    /// and without it [`DriverKind::Auto`].
    pub fn driver(&mut self, kind: DriverKind) -> &mut Self {
        self.driver = Some(kind);
        self
    }

    /// The name of the workers' threads, each followed by its number. The system may cut it short (Linux: 15 bytes).
    pub fn thread_name(&mut self, name: impl Into<String>) -> &mut Self {
        self.thread_name = name.into();
        self
    }

    /// The stack of each thread in bytes. Default: what the system gives to std's threads.
    pub fn thread_stack_size(&mut self, bytes: usize) -> &mut Self {
        self.thread_stack_size = Some(bytes);
        self
    }

    /// The most threads that [`spawn_blocking`](crate::task::spawn_blocking) may use. Default: 512. A count of zero
    /// makes [`build`](Self::build) fail. Closures beyond that wait for a thread.
    pub fn max_blocking_threads(&mut self, count: usize) -> &mut Self {
        self.max_blocking_threads = count;
        self
    }

    /// How long a blocking thread stays without work. Default: 10 seconds.
    pub fn thread_keep_alive(&mut self, duration: Duration) -> &mut Self {
        self.thread_keep_alive = duration;
        self
    }

    /// Submission entries per ring, 1 to 32768, rounded up to a power of two. Default: 256. Out of range makes
    /// [`build`](Self::build) fail.
    ///
    /// More make sense when thousands of operations start in one go: a full queue costs a kernel call, and nothing is
    /// lost. Fewer save memory, 64 bytes each and worker. With readiness polling there is no ring, and the value is
    /// checked and not used.
    pub fn ring_entries(&mut self, count: u32) -> &mut Self {
        self.ring_entries = count;
        self
    }

    /// Completion entries per ring, up to 65536 and not fewer than [`ring_entries`](Self::ring_entries), rounded up to a
    /// power of two. Default: four for each submission entry, which is 1024. Out of range makes
    /// [`build`](Self::build) fail.
    ///
    /// What completes beyond that waits in the kernel's memory until the worker has come round: nothing is lost, but it
    /// is slow. More make sense for servers with many thousands of busy connections. Each costs 16 bytes per worker. With
    /// readiness polling there is no ring, and the value is checked and not used.
    ///
    /// ```
    /// use heist::runtime::Builder;
    ///
    /// let mut builder = Builder::new_multi_thread();
    /// builder.ring_entries(1024).completion_entries(32_768);
    /// builder.build()?;
    ///
    /// let error = builder.completion_entries(512).build().unwrap_err();
    /// assert_eq!(error.to_string(), "completion_entries is 512; it must be between 1024 (ring_entries) and 65536");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn completion_entries(&mut self, count: u32) -> &mut Self {
        self.completion_entries = Some(count);
        self
    }

    /// How many bytes one [`recv_pooled`](crate::net::ByteStream::recv_pooled) of a stream receives at most: the length of the
    /// runtime's buffers, 1 to 2^30. Default: 16384. Out of range makes [`build`](Self::build) fail.
    ///
    /// Larger ones save system calls where much is received at once; smaller ones save memory where many are held. Buffers
    /// for datagrams have 65536 bytes, those for datagrams of Unix sockets 262144, whatever is set here, so that none is cut
    /// off.
    pub fn recv_buffer_bytes(&mut self, bytes: usize) -> &mut Self {
        self.recv_buffers.stream_bytes = bytes;
        self
    }

    /// How many idle buffers for [`recv_pooled`](crate::net::ByteStream::recv_pooled) each worker keeps, for streams, for
    /// datagrams and for those of Unix sockets each. Default: 64. Zero keeps none: each receive then allocates.
    ///
    /// It bounds what lies idle, not what is in use: nobody ever waits for a buffer. More make sense for programs that hold
    /// many at a time and drop them together; what comes back beyond that is freed.
    ///
    /// ```
    /// use heist::runtime::Builder;
    ///
    /// let runtime = Builder::new_multi_thread().recv_buffer_bytes(64 * 1024).recv_buffers_kept_max(16).build()?;
    /// # drop(runtime);
    /// let error = Builder::new_multi_thread().recv_buffer_bytes(0).build().unwrap_err();
    /// assert_eq!(error.to_string(), "recv_buffer_bytes is 0; it must be between 1 and 1073741824");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn recv_buffers_kept_max(&mut self, count: usize) -> &mut Self {
        self.recv_buffers.kept_count_max = count;
        self
    }

    /// What is called when every worker of a multi-thread runtime is in a poll that has not ended for 50 ms.
    ///
    /// Such polls stop nothing else: threads that stand in for the workers run the other tasks, up to 64 of them if their
    /// polls do not end either, and go when a worker has come round again. Sockets and timers are served every
    /// millisecond then. Local tasks ([`spawn_local`](crate::task::spawn_local)) of a stuck worker wait for it, and the
    /// stuck threads use their cores. A current-thread runtime has no other thread that may run its tasks: a poll that
    /// does not end stops it, and is not told.
    ///
    /// `report` gets one [`Stall`] each time, on a thread of the runtime's own that must not wait long. A panic of it
    /// is ignored. Most often the cause is a loop that awaits what is always ready and takes nothing from the budget, such
    /// as a channel of another crate: wrap what it awaits in [`cooperative`](crate::task::coop::cooperative).
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use heist::runtime::Builder;
    ///
    /// let (tell, told) = mpsc::channel();
    /// let runtime = Builder::new_multi_thread()
    ///     .worker_threads(1)
    ///     .on_stall(move |stall| tell.send(stall.tasks()[0].line()).unwrap_or(()))
    ///     .build()?;
    /// let line = line!() + 1;
    /// let stuck = runtime.spawn(async move { told.recv() });
    /// assert_eq!(runtime.block_on(stuck).unwrap(), Ok(line));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn on_stall(&mut self, report: impl Fn(&Stall) + Send + Sync + 'static) -> &mut Self {
        self.on_stall = Some(StallHook(Arc::new(report)));
        self
    }

    /// Whether the clock stands still from the start, as after [`time::pause`](crate::time::pause()): for tests. Default: no.
    ///
    /// Only a current-thread runtime can pause its clock: with `true`, [`build`](Self::build) fails for others.
    ///
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

    /// Does nothing: I/O and time are always on. Here so that programs written for tokio build.
    pub fn enable_all(&mut self) -> &mut Self {
        self
    }

    /// Does nothing, as [`enable_all`](Self::enable_all).
    pub fn enable_io(&mut self) -> &mut Self {
        self
    }

    /// Does nothing, as [`enable_all`](Self::enable_all).
    pub fn enable_time(&mut self) -> &mut Self {
        self
    }

    /// Makes the runtime and starts its workers.
    ///
    /// # Errors
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): a count of zero, or out of range, a `HEIST_DRIVER` that is
    ///   none of its three words, or [`start_paused`](Self::start_paused) with workers on threads of their own.
    /// - Whatever the system says when it refuses threads, descriptors or memory. With [`DriverKind::Uring`]: why
    ///   io_uring was refused, and what can be done about it. Nothing is left behind.
    pub fn build(&mut self) -> io::Result<Runtime> {
        let workers_count = self.workers_count()?;
        self.check_pause()?;
        in_range("max_blocking_threads", self.max_blocking_threads, 1, usize::MAX)?;
        let (ring_entries, completion_entries) = self.ring_sizes()?;
        in_range("recv_buffer_bytes", self.recv_buffers.stream_bytes, 1, RECV_BUFFER_BYTES_MAX)?;
        let driver = driver::Driver::new(&driver::Options {
            kind: self.driver_kind()?,
            workers: workers_count,
            single_thread: self.flavor == Flavor::CurrentThread,
            ring_entries,
            completion_entries,
            buffers: self.recv_buffers,
        })?;
        let limits = Limits {
            threads_count_max: self.max_blocking_threads,
            keep_alive: self.thread_keep_alive,
            thread_name: "heist-blocking".to_owned(),
            stack_size: self.thread_stack_size,
        };
        let report = self.on_stall.as_ref().map(StallHook::report);
        let runtime =
            Runtime::start(self.flavor, driver, workers_count, limits, self.thread_builder()?, report)?;
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

    /// Submission and completion entries. The kernel would round some mistakes to something else, and refuse others with
    /// a bare EINVAL, which reads as if it were too old.
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

    fn thread_builder(&self) -> io::Result<ThreadOptions> {
        if self.thread_name.contains('\0') {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "thread_name must not contain a NUL byte",
            ));
        }
        Ok(ThreadOptions { name: self.thread_name.clone(), stack_size: self.thread_stack_size })
    }
}

/// Every worker is in a poll that does not end: see [`Builder::on_stall`].
#[derive(Clone, Debug)]
pub struct Stall {
    tasks: Vec<&'static Location<'static>>,
}

impl Stall {
    /// Where the tasks were spawned that are being polled.
    pub fn tasks(&self) -> &[&'static Location<'static>] {
        &self.tasks
    }
}

#[derive(Clone)]
struct StallHook(Arc<dyn Fn(&Stall) + Send + Sync>);

impl StallHook {
    fn report(&self) -> Arc<Report> {
        let hook = self.0.clone();
        Arc::new(move |tasks| hook(&Stall { tasks }))
    }
}

impl fmt::Debug for StallHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StallHook")
    }
}

/// How the workers' threads are made.
pub(crate) struct ThreadOptions {
    name: String,
    stack_size: Option<usize>,
}

impl ThreadOptions {
    pub(crate) fn builder(&self, index: usize) -> thread::Builder {
        let builder = thread::Builder::new().name(format!("{}-{index}", self.name));
        match self.stack_size {
            Some(bytes) => builder.stack_size(bytes),
            None => builder,
        }
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
