//! The end of a runtime: what its dropping thread does, what the workers do, and what happens on a
//! thread that is started for it.

use std::pin::pin;
use std::sync::Arc;
use std::task::Context;
use std::time::{Duration, Instant};

use futures_task::waker_ref;

use super::current_thread::LoopWorker;
use super::handle::Handle;
use super::owner::Runtime;
use crate::primitive::sync::Mutex;
use crate::primitive::{clock, thread};
use crate::scheduler::clean_up::run_shutdown_hooks;
use crate::scheduler::current;
use crate::scheduler::park::Parker;
use crate::task::give_back;

const ENDED_ELSEWHERE: &str = "heist: a current-thread runtime ended on another thread than the one that spawned local \
     tasks on it, and only that one could have dropped them: they are leaked. End it there, or after they have ended";

impl Runtime {
    /// User code runs on this thread only if there is no limit to its time, or if it is local to
    /// the thread: see [`Ending`].
    pub(super) fn end(&mut self, timeout: Option<Duration>) {
        if std::mem::replace(&mut self.has_ended, true) {
            return;
        }
        if std::process::id() != self.owner {
            // A forked child's copy: its workers are not in this process, and its sockets and ring
            // are the parent's.
            #[cfg(unix)]
            std::mem::forget(self.quit_dumps.take());
            #[cfg(all(unix, feature = "console"))]
            std::mem::forget(self.console.take());
            return std::mem::forget((std::mem::take(&mut self.threads), self.loop_worker.take()));
        }
        let waits = current::may_block() && timeout != Some(Duration::ZERO);
        #[cfg(unix)]
        if let Some(dumps) = self.quit_dumps.take() {
            if waits { dumps.end() } else { drop(dumps) }
        }
        #[cfg(all(unix, feature = "console"))]
        if let Some(console) = self.console.take() {
            console.end(waits);
        }
        let mut ending = Ending {
            runs_hooks: waits
                && self.shared().shutdown_hooks().are_there()
                && self.loop_worker.as_ref().is_none_or(LoopWorker::can_run_here),
            stays_here: timeout.is_none()
                || self.loop_worker.as_ref().is_some_and(LoopWorker::has_local_tasks),
            is_pool_thread: self.shared().blocking().owns_this_thread(),
            deadline: timeout.and_then(|timeout| clock::now().checked_add(timeout)),
            handle: self.handle.clone(),
            threads: std::mem::take(&mut self.threads),
            loop_worker: self.loop_worker.take(),
        };
        self.shared().driver().note_end();
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
    runs_hooks: bool,
    /// Whether the loop of a current-thread runtime ends on this thread.
    stays_here: bool,
    /// Whether the caller is one of the blocking pool's threads.
    is_pool_thread: bool,
}

impl Ending {
    fn time_left(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(clock::now()))
    }

    /// Ends the workers, as far as this thread has to. `false`: local tasks had to be leaked.
    fn end_workers(&mut self) -> bool {
        if self.loop_worker.is_some() {
            if !self.runs_hooks {
                self.handle.scheduler.shared().close();
            }
            return !self.stays_here || self.end_loop();
        }
        if self.runs_hooks {
            self.run_hooks_from_outside();
        }
        let shared = self.handle.scheduler.shared();
        shared.close();
        shared.wait_until_ended(self.deadline);
        true
    }

    /// The workers do all the work: this thread runs no user code.
    fn run_hooks_from_outside(&self) {
        let parker = Parker::new();
        let waker = waker_ref(&parker);
        let mut hooks = pin!(run_shutdown_hooks(&self.handle.scheduler));
        while hooks.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
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
        if self.runs_hooks {
            let hooks = run_shutdown_hooks(&self.handle.scheduler);
            match self.time_left() {
                Some(left) => {
                    drop(loop_worker.block_on(&self.handle, crate::time::timeout(left, hooks)));
                }
                None => loop_worker.block_on(&self.handle, hooks),
            }
        }
        self.handle.scheduler.shared().close();
        loop_worker.end(&self.handle, self.time_left())
    }

    /// Does the rest of the end.
    fn finish(mut self) {
        self.end_loop();
        let shared = self.handle.scheduler.shared();
        let has_ended = shared.wait_until_ended(self.deadline);
        // This ends the waits of blocking closures, on the pool's threads and in place.
        shared.timers().shutdown();
        shared.blocking().close();
        if !self.is_pool_thread {
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
            shared.watchdog().join();
        }
        give_back();
    }

    /// Does the rest on a thread of its own, and waits for it until the deadline. If the system
    /// refuses a thread: on this thread.
    fn finish_elsewhere(self) {
        let deadline = self.deadline;
        let parker = Parker::new();
        let left = Arc::new(Mutex::new(Some(self)));
        let (there, done) = (left.clone(), WakeWhenDone(parker.clone()));
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
struct WakeWhenDone(Arc<Parker>);

impl Drop for WakeWhenDone {
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
