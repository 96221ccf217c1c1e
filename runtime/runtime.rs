//! The runtime: its workers, its handle, and how it begins and ends.
//!
//! # Algorithm
//! Start: the driver makes and tries all of its rings, then the workers' threads start; what could be refused is refused
//! before [`Builder::build`] returns, which need not wait for them. End: the scheduler closes (see
//! `scheduler/shutdown.rs`), the workers' threads are joined, then the blocking pool's.
//!
//! A current-thread runtime keeps its one worker in a lock; [`Runtime::block_on`] takes it out, runs its loop on the
//! calling thread and puts it back.

use std::fmt;
use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::panic::Location;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_task::{ArcWake, FutureObj, LocalFutureObj, LocalSpawn, Spawn, SpawnError, waker_ref};

use crate::blocking::{Limits, Pool};
use crate::builder::{Flavor, ThreadOptions};
use crate::driver::Driver;
use crate::primitive::sync::Mutex;
use crate::primitive::{clock, thread};
use crate::scheduler::guests::Guest;
use crate::scheduler::lookout::Report;
use crate::scheduler::park::{Nudge, Parker};
use crate::scheduler::worker::Worker;
use crate::scheduler::{self, Home, Shared, current};
use crate::task::{self, Id, JoinHandle, coop};

pub use crate::builder::{Builder, DriverKind, Stall};

const NO_RUNTIME: &str = "there is no heist runtime on this thread; \
     call this from a task, from Runtime::block_on, or after Runtime::enter";
/// Futures of more bytes are boxed at the door: on the way to their cell they are moved a few times, and each move of an
/// unoptimised build takes that much stack.
const LARGE: usize = if cfg!(debug_assertions) { 2 * 1024 } else { 16 * 1024 };

/// A constant of the type, so that an unoptimised build has no room on its stack for the branch that it does not take.
pub(crate) struct Weight<F>(PhantomData<F>);

impl<F> Weight<F> {
    pub(crate) const IS_LARGE: bool = size_of::<F>() > LARGE;
}

const NESTED: &str = "heist: cannot block on a future here: this thread runs tasks. \
     Await the future instead, or block inside spawn_blocking";

const NOT_THEIR_THREAD: &str = "heist: another thread has spawned local tasks on this current-thread runtime, and only it \
     can run them: call block_on there until they have ended";
const ENDED_ELSEWHERE: &str = "heist: a current-thread runtime ended on another thread than the one that spawned local \
     tasks on it, and only that one could have dropped them: they are leaked. End it there, or after they have ended";

/// Workers, a driver for each, timers, and a pool for blocking closures.
///
/// Dropping a runtime drops every task exactly once, waits for polls that are under way and for blocking closures that
/// run, and gives everything back to the system. On a worker's own thread (dropped inside a task) it does not wait: the
/// rest happens in the background.
///
/// # Panics
/// The end of a current-thread runtime panics, when all else is done, if there are local tasks
/// ([`spawn_local`]) of another thread: they are leaked, for only that thread may drop them.
///
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
}

/// The one worker of a current-thread runtime, when nobody runs it.
struct LoopWorker {
    worker: Mutex<Option<Worker>>,
    /// Threads in `block_on` that wait for the worker to be put back.
    waiting: Mutex<Vec<Arc<Parker>>>,
}

/// A reference to a runtime, to spawn on it and to enter it. Cheap to clone; does not keep the workers running.
#[derive(Clone)]
pub struct Handle {
    home: Arc<Home>,
}

/// Makes a runtime the current one of this thread until it is dropped. Guards go in the reverse order of their making.
#[must_use = "the runtime is left as soon as the guard is dropped"]
pub struct EnterGuard<'a> {
    _runtime: current::EnteredRuntime,
    _driver: crate::driver::Guard,
    _timers: crate::time::Guard,
    _handle: PhantomData<&'a Handle>,
}

