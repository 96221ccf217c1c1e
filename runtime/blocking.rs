//! # What
//! A pool of threads for closures that may block, and the way to the pool of the current thread's
//! runtime. The pool knows no task; `spawn_blocking` makes one of its closure.
//!
//! # Algorithm
//! One lock holds a queue and two counts. A job is pushed. If more jobs wait than threads are idle,
//! one more thread is started, up to the limit; otherwise an idle thread is woken. A thread that
//! was idle for the keep-alive time ends.
//!
//! A runtime installs itself as the host of a thread, as the driver and the timers do. So the rooms
//! below the runtime reach its pool without knowing it. The scheduler, which does know it, asks
//! here for the runtime of a thread as well: a second place would cost `block_on` 4 % of its
//! instructions.
//!
//! # Invariants
//! - `[idle-own]` Only a thread itself counts itself idle or busy, under the lock. A woken thread
//!   counts as idle until it runs, and its job still counts as waiting, so the comparison of the
//!   two is exact at all times.
//! - `[never-orphaned]` A job is run, or is dropped at shutdown, or waits for a thread that exists.
//!   If not even the first thread can be started, the job runs on the caller's thread. No job ends
//!   a thread by a panic.
//!
//! # Rejected
//! - A count of idle threads that the producer lowers when it wakes one: it failed in two other
//!   runtimes, in races with the shutdown.
//!
//! # Verified by
//! `models` here: `[idle-own]`, and `[never-orphaned]` during a shutdown.
//! `tests/runtime/blocking.rs`: the limit, growth, a refused first thread.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use crate::primitive::clock;
use crate::primitive::sync::{Condvar, Mutex};
use crate::primitive::thread::{self, Builder};
use crate::task::{self, Id, JoinHandle, Runnable};

pub(crate) const NO_RUNTIME: &str = "there is no heist runtime on this thread; \
     call this from a task, from Runtime::block_on, or after Runtime::enter";

thread::thread_local! {
    /// The address of the pool that this thread works for, or 0.
    static POOL_OF_THREAD: Cell<usize> = const { Cell::new(0) };
    /// The runtime that this thread has entered.
    static HOST: RefCell<Option<Arc<dyn Host>>> = const { RefCell::new(None) };
}

/// A runtime, as the callers of its pool see it.
pub(crate) trait Host: Send + Sync {
    /// Runs `task` on a thread of the pool, inside of the runtime.
    fn run_blocking(self: Arc<Self>, task: Runnable);

    /// Returns itself, for the room that knows its type.
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
}

/// Keeps a host installed on this thread. Dropping it restores the previous one. Guards must be
/// dropped in the reverse order of their creation.
#[must_use = "the host leaves the thread when this is dropped"]
pub(crate) struct HostGuard {
    previous: Option<Arc<dyn Host>>,
    ours: Arc<dyn Host>,
    /// It belongs to this thread's storage.
    not_send: PhantomData<*const ()>,
}

/// Makes `host` the one whose pool this thread's closures run on.
#[inline]
pub(crate) fn enter(host: Arc<dyn Host>) -> HostGuard {
    // The thread may be ending, together with a runtime in its storage. In that case no code asks
    // for the host any more.
    let previous = HOST.try_with(|current| current.replace(Some(host.clone()))).ok().flatten();
    HostGuard { previous, ours: host, not_send: PhantomData }
}

impl Drop for HostGuard {
    fn drop(&mut self) {
        // If the thread is ending, there is nothing to restore.
        let _ = HOST.try_with(|current| {
            let found = current.replace(self.previous.take());
            let in_order = found.is_some_and(|found| Arc::ptr_eq(&found, &self.ours));
            if !in_order && !std::thread::panicking() {
                panic!("heist: runtime guards must be dropped in the reverse order of their making");
            }
        });
    }
}

/// Returns the host of this thread.
pub(crate) fn host() -> Option<Arc<dyn Host>> {
    HOST.try_with(|current| current.borrow().clone()).ok().flatten()
}

/// Runs `closure` as a task on the pool of this thread's runtime.
///
/// # Panics
/// Panics if called outside of a runtime.
#[track_caller]
pub(crate) fn spawn_blocking<F, R>(closure: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    match host() {
        Some(host) => spawn_blocking_on(host, closure, Location::caller()),
        None => panic!("{NO_RUNTIME}"),
    }
}

/// Runs `closure`, which was spawned at `location`, as a task on the pool of `host`.
pub(crate) fn spawn_blocking_on<F, R>(
    host: Arc<dyn Host>,
    closure: F,
    location: &'static Location<'static>,
) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let (task, join) = task::blocking(closure, Id::next(), location);
    host.run_blocking(task);
    join
}

