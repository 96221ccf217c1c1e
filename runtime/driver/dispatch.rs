//! The driver of a runtime, and the only branch between back ends. `context.rs` has the calls that
//! depend on the thread that makes them.

use std::io;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::Duration;

use crate::buf::FixedMemory;
use crate::primitive::atomic::{AtomicUsize, Ordering};
use crate::task::wake_all;

use super::asker::Asker;
use super::backend::Backend;
use super::buffers::Buffers;
use super::facade::Standing;
#[cfg(any(rt_loom, rt_shuttle, all(test, rt_count)))]
use super::fake::Fake;
#[cfg(any(rt_shuttle, all(test, rt_count)))]
use super::fake::Kernel;
#[cfg(unix)]
use super::fd::FdWatcherSlot;
use super::file::OpKind;
use super::leftover::Harvest;
use super::op::Op;
use super::options::Options;
use super::source::Source;
use super::ticket::Ticket;

/// The driver of a runtime: one back end per worker, all of the same kind.
#[derive(Debug)]
pub(crate) struct Driver {
    pub(super) backend: Backend,
    refusal: Option<io::Error>,
    pub(super) workers: usize,
    /// Whether its one worker runs only while a thread blocks on the runtime.
    pub(super) is_loop: bool,
    /// Spreads the requests of threads outside of the runtime.
    next_worker: AtomicUsize,
    pub(super) buffers: Buffers,
    pub(super) standing: Standing,
    #[cfg(unix)]
    pub(super) fd_watcher: FdWatcherSlot,
}