impl Runtime {
    /// A multi-thread runtime with default options.
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
        options: &ThreadOptions,
        report: Option<Arc<Report>>,
    ) -> io::Result<Runtime> {
        let parts = scheduler::build(driver, workers_count, Pool::new(limits));
        let handle = Handle { home: Home::new(parts.shared) };
        let mut runtime = Runtime { handle, threads: Vec::new(), loop_worker: None, has_ended: false };
        match flavor {
            Flavor::CurrentThread => {
                let worker = Mutex::new(parts.workers.into_iter().next());
                runtime.loop_worker = Some(LoopWorker { worker, waiting: Mutex::new(Vec::new()) });
            }
            Flavor::MultiThread => {
                runtime.shared().lookout().offer(report);
                runtime.start_workers(parts.workers, options)?;
            }
        }
        Ok(runtime)
    }

    /// Starts the workers' threads. On failure those that run are stopped again, by the drop of `self`.
    fn start_workers(&mut self, workers: Vec<Worker>, options: &ThreadOptions) -> io::Result<()> {
        for worker in workers {
            match options.builder(worker.index()).spawn(move || work(worker)) {
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

    /// Counts out the workers that got no thread.
    fn forget_workers_after(&self, started_count: usize) {
        for _ in started_count..self.workers() {
            self.shared().forget_worker();
        }
    }

    fn shared(&self) -> &Arc<Shared> {
        self.handle.home.shared()
    }

    /// Runs `future` on this thread until it is done, and gives its output. Tasks that it spawns run on the workers; on
    /// a current-thread runtime they run here, in between.
    ///
    /// # Panics
    /// If this thread runs tasks already (inside a task or another `block_on`), or, on a current-thread runtime, if there are
    /// local tasks ([`spawn_local`]) of another thread. A panic of `future` passes through.
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

    /// Spawns a task, as [`heist::spawn`](crate::spawn) does, from anywhere.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        if Weight::<F>::IS_LARGE { self.handle.spawn(Box::pin(future)) } else { self.handle.spawn(future) }
    }

    /// Runs `closure` on the blocking pool, as [`spawn_blocking`] does.
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

    /// A handle to this runtime.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Makes this the current runtime of this thread, so that [`heist::spawn`](crate::spawn), sockets and sleeps find
    /// it.
    pub fn enter(&self) -> EnterGuard<'_> {
        self.handle.enter()
    }

    /// Which engine does the I/O: `"io_uring"` or `"poll"`.
    pub fn driver_name(&self) -> &'static str {
        self.handle.driver_name()
    }

    /// Why io_uring is not in use, if [`DriverKind::Auto`] tried it and was refused.
    pub fn driver_refusal(&self) -> Option<&io::Error> {
        self.shared().driver().refusal()
    }

    /// How many workers there are.
    pub fn workers(&self) -> usize {
        self.shared().workers_count()
    }

    /// Ends the runtime: cancels all tasks and waits for polls and blocking closures under way, for `timeout` in all.
    /// What has not ended by then is left behind on its thread. Zero does not wait.
    pub fn shutdown_timeout(mut self, timeout: Duration) {
        self.end(Some(timeout));
    }

    /// Ends the runtime without waiting for anything: may be called inside a task.
    pub fn shutdown_background(mut self) {
        self.end(Some(Duration::ZERO));
    }

    /// Runs what the guests want to run while there are tasks, timers and sockets.
    fn see_guests_off(&self, timeout: Option<Duration>) {
        let leaving = self.shared().guests().leave();
        if leaving.is_empty() {
            return;
        }
        let all = futures_util::future::join_all(leaving);
        self.block_on(async {
            match timeout {
                Some(timeout) => drop(crate::time::timeout(timeout, all).await),
                None => drop(all.await),
            }
        });
    }

    /// Whether no local task is in the way of `block_on` on this thread.
    fn can_run_here(&self) -> bool {
        let worker = self.loop_worker.as_ref().map(|loop_worker| loop_worker.worker.lock());
        worker.is_none_or(|worker| worker.as_ref().is_none_or(Worker::settle_pinned))
    }

    fn end(&mut self, timeout: Option<Duration>) {
        if std::mem::replace(&mut self.has_ended, true) {
            return;
        }
        let start = clock::now();
        if current::may_block() && timeout != Some(Duration::ZERO) && self.can_run_here() {
            self.see_guests_off(timeout);
        }
        let shared = self.shared().clone();
        shared.close();
        let is_complete =
            self.loop_worker.as_ref().is_none_or(|loop_worker| loop_worker.end(&self.handle, timeout));
        let has_ended = shared.wait_until_ended(timeout);
        // Where the kernel did not let go of an operation, it does not let go of the thread that asked for it either.
        let can_join = has_ended && self.handle.metrics().num_leaked_operations() == 0;
        for thread in self.threads.drain(..) {
            if can_join {
                // A worker ends without a panic: tasks' panics are caught where they are polled.
                let _ = thread.join();
            }
        }
        if can_join && current::may_block() {
            shared.lookout().join();
        }
        shared.timers().shutdown();
        shared.blocking().shut_down(
            timeout.map(|timeout| timeout.saturating_sub(clock::now().saturating_duration_since(start))),
        );
        assert!(is_complete || std::thread::panicking(), "{ENDED_ELSEWHERE}");
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        // A worker that waited for itself would never end.
        let timeout = if current::may_block() { None } else { Some(Duration::ZERO) };
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

/// The life of a worker's thread.
fn work(mut worker: Worker) {
    let home = worker.home().clone();
    let shared = home.shared().clone();
    let driver = shared.driver().bind_worker(worker.index());
    let _driver = driver.expect("nobody else takes this worker's part of the driver, and it is open");
    let _timers = shared.timers().bind_worker(worker.index());
    let _runtime = current::enter_runtime(home);
    let _no_blocking = current::forbid_blocking();
    worker.run_until_closed();
}

/// Wakes the future that a current-thread runtime blocks on: it is polled by the worker's loop.
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
            // Another thread runs the loop. Our future is polled here; tasks are polled there.
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
            // As a task's: or a future that is always ready would keep the tasks waiting.
            match coop::with_budget(|| future.as_mut().poll(&mut Context::from_waker(&waker))) {
                Poll::Ready(output) => Some(output),
                Poll::Pending => None,
            }
        });
        worker.settle();
        output
    }

    /// Ends the worker on this thread, unless another thread still runs it. `false`: it had to leak local tasks, which are
    /// another thread's.
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

