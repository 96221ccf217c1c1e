//! The one door to the kernel: it tells tasks when their sockets are ready, completes their operations, and is where a
//! worker sleeps.
//!
//! How it works inside stands in `DESIGN.md` of this room.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::primitive::atomic::{AtomicUsize, Ordering};
use crate::task::{JoinError, wake_all};

#[cfg(unix)]
pub(crate) mod ancillary;
mod backend;
mod bell;
mod buffers;
mod context;
#[cfg(unix)]
pub(crate) mod credentials;
mod direction;
#[cfg(target_os = "linux")]
mod doorbell;
#[cfg(all(test, rt_shuttle))]
pub(crate) mod fake;
pub(crate) mod file;
mod inflight;
mod kind;
mod mailbox;
#[cfg(any(target_os = "android", target_os = "linux"))]
mod offload;
mod op;
mod options;
mod orphan;
mod poll;
mod readiness;
mod ready;
pub(crate) mod segmentation;
pub(crate) mod send;
mod side;
mod slots;
pub(crate) mod socket;
mod source;
mod submission;
#[cfg(unix)]
pub(crate) mod unix_address;
#[cfg(target_os = "linux")]
mod uring;

#[cfg(test)]
mod models;
#[cfg(test)]
mod tests;

use backend::Backend;
use buffers::Buffers;
pub(crate) use buffers::Contents;
pub(crate) use buffers::Limits as BufferLimits;
use context::Asker;
#[cfg(test)]
use context::try_current;
pub(crate) use context::{Guard, in_runtime, pinned};
pub(crate) use direction::Direction;
pub use kind::Kind;
use op::{Op, Ticket};
pub(crate) use options::Options;
pub(crate) use orphan::{Crop, Orphan, clear_away};
use source::Source;
pub(crate) use source::{Moved, Registration};

/// The door: one back end per worker, all of the same kind.
#[derive(Debug)]
pub(crate) struct Driver {
    backend: Backend,
    refusal: Option<io::Error>,
    workers: usize,
    /// Spreads the requests of foreign threads.
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

    /// Why this driver polls although io_uring was tried: for the line that a service prints when it starts.
    pub(crate) fn refusal(&self) -> Option<&io::Error> {
        self.refusal.as_ref()
    }

    /// The kernel of a fake.
    #[cfg(all(test, rt_shuttle))]
    pub(crate) fn kernel(&self) -> &Arc<fake::Kernel> {
        self.backend.kernel()
    }

