//! # What
//! (header follows)

use std::fmt;
use std::io;
use std::str::FromStr;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use crate::primitive::atomic::{AtomicUsize, Ordering};

mod backend;
mod context;
mod inflight;
mod mailbox;
mod op;
mod poll;
mod readiness;
mod slots;
pub(crate) mod socket;
mod source;
mod submission;
#[cfg(target_os = "linux")]
mod uring;

#[cfg(test)]
mod models;
#[cfg(test)]
mod tests;

use backend::Backend;
pub(crate) use context::Guard;
#[cfg(test)]
use context::try_current;
use op::{Op, Ticket};
pub(crate) use source::Registration;
use source::Source;

/// The engine that talks to the kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// io_uring where the kernel offers it to this process, else readiness polling. The default.
    #[default]
    Auto,
    /// io_uring, or an error that says why not.
    Uring,
    /// Readiness polling: epoll, kqueue, event ports or IOCP. No io_uring system call is made.
    Poll,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Kind::Auto => "auto",
            Kind::Uring => "uring",
            Kind::Poll => "poll",
        })
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;

    /// Reads `auto`, `uring` or `poll`.
    ///
    /// # Errors
    /// Any other word; the error lists the valid ones.
    fn from_str(word: &str) -> Result<Kind, UnknownKind> {
        match word {
            "auto" => Ok(Kind::Auto),
            "uring" => Ok(Kind::Uring),
            "poll" => Ok(Kind::Poll),
            other => Err(UnknownKind(other.to_owned())),
        }
    }
}

/// A word that names no driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownKind(String);

impl fmt::Display for UnknownKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown driver {:?}; the valid words are auto, uring and poll", self.0)
    }
}

impl std::error::Error for UnknownKind {}

/// How a driver is built.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) kind: Kind,
    /// One ring or poller each.
    pub(crate) workers: usize,
    /// The worker's loop may move between threads, one at a time, as `block_on` of a single-threaded runtime does.
    pub(crate) single_thread: bool,
    /// Size of the submission queue. What does not fit waits in user space.
    pub(crate) ring_entries: u32,
    /// Size of the completion queue. What does not fit waits in the kernel.
    pub(crate) completion_entries: u32,
}

impl Options {
    /// Why 256: a batch of that size hides the cost of the system call. Why 4096: overflow is correct but slow.
    pub(crate) const RING_ENTRIES: u32 = 256;
    pub(crate) const COMPLETION_ENTRIES: u32 = 4096;
}

impl Default for Options {
    fn default() -> Options {
        Options {
            kind: Kind::Auto,
            workers: 1,
            single_thread: false,
            ring_entries: Options::RING_ENTRIES,
            completion_entries: Options::COMPLETION_ENTRIES,
        }
    }
}

/// A direction of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// Data, a connection, the end of the stream or an error to receive.
    Read,
    /// Room to send, the outcome of a connect, or an error.
    Write,
}

/// The door: one back end per worker, all of the same kind.
#[derive(Debug)]
pub(crate) struct Driver {
    backend: Backend,
    workers: usize,
    /// Spreads the requests of foreign threads.
    next_worker: AtomicUsize,
}

impl Driver {
    /// Creates every worker's ring or poller.
    pub(crate) fn new(options: &Options) -> io::Result<Arc<Driver>> {
        assert!(options.workers > 0, "a driver has at least one worker");
        assert!(!options.single_thread || options.workers == 1, "a single-threaded runtime has one worker");
        let backend = Backend::new(options)?;
        Ok(Arc::new(Driver { backend, workers: options.workers, next_worker: AtomicUsize::new(0) }))
    }

    /// "io_uring" or "poll".
    pub(crate) fn name(&self) -> &'static str {
        self.backend.name()
    }

    /// Makes the calling thread the worker `index`: its ring works for this thread from now on.
    pub(crate) fn bind_worker(self: &Arc<Self>, index: usize) -> io::Result<Guard> {
        assert!(index < self.workers, "worker {index} of {}", self.workers);
        self.backend.bind(index)?;
        Ok(context::install(self.clone(), Some(index)))
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
    pub(crate) fn harvest(&self, index: usize, wakers: &mut Vec<Waker>) -> io::Result<()> {
        self.backend.harvest(index, wakers)
    }

    /// Sleeps until a completion, a ring of the doorbell or the time-out; may return early. By the worker only.
    pub(crate) fn park(
        &self,
        index: usize,
        timeout: Option<Duration>,
        wakers: &mut Vec<Waker>,
    ) -> io::Result<()> {
        self.backend.park(index, timeout, wakers)
    }

    /// Ends the present `park` of the worker, or else the next one. From any thread.
    pub(crate) fn ring_doorbell(&self, index: usize) {
        self.backend.ring_doorbell(index);
    }

    /// Reaps for a worker that is busy elsewhere. `false`: it was at it itself, or sleeps.
    pub(crate) fn try_harvest(&self, index: usize, wakers: &mut Vec<Waker>) -> bool {
        self.backend.try_harvest(index, wakers)
    }

    /// How many things the kernel may still report to this worker.
    pub(crate) fn in_flight(&self, index: usize) -> usize {
        self.backend.in_flight(index)
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
        let mut wakers = Vec::new();
        self.backend.shutdown(index, deadline, &mut wakers);
        for waker in wakers {
            waker.wake();
        }
    }

    fn submit(&self, op: Op) -> io::Result<()> {
        match context::worker_of(self) {
            Some(index) => self.backend.submit(index, true, op),
            None => self.backend.submit(self.pick(), false, op),
        }
    }

    fn cancel(&self, ticket: Ticket) {
        let local = context::worker_of(self) == Some(ticket.worker);
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

/// What a wait gets when its worker has shut down.
fn closed() -> io::Error {
    io::Error::other(
        "the heist runtime that served this socket has shut down; create sockets in the one that is running",
    )
}