/// A thread's place among those that wait for the worker. It is left when the thread waits no more, even by a panic.
struct Queued<'a> {
    parker: &'a Arc<Parker>,
    home: &'a LoopWorker,
}

impl Queued<'_> {
    fn is_at(&self, parker: &Arc<Parker>) -> bool {
        Arc::ptr_eq(self.parker, parker)
    }

    /// Once: whoever polls its future again and again while it waits is there already.
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

/// A current-thread worker on loan: put back when its thread is done with it, even by a panic.
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
    _no_blocking: current::NoBlocking,
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
    /// The runtime of this thread.
    ///
    /// # Panics
    /// If the thread is in none.
    #[track_caller]
    pub fn current() -> Handle {
        match Handle::try_current() {
            Ok(handle) => handle,
            Err(_) => panic!("{NO_RUNTIME}"),
        }
    }

    /// The runtime of this thread, if it is in one.
    ///
    /// # Errors
    /// [`TryCurrentError`] if it is in none.
    pub fn try_current() -> Result<Handle, TryCurrentError> {
        current::runtime().map(|home| Handle { home }).ok_or(TryCurrentError(()))
    }

    /// Spawns a task on this runtime. After the runtime's shutdown the task is cancelled at once.
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

    /// Runs `closure` on the blocking pool of this runtime.
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

    /// Runs `future` on this thread until it is done. On a current-thread runtime somebody must be in
    /// [`Runtime::block_on`] for its tasks, sockets and sleeps to make progress.
    ///
    /// # Panics
    /// If this thread runs tasks.
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

    /// Makes this the current runtime of this thread.
    pub fn enter(&self) -> EnterGuard<'_> {
        let shared = self.home.shared();
        EnterGuard {
            _runtime: current::enter_runtime(self.home.clone()),
            _driver: shared.driver().enter(),
            _timers: shared.timers().enter(),
            _handle: PhantomData,
        }
    }

    /// Which engine does the I/O: `"io_uring"` or `"poll"`.
    pub fn driver_name(&self) -> &'static str {
        self.home.shared().driver().name()
    }

    /// Has `guest` asked, when the runtime ends, what it wants to run before the tasks are cancelled.
    pub(crate) fn host(&self, guest: Weak<dyn Guest>) {
        self.home.shared().guests().add(guest);
    }

    /// The scheduler, for scenarios that look at its driver and at its end.
    #[cfg(all(test, rt_shuttle))]
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        self.home.shared()
    }

    /// Figures about the runtime, read without stopping it.
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
    /// Pins the future to the worker of this thread; an error on any other thread.
    fn spawn_local_obj(&self, future: LocalFutureObj<'static, ()>) -> Result<(), SpawnError> {
        let spawned = scheduler::spawn_local(future, Id::next(), Location::caller());
        spawned.map(drop).ok_or_else(SpawnError::shutdown)
    }
}

