//! The runtime: workers that run tasks, drivers for their I/O, timers, and a pool for blocking
//! calls.
//!
//! `#[heist::main]` and `#[heist::test]` build a runtime; most programs need nothing of this
//! module. Use it to choose options, to embed a runtime into a program that is not asynchronous,
//! and to spawn from other threads.
//!
//! ```
//! use heist::runtime::Builder;
//!
//! let runtime = Builder::new_multi_thread().worker_threads(2).thread_name("my-worker").build()?;
//! let greeting = runtime.spawn(async { "hello" });
//! // From any thread: a handle is a cheap reference.
//! let handle = runtime.handle().clone();
//! let thread = std::thread::spawn(move || handle.block_on(async { greeting.await.unwrap() }));
//! assert_eq!(thread.join().unwrap(), "hello");
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Which one when
//! | to | call |
//! |---|---|
//! | use all cores | [`Runtime::new`], or [`Builder::new_multi_thread`] with options |
//! | run everything on the calling thread, or pause the clock in a test | [`Builder::new_current_thread`] |
//! | run a future to its end from code that is not asynchronous | [`Runtime::block_on`], [`Handle::block_on`] |
//! | spawn a task from inside of a runtime | [`heist::spawn`](crate::spawn), [`spawn_local`] for futures that are not `Send` |
//! | spawn a task from any other thread | [`Runtime::spawn`], [`Handle::spawn`] |
//! | call code that blocks | [`spawn_blocking`]; [`block_in_place`] if it borrows |
//! | give sockets and sleeps a runtime on this thread, without blocking | [`Runtime::enter`], [`Handle::enter`] |
//! | end the runtime | drop it; [`Runtime::shutdown_timeout`] to limit the wait, [`Runtime::shutdown_background`] inside of a task |
//! | observe it | [`Handle::metrics`], [`Builder::on_stall`] |
//!
//! # Errors
//! [`Builder::build`] reports options out of range and resources that the system refuses. After
//! that spawning cannot fail. [`Handle::try_current`] is the form of [`Handle::current`] without a
//! panic.
//!
//! # Cancel safety
//! A task continues if its [`JoinHandle`] is dropped. The end of the runtime cancels all tasks:
//! each future is dropped at the `.await` where it waits.
//!
//! # Panics
//! [`spawn`], [`spawn_blocking`] and [`Handle::current`] panic if called outside of a runtime,
//! [`spawn_local`] on a thread that is no worker's. `block_on` panics on a thread that runs tasks:
//! await there, or block inside of [`block_in_place`].
//!
//! # Limits
//! io_uring needs Linux 5.11; elsewhere, and where io_uring is refused, the I/O goes through
//! readiness polling. [`Builder::driver`] and the variable `HEIST_DRIVER` choose,
//! [`Runtime::driver_name`] reports the choice. A forked child builds a runtime of its own: see
//! [`Runtime`].

// Start: the driver makes and tries all of its rings, then the workers' threads start. Everything
// that the system could refuse is refused before `Builder::build` returns, which need not wait for
// the threads to run. End: the scheduler closes (see `scheduler/shutdown.rs`), the workers' threads
// are joined, then those of the blocking pool.
//
// A current-thread runtime keeps its one worker in a lock; `Runtime::block_on` takes it out, runs
// its loop on the calling thread and puts it back.

use std::fmt;
use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::panic::Location;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_task::{ArcWake, FutureObj, LocalFutureObj, LocalSpawn, Spawn, SpawnError, waker_ref};

use crate::blocking::{Limits, Pool};
use crate::builder::{Flavor, ThreadOptions};
use crate::driver::Driver;
use crate::primitive::sync::Mutex;
use crate::primitive::{clock, thread};
use crate::scheduler::clean_up::{ShutdownDelay, run_shutdown_hooks};
use crate::scheduler::lookout::Report;
use crate::scheduler::park::{Nudge, Parker};
use crate::scheduler::shutdown_hooks::ShutdownHook;
use crate::scheduler::worker::Worker;
use crate::scheduler::{self, SchedulerHandle, Shared, StandIns, current, stand_in};
use crate::task::{self, Id, JoinHandle, coop};

pub use crate::builder::{Builder, DriverKind, Stall};

const NO_RUNTIME: &str = "there is no heist runtime on this thread; \
     call this from a task, from Runtime::block_on, or after Runtime::enter";
/// Futures of more bytes are boxed as soon as they are passed in: they are moved a few times on the
/// way to their cell, and each move of an unoptimised build takes that much stack.
const LARGE: usize = if cfg!(debug_assertions) { 2 * 1024 } else { 16 * 1024 };

/// A constant of the type, so that an unoptimised build reserves no stack for the branch that it
/// does not take.
pub(crate) struct Weight<F>(PhantomData<F>);

impl<F> Weight<F> {
    pub(crate) const IS_LARGE: bool = size_of::<F>() > LARGE;
}

const NESTED: &str = "heist: cannot block on a future here: this thread runs tasks. \
     Await the future instead, or block inside block_in_place or spawn_blocking";

