//! The two shared queues: entries in, completions out, and the one system call between them.
#![expect(unsafe_code, reason = "the kernel reads what is pushed here")]

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::ptr;
use std::thread::{self, ThreadId};
use std::time::Duration;

use io_uring::squeue::Entry;
use io_uring::types::{SubmitArgs, Timespec};
use io_uring::{EnterFlags, IoUring};

use crate::buf::FixedMemory;
use crate::driver::Options;

use super::entries::{self, Cqe};
use super::probe::{self, Refusal, Supported};

/// A year, because the kernel refuses seconds that do not fit its clock.
const TIMEOUT_MAX: Duration = Duration::from_secs(365 * 24 * 3600);

/// The most threads that the kernel starts for one ring, in each of its two classes: 8 for work on
/// files and disks, and 64 for work that may wait without end, such as a read from a pipe. The
/// kernel's own limits are four per core and ring, so that their sum grows with the square of the
/// cores, and as many as the user may have at all.
///
/// Eight threads hide the latency of a disk, and copy from the page cache on more cores than one
/// ring can use. Endless waits get more, because each keeps its thread; the next in line begins
/// when one of them ends.
pub(super) const KERNEL_THREADS_COUNT_MAX: [u32; 2] = [8, 64];

pub(super) struct Ring {
    ring: IoUring,
    /// Entries that found the submission queue full, in order. None is ever dropped
    /// [nothing-dropped].
    backlog: VecDeque<Entry>,
    owner: RingOwner,
    /// Whether its loop may move between threads.
    is_movable: bool,
    /// Whether it has moved. The end of an earlier thread may then cancel what that thread
    /// submitted [undone-begins-anew].
    has_moved: bool,
    supported: Supported,
}

/// Which thread may enter the kernel for this ring.
#[derive(Clone, Copy, Debug)]
enum RingOwner {
    /// The first thread that takes the ring over.
    Nobody,
    Only(ThreadId),
    /// The thread that takes it over from the one that has left it.
    Released,
    /// Any thread, one at a time. This one was the last.
    Any(ThreadId),
}

/// Whether an entry into the kernel may also wait.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wait {
    No,
    /// For one completion, or until the time-out ends.
    One(Option<Duration>),
}

#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entered {
    /// The kernel took entries, or waited, or had nothing to take.
    Done,
    /// The kernel lacks a resource: reap, then try again. Every entry is still queued.
    Busy,
}

impl Ring {
    /// `known`: what another ring of this runtime offers, if there is one.
    pub(super) fn create(options: &Options, known: Option<Supported>) -> Result<Ring, Refusal> {
        let created = probe::create(options, known)?;
        Ok(Ring {
            ring: created.ring,
            backlog: VecDeque::new(),
            owner: RingOwner::Nobody,
            is_movable: options.single_thread,
            has_moved: false,
            supported: created.supported,
        })
    }

    /// Makes the calling thread the one that may enter. Nothing that the kernel could refuse
    /// happens here, because the thread has begun and no caller would receive the error.
    pub(super) fn take_over(&mut self) -> io::Result<()> {
        let caller = thread::current().id();
        match self.owner {
            RingOwner::Only(owner) if owner == caller => return Ok(()),
            RingOwner::Only(_) => {
                return Err(io::Error::other("this ring belongs to the thread that bound the worker first"));
            }
            RingOwner::Any(last) => {
                self.has_moved |= last != caller;
                self.owner = RingOwner::Any(caller);
                return Ok(());
            }
            RingOwner::Released => {
                // The thread that has left may end. The kernel then cancels the operations that it
                // has in flight.
                self.has_moved = true;
                self.owner = RingOwner::Only(caller);
                return Ok(());
            }
            RingOwner::Nobody if self.is_movable => self.owner = RingOwner::Any(caller),
            RingOwner::Nobody => self.owner = RingOwner::Only(caller),
        }
        self.limit_kernel_threads();
        Ok(())
    }

    /// More than one thread has entered it.
    pub(super) fn has_moved(&self) -> bool {
        self.has_moved
    }

    /// The calling thread, which may enter, leaves the ring to the next thread that takes it over.
    pub(super) fn release(&mut self) {
        if let RingOwner::Only(_) = self.owner {
            self.owner = RingOwner::Released;
        }
    }

    /// Makes room for this many registered regions of memory.
    pub(super) fn make_table(&self, indexes_count: u32) -> io::Result<()> {
        self.ring.submitter().register_buffers_sparse(indexes_count)
    }

    /// Registers this memory. The kernel keeps its pages, so an entry with this table index need
    /// not look them up.
    pub(super) fn register(&self, buffer_index: u32, memory: &FixedMemory) -> io::Result<()> {
        let (start, len) = memory.extent();
        let vector = libc::iovec { iov_base: start.cast(), iov_len: len };
        // SAFETY: [registered-is-held] the memory is there during the call, and the table, which
        // alone calls this, has a reference to it until `unregister` succeeded or the ring is gone.
        unsafe { self.ring.submitter().register_buffers_update(buffer_index, &[vector], None) }
    }

    /// Empties a table index. An operation in flight with this index keeps its pages nevertheless.
    pub(super) fn unregister(&self, buffer_index: u32) -> io::Result<()> {
        let nothing = libc::iovec { iov_base: ptr::null_mut(), iov_len: 0 };
        // SAFETY: no memory is named.
        unsafe { self.ring.submitter().register_buffers_update(buffer_index, &[nothing], None) }
    }

    /// The operations on files that this kernel supports.
    pub(super) fn supported(&self) -> Supported {
        self.supported
    }

