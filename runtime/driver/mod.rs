//! The one door to the kernel. It reports when sockets are ready, completes operations, and is
//! where a worker sleeps.
//!
//! `DESIGN.md` in this directory has the algorithm, the invariants and the rejected designs. Read
//! the files in this order:
//!
//! - `options.rs`, `kind.rs`, `direction.rs`: how a driver is built, and the two directions of a
//!   socket.
//! - `backend.rs`: the choice between back ends; `context.rs`: the driver of the current thread.
//! - `readiness.rs`, `side.rs`: the state of one direction of a socket, and its waiters.
//! - `source.rs`, `ready.rs`: a registered socket, and the futures that wait for it.
//! - `op.rs`, `submission.rs`: operations, and the future that awaits one completion.
//! - `slots.rs`, `inflight.rs`: the table of the operations that the kernel has.
//! - `mailbox.rs`, `wake_up.rs`, `doorbell.rs`: requests from other threads, and how a worker wakes
//!   up.
//! - `leftover.rs`: where the remains of a finished operation are dropped.
//! - `uring/`, `poll/`, `fake/`: the back ends. `fake` exists for tests under shuttle only.
//! - `file/`: operations on files and paths. `send/`: sends without a copy. `buffers.rs`: buffers.
//!
//! System calls that have nothing to do with waiting are in the room `system`.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::primitive::atomic::{AtomicUsize, Ordering};
use crate::task::{JoinError, wake_all};

mod backend;
mod buffers;
mod context;
mod direction;
#[cfg(target_os = "linux")]
mod doorbell;
#[cfg(all(test, rt_shuttle))]
pub(crate) mod fake;
pub(crate) mod file;
mod inflight;
mod kind;
mod leftover;
mod mailbox;
mod op;
mod options;
mod poll;
mod readiness;
mod ready;
pub(crate) mod send;
mod side;
mod slots;
mod source;
mod submission;
#[cfg(target_os = "linux")]
mod uring;
mod wake_up;

#[cfg(test)]
mod models;
#[cfg(test)]
mod tests;

use backend::Backend;
pub(crate) use buffers::BufferLimits;
use buffers::Buffers;
pub(crate) use buffers::Contents;
use context::Asker;
#[cfg(test)]
use context::try_current;
pub(crate) use context::{DriverGuard, in_runtime, pinned};
pub(crate) use direction::Direction;
pub use kind::DriverKind;
pub(crate) use leftover::{Harvest, Leftover, clear_away};
use op::{Op, Ticket};
pub(crate) use options::Options;
use source::Source;
pub(crate) use source::{Moved, Registration};

/// The driver of a runtime: one back end per worker, all of the same kind.
#[derive(Debug)]
pub(crate) struct Driver {
    backend: Backend,
    refusal: Option<io::Error>,
    workers: usize,
    /// Spreads the requests of threads outside of the runtime.
    next_worker: AtomicUsize,
    buffers: Buffers,
}

impl Driver {
    /// Creates every worker's ring or poller.
    pub(crate) fn new(options: &Options) -> io::Result<Arc<Driver>> {
        assert!(options.workers > 0, "a driver has at least one worker");
        assert!(!options.single_thread || options.workers == 1, "a single-threaded runtime has one worker");
        if options.ring_entries == 0 || options.completion_entries == 0 {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a ring has at least one entry"));
        }
        let (backend, refusal) = Backend::new(options)?;
        let (workers, next_worker) = (options.workers, AtomicUsize::new(0));
        let buffers = Buffers::new(workers, options.buffers);
        Ok(Arc::new(Driver { backend, refusal, workers, next_worker, buffers }))
    }

    /// The reason why this driver polls although `DriverKind::Auto` tried io_uring first. A service
    /// may print it when it starts.
    pub(crate) fn refusal(&self) -> Option<&io::Error> {
        self.refusal.as_ref()
    }

    /// The simulated kernel of a `Fake`.
    #[cfg(all(test, rt_shuttle))]
    pub(crate) fn kernel(&self) -> &Arc<fake::Kernel> {
        self.backend.kernel()
    }