const NOT_THEIR_THREAD: &str = "heist: another thread has spawned local tasks on this current-thread runtime, and only it \
     can run them: call block_on there until they have ended";
const ENDED_ELSEWHERE: &str = "heist: a current-thread runtime ended on another thread than the one that spawned local \
     tasks on it, and only that one could have dropped them: they are leaked. End it there, or after they have ended";

/// Workers, a driver for each, timers, and a pool for blocking closures.
///
/// Dropping a runtime drops every task exactly once, waits for polls that are under way and for
/// blocking closures that run, and gives everything back to the system. If it is dropped inside of
/// a task, on a worker's own thread, it does not wait: the rest happens in the background.
///
/// A forked child that does not call `exec` must not use its copy of the parent's runtime, and
/// builds one of its own. Dropping the copy does nothing.
///
/// # Panics
/// The end of a current-thread runtime panics, after everything else is done, if there are local
/// tasks ([`spawn_local`]) of another thread: they are leaked, because only that thread may drop
/// them.
///
/// # Examples
/// ```
/// let runtime = heist::runtime::Runtime::new()?;
/// let sum = runtime.block_on(async {
///     let left = heist::spawn(async { 40 });
///     let right = heist::spawn(async { 2 });
///     left.await.unwrap() + right.await.unwrap()
/// });
/// assert_eq!(sum, 42);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Runtime {
    handle: Handle,
    threads: Vec<thread::JoinHandle<()>>,
    /// The worker of a current-thread runtime.
    loop_worker: Option<LoopWorker>,
    has_ended: bool,
    /// The process that built it.
    owner: u32,
}

/// The one worker of a current-thread runtime, while no thread runs it.
struct LoopWorker {
    worker: Mutex<Option<Worker>>,
    /// Threads in `block_on` that wait until the worker is put back.
    waiting: Mutex<Vec<Arc<Parker>>>,
}

/// A reference to a runtime, to spawn on it and to enter it.
///
/// Cheap to clone. It does not keep the workers running: after the end of the runtime a spawned
/// task is cancelled at once.
///
/// # Examples
/// ```
/// use heist::runtime::{Handle, Runtime};
///
/// let runtime = Runtime::new()?;
/// let handle: Handle = runtime.handle().clone();
/// let task = std::thread::spawn(move || handle.spawn(async { 42 })).join().unwrap();
/// assert_eq!(runtime.block_on(task).unwrap(), 42);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Handle {
    home: Arc<SchedulerHandle>,
}

/// Makes a runtime the current one of this thread until the guard is dropped. Drop guards in the
/// reverse order of their making.
///
/// # Examples
/// ```
/// use heist::runtime::{EnterGuard, Handle, Runtime};
///
/// let runtime = Runtime::new()?;
/// let guard: EnterGuard<'_> = runtime.enter();
/// assert!(Handle::try_current().is_ok());
/// drop(guard);
/// assert!(Handle::try_current().is_err());
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "the runtime is left as soon as the guard is dropped"]
pub struct EnterGuard<'a> {
    _runtime: current::EnteredRuntime,
    _driver: crate::driver::Guard,
    _timers: crate::time::Guard,
    _handle: PhantomData<&'a Handle>,
}

impl Runtime {
    /// Builds a multi-thread runtime with default options: one worker for each core that this
    /// process may use, and the driver that `HEIST_DRIVER` names, else [`DriverKind::Auto`].
    ///
    /// # Errors
    /// As [`Builder::build`].
    pub fn new() -> io::Result<Runtime> {
        Builder::new_multi_thread().build()
    }

    pub(crate) fn start(
        flavor: Flavor,
        driver: Arc<Driver>,
        workers_count: usize,
        limits: Limits,
        options: ThreadOptions,
        report: Option<Arc<Report>>,
    ) -> io::Result<Runtime> {
        let options = Arc::new(options);
        let stand_ins = match flavor {
            Flavor::CurrentThread => StandIns::none(),
            Flavor::MultiThread => {
                let options = options.clone();
                StandIns::new(limits.threads_count_max, move |number| options.builder(workers_count + number))
            }
        };
        let parts = scheduler::build(driver, workers_count, Pool::new(limits), stand_ins);
        let handle = Handle { home: SchedulerHandle::new(parts.shared) };
        let owner = std::process::id();
        let mut runtime = Runtime { handle, threads: Vec::new(), loop_worker: None, has_ended: false, owner };
        match flavor {
            Flavor::CurrentThread => {
                let worker = Mutex::new(parts.workers.into_iter().next());
                runtime.loop_worker = Some(LoopWorker { worker, waiting: Mutex::new(Vec::new()) });
            }
            Flavor::MultiThread => {
                runtime.shared().lookout().offer(report);
                runtime.shared().timers().clock().forbid_pause();
                runtime.start_workers(parts.workers, &options)?;
            }
        }
        Ok(runtime)
    }

    /// Stops the clock of a runtime that no thread runs yet.
    pub(crate) fn pause_clock(&self) {
        let was_running = self.shared().timers().clock().pause();
        debug_assert!(was_running, "the runtime is new");
    }

