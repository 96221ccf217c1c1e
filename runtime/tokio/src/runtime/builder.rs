//! The options of a runtime.

use std::fmt;
use std::io;
use std::time::Duration;

use heist::runtime::facade::{self, Allowed};

use super::{LocalOptions, LocalRuntime, Runtime};

/// Builds a runtime with options.
pub struct Builder {
    inner: heist::runtime::Builder,
    is_multi_thread: bool,
    allowed: Allowed,
}

impl Builder {
    pub(super) fn inner_mut(&mut self) -> &mut heist::runtime::Builder {
        &mut self.inner
    }

    fn over(inner: heist::runtime::Builder, is_multi_thread: bool) -> Builder {
        let mut builder = Builder { inner, is_multi_thread, allowed: Allowed { io: false, time: false } };
        builder.thread_name("tokio-rt-worker");
        builder
    }

    /// A runtime that runs its tasks in `block_on`.
    pub fn new_current_thread() -> Builder {
        Builder::over(heist::runtime::Builder::new_current_thread(), false)
    }

    /// A runtime whose tasks run on several threads.
    #[cfg(feature = "rt-multi-thread")]
    pub fn new_multi_thread() -> Builder {
        Builder::over(heist::runtime::Builder::new_multi_thread(), true)
    }

    /// Turns on I/O and time.
    pub fn enable_all(&mut self) -> &mut Self {
        self.allowed = Allowed { io: true, time: true };
        self
    }

    /// Turns on I/O: sockets, pipes, signals and processes.
    #[cfg(any(feature = "net", all(unix, feature = "process"), all(unix, feature = "signal")))]
    pub fn enable_io(&mut self) -> &mut Self {
        self.allowed.io = true;
        self
    }

    /// Turns on time.
    #[cfg(feature = "time")]
    pub fn enable_time(&mut self) -> &mut Self {
        self.allowed.time = true;
        self
    }

    /// How many threads run tasks. One for each core if this is not called. Panics if `val` is 0.
    #[track_caller]
    pub fn worker_threads(&mut self, val: usize) -> &mut Self {
        assert!(val > 0, "Worker threads cannot be set to 0");
        self.inner.worker_threads(val);
        self
    }

    /// How many threads the pool for blocking closures may have; 512 by default. Panics if `val` is 0.
    #[track_caller]
    #[doc(alias = "max_threads")]
    pub fn max_blocking_threads(&mut self, val: usize) -> &mut Self {
        assert!(val > 0, "Max blocking threads cannot be set to 0");
        self.inner.max_blocking_threads(val);
        self
    }

    /// The name of the runtime's threads: `tokio-rt-worker` by default.
    pub fn thread_name(&mut self, val: impl Into<String>) -> &mut Self {
        let name = val.into();
        self.thread_name_fn(move || name.clone())
    }

    /// The name of the runtime. Panics if it is empty.
    #[track_caller]
    pub fn name(&mut self, val: impl Into<String>) -> &mut Self {
        let val = val.into();
        assert!(!val.trim().is_empty(), "runtime name shouldn't be empty");
        self.inner.name(val);
        self
    }

    /// The size of the stacks of the runtime's threads, in bytes.
    pub fn thread_stack_size(&mut self, val: usize) -> &mut Self {
        self.inner.thread_stack_size(val);
        self
    }

    /// How long a thread of the pool for blocking closures stays without work; 10 seconds by default.
    pub fn thread_keep_alive(&mut self, duration: Duration) -> &mut Self {
        self.inner.thread_keep_alive(duration);
        self
    }

    /// How many tasks a thread runs before it looks at the common queue. Panics if `val` is 0.
    #[track_caller]
    pub fn global_queue_interval(&mut self, val: u32) -> &mut Self {
        assert!(val > 0, "global_queue_interval must be greater than 0");
        self.inner.global_queue_interval(val);
        self
    }

    /// How many tasks a thread runs before it looks for events. Panics if `val` is 0.
    #[track_caller]
    pub fn event_interval(&mut self, val: u32) -> &mut Self {
        assert!(val > 0, "event_interval must be greater than 0");
        self.inner.event_interval(val);
        self
    }

    /// How many events a thread takes at once. Panics if `capacity` is 0.
    #[track_caller]
    #[cfg(any(feature = "net", all(unix, feature = "process"), all(unix, feature = "signal")))]
    pub fn max_io_events_per_tick(&mut self, capacity: usize) -> &mut Self {
        assert!(capacity > 0, "max_io_events_per_tick must be non-zero");
        self.inner.max_io_events_per_tick(capacity);
        self
    }

    /// How many events a thread takes at once. Panics if `capacity` is 0.
    #[track_caller]
    #[cfg(any(feature = "net", all(unix, feature = "process"), all(unix, feature = "signal")))]
    pub fn max_io_events_per_busy_tick(&mut self, capacity: usize) -> &mut Self {
        assert!(capacity > 0, "max_io_events_per_busy_tick must be non-zero");
        self.inner.max_io_events_per_busy_tick(capacity);
        self
    }

    /// Whether the clock stands still from the start, as [`pause`](crate::time::pause) makes it.
    #[cfg(feature = "test-util")]
    pub fn start_paused(&mut self, start_paused: bool) -> &mut Self {
        self.inner.start_paused(start_paused);
        self
    }

    /// Builds the runtime.
    pub fn build(&mut self) -> io::Result<Runtime> {
        facade::allow(&mut self.inner, self.allowed);
        self.inner.build().map(Runtime::over)
    }

    /// Builds a runtime that stays on this thread. Panics if it is to have several threads.
    #[track_caller]
    pub fn build_local(&mut self, options: LocalOptions) -> io::Result<LocalRuntime> {
        assert!(!self.is_multi_thread, "multi_thread is not supported for LocalRuntime");
        facade::allow(&mut self.inner, self.allowed);
        self.inner.build_local(options).map(LocalRuntime::over)
    }
}

#[cfg(feature = "rt-multi-thread")]
impl Runtime {
    /// Builds a multi-threaded runtime with all of its parts.
    pub fn new() -> io::Result<Runtime> {
        Builder::new_multi_thread().enable_all().build()
    }
}

impl LocalRuntime {
    /// Builds a local runtime with all of its parts.
    pub fn new() -> io::Result<LocalRuntime> {
        Builder::new_current_thread().enable_all().build_local(LocalOptions::default())
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("is_multi_thread", &self.is_multi_thread)
            .field("inner", &self.inner)
            .finish()
    }
}