    /// "io_uring" or "poll".
    pub(crate) fn name(&self) -> &'static str {
        self.backend.name()
    }

    /// Makes the calling thread the worker `index`: its ring works for this thread from now on.
    pub(crate) fn bind_worker(self: &Arc<Self>, index: usize) -> io::Result<Guard> {
        assert!(index < self.workers, "worker {index} of {}", self.workers);
        self.backend.bind(index)?;
        context::come_anew(self);
        Ok(context::install(self.clone(), Some(index)))
    }

    /// The calling thread, which is the worker `index`, leaves it: another one may be bound. It asks as a thread from outside
    /// from now on, until it comes back.
    pub(crate) fn leave_worker(&self, index: usize) {
        self.backend.release(index);
        context::resign(self, index);
    }

    /// The calling thread, which left the worker `index`, is it again; nobody was bound meanwhile.
    pub(crate) fn come_back(&self, index: usize) -> io::Result<()> {
        self.backend.bind(index)?;
        context::reinstate(self, index);
        Ok(())
    }

    /// Lets a thread from outside use the driver; what it asks for goes through a worker's mailbox. A worker of this
    /// driver stays one.
    pub(crate) fn enter(self: &Arc<Self>) -> Guard {
        context::install(self.clone(), context::worker_of(self))
    }

    /// Nothing is queued for the kernel and nothing waits to be reaped: a harvest can be skipped. No system call.
    pub(crate) fn is_quiet(&self, index: usize) -> bool {
        self.backend.is_quiet(index)
    }

    /// Submits what is queued and reaps what is there; never blocks. By the worker only.
    pub(crate) fn harvest<'a>(&self, index: usize, crop: impl Into<Crop<'a>>) -> io::Result<()> {
        self.backend.harvest(index, &mut crop.into())
    }

    /// Sleeps until a completion, a ring of the doorbell or the time-out; may return early. By the worker only.
    pub(crate) fn park<'a>(
        &self,
        index: usize,
        timeout: Option<Duration>,
        crop: impl Into<Crop<'a>>,
    ) -> io::Result<()> {
        self.backend.park(index, &[], timeout, &mut crop.into())
    }

    /// The same beside workers that are busy elsewhere: it also ends when there is something of theirs to reap, if the
    /// system can tell. Reaping it is the caller's, by `try_harvest`.
    pub(crate) fn park_beside<'a>(
        &self,
        index: usize,
        stuck: &[usize],
        timeout: Option<Duration>,
        crop: impl Into<Crop<'a>>,
    ) -> io::Result<()> {
        self.backend.park(index, stuck, timeout, &mut crop.into())
    }

    /// Ends the present `park` of the worker, or else the next one. From any thread.
    pub(crate) fn ring_doorbell(&self, index: usize) {
        self.backend.ring_doorbell(index);
    }

    /// Reaps for a worker that is busy elsewhere. `false`: it was at it itself, or sleeps.
    pub(crate) fn try_harvest<'a>(&self, index: usize, crop: impl Into<Crop<'a>>) -> bool {
        self.backend.try_harvest(index, &mut crop.into())
    }

    /// Begins for a worker that is busy elsewhere what it was asked for and has not told the kernel. By the worker `by`.
    pub(crate) fn take_over<'a>(&self, index: usize, by: usize, crop: impl Into<Crop<'a>>) {
        self.backend.take_over(index, by, &mut crop.into());
    }

    /// Begins and reaps for a worker that is busy elsewhere, with its own ring. By a thread that lives until that worker has
    /// shut down: the kernel ends what a thread has begun when the thread ends.
    pub(crate) fn relieve<'a>(&self, index: usize, crop: impl Into<Crop<'a>>) {
        self.backend.relieve(index, &mut crop.into());
    }

    /// How many things the kernel may still report to this worker.
    pub(crate) fn in_flight(&self, index: usize) -> usize {
        self.backend.in_flight(index)
    }

    /// Whether an operation on a file or a path is asked for or in flight on this worker's ring. Waits for sockets and pipes
    /// do not count: the peer decides when they end. The polling driver leaves files to the blocking pool.
    pub(crate) fn has_file_work(&self, index: usize) -> bool {
        self.backend.has_file_work(index)
    }

    /// Completions that fitted nothing in flight. More than none is a bug, of ours or of the kernel's.
    pub(crate) fn stale_count(&self, index: usize) -> u64 {
        self.backend.stale_count(index)
    }

    /// Operations that the kernel did not let go of in time.
    pub(crate) fn leaked_count(&self, index: usize) -> usize {
        self.backend.leaked_count(index)
    }

    /// Refuses what comes, cancels what is in flight and waits for the kernel to let go, up to `deadline`. What is
    /// still in flight then is leaked and counted. On the worker's own thread.
    pub(crate) fn shutdown(&self, index: usize, deadline: Duration) {
        self.buffers.close();
        let mut wakers = Vec::new();
        self.backend.shutdown(index, deadline, &mut wakers);
        wake_all(wakers);
    }

    fn offers(&self, code: file::Code) -> bool {
        self.backend.offered().has(code)
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

/// What a call on the blocking pool comes to if it gives no answer. Who awaits it aborts it by giving up only, so that what is
/// cancelled was so by the end of the runtime.
pub(crate) fn of_pool(error: JoinError) -> io::Error {
    if error.is_cancelled() { closed() } else { io::Error::other(error) }
}

/// The kernel has broken an operation off that nobody has cancelled, and has done nothing of it [undone-begins-anew].
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

/// What a wait gets when its worker has shut down.
fn closed() -> io::Error {
    io::Error::other(
        "the heist runtime that served this has shut down; open sockets and files in the one that is running",
    )
}