    /// Starts the workers' threads. On failure the drop of `self` stops those that run.
    fn start_workers(&mut self, workers: Vec<Worker>, options: &ThreadOptions) -> io::Result<()> {
        for worker in workers {
            match options.builder(worker.index()).spawn(move || worker.live()) {
                Ok(thread) => self.threads.push(thread),
                Err(error) => {
                    self.forget_workers_after(self.threads.len());
                    let text = format!("the system refused a thread for a worker: {error}");
                    return Err(io::Error::new(error.kind(), text));
                }
            }
        }
        Ok(())
    }

    /// Deducts the workers that got no thread.
    fn forget_workers_after(&self, started_count: usize) {
        for _ in started_count..self.workers() {
            self.shared().forget_worker();
        }
    }

    fn shared(&self) -> &Arc<Shared> {
        self.handle.home.shared()
    }

    /// Runs `future` on this thread until it is done, and returns its output.
    ///
    /// Tasks that it spawns run on the workers. On a current-thread runtime they run here, between
    /// the polls of `future`; tasks that are not done when `future` is continue in the next
    /// `block_on`.
    ///
    /// # Panics
    /// Panics if this thread runs tasks already (inside of a task or of another `block_on`). Panics
    /// on a current-thread runtime if there are local tasks ([`spawn_local`]) of another thread. A
    /// panic of `future` passes through.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Builder::new_current_thread().build()?;
    /// let task = runtime.spawn(async { 6 * 7 });
    /// assert_eq!(runtime.block_on(async { task.await.unwrap() }), 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        if Weight::<F>::IS_LARGE {
            self.block_on_small(Box::pin(future))
        } else {
            self.block_on_small(future)
        }
    }

    #[track_caller]
    fn block_on_small<F: Future>(&self, future: F) -> F::Output {
        assert!(current::may_block(), "{NESTED}");
        match &self.loop_worker {
            Some(loop_worker) => loop_worker.block_on(&self.handle, future),
            None => self.handle.block_on_small(future),
        }
    }

    /// Spawns a task, as [`heist::spawn`](crate::spawn) does, from any thread.
    /// [`Runtime::block_on`] has an example.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        if Weight::<F>::IS_LARGE { self.handle.spawn(Box::pin(future)) } else { self.handle.spawn(future) }
    }

    /// Runs `closure` on the blocking pool, as [`spawn_blocking`] does, from any thread.
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, closure: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        if Weight::<F>::IS_LARGE {
            self.handle.spawn_blocking(Box::new(closure))
        } else {
            self.handle.spawn_blocking(closure)
        }
    }

    /// Returns a handle to this runtime. [`Handle`] has an example.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Makes this the current runtime of this thread, so that [`heist::spawn`](crate::spawn),
    /// sockets and sleeps find it. [`Handle::enter`] has an example.
    pub fn enter(&self) -> EnterGuard<'_> {
        self.handle.enter()
    }

    /// Returns the name of the engine that does the I/O: `"io_uring"` or `"poll"`.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::{Builder, DriverKind};
    ///
    /// let runtime = Builder::new_multi_thread().driver(DriverKind::Poll).build()?;
    /// assert_eq!(runtime.driver_name(), "poll");
    /// // Nothing was refused, because io_uring was not tried.
    /// assert!(runtime.driver_refusal().is_none());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn driver_name(&self) -> &'static str {
        self.handle.driver_name()
    }

    /// Returns why io_uring is not in use, if [`DriverKind::Auto`] tried it and was refused.
    pub fn driver_refusal(&self) -> Option<&io::Error> {
        self.shared().driver().refusal()
    }

    /// Returns the number of workers; 1 on a current-thread runtime.
    pub fn workers(&self) -> usize {
        self.shared().workers_count()
    }

    /// Ends the runtime: cancels all tasks and waits for polls and blocking closures that are under
    /// way, for `timeout` in total. Work that has not ended by then is left behind on its thread.
    /// Zero does not wait.
    ///
    /// The limit holds for everything, including clean-ups of [adopted
    /// generators](crate::asyncio::adopt()) and destructors: on a current-thread runtime these run
    /// on a thread that is started for them. Only local tasks ([`spawn_local`]) are dropped on this
    /// thread, however long it takes.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// let runtime = heist::runtime::Runtime::new()?;
    /// let endless = runtime.spawn(std::future::pending::<()>());
    /// runtime.shutdown_timeout(Duration::from_secs(5));
    /// assert!(endless.is_finished());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn shutdown_timeout(mut self, timeout: Duration) {
        self.end(Some(timeout));
    }

    /// Ends the runtime without waiting for anything; may be called inside of a task.
    ///
    /// The same as [`shutdown_timeout`](Self::shutdown_timeout) with zero: work that takes time
    /// happens in the background, and adopted generators are not closed.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::{Builder, Runtime};
    ///
    /// let outer = Builder::new_current_thread().build()?;
    /// let inner = Runtime::new()?;
    /// outer.block_on(async {
    ///     let answer = inner.spawn(async { 42 }).await.unwrap();
    ///     // To wait for the end would block the thread that runs this future.
    ///     inner.shutdown_background();
    ///     assert_eq!(answer, 42);
    /// });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn shutdown_background(mut self) {
        self.end(Some(Duration::ZERO));
    }

    /// Whether no local task of another thread prevents `block_on` on this thread.
    fn can_run_here(&self) -> bool {
        let worker = self.loop_worker.as_ref().map(|loop_worker| loop_worker.worker.lock());
        worker.is_none_or(|worker| worker.as_ref().is_none_or(Worker::settle_pinned))
    }

    /// Whether the end of the loop must happen on this thread: it drops local tasks, or leaks them.
    fn has_local_tasks(&self) -> bool {
        let worker = self.loop_worker.as_ref().map(|loop_worker| loop_worker.worker.lock());
        worker.is_some_and(|worker| worker.as_ref().is_some_and(Worker::has_pinned))
    }

    /// User code runs on this thread only if there is no limit to its time, or if it is local to
    /// the thread: see [`Ending`].
    fn end(&mut self, timeout: Option<Duration>) {
        if std::mem::replace(&mut self.has_ended, true) {
            return;
        }
        if std::process::id() != self.owner {
            // A forked child's copy: its workers are not in this process, and its sockets and ring
            // are the parent's.
            return std::mem::forget((std::mem::take(&mut self.threads), self.loop_worker.take()));
        }
        let waits = current::may_block() && timeout != Some(Duration::ZERO);
        let mut ending = Ending {
            sees_off: waits && self.shared().shutdown_hooks().are_there() && self.can_run_here(),
            stays_here: timeout.is_none() || self.has_local_tasks(),
            is_employed: self.shared().blocking().employs_this_thread(),
            deadline: timeout.and_then(|timeout| clock::now().checked_add(timeout)),
            handle: self.handle.clone(),
            threads: std::mem::take(&mut self.threads),
            loop_worker: self.loop_worker.take(),
        };
        let is_complete = ending.end_workers();
        match timeout {
            None => ending.finish(),
            Some(_) => ending.finish_elsewhere(),
        }
        assert!(is_complete || std::thread::panicking(), "{ENDED_ELSEWHERE}");
    }
}

