//! The one worker of a current-thread runtime, and the threads that run it in turn.

use std::future::Future;
use std::panic::Location;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_task::{ArcWake, waker_ref};

use super::handle::Handle;
use crate::primitive::sync::Mutex;
use crate::scheduler::park::{Parker, WakeFlag};
use crate::scheduler::worker::Worker;
use crate::scheduler::{SharedScheduler, current};
#[cfg(feature = "tracing")]
use crate::task::Spanned;
use crate::task::{OutsideLoop, Rooted, coop};

const NOT_THEIR_THREAD: &str = "heist: another thread has spawned local tasks on this current-thread runtime, and only it \
     can run them: call block_on there until they have ended";

/// Polls of tasks between two polls of the future that the thread blocks on, as many as in tokio: a
/// future that yields goes behind the tasks that are due.
const TASKS_PER_ROOT_POLL: u32 = 61;

/// The one worker of a current-thread runtime, while no thread runs it.
pub(super) struct LoopWorker {
    worker: Mutex<Option<Worker>>,
    /// Threads in `block_on` that wait until the worker is put back.
    waiting: Mutex<Vec<Arc<Parker>>>,
}

/// Wakes the future that a current-thread runtime blocks on; the worker's loop polls it.
struct RootWaker {
    wake_flag: WakeFlag,
    shared: Arc<SharedScheduler>,
}

impl ArcWake for RootWaker {
    fn wake_by_ref(waker: &Arc<Self>) {
        waker.wake_flag.set();
        waker.shared.unpark(0);
    }
}

impl LoopWorker {
    pub(super) fn new(worker: Option<Worker>) -> LoopWorker {
        LoopWorker { worker: Mutex::new(worker), waiting: Mutex::new(Vec::new()) }
    }

    /// Whether no local task of another thread prevents `block_on` on this thread.
    pub(super) fn can_run_here(&self) -> bool {
        self.worker.lock().as_ref().is_none_or(Worker::settle_pinned)
    }

    /// Whether the end of the loop must happen on this thread: it drops local tasks, or leaks them.
    pub(super) fn has_local_tasks(&self) -> bool {
        self.worker.lock().as_ref().is_some_and(Worker::has_pinned)
    }

    #[track_caller]
    pub(super) fn block_on<F: Future>(&self, handle: &Handle, future: F) -> F::Output {
        #[cfg(feature = "tracing")]
        let future = Spanned::block_on(future, Location::caller());
        let future = Rooted::new(future, handle.scheduler.shared().guests(), Location::caller());
        let mut future = pin!(future);
        let parker = Parker::new();
        let queued = Queued { parker: &parker, loop_worker: self };
        loop {
            let taken = self.worker.lock().take();
            if let Some(worker) = taken {
                drop(queued);
                let mut running = Running { worker: Some(worker), loop_worker: self };
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

    fn run<F: Future>(handle: &Handle, worker: &mut Worker, mut future: Pin<&mut F>) -> F::Output {
        let shared = worker.shared().clone();
        let _bound = Bound::new(handle, worker);
        worker.begin_busy();
        let root = Arc::new(RootWaker { wake_flag: WakeFlag::new(), shared });
        let is_woken = || root.wake_flag.is_set();
        let is_observed = root.shared.identity().is_observed();
        let output = worker.run(TASKS_PER_ROOT_POLL, is_woken, || {
            if !root.wake_flag.take() {
                return None;
            }
            let waker = waker_ref(&root);
            let _outside = is_observed.then(OutsideLoop::begin);
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
    pub(super) fn end(&self, handle: &Handle, timeout: Option<Duration>) -> bool {
        let taken = self.worker.lock().take();
        let Some(mut worker) = taken else {
            handle.scheduler.shared().forget_worker();
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
    loop_worker: &'a LoopWorker,
}

impl Queued<'_> {
    fn is_at(&self, parker: &Arc<Parker>) -> bool {
        Arc::ptr_eq(self.parker, parker)
    }

    /// Adds the entry once: a thread that polls its future repeatedly while it waits is listed
    /// already.
    fn enter(&self) {
        let mut waiting = self.loop_worker.waiting.lock();
        if !waiting.iter().any(|parker| self.is_at(parker)) {
            waiting.push(self.parker.clone());
        }
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.loop_worker.waiting.lock().retain(|parker| !self.is_at(parker));
    }
}

/// A current-thread worker that a thread has taken: put back when the thread is done with it, even
/// by a panic.
struct Running<'a> {
    worker: Option<Worker>,
    loop_worker: &'a LoopWorker,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        // [loop-passed-on]: first the worker, then the wakes.
        *self.loop_worker.worker.lock() = self.worker.take();
        for parker in self.loop_worker.waiting.lock().drain(..) {
            parker.unpark();
        }
    }
}

/// The thread-locals of a thread that runs a worker.
struct Bound {
    _thread: BoundThread,
    _no_blocking: current::Blocking,
    _runtime: crate::blocking::HostGuard,
    _timers: crate::time::TimersGuard,
    _driver: crate::driver::DriverGuard,
}

impl Bound {
    fn new(handle: &Handle, worker: &Worker) -> Bound {
        let shared = worker.shared();
        let driver = shared.driver().bind_worker(worker.index());
        Bound {
            _thread: BoundThread::new(worker),
            _driver: driver
                .unwrap_or_else(|error| panic!("heist: the driver cannot serve this thread: {error}")),
            _timers: shared.timers().bind_worker(worker.index()),
            _runtime: current::enter_runtime(handle.scheduler.clone()),
            _no_blocking: current::forbid_blocking(),
        }
    }
}

/// Records which thread runs a worker.
struct BoundThread {
    shared: Arc<SharedScheduler>,
    index: usize,
}

impl BoundThread {
    fn new(worker: &Worker) -> BoundThread {
        let (shared, index) = (worker.shared().clone(), worker.index());
        shared.figures(index).begin_thread();
        BoundThread { shared, index }
    }
}

impl Drop for BoundThread {
    fn drop(&mut self) {
        self.shared.figures(self.index).end_thread();
    }
}
