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
use std::time::{Duration, Instant};

use futures_task::{ArcWake, FutureObj, LocalFutureObj, LocalSpawn, Spawn, SpawnError, waker_ref};

use crate::blocking::{Limits, Pool};
use crate::builder::{Flavor, ThreadOptions};
use crate::driver::Driver;
use crate::primitive::sync::Mutex;
use crate::primitive::{clock, thread};
use crate::scheduler::guests::{Guest, Ticket, see_off};
use crate::scheduler::lookout::Report;
use crate::scheduler::park::{Nudge, Parker};
use crate::scheduler::stand_in::{self, StandIns};
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
     Await the future instead, or block inside block_in_place or spawn_blocking";

const NOT_THEIR_THREAD: &str = "heist: another thread has spawned local tasks on this current-thread runtime, and only it \
     can run them: call block_on there until they have ended";
const ENDED_ELSEWHERE: &str = "heist: a current-thread runtime ended on another thread than the one that spawned local \
     tasks on it, and only that one could have dropped them: they are leaked. End it there, or after they have ended";

/// Workers, a driver for each, timers, and a pool for blocking closures.
///
/// Dropping a runtime drops every task exactly once, waits for polls that are under way and for blocking closures that
/// run, and gives everything back to the system. On a worker's own thread (dropped inside a task) it does not wait: the
/// rest happens in the background. A child that is forked, and does not call `exec`, builds a runtime of its own; its copy of
/// the parent's does nothing when it is dropped, and is not to be used.
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
    /// The process that built it.
    owner: u32,
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
        let handle = Handle { home: Home::new(parts.shared) };
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

    /// Stops the clock of a runtime that nobody runs yet.
    pub(crate) fn pause_clock(&self) {
        let was_running = self.shared().timers().clock().pause();
        debug_assert!(was_running, "the runtime is new");
    }

    /// Starts the workers' threads. On failure those that run are stopped again, by the drop of `self`.
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
    ///
    /// The limit holds for everything, clean-ups of [adopted generators](crate::asyncio::adopt()) and destructors included: on a
    /// current-thread runtime these run on a thread that is started for it. Only local tasks ([`spawn_local`]) are dropped
    /// here, however long it takes.
    pub fn shutdown_timeout(mut self, timeout: Duration) {
        self.end(Some(timeout));
    }

    /// Ends the runtime without waiting for anything: may be called inside a task. As
    /// [`shutdown_timeout`](Self::shutdown_timeout) with zero: what takes time happens in the background, and adopted
    /// generators are not closed.
    pub fn shutdown_background(mut self) {
        self.end(Some(Duration::ZERO));
    }

    /// Whether no local task is in the way of `block_on` on this thread.
    fn can_run_here(&self) -> bool {
        let worker = self.loop_worker.as_ref().map(|loop_worker| loop_worker.worker.lock());
        worker.is_none_or(|worker| worker.as_ref().is_none_or(Worker::settle_pinned))
    }

    /// Whether the end of the loop must happen on this thread: it drops local tasks, or leaks them.
    fn has_local_tasks(&self) -> bool {
        let worker = self.loop_worker.as_ref().map(|loop_worker| loop_worker.worker.lock());
        worker.is_some_and(|worker| worker.as_ref().is_some_and(Worker::has_pinned))
    }

    /// User code runs on this thread only if there is no limit to its time, or if it is local to it: see [`Ending`].
    fn end(&mut self, timeout: Option<Duration>) {
        if std::mem::replace(&mut self.has_ended, true) {
            return;
        }
        if std::process::id() != self.owner {
            // A forked child's copy: its workers are not here, and its sockets and ring are the parent's.
            return std::mem::forget((std::mem::take(&mut self.threads), self.loop_worker.take()));
        }
        let waits = current::may_block() && timeout != Some(Duration::ZERO);
        let mut ending = Ending {
            sees_off: waits && self.shared().guests().are_there() && self.can_run_here(),
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

/// What is left of a runtime while it ends. What a user's code may hold up, such as the destructor of a task, or of a closure
/// that waits for the pool, happens on the workers, or on a thread that is started for it, whenever the caller may wait for a
/// limited time only.
struct Ending {
    handle: Handle,
    threads: Vec<thread::JoinHandle<()>>,
    loop_worker: Option<LoopWorker>,
    deadline: Option<Instant>,
    /// Whether there are guests, and time for them.
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

    /// Ends the workers, as far as that is the caller's business. `false`: local tasks had to be leaked.
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

    /// The workers do all the work: this thread runs none of the user's code.
    fn see_off_from_outside(&self) {
        let parker = Parker::new();
        let waker = waker_ref(&parker);
        let mut leaving = pin!(see_off(&self.handle.home));
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
            let leaving = see_off(&self.handle.home);
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

    /// All that is left.
    fn finish(mut self) {
        self.end_loop();
        let shared = self.handle.home.shared();
        let has_ended = shared.wait_until_ended(self.deadline);
        // What closures wait for ends here, on the pool's threads and in place.
        shared.timers().shutdown();
        shared.blocking().close();
        if !self.is_employed {
            shared.blocking().wait_until_ended(self.time_left());
        }
        let has_ended = has_ended && shared.wait_until_returned(self.deadline);
        // Where the kernel did not let go of an operation, it does not let go of the thread that asked for it either.
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

    /// The same on a thread of its own, which is waited for until the deadline. If the system refuses one: here.
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

/// Tells whoever waits for a thread that it has done its work, or failed.
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
        output.expect("no other thread takes the worker of a current-thread runtime over")
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

    /// Has `guest` asked, when the runtime ends, what it wants to run when the tasks are gone.
    pub(crate) fn host(&self, guest: Weak<dyn Guest>) {
        self.home.shared().guests().add(guest);
    }

    /// Makes the end of the runtime wait for a guest's clean-up.
    pub(crate) fn ticket(&self) -> Ticket {
        Ticket::new(&self.home)
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

    /// How many threads of the reserve run tasks in the place of stuck workers now: see [`Builder::on_stall`].
    pub fn num_reserve_threads(&self) -> usize {
        self.handle.home.shared().lookout().reserve_count()
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

/// Runs `closure`, which may block, on this thread. If the thread is a worker's, another thread takes the worker over: its
/// tasks, timers, sockets and files are served meanwhile, also where every worker blocks so. If the closure ends before that
/// has happened, nothing has changed; else the rest of the poll runs beside the workers.
///
/// In it a future may be blocked on, with [`Handle::block_on`] or another crate's executor, without a cooperative budget.
/// When the runtime ends, what the closure waits for ends at once, as in [`spawn_blocking`]: sleeps are over, sockets
/// fail, other tasks are cancelled; the end waits for the closure itself.
///
/// Local tasks ([`spawn_local`]) of this thread wait until the closure has ended, and run here then. As many closures have
/// a thread to stand in for them as [`Builder::max_blocking_threads`] says; these threads stay until the runtime
/// ends. Beyond that, or if the system refuses a thread, the worker stays: other workers take its tasks, but
/// where none is free they wait. On a current-thread runtime everything waits for the closure, and to block on a future
/// in it panics. On any other thread this just calls `closure`.
///
/// # Interrupted calls
/// On io_uring a worker's thread has begun operations of a ring, and the kernel interrupts it when one of them completes. A
/// blocking call with a time-out of its own (`epoll_wait`, a `read` from a std socket with a read time-out) then fails with
/// [`Interrupted`](std::io::ErrorKind::Interrupted) at once, though no signal was sent (seen on Linux 6.18). Calls without a
/// time-out, `poll` and `thread::sleep` are restarted by the kernel or by std. Call again with the time that is left, as
/// after a signal, or use [`spawn_blocking`], whose threads have no ring. On the poll driver it does not happen.
///
/// ```
/// # let runtime = heist::runtime::Runtime::new()?;
/// # runtime.block_on(runtime.spawn(async {
/// let answer = heist::task::block_in_place(|| {
///     heist::runtime::Handle::current().block_on(async { heist::spawn(async { 42 }).await.unwrap() })
/// });
/// assert_eq!(answer, 42);
/// # })).unwrap();
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn block_in_place<R>(closure: impl FnOnce() -> R) -> R {
    stand_in::block_in_place(closure)
}