/// The rest of a runtime while it ends. User code may delay the end: destructors of tasks, or of
/// closures that wait for the pool. If the caller may wait for a limited time only, such code runs
/// on the workers, or on a thread that is started for it.
struct Ending {
    handle: Handle,
    threads: Vec<thread::JoinHandle<()>>,
    loop_worker: Option<LoopWorker>,
    deadline: Option<Instant>,
    /// Whether there are shutdown hooks, and time for them.
    sees_off: bool,
    /// Whether the loop of a current-thread runtime ends on this thread.
    stays_here: bool,
    /// Whether the caller is one of the blocking pool's threads.
    is_employed: bool,
}

impl Ending {
    fn time_left(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(clock::now()))
    }

    /// Ends the workers, as far as this thread has to. `false`: local tasks had to be leaked.
    fn end_workers(&mut self) -> bool {
        if self.loop_worker.is_some() {
            if !self.sees_off {
                self.handle.home.shared().close();
            }
            return !self.stays_here || self.end_loop();
        }
        if self.sees_off {
            self.see_off_from_outside();
        }
        let shared = self.handle.home.shared();
        shared.close();
        shared.wait_until_ended(self.deadline);
        true
    }

    /// The workers do all the work: this thread runs no user code.
    fn see_off_from_outside(&self) {
        let parker = Parker::new();
        let waker = waker_ref(&parker);
        let mut leaving = pin!(run_shutdown_hooks(&self.handle.home));
        while leaving.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
            match self.deadline {
                None => parker.park(),
                Some(deadline) if parker.park_until(deadline) => {}
                Some(_) => return,
            }
        }
    }

    /// Ends the worker of a current-thread runtime on this thread.
    fn end_loop(&mut self) -> bool {
        let Some(loop_worker) = self.loop_worker.take() else { return true };
        if self.sees_off {
            let leaving = run_shutdown_hooks(&self.handle.home);
            match self.time_left() {
                Some(left) => {
                    drop(loop_worker.block_on(&self.handle, crate::time::timeout(left, leaving)));
                }
                None => loop_worker.block_on(&self.handle, leaving),
            }
        }
        self.handle.home.shared().close();
        loop_worker.end(&self.handle, self.time_left())
    }

    /// Does the rest of the end.
    fn finish(mut self) {
        self.end_loop();
        let shared = self.handle.home.shared();
        let has_ended = shared.wait_until_ended(self.deadline);
        // This ends the waits of blocking closures, on the pool's threads and in place.
        shared.timers().shutdown();
        shared.blocking().close();
        if !self.is_employed {
            shared.blocking().wait_until_ended(self.time_left());
        }
        let has_ended = has_ended && shared.wait_until_returned(self.deadline);
        // If the kernel did not release an operation, it does not release the thread that submitted
        // it either.
        let can_join = has_ended && self.handle.metrics().num_leaked_operations() == 0;
        let stand_ins = shared.stand_ins().take_threads();
        for thread in self.threads.drain(..).chain(stand_ins) {
            if can_join {
                // A worker ends without a panic: tasks' panics are caught where they are polled.
                let _ = thread.join();
            }
        }
        if can_join && current::may_block() {
            shared.lookout().join();
        }
    }

    /// Does the rest on a thread of its own, and waits for it until the deadline. If the system
    /// refuses a thread: on this thread.
    fn finish_elsewhere(self) {
        let deadline = self.deadline;
        let parker = Parker::new();
        let left = Arc::new(Mutex::new(Some(self)));
        let (there, done) = (left.clone(), Done(parker.clone()));
        let work = move || {
            let _done = done;
            let ending = there.lock().take();
            ending.into_iter().for_each(Ending::finish);
        };
        if thread::Builder::new().name("heist-end".to_owned()).spawn(work).is_err() {
            let ending = left.lock().take();
            return ending.into_iter().for_each(Ending::finish);
        }
        match deadline {
            None => parker.park(),
            Some(deadline) => drop(parker.park_until(deadline)),
        }
    }
}