/// This thread is in no runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TryCurrentError(());

impl fmt::Display for TryCurrentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NO_RUNTIME)
    }
}

impl std::error::Error for TryCurrentError {}

/// Figures about a runtime: see [`Handle::metrics`].
#[derive(Clone, Debug)]
pub struct RuntimeMetrics {
    handle: Handle,
}

impl RuntimeMetrics {
    /// How many workers there are.
    pub fn num_workers(&self) -> usize {
        self.handle.home.shared().workers_count()
    }

    /// How many tasks are alive: spawned and neither completed nor dropped.
    pub fn num_alive_tasks(&self) -> usize {
        self.handle.home.shared().tasks_count()
    }

    /// How many threads the blocking pool has.
    pub fn num_blocking_threads(&self) -> usize {
        self.handle.home.shared().blocking().threads_count()
    }

    /// How many threads stand in for the workers now: see [`Builder::on_stall`].
    pub fn num_stand_ins(&self) -> usize {
        self.handle.home.shared().lookout().stand_ins_count()
    }

    /// How often every worker was in a poll that did not end within 50 ms: see [`Builder::on_stall`].
    pub fn num_stalls(&self) -> u64 {
        self.handle.home.shared().lookout().stalls_count()
    }

    /// How many operations the kernel has not answered yet, all workers together.
    pub fn num_operations_in_flight(&self) -> usize {
        let shared = self.handle.home.shared();
        (0..shared.workers_count()).map(|index| shared.driver().in_flight(index)).sum()
    }

    /// How many sleeps are armed, all workers together.
    pub fn num_timers(&self) -> usize {
        let shared = self.handle.home.shared();
        (0..shared.workers_count()).map(|index| shared.timers().armed_count(index)).sum()
    }

    /// How many answers came from the kernel for operations that nobody waits for any more. They are counted and
    /// otherwise ignored.
    pub fn num_stale_completions(&self) -> u64 {
        let shared = self.handle.home.shared();
        (0..shared.workers_count()).map(|index| shared.driver().stale_count(index)).sum()
    }

    /// How many operations a shutdown could not get back from the kernel in time. Their memory is never reused.
    pub fn num_leaked_operations(&self) -> usize {
        let shared = self.handle.home.shared();
        (0..shared.workers_count()).map(|index| shared.driver().leaked_count(index)).sum()
    }
}

/// Spawns a task on the runtime of this thread. It runs beside the caller, on whichever worker gets to it, and goes on
/// when the [`JoinHandle`] is dropped.
///
/// ```
/// # heist::runtime::Runtime::new()?.block_on(async {
/// let task = heist::spawn(async { "done" });
/// assert_eq!(task.await.unwrap(), "done");
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Panics
/// If the thread is in no runtime.
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
    let spawned = current::with_worker(|context| match context {
        Some(context) => Ok(scheduler::spawn(context.home(), future, Id::next(), location)),
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

/// Spawns a future that need not be `Send`. It stays on the worker that it was spawned on, and is dropped there.
///
/// No other worker helps it: it waits while its worker is in a long poll. On a current-thread runtime it belongs to the
/// thread that is in [`Runtime::block_on`]; as long as it lives no other thread can run that runtime.
///
/// # Panics
/// If this thread is not a worker: call it inside a task, or in `block_on` of a current-thread runtime.
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
/// The pool grows up to [`Builder::max_blocking_threads`]; then closures wait. If the system refuses even the first
/// thread the closure runs here, on the caller's thread, before this returns. A closure that has begun cannot be
/// aborted; one that waits can.
///
/// ```
/// # heist::runtime::Runtime::new()?.block_on(async {
/// let text = heist::task::spawn_blocking(|| std::fs::read_to_string("Cargo.toml")).await.unwrap()?;
/// assert!(text.contains("heist"));
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Panics
/// If the thread is in no runtime.
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

/// Runs `closure`, which may block, on this thread. If the thread is a worker, what waits in its queues is handed to
/// the other workers first, and they serve its completions and timers meanwhile; pinned tasks wait. On any other
/// thread this just calls `closure`.
///
/// In it a future still cannot be blocked on ([`Handle::block_on`] panics): do that in [`spawn_blocking`].
pub fn block_in_place<R>(closure: impl FnOnce() -> R) -> R {
    current::with_worker(|context| {
        if let Some(context) = context {
            context.hand_over();
        }
    });
    closure()
}
