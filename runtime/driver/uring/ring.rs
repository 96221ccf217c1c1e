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
use crate::driver::file::Offered;

use super::decode::{self, Completion};
use super::probe::{self, Refusal};

/// A year: the kernel refuses seconds that do not fit its clock.
const TIMEOUT_MAX: Duration = Duration::from_secs(365 * 24 * 3600);

/// The most threads that the kernel starts for one ring, of each of its two classes: for work on files and disks, and for
/// what may wait without an end, such as a read from a pipe. Its own limits are four per core and ring, so that their sum
/// grows with the square of the cores, and as many as the user may have at all.
///
/// Eight hide the time that a disk takes, and copy from the page cache on more cores than one ring can use. Endless waits
/// get more, for each keeps its thread; the next in line begins when one of them ends.
pub(super) const KERNEL_THREADS_COUNT_MAX: [u32; 2] = [8, 64];

pub(super) struct Ring {
    ring: IoUring,
    /// What found the submission queue full, in order. Nothing is ever dropped [nothing-dropped].
    backlog: VecDeque<Entry>,
    owner: Owner,
    /// Its loop may go from thread to thread.
    is_movable: bool,
    /// It has done so: what the threads before have asked for may be cancelled by their end [undone-begins-anew].
    has_moved: bool,
    offered: Offered,
}

/// Which thread may enter.
#[derive(Clone, Copy, Debug)]
enum Owner {
    /// The one that takes the ring over.
    Nobody,
    Only(ThreadId),
    /// The one that takes it over from the thread that has left it.
    Released,
    /// One at a time; this one was the last.
    Any(ThreadId),
}

/// What an entry into the kernel may do besides submitting.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wait {
    No,
    /// For one completion, or until the time is over.
    One(Option<Duration>),
}

#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entered {
    /// The kernel took entries, or waited, or had nothing to take.
    Done,
    /// It is short of something: reap, then try again. Every entry is still queued.
    Busy,
}

impl Ring {
    /// `known`: what another ring of this runtime offers, if there is one.
    pub(super) fn create(options: &Options, known: Option<Offered>) -> Result<Ring, Refusal> {
        let created = probe::create(options, known)?;
        Ok(Ring {
            ring: created.ring,
            backlog: VecDeque::new(),
            owner: Owner::Nobody,
            is_movable: options.single_thread,
            has_moved: false,
            offered: created.offered,
        })
    }

    /// The calling thread becomes the one that may enter. Nothing that the kernel could refuse is left for this moment:
    /// the thread has begun, and nobody waits for it.
    pub(super) fn take_over(&mut self) -> io::Result<()> {
        let caller = thread::current().id();
        match self.owner {
            Owner::Only(owner) if owner == caller => return Ok(()),
            Owner::Only(_) => {
                return Err(io::Error::other("this ring belongs to the thread that bound the worker first"));
            }
            Owner::Any(last) => {
                self.has_moved |= last != caller;
                self.owner = Owner::Any(caller);
                return Ok(());
            }
            Owner::Released => {
                // The thread that has left may end: what it has in flight is cancelled then, by nobody.
                self.has_moved = true;
                self.owner = Owner::Only(caller);
                return Ok(());
            }
            Owner::Nobody if self.is_movable => self.owner = Owner::Any(caller),
            Owner::Nobody => self.owner = Owner::Only(caller),
        }
        self.limit_kernel_threads();
        Ok(())
    }

    /// More than one thread has entered it.
    pub(super) fn has_moved(&self) -> bool {
        self.has_moved
    }

    /// The calling thread, which may enter, leaves that to the next one that takes over.
    pub(super) fn release(&mut self) {
        if let Owner::Only(_) = self.owner {
            self.owner = Owner::Released;
        }
    }

    /// Makes room for so many stretches of registered memory.
    pub(super) fn make_table(&self, places_count: u32) -> io::Result<()> {
        self.ring.submitter().register_buffers_sparse(places_count)
    }

    /// The kernel keeps the pages of this memory: an entry with this place spares it the search for them.
    pub(super) fn register(&self, place: u32, memory: &FixedMemory) -> io::Result<()> {
        let (start, len) = memory.extent();
        let vector = libc::iovec { iov_base: start.cast(), iov_len: len };
        // SAFETY: [registered-is-held] the memory is there during the call, and the table, which alone calls this, has a
        // share of it until `unregister` succeeded or the ring is gone.
        unsafe { self.ring.submitter().register_buffers_update(place, &[vector], None) }
    }

    /// What is in flight with this place keeps its pages all the same.
    pub(super) fn unregister(&self, place: u32) -> io::Result<()> {
        let nothing = libc::iovec { iov_base: ptr::null_mut(), iov_len: 0 };
        // SAFETY: no memory is named.
        unsafe { self.ring.submitter().register_buffers_update(place, &[nothing], None) }
    }

    /// What this kernel does with files.
    pub(super) fn offered(&self) -> Offered {
        self.offered
    }

    /// The threads are counted with the thread that enters, so it is the one to ask; and the ring passes the limit on to
    /// whoever enters next, where it may be another.
    fn limit_kernel_threads(&self) {
        // Linux before 5.15 knows no such limit; its own are higher, and hold as well.
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
        matches!(self.owner, Owner::Nobody)
    }

    pub(super) fn can_skip_success(&self) -> bool {
        self.ring.params().is_feature_skip_cqe_on_success()
    }

    /// Queues an entry; where the queue is full, gives it to the kernel first, or else keeps it back in order.
    ///
    /// # Safety
    /// What the entry points to, and the descriptor it names, stay valid until its terminal completion was reaped,
    /// whatever `enter` says meanwhile.
    pub(super) unsafe fn push(&mut self, entry: Entry) {
        if self.backlog.is_empty() {
            // SAFETY: the caller's promise.
            if unsafe { self.ring.submission().push(&entry) }.is_ok() {
                return;
            }
            // An error stays: the queue is still full, and the owner's next harvest meets the error again.
            let _ = self.enter(Wait::No);
        }
        self.backlog.push_back(entry);
        self.fill();
    }

    /// Moves what was kept back into the queue.
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

    /// There is a reason to enter the kernel: entries, completions it has not posted, completions that did not fit.
    pub(super) fn wants_entry(&mut self) -> bool {
        let queue = self.ring.submission();
        !self.backlog.is_empty() || !queue.is_empty() || queue.taskrun() || queue.cq_overflow()
    }

    /// The kernel has completions that it will post when the owner enters it, at the next timer interrupt at the latest.
    pub(super) fn is_held_back(&mut self) -> bool {
        self.ring.submission().taskrun()
    }

    pub(super) fn has_completions(&mut self) -> bool {
        !self.ring.completion().is_empty()
    }

    pub(super) fn pop(&mut self) -> Option<Completion> {
        self.ring.completion().next().map(|entry| decode::completion(&entry))
    }

    /// Submits, makes the kernel post what it holds back, and perhaps waits: one system call.
    ///
    /// How many entries were taken is told by the queue's head, not by the returned number [head-tells].
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
                // SAFETY: EXT_ARG says that this structure is passed; it and the time live through the call.
                unsafe { self.ring.submitter().enter(queued_count, wanted_count, bits, Some(&arguments)) }
            }
        };
        match outcome {
            Ok(_) => Ok(Entered::Done),
            Err(error) => match error.raw_os_error() {
                // The time is over, or a signal came: the caller looks at the clock and comes again.
                Some(libc::ETIME | libc::EINTR) => Ok(Entered::Done),
                // The first entry of a thread allocates what the kernel keeps of it: that may fail as well.
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