    /// The kernel counts its threads per entering thread, so that thread must set the limit. If
    /// another thread may enter later, the ring passes the limit on to it.
    fn limit_kernel_threads(&self) {
        // Linux before 5.15 has no such limit. Its own limits are higher, and work as well.
        let _ = self.ring.submitter().register_iowq_max_workers(&mut KERNEL_THREADS_COUNT_MAX.clone());
    }

    /// The limits in force.
    #[cfg(test)]
    pub(super) fn kernel_threads_count_max(&self) -> [u32; 2] {
        let mut limits = [0, 0];
        self.ring.submitter().register_iowq_max_workers(&mut limits).expect("zeros ask and change nothing");
        limits
    }

    /// No thread has entered yet.
    pub(super) fn is_new(&self) -> bool {
        matches!(self.owner, RingOwner::Nobody)
    }

    pub(super) fn can_skip_success(&self) -> bool {
        self.ring.params().is_feature_skip_cqe_on_success()
    }

    /// Queues an entry. If the queue is full, submits it first, or else keeps the entry back, in
    /// order.
    ///
    /// # Safety
    /// The memory that the entry points to, and the descriptor that it names, must stay valid until
    /// its terminal completion was reaped, whatever `enter` returns in the meantime.
    pub(super) unsafe fn push(&mut self, entry: Entry) {
        if self.backlog.is_empty() {
            // SAFETY: the caller's promise.
            if unsafe { self.ring.submission().push(&entry) }.is_ok() {
                return;
            }
            // An error persists: the queue is still full, and the owner's next harvest gets the
            // error again.
            let _ = self.enter(Wait::No);
        }
        self.backlog.push_back(entry);
        self.fill();
    }

    /// Moves the entries that were kept back into the queue.
    fn fill(&mut self) {
        let mut queue = self.ring.submission();
        while let Some(entry) = self.backlog.front() {
            // SAFETY: [owned-until-terminal] `push` was called for it, with that promise.
            if unsafe { queue.push(entry) }.is_err() {
                return;
            }
            self.backlog.pop_front();
        }
    }

    pub(super) fn has_backlog(&self) -> bool {
        !self.backlog.is_empty()
    }

    /// Whether there is a reason to enter the kernel: entries, completions that it has not posted,
    /// or completions that did not fit.
    pub(super) fn wants_entry(&mut self) -> bool {
        let queue = self.ring.submission();
        !self.backlog.is_empty() || !queue.is_empty() || queue.taskrun() || queue.cq_overflow()
    }

    /// Whether the kernel has completions that it posts when the owner enters it, at the latest at
    /// the next timer interrupt.
    pub(super) fn is_held_back(&mut self) -> bool {
        self.ring.submission().taskrun()
    }

    pub(super) fn has_completions(&mut self) -> bool {
        !self.ring.completion().is_empty()
    }

    pub(super) fn pop(&mut self) -> Option<Cqe> {
        self.ring.completion().next().map(|entry| entries::cqe(&entry))
    }

    /// Submits, makes the kernel post the completions that it holds back, and perhaps waits: one
    /// system call.
    ///
    /// The number of entries that the kernel took is read from the queue's head, not from the
    /// return value [head-tells].
    pub(super) fn enter(&mut self, wait: Wait) -> io::Result<Entered> {
        self.fill();
        let (queued_count, is_held_back) = {
            let queue = self.ring.submission();
            (queue.len() as u32, queue.taskrun() || queue.cq_overflow())
        };
        let mut flags = EnterFlags::empty();
        if is_held_back || matches!(wait, Wait::One(_)) {
            flags |= EnterFlags::GETEVENTS;
        }
        let (wanted_count, timeout) = match wait {
            Wait::No => (0, None),
            Wait::One(timeout) => (1, timeout),
        };
        if wanted_count > 0 && self.ring.params().is_feature_no_iowait() {
            flags |= EnterFlags::NO_IOWAIT;
        }
        let outcome = match timeout {
            None => {
                // SAFETY: no argument structure is passed, and the counts are those of this ring.
                unsafe { self.ring.submitter().enter::<()>(queued_count, wanted_count, flags.bits(), None) }
            }
            Some(timeout) => {
                let timeout = Timespec::from(timeout.min(TIMEOUT_MAX));
                let arguments = SubmitArgs::new().timespec(&timeout);
                let bits = (flags | EnterFlags::EXT_ARG).bits();
                // SAFETY: EXT_ARG announces that this structure is passed; it and the time live
                // through the call.
                unsafe { self.ring.submitter().enter(queued_count, wanted_count, bits, Some(&arguments)) }
            }
        };
        match outcome {
            Ok(_) => Ok(Entered::Done),
            Err(error) => match error.raw_os_error() {
                // The time-out ended, or a signal came: the caller checks the clock and calls
                // again.
                Some(libc::ETIME | libc::EINTR) => Ok(Entered::Done),
                // A thread's first entry allocates the kernel's data for it, which may fail as
                // well.
                Some(libc::EAGAIN | libc::EBUSY | libc::ENOMEM) => Ok(Entered::Busy),
                _ => Err(error),
            },
        }
    }
}

#[cfg(test)]
impl std::os::fd::AsRawFd for Ring {
    fn as_raw_fd(&self) -> std::os::fd::RawFd {
        self.ring.as_raw_fd()
    }
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let backlog_count = self.backlog.len();
        f.debug_struct("Ring").field("backlog_count", &backlog_count).finish_non_exhaustive()
    }
}