/// A closure that may block.
pub(crate) type Job = Box<dyn FnOnce() + Send>;

/// Runs `job`. A task stores its own panic for its joiner. A panic that still unwinds out of the
/// job, for example the complaint about a guard that the job left behind, has been reported by the
/// panic hook, and must not end a counted thread.
fn perform(job: Job) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(job)) {
        // The payload may panic when it is dropped, so it is leaked.
        std::mem::forget(payload);
    }
}

/// How the pool may grow.
#[derive(Clone)]
pub(crate) struct Limits {
    pub(crate) threads_count_max: usize,
    pub(crate) keep_alive: Duration,
    pub(crate) thread_name: String,
    pub(crate) stack_size: Option<usize>,
}

struct PoolState {
    waiting: VecDeque<Job>,
    threads_count: usize,
    idle_count: usize,
    is_closing: bool,
}

struct Inner {
    state: Mutex<PoolState>,
    has_work: Condvar,
    has_ended: Condvar,
    limits: Limits,
}

/// The pool. Clones share the threads.
#[derive(Clone)]
pub(crate) struct Pool {
    inner: Arc<Inner>,
}

impl Pool {
    pub(crate) fn new(limits: Limits) -> Pool {
        let state =
            PoolState { waiting: VecDeque::new(), threads_count: 0, idle_count: 0, is_closing: false };
        Pool {
            inner: Arc::new(Inner {
                state: Mutex::new(state),
                has_work: Condvar::new(),
                has_ended: Condvar::new(),
                limits,
            }),
        }
    }

    /// Runs `job` on a thread of the pool. After shutdown the job is dropped.
    pub(crate) fn run(&self, job: Job) {
        let inner = &self.inner;
        let mut state = inner.state.lock();
        if state.is_closing {
            drop(state);
            // Outside of the lock, because dropping a job runs its owner's code.
            drop(job);
            return;
        }
        state.waiting.push_back(job);
        if state.waiting.len() <= state.idle_count {
            inner.has_work.notify_one();
            return;
        }
        if state.threads_count == inner.limits.threads_count_max {
            return;
        }
        state.threads_count += 1;
        drop(state);
        if self.start_thread().is_err() {
            self.do_without_thread();
        }
    }

    /// Returns the stack size of its threads in bytes, if the builder chose one.
    pub(crate) fn stack_size(&self) -> Option<usize> {
        self.inner.limits.stack_size
    }

    fn start_thread(&self) -> io::Result<()> {
        let mut builder = Builder::new().name(self.inner.limits.thread_name.clone());
        if let Some(stack_size) = self.inner.limits.stack_size {
            builder = builder.stack_size(stack_size);
        }
        let inner = self.inner.clone();
        builder.spawn(move || inner.work()).map(drop)
    }

    /// Handles a thread that the system refused: the other threads do the job, or else this one,
    /// [never-orphaned].
    fn do_without_thread(&self) {
        let mut state = self.inner.state.lock();
        state.threads_count -= 1;
        if state.threads_count > 0 {
            return;
        }
        while let Some(job) = state.waiting.pop_front() {
            drop(state);
            perform(job);
            state = self.inner.state.lock();
        }
    }

    /// Drops the jobs that wait. Jobs that come from now on are dropped too.
    pub(crate) fn close(&self) {
        let inner = &self.inner;
        let mut state = inner.state.lock();
        state.is_closing = true;
        let dropped = std::mem::take(&mut state.waiting);
        if state.threads_count > 0 {
            inner.has_work.notify_all();
        }
        drop(state);
        drop(dropped);
    }

    /// Returns whether this is one of the pool's threads. Such a thread cannot wait for the others,
    /// because its own job would have to end first.
    pub(crate) fn owns_this_thread(&self) -> bool {
        POOL_OF_THREAD.with(Cell::get) == self.inner.address()
    }