    /// "io_uring" or "poll".
    pub(crate) fn name(&self) -> &'static str {
        self.backend.name()
    }

    /// Makes the calling thread the worker `index`: that worker's ring serves this thread from now
    /// on.
    pub(crate) fn bind_worker(self: &Arc<Self>, index: usize) -> io::Result<DriverGuard> {
        assert!(index < self.workers, "worker {index} of {}", self.workers);
        self.backend.bind(index)?;
        context::come_anew(self);
        Ok(context::install(self.clone(), Some(index)))
    }

    /// The calling thread stops being the worker `index`, and another thread may be bound. Until it
    /// comes back, its requests are those of a thread outside of the runtime.
    pub(crate) fn leave_worker(&self, index: usize) {
        self.backend.release(index);
        context::resign(self, index);
    }

    /// The calling thread, which left the worker `index`, becomes it again. No other thread was
    /// bound in between.
    pub(crate) fn come_back(&self, index: usize) -> io::Result<()> {
        self.backend.bind(index)?;
        context::reinstate(self, index);
        Ok(())
    }

    /// Lets a thread outside of the runtime use the driver. Its requests go through a worker's
    /// mailbox. A worker of this driver stays one.
    pub(crate) fn enter(self: &Arc<Self>) -> DriverGuard {
        context::install(self.clone(), context::worker_of(self))
    }

    /// Reports whether nothing is queued for the kernel and nothing waits to be reaped, so that a
    /// harvest can be skipped. Makes no system call.
    pub(crate) fn is_quiet(&self, index: usize) -> bool {
        self.backend.is_quiet(index)
    }

    /// Submits the queued entries and reaps the completions that are there. Never blocks. Only the
    /// worker may call it.
    pub(crate) fn harvest<'a>(&self, index: usize, harvest: impl Into<Harvest<'a>>) -> io::Result<()> {
        self.backend.harvest(index, &mut harvest.into())
    }

    /// Sleeps until a completion comes, the doorbell is rung or the time-out ends. May return
    /// early. Only the worker may call it.
    pub(crate) fn park<'a>(
        &self,
        index: usize,
        timeout: Option<Duration>,
        harvest: impl Into<Harvest<'a>>,
    ) -> io::Result<()> {
        self.backend.park(index, &[], timeout, &mut harvest.into())
    }

    /// Like `park`, but also ends when a stuck worker has completions to reap, on systems that can
    /// report this. The caller then reaps them with `try_harvest`.
    pub(crate) fn park_beside<'a>(
        &self,
        index: usize,
        stuck: &[usize],
        timeout: Option<Duration>,
        harvest: impl Into<Harvest<'a>>,
    ) -> io::Result<()> {
        self.backend.park(index, stuck, timeout, &mut harvest.into())
    }

    /// Ends the current `park` of the worker, or else its next one. Any thread may call it.
    pub(crate) fn ring_doorbell(&self, index: usize) {
        self.backend.ring_doorbell(index);
    }

    /// Reaps completions for a worker that is busy elsewhere. Returns `false` if that worker is
    /// reaping itself or sleeps.
    pub(crate) fn try_harvest<'a>(&self, index: usize, harvest: impl Into<Harvest<'a>>) -> bool {
        self.backend.try_harvest(index, &mut harvest.into())
    }

    /// Begins the operations that a busy worker was asked for and has not yet submitted. Only the
    /// worker `by` may call it.
    pub(crate) fn take_over<'a>(&self, index: usize, by: usize, harvest: impl Into<Harvest<'a>>) {
        self.backend.take_over(index, by, &mut harvest.into());
    }

    /// Begins and reaps operations for a busy worker, on that worker's own ring. The calling thread
    /// must live until that worker has shut down, because the kernel ends what a thread has begun
    /// when the thread ends.
    pub(crate) fn relieve<'a>(&self, index: usize, harvest: impl Into<Harvest<'a>>) {
        self.backend.relieve(index, &mut harvest.into());
    }

    /// The number of operations that the kernel may still report to this worker.
    pub(crate) fn in_flight(&self, index: usize) -> usize {
        self.backend.in_flight(index)
    }

    /// Whether an operation on a file or a path is queued or in flight on this worker's ring. Waits
    /// for sockets and pipes do not count, because the peer decides when they end. The polling
    /// driver leaves files to the blocking pool.
    pub(crate) fn has_file_work(&self, index: usize) -> bool {
        self.backend.has_file_work(index)
    }

    /// The number of completions that matched no operation in flight. Any is a bug, in this crate
    /// or in the kernel.
    pub(crate) fn stale_count(&self, index: usize) -> u64 {
        self.backend.stale_count(index)
    }

    /// The number of operations that the kernel did not release in time.
    pub(crate) fn leaked_count(&self, index: usize) -> usize {
        self.backend.leaked_count(index)
    }

    /// Refuses new operations, cancels those in flight and waits up to `deadline` for the kernel to
    /// release them. Leaks and counts the rest. Must run on the worker's own thread.
    pub(crate) fn shutdown(&self, index: usize, deadline: Duration) {
        self.buffers.close();
        let mut wakers = Vec::new();
        self.backend.shutdown(index, deadline, &mut wakers);
        wake_all(wakers);
    }

    fn supports(&self, code: file::OpKind) -> bool {
        self.backend.supported().has(code)
    }

    fn submit(&self, op: Op) -> io::Result<()> {
        let asker = context::asker(self);
        let index = match asker {
            Asker::Worker(index) | Asker::Pinned(index) => index,
            Asker::Foreign => self.pick(),
        };
        self.backend.submit(index, asker, op)
    }

    fn cancel(&self, ticket: Ticket) {
        let local = context::worker_of(self) == Some(ticket.worker());
        self.backend.cancel(local, ticket);
    }

    fn detach(&self, source: &Arc<Source>, ticket: Ticket) {
        self.backend.detach(source, ticket);
    }

    fn is_level_at_arm(&self) -> bool {
        self.backend.is_level_at_arm()
    }

    fn pick(&self) -> usize {
        // Ordering: Relaxed: any worker will do.
        self.next_worker.fetch_add(1, Ordering::Relaxed) % self.workers
    }
}

/// Turns a failed call on the blocking pool into an `io::Error`. Only a dropped future aborts such
/// a call, so a cancellation seen here means that the runtime has shut down.
pub(crate) fn of_pool(error: JoinError) -> io::Error {
    if error.is_cancelled() { closed() } else { io::Error::other(error) }
}

/// The kernel broke off an operation that was not cancelled and that has had no effect
/// [undone-begins-anew].
#[derive(Debug)]
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "a poller has no operations to break off"))]
struct Undone;

impl fmt::Display for Undone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the operation was broken off before it did anything; begin it anew")
    }
}

impl Error for Undone {}

#[cfg(target_os = "linux")]
fn undone() -> io::Error {
    io::Error::new(io::ErrorKind::Interrupted, Undone)
}

fn is_undone(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<Undone>())
}

/// The error of an operation whose worker has shut down.
fn closed() -> io::Error {
    io::Error::other(
        "the heist runtime that served this has shut down; open sockets and files in the one that is running",
    )
}