/// Wakes the waiter of a thread that has done its work, or failed.
struct Done(Arc<Parker>);

impl Drop for Done {
    fn drop(&mut self) {
        self.0.unpark();
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        // A worker that waited for itself would never end.
        let is_own =
            current::with_worker(|worker| worker.is_some_and(|worker| worker.belongs_to(self.shared())));
        let timeout = if current::may_block() && !is_own { None } else { Some(Duration::ZERO) };
        self.end(timeout);
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime")
            .field("workers", &self.workers())
            .field("driver", &self.driver_name())
            .finish()
    }
}

/// Wakes the future that a current-thread runtime blocks on; the worker's loop polls it.
struct RootWaker {
    nudge: Nudge,
    shared: Arc<Shared>,
}

impl ArcWake for RootWaker {
    fn wake_by_ref(waker: &Arc<Self>) {
        waker.nudge.tell();
        waker.shared.unpark(0);
    }
}

impl LoopWorker {
    #[track_caller]
    fn block_on<F: Future>(&self, handle: &Handle, future: F) -> F::Output {
        let mut future = pin!(future);
        let parker = Parker::new();
        let queued = Queued { parker: &parker, home: self };
        loop {
            let taken = self.worker.lock().take();
            if let Some(worker) = taken {
                drop(queued);
                let mut running = Running { worker: Some(worker), home: self };
                let worker = running.worker.as_mut().expect("it was put there");
                assert!(worker.settle_pinned(), "{NOT_THEIR_THREAD}");
                return Self::run(handle, worker, future.as_mut());
            }
            // Another thread runs the loop. The future is polled here; tasks are polled there.
            queued.enter();
            if self.worker.lock().is_some() {
                continue;
            }
            let guard = handle.enter();
            let no_blocking = current::forbid_blocking();
            let waker = waker_ref(&parker);
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return output;
            }
            drop((no_blocking, guard));
            parker.park();
        }
    }

    fn run<F: Future>(handle: &Handle, worker: &mut Worker, mut future: std::pin::Pin<&mut F>) -> F::Output {
        let shared = worker.shared().clone();
        let _bound = Bound::new(handle, worker);
        let root = Arc::new(RootWaker { nudge: Nudge::new(), shared });
        let output = worker.run(|| {
            if !root.nudge.take() {
                return None;
            }
            let waker = waker_ref(&root);
            // With a budget, as a task's poll: without one, a future that is always ready would
            // keep the tasks waiting.
            match coop::with_budget(|| future.as_mut().poll(&mut Context::from_waker(&waker))) {
                Poll::Ready(output) => Some(output),
                Poll::Pending => None,
            }
        });
        worker.settle();
        output.expect("no other thread takes the worker of a current-thread runtime over")
    }

    /// Ends the worker on this thread, unless another thread still runs it. `false`: it had to leak
    /// local tasks, because they belong to another thread.
    fn end(&self, handle: &Handle, timeout: Option<Duration>) -> bool {
        let taken = self.worker.lock().take();
        let Some(mut worker) = taken else {
            handle.home.shared().forget_worker();
            return true;
        };
        let is_complete = worker.settle_pinned();
        if !is_complete {
            worker.give_pinned_up();
        }
        let _bound = Bound::new(handle, &worker);
        worker.shut_down(timeout.unwrap_or(Duration::MAX));
        is_complete
    }
}

/// A thread's entry in the list of threads that wait for the worker. It is removed when the thread
/// stops waiting, even by a panic.
struct Queued<'a> {
    parker: &'a Arc<Parker>,
    home: &'a LoopWorker,
}

impl Queued<'_> {
    fn is_at(&self, parker: &Arc<Parker>) -> bool {
        Arc::ptr_eq(self.parker, parker)
    }

    /// Adds the entry once: a thread that polls its future repeatedly while it waits is listed
    /// already.
    fn enter(&self) {
        let mut waiting = self.home.waiting.lock();
        if !waiting.iter().any(|parker| self.is_at(parker)) {
            waiting.push(self.parker.clone());
        }
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.home.waiting.lock().retain(|parker| !self.is_at(parker));
    }
}