    /// Waits for the jobs that run, after `close`: at most `timeout`, or for ever if it is `None`.
    pub(crate) fn wait_until_ended(&self, timeout: Option<Duration>) {
        let inner = &self.inner;
        let deadline = timeout.and_then(|timeout| clock::now().checked_add(timeout));
        let mut state = inner.state.lock();
        while state.threads_count > 0 {
            let left =
                deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(clock::now()));
            if left.is_zero() {
                return;
            }
            (state, _) =
                inner.state.wait_timeout(&inner.has_ended, state, left.min(Duration::from_secs(3600)));
        }
    }

    /// Returns whether a job waits or runs. A job that has ended, and that is no longer counted
    /// here, has done all its wakes.
    pub(crate) fn is_busy(&self) -> bool {
        let state = self.inner.state.lock();
        !state.waiting.is_empty() || state.threads_count > state.idle_count
    }

    #[cfg(test)]
    fn shut_down(&self) {
        self.close();
        self.wait_until_ended(None);
    }

    /// Returns how many jobs no thread has begun.
    #[cfg(test)]
    fn waiting_count(&self) -> usize {
        self.inner.state.lock().waiting.len()
    }

    /// Returns how many threads the pool has now.
    pub(crate) fn threads_count(&self) -> usize {
        self.inner.state.lock().threads_count
    }
}

impl Inner {
    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// Runs a thread of the pool from start to end.
    fn work(&self) {
        POOL_OF_THREAD.with(|pool| pool.set(self.address()));
        let mut state = self.state.lock();
        loop {
            while let Some(job) = state.waiting.pop_front() {
                drop(state);
                perform(job);
                state = self.state.lock();
            }
            if state.is_closing {
                break;
            }
            // [idle-own]: the thread itself counts itself, here and below, under the lock.
            state.idle_count += 1;
            let has_timed_out;
            (state, has_timed_out) = self.state.wait_timeout(&self.has_work, state, self.limits.keep_alive);
            state.idle_count -= 1;
            if has_timed_out && state.waiting.is_empty() {
                break;
            }
        }
        state.threads_count -= 1;
        self.has_ended.notify_all();
    }
}

#[cfg(test)]
mod models {
    //! The pool's accounting, with loom's threads. Time does not pass there: an idle thread waits
    //! until it is woken.

    use super::{Limits, Pool};
    use crate::primitive::atomic::{AtomicUsize, Ordering};
    use crate::primitive::sync::ModelArc;
    use crate::primitive::{model, thread};
    use crate::scheduler::park::Parker;
    use std::time::Duration;

    fn pool(threads_count_max: usize) -> Pool {
        Pool::new(Limits {
            threads_count_max,
            keep_alive: Duration::from_secs(60),
            thread_name: "blocking".to_owned(),
            stack_size: None,
        })
    }

    /// [idle-own]: a job that needs another job gets it run, whether the thread of a third job was
    /// counted idle or busy when the two came.
    #[test]
    fn two_jobs_that_need_each_other_get_a_thread_each() {
        model(|| {
            let pool = pool(2);
            let parker = Parker::new();
            pool.run(Box::new(|| ()));
            let waiting = parker.clone();
            pool.run(Box::new(move || waiting.park()));
            pool.run(Box::new(move || parker.unpark()));
            // Ordering: none, because the shutdown joins. It drops jobs that have not begun, and
            // the first job would wait for ever.
            while pool.waiting_count() > 0 {
                thread::yield_now();
            }
            pool.shut_down();
            assert_eq!(pool.threads_count(), 0);
        });
    }

    /// [never-orphaned]: at the limit a job waits for a thread that exists, and a thread that is
    /// about to be idle sees it.
    #[test]
    fn a_job_beyond_the_limit_is_run_by_the_thread_that_ends_another() {
        model(|| {
            let pool = pool(1);
            let parker = Parker::new();
            pool.run(Box::new(|| ()));
            let done = parker.clone();
            pool.run(Box::new(move || done.unpark()));
            parker.park();
            pool.shut_down();
            assert_eq!(pool.threads_count(), 0);
        });
    }

    /// Counts its drops: the closure of a job is dropped once, whether it was run or not.
    struct Dropped(ModelArc<AtomicUsize>);

    impl Drop for Dropped {
        fn drop(&mut self) {
            // Ordering: Relaxed, because it is read when all other threads are joined.
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// [never-orphaned]: a job that comes during the shutdown is run before the shutdown returns,
    /// or dropped.
    #[test]
    fn a_job_beside_the_shutdown_is_run_or_dropped() {
        model(|| {
            let pool = pool(2);
            let drops = ModelArc::new(AtomicUsize::new(0));
            pool.run(Box::new(|| ()));
            let (there, dropped) = (pool.clone(), Dropped(drops.clone()));
            let other = thread::spawn(move || there.run(Box::new(move || drop(dropped))));
            pool.shut_down();
            other.join().unwrap();
            assert_eq!(pool.threads_count(), 0);
            // Ordering: Relaxed, because all threads are joined.
            assert_eq!(drops.load(Ordering::Relaxed), 1);
        });
    }
}
