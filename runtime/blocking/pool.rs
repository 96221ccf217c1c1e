//! The pool: threads that are started when jobs wait, and end when none comes.

use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use super::thread_hooks::ThreadHooks;
use crate::primitive::clock;
use crate::primitive::sync::{Condvar, Mutex};
use crate::primitive::thread::{self, Builder};
use crate::task::{Id, Observation, ObservedPool, SeenTask, TaskReference, nanos_now};

thread::thread_local! {
    /// The address of the pool that this thread works for, or 0.
    static POOL_OF_THREAD: Cell<usize> = const { Cell::new(0) };
}

/// A closure that may block.
pub(crate) type Job = Box<dyn FnOnce() + Send>;

/// A job, and which task it is, if it is one.
struct QueuedJob {
    job: Job,
    task: Option<TaskReference>,
    /// When it came, if that is counted.
    came: Option<u64>,
}

/// A job that a thread has taken.
struct BegunJob {
    job: Job,
    task: Option<Id>,
    came: Option<u64>,
}

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
    pub(crate) hooks: ThreadHooks,
    /// Where times of jobs are counted, if the runtime is observed.
    pub(crate) observation: Option<Arc<Observation>>,
}

struct PoolState {
    waiting: VecDeque<QueuedJob>,
    /// The tasks that run.
    running: BTreeMap<Id, TaskReference>,
    /// How many jobs threads have taken so far.
    begun_count: u64,
    threads_count: usize,
    idle_count: usize,
    /// Threads that take no more jobs, and have not ended.
    leaving_count: usize,
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
        let state = PoolState {
            waiting: VecDeque::new(),
            running: BTreeMap::new(),
            begun_count: 0,
            threads_count: 0,
            idle_count: 0,
            leaving_count: 0,
            is_closing: false,
        };
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
        self.take_in(job, None);
    }

    /// As [`run`](Self::run), for a job that runs `task`.
    pub(crate) fn run_task(&self, job: Job, task: TaskReference) {
        self.take_in(job, Some(task));
    }

    fn take_in(&self, job: Job, task: Option<TaskReference>) {
        let inner = &self.inner;
        let queued = QueuedJob { job, task, came: inner.observed().map(|_| nanos_now()) };
        let mut state = inner.state.lock();
        if state.is_closing {
            drop(state);
            // Outside of the lock, because dropping a job runs its owner's code.
            drop(queued);
            return;
        }
        state.waiting.push_back(queued);
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

    /// Returns what happens at turns in the life of the runtime's threads.
    #[inline]
    pub(crate) fn hooks(&self) -> &ThreadHooks {
        &self.inner.limits.hooks
    }

    /// Returns the stack size of its threads in bytes, if the builder chose one.
    pub(crate) fn stack_size(&self) -> Option<usize> {
        self.inner.limits.stack_size
    }

    fn start_thread(&self) -> io::Result<()> {
        let limits = &self.inner.limits;
        let mut builder = Builder::new().name(limits.hooks.name_or(|| limits.thread_name.clone()));
        if let Some(stack_size) = limits.stack_size {
            builder = builder.stack_size(stack_size);
        }
        let inner = self.inner.clone();
        builder.spawn(move || inner.live()).map(drop)
    }

    /// Handles a thread that the system refused: the other threads do the job, or else this one,
    /// [never-orphaned].
    fn do_without_thread(&self) {
        let mut state = self.inner.state.lock();
        state.threads_count -= 1;
        if state.threads_count > 0 {
            return;
        }
        while let Some(begun) = state.begin_next() {
            drop(state);
            self.inner.carry_out(begun);
            state = self.inner.state.lock();
        }
    }

    /// Makes the threads end when no job waits any more. Jobs that come from now on are dropped.
    pub(crate) fn close(&self) {
        let inner = &self.inner;
        let mut state = inner.state.lock();
        state.is_closing = true;
        if state.threads_count > 0 {
            inner.has_work.notify_all();
        }
    }

    /// Returns whether this is one of the pool's threads. Such a thread cannot wait for the others,
    /// because its own job would have to end first.
    pub(crate) fn owns_this_thread(&self) -> bool {
        POOL_OF_THREAD.with(Cell::get) == self.inner.address()
    }

    /// Waits for the jobs that wait or run, after `close`: at most `timeout`, or for ever if it is
    /// `None`.
    pub(crate) fn wait_until_ended(&self, timeout: Option<Duration>) {
        let inner = &self.inner;
        let deadline = timeout.and_then(|timeout| clock::now().checked_add(timeout));
        let mut state = inner.state.lock();
        while state.threads_count + state.leaving_count > 0 {
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
    pub(super) fn shut_down(&self) {
        self.close();
        self.wait_until_ended(None);
    }

    /// Returns the tasks that run, and then those that wait for a thread, in their order.
    pub(crate) fn tasks(&self) -> Vec<SeenTask> {
        let state = self.inner.state.lock();
        let waiting = state.waiting.iter().filter_map(|queued| queued.task.as_ref());
        state.running.values().chain(waiting).filter_map(TaskReference::seen).collect()
    }

    /// Returns how many jobs wait for a thread.
    pub(crate) fn waiting_count(&self) -> usize {
        self.inner.state.lock().waiting.len()
    }

    /// Returns how many jobs threads have begun so far.
    pub(crate) fn begun_count(&self) -> u64 {
        self.inner.state.lock().begun_count
    }

    /// Returns what is counted of the times of jobs, if the runtime is observed.
    pub(crate) fn observed(&self) -> Option<&ObservedPool> {
        self.inner.observed()
    }

    /// Returns how many threads wait for a job.
    pub(crate) fn idle_count(&self) -> usize {
        self.inner.state.lock().idle_count
    }

    /// Returns how many threads the pool has now.
    pub(crate) fn threads_count(&self) -> usize {
        self.inner.state.lock().threads_count
    }
}

impl PoolState {
    /// Takes the job that has waited longest, and the task that it runs, if it runs one.
    fn begin_next(&mut self) -> Option<BegunJob> {
        let QueuedJob { job, task, came } = self.waiting.pop_front()?;
        self.begun_count += 1;
        let id = task.as_ref().map(TaskReference::id);
        self.running.extend(id.zip(task));
        Some(BegunJob { job, task: id, came })
    }
}

impl Inner {
    fn observed(&self) -> Option<&ObservedPool> {
        self.limits.observation.as_ref().map(|observation| observation.pool())
    }

    fn carry_out(&self, begun: BegunJob) {
        let BegunJob { job, task, came } = begun;
        match self.observed().zip(came) {
            Some((observed, came)) => {
                let began = nanos_now();
                observed.waits.note(began.saturating_sub(came));
                perform(job);
                observed.runs.note(nanos_now().saturating_sub(began));
            }
            None => perform(job),
        }
        if let Some(id) = task {
            let ended = self.state.lock().running.remove(&id);
            // Outside of the lock, because it may free the task.
            drop(ended);
        }
    }

    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// Runs a thread of the pool from start to end.
    fn live(&self) {
        POOL_OF_THREAD.with(|pool| pool.set(self.address()));
        self.limits.hooks.begin_thread();
        self.work();
        self.limits.hooks.end_thread();
        self.state.lock().leaving_count -= 1;
        self.has_ended.notify_all();
    }

    /// Performs jobs until none comes. The thread that returns is one that leaves.
    fn work(&self) {
        let mut state = self.state.lock();
        loop {
            while let Some(begun) = state.begin_next() {
                drop(state);
                self.carry_out(begun);
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
        // In the step that decides, [never-orphaned]: a job that comes now needs another thread.
        state.threads_count -= 1;
        state.leaving_count += 1;
    }
}
