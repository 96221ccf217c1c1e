//! The start of a runtime.

use std::io;
#[cfg(unix)]
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;
#[cfg(unix)]
use std::{future::poll_fn, pin::Pin, task::Poll};

use super::current_thread::LoopWorker;
use super::handle::Handle;
use super::options::{Flavor, ThreadOptions};
use super::owner::Runtime;
#[cfg(unix)]
use super::quit_dumps::QuitDumps;
use crate::blocking::{Host, Limits, Pool};
use crate::driver::Driver;
use crate::scheduler::lookout::Report;
use crate::scheduler::watchdog::SlowPollReport;
use crate::scheduler::worker::Worker;
use crate::scheduler::{self, Identity, SchedulerHandle, StandIns};
#[cfg(unix)]
use crate::signal::unix::{SignalKind, signal};

impl Runtime {
    pub(super) fn start(
        flavor: Flavor,
        driver: Arc<Driver>,
        workers_count: usize,
        limits: Limits,
        options: ThreadOptions,
        report: Option<Arc<Report>>,
        identity: Identity,
    ) -> io::Result<Runtime> {
        let options = Arc::new(options);
        let stand_ins = match flavor {
            Flavor::CurrentThread => StandIns::none(),
            Flavor::MultiThread => {
                let options = options.clone();
                StandIns::new(limits.threads_count_max, move |number| options.builder(workers_count + number))
            }
        };
        let parts = scheduler::build(driver, workers_count, Pool::new(limits), stand_ins, identity);
        let handle = Handle { scheduler: SchedulerHandle::new(parts.shared) };
        let home = Arc::downgrade(&handle.scheduler);
        options.hooks().settle(move |call| match home.upgrade() {
            Some(handle) => handle.call_inside(call),
            None => call(),
        });
        let owner = std::process::id();
        let mut runtime = Runtime {
            handle,
            threads: Vec::new(),
            loop_worker: None,
            has_ended: false,
            owner,
            #[cfg(unix)]
            quit_dumps: None,
            #[cfg(all(unix, feature = "console"))]
            console: None,
        };
        match flavor {
            Flavor::CurrentThread => {
                runtime.loop_worker = Some(LoopWorker::new(parts.workers.into_iter().next()));
            }
            Flavor::MultiThread => {
                runtime.shared().lookout().offer(report);
                runtime.shared().timers().clock().forbid_pause();
                runtime.start_workers(parts.workers, &options)?;
            }
        }
        Ok(runtime)
    }

    /// Starts the thread that reports slow pollser than `threshold`.
    pub(super) fn watch_polls(&self, threshold: Duration, report: Arc<SlowPollReport>) -> io::Result<()> {
        self.shared().watch_polls(threshold, report).map_err(|error| {
            let text = format!("the system refused a thread for the watchdog: {error}");
            io::Error::new(error.kind(), text)
        })
    }

    /// Starts the thread that writes a dump at each SIGQUIT. `listener` is a runtime for its own
    /// use: one that is stuck could not even listen.
    #[cfg(unix)]
    pub(super) fn dump_on_quit(&mut self, listener: Runtime) -> io::Result<()> {
        let inside = listener.enter();
        let mut quit = signal(SignalKind::quit())?;
        drop(inside);
        let handle = self.handle.clone();
        let dumps = QuitDumps::start(move |mut closed| {
            listener.block_on(async {
                let mut next = async || {
                    poll_fn(|cx| match Pin::new(&mut closed).poll(cx) {
                        Poll::Ready(_) => Poll::Ready(None),
                        Poll::Pending => quit.poll_recv(cx),
                    })
                    .await
                };
                while next().await.is_some() {
                    let dump = handle.dump().await;
                    // Where nobody reads, nobody misses it.
                    let _ = write!(io::stderr(), "{dump}");
                }
            });
        })?;
        self.quit_dumps = Some(dumps);
        Ok(())
    }

    /// Stops the clock of a runtime that no thread runs yet.
    pub(super) fn pause_clock(&self) {
        let was_running = self.shared().timers().clock().pause();
        debug_assert!(was_running, "the runtime is new");
    }

    /// Starts the workers' threads. On failure the drop of `self` stops those that run.
    fn start_workers(&mut self, workers: Vec<Worker>, options: &ThreadOptions) -> io::Result<()> {
        for worker in workers {
            let hooks = options.hooks().clone();
            match options.builder(worker.index()).spawn(move || hooks.around(|| worker.live())) {
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
}