/// A current-thread worker that a thread has taken: put back when the thread is done with it, even
/// by a panic.
struct Running<'a> {
    worker: Option<Worker>,
    home: &'a LoopWorker,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        *self.home.worker.lock() = self.worker.take();
        for parker in self.home.waiting.lock().drain(..) {
            parker.unpark();
        }
    }
}

/// The thread-locals of a thread that runs a worker.
struct Bound {
    _no_blocking: current::Blocking,
    _runtime: current::EnteredRuntime,
    _timers: crate::time::Guard,
    _driver: crate::driver::Guard,
}

impl Bound {
    fn new(handle: &Handle, worker: &Worker) -> Bound {
        let shared = worker.shared();
        let driver = shared.driver().bind_worker(worker.index());
        Bound {
            _driver: driver
                .unwrap_or_else(|error| panic!("heist: the driver cannot serve this thread: {error}")),
            _timers: shared.timers().bind_worker(worker.index()),
            _runtime: current::enter_runtime(handle.home.clone()),
            _no_blocking: current::forbid_blocking(),
        }
    }
}

impl Handle {
    /// Returns the runtime of this thread.
    ///
    /// # Panics
    /// Panics if called outside of a runtime.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::{Handle, Runtime};
    ///
    /// let runtime = Runtime::new()?;
    /// let name = runtime.block_on(async { Handle::current().driver_name() });
    /// assert_eq!(name, runtime.driver_name());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn current() -> Handle {
        match Handle::try_current() {
            Ok(handle) => handle,
            Err(_) => panic!("{NO_RUNTIME}"),
        }
    }

    /// Returns the runtime of this thread, if there is one.
    ///
    /// # Errors
    /// [`TryCurrentError`] if called outside of a runtime.
    pub fn try_current() -> Result<Handle, TryCurrentError> {
        current::runtime().map(|home| Handle { home }).ok_or(TryCurrentError(()))
    }

    /// Spawns a task on this runtime. After the runtime's end the task is cancelled at once.
    /// [`Handle`] has an example.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let location = Location::caller();
        if Weight::<F>::IS_LARGE {
            scheduler::spawn(&self.home, Box::pin(future), Id::next(), location)
        } else {
            scheduler::spawn(&self.home, future, Id::next(), location)
        }
    }

    /// Runs `closure` on the blocking pool of this runtime, as [`spawn_blocking`] does.
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, closure: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let location = Location::caller();
        if Weight::<F>::IS_LARGE {
            self.spawn_blocking_small(Box::new(closure), location)
        } else {
            self.spawn_blocking_small(closure, location)
        }
    }

    fn spawn_blocking_small<F, R>(&self, closure: F, location: &'static Location<'static>) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let (runnable, join) = task::blocking(closure, Id::next(), location);
        let handle = self.clone();
        self.home.shared().blocking().run(Box::new(move || {
            let _guard = handle.enter();
            runnable.run();
        }));
        join
    }

    /// Runs `future` on this thread until it is done, and returns its output.
    ///
    /// On a current-thread runtime another thread must be in [`Runtime::block_on`], because only
    /// there tasks, sockets and sleeps make progress.
    ///
    /// # Panics
    /// Panics if this thread runs tasks. A panic of `future` passes through.
    ///
    /// # Examples
    /// ```
    /// let runtime = heist::runtime::Runtime::new()?;
    /// let answer = runtime.spawn_blocking(|| {
    ///     heist::runtime::Handle::current().block_on(async { 42 })
    /// });
    /// assert_eq!(runtime.block_on(answer).unwrap(), 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        if Weight::<F>::IS_LARGE {
            self.block_on_small(Box::pin(future))
        } else {
            self.block_on_small(future)
        }
    }

    #[track_caller]
    fn block_on_small<F: Future>(&self, future: F) -> F::Output {
        assert!(current::may_block(), "{NESTED}");
        let _guard = self.enter();
        let _no_blocking = current::forbid_blocking();
        let parker = Parker::new();
        let waker = waker_ref(&parker);
        let mut context = Context::from_waker(&waker);
        let mut future = pin!(future);
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return output;
            }
            parker.park();
        }
    }

    /// Makes this the current runtime of this thread until the guard is dropped.
    ///
    /// # Examples
    /// ```
    /// use heist::runtime::{Handle, Runtime};
    ///
    /// let runtime = Runtime::new()?;
    /// let handle = runtime.handle().clone();
    /// let guard = handle.enter();
    /// let task = heist::spawn(async { 42 });
    /// drop(guard);
    /// assert!(Handle::try_current().is_err());
    /// assert_eq!(runtime.block_on(task).unwrap(), 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn enter(&self) -> EnterGuard<'_> {
        let shared = self.home.shared();
        EnterGuard {
            _runtime: current::enter_runtime(self.home.clone()),
            _driver: shared.driver().enter(),
            _timers: shared.timers().enter(),
            _handle: PhantomData,
        }
    }

    /// Returns the name of the engine that does the I/O: `"io_uring"` or `"poll"`.
    pub fn driver_name(&self) -> &'static str {
        self.home.shared().driver().name()
    }

    /// Registers `hook`: when the runtime ends, the hook is asked for a clean-up, which runs after
    /// the tasks are gone.
    pub(crate) fn add_shutdown_hook(&self, hook: Weak<dyn ShutdownHook>) {
        self.home.shared().shutdown_hooks().add(hook);
    }

    /// Makes the end of the runtime wait for a hook's clean-up.
    pub(crate) fn delay_shutdown(&self) -> ShutdownDelay {
        ShutdownDelay::new(&self.home)
    }

    /// The scheduler, for scenarios that look at its driver and at its end.
    #[cfg(all(test, rt_shuttle))]
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        self.home.shared()
    }

    /// Returns figures about the runtime, which are read without stopping it. [`RuntimeMetrics`]
    /// has an example.
    pub fn metrics(&self) -> RuntimeMetrics {
        RuntimeMetrics { handle: self.clone() }
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("driver", &self.driver_name()).finish_non_exhaustive()
    }
}