/// No lock of it is held while code of a program runs.
impl UnwindSafe for Driver {}
impl RefUnwindSafe for Driver {}

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
        Ok(Arc::new(Driver {
            backend,
            refusal,
            workers,
            is_loop: options.single_thread,
            next_worker,
            buffers,
            standing: Standing::new(options.allowed),
            #[cfg(unix)]
            fd_watcher: FdWatcherSlot::new(),
        }))
    }

    /// The reason why this driver polls although `DriverKind::Auto` tried io_uring first. A service
    /// may print it when it starts.
    pub(crate) fn refusal(&self) -> Option<&io::Error> {
        self.refusal.as_ref()
    }

    /// The simulated kernel of a `Fake`.
    #[cfg(any(rt_shuttle, all(test, rt_count)))]
    pub(crate) fn kernel(&self) -> &Arc<Kernel> {
        match &self.backend {
            Backend::Fake(fake) => fake.kernel(),
            _ => panic!("only the fake has a kernel of its own"),
        }
    }

    /// "io_uring" or "poll".
    pub(crate) fn name(&self) -> &'static str {
        match &self.backend {
            Backend::Uring(_) => "io_uring",
            Backend::Poll(_) => "poll",
            #[cfg(any(rt_loom, rt_shuttle, all(test, rt_count)))]
            Backend::Fake(_) => "fake",
        }
    }

    /// Reports whether nothing is queued for the kernel and nothing waits to be reaped, so that a
    /// harvest can be skipped. Makes no system call.
    pub(crate) fn is_quiet(&self, index: usize) -> bool {
        match &self.backend {
            Backend::Uring(rings) => rings.is_quiet(index),
            Backend::Poll(pollers) => pollers.is_quiet(index),
            #[cfg(any(rt_loom, rt_shuttle, all(test, rt_count)))]
            Backend::Fake(fake) => fake.is_quiet(index),
        }
    }

    /// Submits the queued entries and reaps the completions that are there. Never blocks. Only the
    /// worker may call it.
    pub(crate) fn harvest<'a>(&self, index: usize, harvest: impl Into<Harvest<'a>>) -> io::Result<()> {
        let harvest = &mut harvest.into();
        match &self.backend {
            Backend::Uring(rings) => rings.harvest(index, harvest),
            Backend::Poll(pollers) => pollers.harvest(index, harvest),
            #[cfg(any(rt_loom, rt_shuttle, all(test, rt_count)))]
            Backend::Fake(fake) => {
                fake.harvest(index, harvest);
                Ok(())
            }
        }
    }

    /// Sleeps until a completion comes, the doorbell is rung or the time-out ends. May return
    /// early. Only the worker may call it.
    pub(crate) fn park<'a>(
        &self,
        index: usize,
        timeout: Option<Duration>,
        harvest: impl Into<Harvest<'a>>,
    ) -> io::Result<()> {
        self.sleep(index, &[], timeout, &mut harvest.into())
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
        self.sleep(index, stuck, timeout, &mut harvest.into())
    }

    #[inline]
    fn sleep(
        &self,
        index: usize,
        stuck: &[usize],
        timeout: Option<Duration>,
        harvest: &mut Harvest<'_>,
    ) -> io::Result<()> {
        match &self.backend {
            // The kernel posts a busy owner's completions only when another worker interrupts the
            // owner. Before that there is nothing to wait for.
            Backend::Uring(rings) => rings.park(index, timeout, harvest),
            Backend::Poll(pollers) => pollers.park(index, stuck, timeout, harvest),
            #[cfg(any(rt_loom, rt_shuttle, all(test, rt_count)))]
            Backend::Fake(fake) => {
                fake.park(index, timeout, harvest);
                Ok(())
            }
        }
    }

    /// Ends the current `park` of the worker, or else its next one. Any thread may call it.
    pub(crate) fn ring_doorbell(&self, index: usize) {
        match &self.backend {
            Backend::Uring(rings) => rings.ring_doorbell(index),
            Backend::Poll(pollers) => pollers.ring_doorbell(index),
            #[cfg(any(rt_loom, rt_shuttle, all(test, rt_count)))]
            Backend::Fake(fake) => fake.ring_doorbell(index),
        }
    }

    /// Reaps completions for a worker that is busy elsewhere. Returns `false` if that worker is
    /// reaping itself or sleeps.
    pub(crate) fn try_harvest<'a>(&self, index: usize, harvest: impl Into<Harvest<'a>>) -> bool {
        let harvest = &mut harvest.into();
        match &self.backend {
            Backend::Uring(rings) => rings.try_harvest(index, harvest),
            Backend::Poll(pollers) => pollers.try_harvest(index, harvest),
            #[cfg(any(rt_loom, rt_shuttle, all(test, rt_count)))]
            Backend::Fake(fake) => fake.try_harvest(index, harvest),
        }
    }

    /// Begins the operations that a busy worker was asked for and has not yet submitted. Only the
    /// worker `by` may call it.
    pub(crate) fn take_over<'a>(&self, index: usize, by: usize, harvest: impl Into<Harvest<'a>>) {
        let harvest = &mut harvest.into();
        match &self.backend {
            Backend::Uring(rings) => rings.take_over(index, by, harvest),
            // Any thread asks a poller, and at once.
            Backend::Poll(_) => {}
            #[cfg(any(rt_loom, rt_shuttle, all(test, rt_count)))]
            Backend::Fake(fake) => fake.take_over(index, by, harvest),
        }
    }

    /// Begins and reaps operations for a busy worker, on that worker's own ring. The calling thread
    /// must live until that worker has shut down, because the kernel ends what a thread has begun
    /// when the thread ends.
    pub(crate) fn relieve<'a>(&self, index: usize, harvest: impl Into<Harvest<'a>>) {
        let harvest = &mut harvest.into();
        match &self.backend {
            Backend::Uring(rings) => rings.relieve(index, harvest),
            // Any thread asks a poller, and at once. A refusal means that its worker is harvesting
            // itself.
            Backend::Poll(pollers) => {
                let _ = pollers.try_harvest(index, harvest);
            }
            #[cfg(any(rt_loom, rt_shuttle, all(test, rt_count)))]
            Backend::Fake(fake) => {
                let _ = fake.try_harvest(index, harvest);
            }
        }
    }

    /// The number of operations that the kernel may still report to this worker.
    pub(crate) fn in_flight(&self, index: usize) -> usize {
        match &self.backend {
            Backend::Uring(rings) => rings.in_flight(index),
            Backend::Poll(pollers) => pollers.in_flight(index),
            #[cfg(any(rt_loom, rt_shuttle, all(test, rt_count)))]
            Backend::Fake(fake) => fake.in_flight(index),
        }
    }

    /// Whether an operation on a file or a path is queued or in flight on this worker's ring. Waits
    /// for sockets and pipes do not count, because the peer decides when they end. The polling
    /// driver leaves files to the blocking pool.
    pub(crate) fn has_file_work(&self, index: usize) -> bool {
        match &self.backend {
            Backend::Uring(rings) => rings.has_file_work(index),
            Backend::Poll(_) => false,
            #[cfg(any(rt_loom, rt_shuttle, all(test, rt_count)))]
            Backend::Fake(_) => false,
        }
    }

    /// The number of completions that matched no operation in flight. Any is a bug, in this crate
    /// or in the kernel.
    pub(crate) fn stale_count(&self, index: usize) -> u64 {
        match &self.backend {
            Backend::Uring(rings) => rings.stale_count(index),
            // A late event finds no source and is dropped, so there is nothing to count.
            Backend::Poll(_) => 0,
            #[cfg(any(rt_loom, rt_shuttle, all(test, rt_count)))]
            Backend::Fake(fake) => fake.stale_count(index),
        }
    }

    /// The number of operations that the kernel did not release in time.
    pub(crate) fn leaked_count(&self, index: usize) -> usize {
        match &self.backend {
            Backend::Uring(rings) => rings.leaked_count(index),
            // The kernel holds no memory of this process there.
            Backend::Poll(_) => 0,
            #[cfg(any(rt_loom, rt_shuttle, all(test, rt_count)))]
            Backend::Fake(_) => 0,
        }
    }

    /// Refuses new operations, cancels those in flight and waits up to `deadline` for the kernel to
    /// release them. Leaks and counts the rest. Must run on the worker's own thread.
    pub(crate) fn shutdown(&self, index: usize, deadline: Duration) {
        self.buffers.close();
        let mut wakers = Vec::new();
        match &self.backend {
            Backend::Uring(rings) => rings.shutdown(index, deadline, &mut wakers),
            Backend::Poll(pollers) => pollers.shutdown(index, &mut wakers),
            #[cfg(any(rt_loom, rt_shuttle, all(test, rt_count)))]
            Backend::Fake(fake) => fake.shutdown(index, &mut wakers),
        }
        wake_all(wakers);
    }

    /// Whether this back end performs operations of this kind. The blocking pool performs the
    /// others.
    pub(super) fn supports(&self, code: OpKind) -> bool {
        match &self.backend {
            Backend::Uring(rings) => rings.supports(code),
            Backend::Poll(_) => false,
            #[cfg(any(rt_loom, rt_shuttle, all(test, rt_count)))]
            Backend::Fake(_) => Fake::supports(code),
        }
    }

    pub(super) fn detach(&self, source: &Arc<Source>, ticket: Ticket) {
        match &self.backend {
            Backend::Uring(_) => {}
            Backend::Poll(pollers) => pollers.detach(source, ticket, || self.standing.is_ours()),
            #[cfg(any(rt_loom, rt_shuttle, all(test, rt_count)))]
            Backend::Fake(_) => {}
        }
    }

    /// Closes the dropped sockets that this worker's ring holds. Only the worker may call it.
    pub(super) fn close_dropped(&self, index: usize) {
        match &self.backend {
            Backend::Uring(rings) => rings.close_dropped(index),
            // A poller forgets a socket when that is dropped.
            Backend::Poll(_) => {}
            #[cfg(any(rt_loom, rt_shuttle, all(test, rt_count)))]
            Backend::Fake(_) => {}
        }
    }

    pub(super) fn tells_end(&self) -> bool {
        self.backend.tells_end()
    }

    /// No operation with this memory comes any more.
    pub(super) fn unregister_memory(&self, memory: &Arc<FixedMemory>) {
        match &self.backend {
            Backend::Uring(rings) => rings.unregister(memory),
            // A poller has nothing registered.
            Backend::Poll(_) => {}
            #[cfg(any(rt_loom, rt_shuttle, all(test, rt_count)))]
            Backend::Fake(_) => {}
        }
    }

    pub(super) fn is_level_at_arm(&self) -> bool {
        self.backend.is_level_at_arm()
    }

    /// A worker for the request of a thread that is none.
    pub(super) fn pick(&self) -> usize {
        // Ordering: Relaxed: any worker will do.
        self.next_worker.fetch_add(1, Ordering::Relaxed) % self.workers
    }

    pub(super) fn bind(&self, index: usize) -> io::Result<()> {
        match &self.backend {
            Backend::Uring(rings) => rings.bind(index),
            Backend::Poll(_) => Ok(()),
            #[cfg(any(rt_loom, rt_shuttle, all(test, rt_count)))]
            Backend::Fake(_) => Ok(()),
        }
    }

    pub(super) fn release(&self, index: usize) {
        match &self.backend {
            Backend::Uring(rings) => rings.release(index),
            // Any thread may wait at a poller.
            Backend::Poll(_) => {}
            #[cfg(any(rt_loom, rt_shuttle, all(test, rt_count)))]
            Backend::Fake(_) => {}
        }
    }

    /// [`submit`](Driver::submit) to this worker.
    pub(super) fn submit_on(&self, index: usize, asker: Asker, op: Op) -> io::Result<()> {
        match &self.backend {
            Backend::Uring(rings) => rings.submit(index, asker, op),
            Backend::Poll(pollers) => pollers.perform(index, op),
            #[cfg(any(rt_loom, rt_shuttle, all(test, rt_count)))]
            Backend::Fake(fake) => fake.submit(index, asker, op),
        }
    }

    /// `local`: the calling thread is the ticket's worker.
    pub(super) fn cancel_on(&self, local: bool, ticket: Ticket) {
        match &self.backend {
            Backend::Uring(rings) => rings.cancel(local, ticket),
            // A poller has nothing in flight; `detach` withdraws an order.
            Backend::Poll(_) => {}
            #[cfg(any(rt_loom, rt_shuttle, all(test, rt_count)))]
            Backend::Fake(fake) => fake.cancel(local, ticket),
        }
    }
}
