//! # What
//! A pool of threads for closures that may block. It knows no task.
//!
//! # Algorithm
//! One lock holds a queue and two counts. A job is pushed; if more jobs wait than threads are idle, one more thread is
//! started, up to the limit; else an idle one is woken. A thread that was idle for the keep-alive time ends.
//!
//! # Invariants
//! - `[idle-own]` only a thread itself counts itself idle or busy, under the lock. A woken thread counts as idle until it
//!   runs; its job still counts as waiting: so the comparison of the two is exact at all times.
//! - `[never-orphaned]` a job is run, or dropped at shutdown, or waits for a thread that exists. If not even the first
//!   thread can be started, the job runs on the caller's thread.
//!
//! # Rejected
//! A count of idle threads that the producer lowers when it wakes one: it went wrong in two peers at shutdown races.
//!
//! # Verified by
//! The tests here and in `tests/blocking.rs`: the limit, growth, a refused first thread, shutdown races.

use std::cell::Cell;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::primitive::sync::{Condvar, Mutex};

thread_local! {
    /// The address of the pool that this thread works for, or 0.
    static EMPLOYER: Cell<usize> = const { Cell::new(0) };
}

/// A closure that may block. It must not unwind.
pub(crate) type Job = Box<dyn FnOnce() + Send>;

/// How the pool may grow.
#[derive(Clone)]
pub(crate) struct Limits {
    pub(crate) threads_count_max: usize,
    pub(crate) keep_alive: Duration,
    pub(crate) thread_name: String,
    pub(crate) stack_size: Option<usize>,
}

struct State {
    waiting: VecDeque<Job>,
    threads_count: usize,
    idle_count: usize,
    is_closing: bool,
}

struct Inner {
    state: Mutex<State>,
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
        let state = State { waiting: VecDeque::new(), threads_count: 0, idle_count: 0, is_closing: false };
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
            // Outside of the lock: dropping a job runs its owner's code.
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

    fn start_thread(&self) -> io::Result<()> {
        let mut builder = std::thread::Builder::new().name(self.inner.limits.thread_name.clone());
        if let Some(stack_size) = self.inner.limits.stack_size {
            builder = builder.stack_size(stack_size);
        }
        let inner = self.inner.clone();
        builder.spawn(move || inner.work()).map(drop)
    }

    /// The system refused a thread: the others do the job, or this one, [never-orphaned].
    fn do_without_thread(&self) {
        let mut state = self.inner.state.lock();
        state.threads_count -= 1;
        if state.threads_count > 0 {
            return;
        }
        while let Some(job) = state.waiting.pop_front() {
            drop(state);
            job();
            state = self.inner.state.lock();
        }
    }

    /// Drops what waits, and waits for the jobs that run: `timeout` at most, `None` for ever. A thread of the pool itself
    /// does not wait: its own job would have to end first.
    pub(crate) fn shut_down(&self, timeout: Option<Duration>) {
        let inner = &self.inner;
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut state = inner.state.lock();
        state.is_closing = true;
        let dropped = std::mem::take(&mut state.waiting);
        inner.has_work.notify_all();
        drop(state);
        drop(dropped);
        if EMPLOYER.get() == inner.address() {
            return;
        }
        let mut state = inner.state.lock();
        while state.threads_count > 0 {
            let left =
                deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return;
            }
            state = match inner.has_ended.wait_timeout(state, left.min(Duration::from_secs(3600))) {
                Ok((state, _)) => state,
                Err(poison) => poison.into_inner().0,
            };
        }
    }

    /// How many threads the pool has now.
    pub(crate) fn threads_count(&self) -> usize {
        self.inner.state.lock().threads_count
    }
}

impl Inner {
    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// The life of a thread of the pool.
    fn work(&self) {
        EMPLOYER.set(self.address());
        let mut state = self.state.lock();
        loop {
            while let Some(job) = state.waiting.pop_front() {
                drop(state);
                job();
                state = self.state.lock();
            }
            if state.is_closing {
                break;
            }
            // [idle-own]: counted by the thread itself, here and below, under the lock.
            state.idle_count += 1;
            let (guard, timeout) = match self.has_work.wait_timeout(state, self.limits.keep_alive) {
                Ok((state, timeout)) => (state, timeout),
                Err(poison) => poison.into_inner(),
            };
            state = guard;
            state.idle_count -= 1;
            if timeout.timed_out() && state.waiting.is_empty() {
                break;
            }
        }
        state.threads_count -= 1;
        self.has_ended.notify_all();
    }
}