impl Spawn for Handle {
    fn spawn_obj(&self, future: FutureObj<'static, ()>) -> Result<(), SpawnError> {
        drop(self.spawn(future));
        Ok(())
    }
}

impl LocalSpawn for Handle {
    /// Pins the future to the worker of this thread; returns an error on any other thread.
    fn spawn_local_obj(&self, future: LocalFutureObj<'static, ()>) -> Result<(), SpawnError> {
        let spawned = scheduler::spawn_local(future, Id::next(), Location::caller());
        spawned.map(drop).ok_or_else(SpawnError::shutdown)
    }
}

/// This thread is in no runtime; [`Handle::try_current`] returns it.
///
/// # Examples
/// ```
/// let error = heist::runtime::Handle::try_current().unwrap_err();
/// assert!(error.to_string().starts_with("there is no heist runtime on this thread"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TryCurrentError(());

impl fmt::Display for TryCurrentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NO_RUNTIME)
    }
}

impl std::error::Error for TryCurrentError {}

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

impl RuntimeMetrics {
    /// The number of workers.
    pub fn num_workers(&self) -> usize {
        self.handle.home.shared().workers_count()
    }

    /// The number of tasks that are spawned and neither completed nor dropped.
    pub fn num_alive_tasks(&self) -> usize {
        self.handle.home.shared().tasks_count()
    }

    /// The number of threads that the blocking pool has now.
    pub fn num_blocking_threads(&self) -> usize {
        self.handle.home.shared().blocking().threads_count()
    }

    /// The number of reserve threads that run tasks now, in the place of stuck workers: see
    /// [`Builder::on_stall`].
    pub fn num_reserve_threads(&self) -> usize {
        self.handle.home.shared().lookout().reserve_count()
    }

    /// The number of times that every worker was in a poll that did not end within 50 ms: see
    /// [`Builder::on_stall`].
    pub fn num_stalls(&self) -> u64 {
        self.handle.home.shared().lookout().stalls_count()
    }

    /// The number of operations that the kernel has not answered yet, of all workers together.
    pub fn num_operations_in_flight(&self) -> usize {
        let shared = self.handle.home.shared();
        (0..shared.workers_count()).map(|index| shared.driver().in_flight(index)).sum()
    }

    /// The number of sleeps that are armed, of all workers together.
    pub fn num_timers(&self) -> usize {
        let shared = self.handle.home.shared();
        (0..shared.workers_count()).map(|index| shared.timers().armed_count(index)).sum()
    }

    /// The number of completions of operations that no task waits for any more. They are counted
    /// and otherwise ignored.
    pub fn num_stale_completions(&self) -> u64 {
        let shared = self.handle.home.shared();
        (0..shared.workers_count()).map(|index| shared.driver().stale_count(index)).sum()
    }

    /// The number of operations that a shutdown could not get back from the kernel in time. Their
    /// memory is never reused.
    pub fn num_leaked_operations(&self) -> usize {
        let shared = self.handle.home.shared();
        (0..shared.workers_count()).map(|index| shared.driver().leaked_count(index)).sum()
    }
}

/// Spawns a task on the runtime of this thread.
///
/// The task runs concurrently with the caller, on any worker. It continues if the [`JoinHandle`] is
/// dropped.
///
/// # Panics
/// Panics if called outside of a runtime.
///
/// # Examples
/// ```
/// # heist::runtime::Runtime::new()?.block_on(async {
/// let task = heist::spawn(async { "done" });
/// assert_eq!(task.await.unwrap(), "done");
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let location = Location::caller();
    if Weight::<F>::IS_LARGE {
        spawn_small(Box::pin(future), location)
    } else {
        spawn_small(future, location)
    }
}

