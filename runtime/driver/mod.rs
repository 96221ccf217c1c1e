//! # What
//! The one door to the kernel: it tells tasks when their sockets are ready, completes their operations, and is where a
//! worker sleeps.
//!
//! # Algorithm
//! There is one back end per worker, a ring (`uring/`) or a poller (`poll/`), all of one kind, all created before the
//! kind is decided (`backend.rs`). This is the contract that both fulfil:
//!
//! | call | by | blocks | meaning |
//! |---|---|---|---|
//! | `bind_worker` | the worker | no | from here on the back end serves this thread |
//! | `leave_worker` | the worker | no | another thread may be bound; what is in flight stays |
//! | `submit(op)` | any thread | no | the operation and what it owns belong to the back end |
//! | `cancel(ticket)` | any thread | no | best effort; the terminal completion comes all the same |
//! | `unregister(memory)` | any thread | no | no operation with this memory comes any more |
//! | `is_quiet` | the worker | no | without a system call: a harvest would find nothing |
//! | `harvest` | the worker | no | submits and reaps |
//! | `park` | the worker | yes | submits, sleeps, reaps; ends early for a completion or a ring |
//! | `park_beside` | the worker | yes | the same; ends early also for what `try_harvest` would find of stuck workers, where the system tells |
//! | `ring_doorbell` | any thread | no | ends the present park, or else the next one |
//! | `try_harvest` | any thread | no | reaps, never submits; fails while the worker itself is at it or sleeps |
//! | `take_over` | another worker | no | begins on its own ring what a stuck worker was asked for |
//! | `relieve` | the lookout | no | begins and reaps on a stuck worker's ring |
//! | `shutdown` | the worker | until the deadline | refuses, cancels, drains; leaks the rest |
//!
//! A socket call that would block waits like this (`source.rs`, `side.rs`, `readiness.rs`):
//! 1. The side is seen ready, at a version. The system call is tried. It would block: the side is cleared, unless an
//!    event has raised the version meanwhile.
//! 2. The waker is put in its place, then the side is looked at once more, under the same lock. Still nothing: the first
//!    to wait places an order.
//! 3. io_uring: the order is a one-shot `POLL_ADD` on the ring of the worker that polls, so that waits follow a task that
//!    was stolen; or, while the load is low, on the ring where waits gather (`uring/placement.rs`). Polling: the socket is
//!    registered once, edge-triggered, with the poller of the worker that waits first; one-shot where the platform has
//!    no edges.
//! 4. The event raises the version and collects the wakers. The caller wakes them when every lock is released.
//!
//! What is reported may be of no use to the call: the kernel adds the end of what the peer sends, hang-ups and errors to every
//! poll, so that an order for room to a peer that has closed its half, or for bytes beside an unread queue of errors, is
//! answered at once, and the call would block, for ever. So orders that ended in vain are counted (`readiness.rs`). After three
//! in a row the next one stands: on io_uring a multishot poll, which tells the state once and then each change, as edges do. It
//! stays with its ring, whose completions others take as always. Where an order ends in vain even so, or the poller has no
//! edges, a pause comes between: a time-out on the ring.
//!
//! A ring is worked like this (`uring/`): what tasks ask for lies in the worker's outbox until its next turn, where others
//! can take it if that turn does not come. Then its entries go into the submission queue, or into a backlog when it is
//! full; one `io_uring_enter` submits, makes the kernel post what it holds back, and sleeps. Another thread's requests come
//! through the worker's mailbox, and an eventfd under a multishot poll ends the sleep: the counter is never read, for the poll
//! reports every write. A worker that has nothing in flight does not enter its ring to sleep, but dozes (`bell.rs`). Every
//! ring is set up so that completions are posted while its worker computes (`COOP_TASKRUN`), and another worker can reap
//! them under the ring's lock, which nobody else holds for long. It first interrupts the owner if the kernel holds
//! completions back until then (`uring/interrupt.rs`).
//!
//! A poller is a descriptor, readable while it has events: a sentinel sleeps on a stuck worker's beside its own
//! (`poll/beside.rs`), so that a socket that stays registered there is served when it is ready.
//!
//! Files and paths have no readiness: each operation is one entry, with all that the kernel touches (`file/`). What the
//! kernel has no op-code for, what a server may keep waiting, and everything where there is no ring, is left to the caller
//! and its blocking pool.
//!
//! An operation whose buffer is of a pool made for this driver names the place of its memory in the ring's table of registered
//! buffers (`uring/table.rs`), and the kernel need not find its pages. Each ring registers the memory when it first comes with
//! an operation, under the ring's lock; what cannot be registered goes without, and the pool knows why. When the last
//! buffer is dropped, each worker gets a letter with a share of the memory, empties the place and drops its shares.
//!
//! A send that does not copy lends its buffer to the kernel (`send/`): it is answered, and it ends with a notification when the
//! peer has confirmed what the kernel reads from the buffer.
//!
//! Dropping a [`Registration`] cancels what is on order. With io_uring the descriptor closes, and the peer sees the end of
//! the stream, when the cancel is confirmed: after the owner's next harvest, which a sleeping owner is rung for.
//!
//! # Invariants
//! - `[owned-until-terminal]` An operation that was queued is in flight, whatever the system call says, until its terminal
//!   completion was reaped. What the kernel may touch is on the heap and owned by the operation; it is freed then, or
//!   leaked and counted.
//! - `[fd-outlives-ops]` A descriptor stays open while an operation or a poller knows it.
//! - `[registered-is-held]` A ring that has memory registered has a share of it, until the place in its table is empty or the
//!   ring is gone. An operation names a place only for an address within the memory that is there, and owns a buffer of it,
//!   without which no place is emptied.
//! - `[stale-is-counted]` A completion finds its operation by index and generation. One that fits nothing is counted.
//! - `[undone-begins-anew]` An operation that the kernel has broken off without a cancel of ours, as it does when the thread that
//!   asked for it has ended, is begun anew where its future is polled; a wait for readiness ends, and the next call tells.
//!   Nothing is lost by that, for nothing was done. Only a thread that hands its loop on ends before its driver.
//! - `[nothing-dropped]` Neither an operation nor a cancel is lost to a full queue.
//! - `[head-tells]` What the kernel has taken is read from the queue's head, not from a return value.
//! - `[bell-is-armed]` No worker sleeps in its ring before the poll on its doorbell has been handed to the kernel.
//! - `[dozes-for-nothing]` A worker dozes only with nothing in flight or queued: nothing but a ring could concern it.
//! - `[comes-round]` What a worker was asked for, by its own tasks or by letter, is begun at its next turn. If that does not
//!   come, a sentinel begins it elsewhere, and the worker gets no more waits from others until it has come round.
//! - `[ring-ends-park]` A ring is consumed by `park` only, whoever reaps the event it made.
//! - `[no-lost-letter]` A worker that goes to sleep has read the letter, or its sender rings.
//! - `[event-wakes]` An event that comes beside a clear or a wait is seen by the waiter or wakes it.
//! - `[event-empties]` A waiter that was listed at another version than the present one is listed no more: its event takes
//!   it, under the lock under which it raised the version.
//! - `[one-order]` A side has at most one order placed with the back end.
//! - `[no-spin]` A wait makes at most 20 calls in a second in which nothing happens to its socket, whatever the kernel reports.
//! - `[sends-in-turn]` A send on the ring takes its side for itself: other writes wait for its answer, also when it was given
//!   up, so that bytes that were written later never come first.
//! - `[level-at-arm]` An order on io_uring, or a one-shot, reports the state at the time of the order: clearing too much
//!   costs one order. Edges, and an order that stands, report changes only: there only a versioned clear is right.
//! - `[short-is-all]` A short call of a TCP stream is the last before the next event, unless one told of more than bytes: the end
//!   or an error, which may come with the last bytes, or urgent bytes, at which a receive stops; or the poller does not tell.
//! - `[shut-or-ticket]` Who drops a registration or a submission gets the ticket to cancel, or the order is never placed.
//! - `[result-wakes]` A completion wakes the last waker that was registered, or the next poll sees the result.
//! - `[wake-outside]` No waker is cloned, called or dropped with a lock held, nor slept on; nor the last share of a socket.
//! - `[slow-close-is-alone]` What a harvest leaves to be dropped is dropped by a worker that is awake and watched, after the
//!   wakers of that harvest were called; a socket whose close waits for its peer, on a thread for such.
//!
//! Locks are taken in this order: attachment, table of sources; core of the ring, side of a socket, completion. A side is
//! never held when the core is asked for.
//!
//! # Orderings
//! | release | acquire | published |
//! |---|---|---|
//! | `Readiness::event` | `Readiness::observe` | the event: the system call is made after it |
//! | `Bell::strike` | `Bell::consume` | what the ringer did before it rang |
//! | `Mailbox::post`, fence | `Mailbox::fall_asleep`, fence | letter or sleep: one side sees the other |
//!
//! # Rejected
//! - One ring for all workers: its lock is held through every submission.
//! - Multishot `POLL_ADD` per socket: it ends at every overflow and stays with one ring when the task has moved on. 2026-11-22,
//!   two bare rings, 64 B over 1000 connections, a core for the server, CPU per request: 1.01 of one-shot polls (26 rounds).
//! - An epoll of each worker's, edge-triggered, that the ring polls, or `EPOLL_WAIT` on the ring (Linux 6.15), for sockets whose
//!   orders are of no use [no-spin]: a second table, and the multishot poll does the same with the one that is there.
//!   2026-11-29, not measured. One poll for changes only (`IORING_POLL_ADD_LEVEL` without multishot skips the look at the state)
//!   loses what happens between the call and the entry.
//! - Judging an order by what it reports, and not by the call after it: 2026-11-29, a UDP socket whose own reading half is closed
//!   is reported readable, for ever, and a receive would block.
//! - Cancelling the order when the last waiter is dropped: a time-out around each read would cost two entries.
//! - Clearing readiness after a short read of a Unix stream, which ends where descriptors came, under edge-triggered polling.
//! - A thread for each open of a FIFO that waits, as the blocking pool has it, 2026-11-29: the 513th waits for the others, and one
//!   that is given up stays and meets a peer, whose bytes are lost; no signal is ours to call it back. Likewise the ring's own
//!   threads with a limit that grows with the opens that wait: polling has none (`file/opening/`).
//! - Registered descriptors: they tie a socket to a ring.
//! - Multishot `RECV` with provided buffers. 2026-11-21, a bare ring, CPU per request against multishot poll and a plain
//!   `recv`, medians of 8 to 10 interleaved rounds: 0.95, 1.00 and 1.08 for 64 B over 1, 100 and 1000 connections; 1.03, 1.00
//!   and 0.94 for 1 KiB; 1.15, 1.06 and 1.01 for 16 KiB. It saves a system call per request and pays with a copy and with
//!   the care for buffers: no gain outside the noise, and bytes would lie where `into_std` and `peek` do not find them.
//! - Sleeping on a stuck worker's ring as on its poller: a ring is readable when a completion is posted, which is what does
//!   not happen before the interrupt. The next wait of the task that was woken is on the ring of the worker that runs it.
//! - One-shot `RECV` with provided buffers, which waits and receives in one entry, for `recv_pooled`. 2026-11-21, a bare ring,
//!   CPU per request against one-shot poll and a plain `recv`, medians of 12 interleaved rounds: 1.02, 0.97 and 1.12 for
//!   64 B over 1, 64 and 1000 connections; 1.02, 1.00 and 1.09 for 1 KiB; 1.20, 1.21 and 1.32 for 16 KiB. It halves the system
//!   calls, but the kernel takes the buffers in turn, so each receive writes to memory that is longest out of the cache. With
//!   64 buffers only: 1.01 and 0.94, 1.02 and 0.96, 1.08 and 1.00 over 1 and 64 connections; and where more are ready at once
//!   than there are buffers, the rest is refused: 1.66 with 128 buffers for 1000 connections. Bytes that a dropped future had
//!   ordered would have to be kept with the socket, where other calls do not find them. `recv_pooled` waits for readiness and
//!   takes a buffer then (`buffers.rs`): against `read` into a buffer of the task's 0.99, 1.02 and 1.04 for 64 B, 1.00, 0.99
//!   and 0.91 for 1 KiB, 1.02, 0.93 and 0.85 for 16 KiB, in this runtime, on a machine that others used too.
//! - Waiting for the timer interrupt to have a busy owner's completions posted: 2 ms in the median at 250 Hz, up to 4.
//! - Entries made when a task asks: a worker that computes right after it strands them, for nobody else may submit.
//!
//! # Verified by
//! `models.rs` (loom): `[event-wakes]`, `[event-empties]`, `[short-is-all]`, `[one-order]`, `[no-spin]`, `[shut-or-ticket]`, `[result-wakes]`,
//! `[no-lost-letter]`, `[ring-ends-park]`, `[comes-round]`, `[sends-in-turn]`, `[owned-until-terminal]` of what is
//! lent, and, with an owner, a thief at its lock and a third thread that gives up the future, `[owned-until-terminal]`
//! and `[stale-is-counted]`. `tests/` on every back end: `[ring-ends-park]`, `[fd-outlives-ops]`, `[wake-outside]`,
//! `[level-at-arm]`, `[short-is-all]`; `tests/quiet.rs`: `[no-spin]`; `tests/slow_close.rs` of the crate:
//! `[slow-close-is-alone]`. `uring/tests.rs`: `[owned-until-terminal]`, `[stale-is-counted]`, `[nothing-dropped]`,
//! `[head-tells]`, `[bell-is-armed]`, `[dozes-for-nothing]`. `send/tests.rs`:
//! `[owned-until-terminal]`, `[sends-in-turn]`. `file/tests.rs` and `tests/files/`: `[owned-until-terminal]` with
//! buffers and descriptors, `[undone-begins-anew]`. `uring/tests/table.rs` and `tests/files/fixed.rs`: `[registered-is-held]`.

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