#[track_caller]
fn spawn_small<F>(future: F, location: &'static Location<'static>) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let spawned = current::with_worker(|local| match local {
        Some(local) => Ok(local.spawn(future, Id::next(), location)),
        None => Err(future),
    });
    match spawned {
        Ok(handle) => handle,
        Err(future) => {
            let Some(home) = current::runtime() else { panic!("{NO_RUNTIME}") };
            scheduler::spawn(&home, future, Id::next(), location)
        }
    }
}

/// Spawns a future that need not be `Send`. It stays on the worker that it was spawned on, and is
/// dropped there.
///
/// No other worker runs it, so it waits while its worker is in a long poll. On a current-thread
/// runtime it belongs to the thread that is in [`Runtime::block_on`]; as long as it lives no other
/// thread can run that runtime.
///
/// # Panics
/// Panics if this thread is not a worker: call it inside of a task, or in `block_on` of a
/// current-thread runtime.
///
/// # Examples
/// ```
/// use std::rc::Rc;
///
/// let runtime = heist::runtime::Builder::new_current_thread().build()?;
/// runtime.block_on(async {
///     let shared = Rc::new(42);
///     let local = heist::task::spawn_local({
///         let shared = shared.clone();
///         async move { *shared }
///     });
///     assert_eq!(local.await.unwrap(), *shared);
/// });
/// # Ok::<(), std::io::Error>(())
/// ```
#[track_caller]
pub fn spawn_local<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    let location = Location::caller();
    let spawned = if Weight::<F>::IS_LARGE {
        scheduler::spawn_local(Box::pin(future), Id::next(), location)
    } else {
        scheduler::spawn_local(future, Id::next(), location)
    };
    match spawned {
        Some(handle) => handle,
        None => panic!(
            "heist: spawn_local needs a worker: call it inside a task, or in block_on of a current-thread runtime"
        ),
    }
}

/// Runs `closure`, which may block, on a thread of the blocking pool.
///
/// The pool grows up to [`Builder::max_blocking_threads`] (512 by default); then closures wait. If
/// the system refuses even the first thread, the closure runs on the caller's thread before this
/// returns. A closure that has begun cannot be aborted; one that waits can.
///
/// # Panics
/// Panics if called outside of a runtime.
///
/// # Examples
/// ```
/// # heist::runtime::Runtime::new()?.block_on(async {
/// let read = heist::task::spawn_blocking(|| std::fs::read_to_string("Cargo.toml"));
/// let text = read.await.unwrap()?;
/// assert!(text.contains("heist"));
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[track_caller]
pub fn spawn_blocking<F, R>(closure: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let location = Location::caller();
    let handle = Handle::current();
    if Weight::<F>::IS_LARGE {
        handle.spawn_blocking_small(Box::new(closure), location)
    } else {
        handle.spawn_blocking_small(closure, location)
    }
}

/// Runs `closure`, which may block, on this thread.
///
/// If this is a worker's thread, another thread takes the worker over: its tasks, timers, sockets
/// and files are served meanwhile, even if every worker blocks like this. If the closure ends
/// before another thread has taken the worker, nothing changes; otherwise the rest of the poll runs
/// beside the workers.
///
/// The closure may block on a future, with [`Handle::block_on`] or with another crate's executor,
/// without a cooperative budget. When the runtime ends, the waits of the closure end at once, as in
/// [`spawn_blocking`]: sleeps are over, sockets fail, other tasks are cancelled. The end waits for
/// the closure itself.
///
/// # Limits
/// - Local tasks ([`spawn_local`]) of this thread wait until the closure has ended, and run here
///   then.
/// - Up to [`Builder::max_blocking_threads`] closures have a thread that takes their worker over;
///   these threads stay until the runtime ends. Beyond that, or if the system refuses a thread, the
///   worker stays: other workers take its tasks, and the tasks wait while no worker is free.
/// - On a current-thread runtime everything waits for the closure.
/// - On a thread that is not a worker's this only calls `closure`.
///
/// # Interrupted calls
/// On io_uring the worker's thread has submitted operations to a ring, and the kernel interrupts it
/// when one of them completes. A blocking call with a time-out of its own (`epoll_wait`, a `read`
/// from a std socket with a read time-out) then fails with
/// [`Interrupted`](std::io::ErrorKind::Interrupted) at once, although no signal was sent (seen on
/// Linux 6.18). The kernel or std restarts calls without a time-out, `poll` and `thread::sleep`.
/// Call again with the time that is left, as after a signal, or use [`spawn_blocking`], whose
/// threads have no ring. It does not happen on the poll driver.
///
/// # Panics
/// On a current-thread runtime [`Handle::block_on`] inside of the closure panics. A panic of the
/// closure passes through.
///
/// # Examples
/// ```
/// # let runtime = heist::runtime::Runtime::new()?;
/// # runtime.block_on(runtime.spawn(async {
/// let answer = heist::task::block_in_place(|| {
///     let runtime = heist::runtime::Handle::current();
///     runtime.block_on(async { heist::spawn(async { 42 }).await.unwrap() })
/// });
/// assert_eq!(answer, 42);
/// # })).unwrap();
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn block_in_place<R>(closure: impl FnOnce() -> R) -> R {
    stand_in::block_in_place(closure)
}
