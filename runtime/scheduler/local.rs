//! The part of a worker that is used while it polls a task: woken tasks come here.

use std::cell::Cell;
use std::sync::Arc;

use crate::queue::deque::Owner;
use crate::scheduler::handle::SchedulerHandle;
use crate::scheduler::pace::Pace;
use crate::scheduler::remote::Remote;
use crate::scheduler::seat::{PinnedQueue, Seat};
use crate::scheduler::shared::SharedScheduler;
use crate::task::{Cause, Runnable, take_forced_yields};

/// The part of a worker that is used while it polls a task: woken tasks come here.
pub(crate) struct Local {
    index: usize,
    handle: Arc<SchedulerHandle>,
    pub(super) queue: Owner<Runnable>,
    /// Pinned tasks that are due.
    pub(super) pinned: PinnedQueue,
    pub(super) mode: Cell<Mode>,
    pub(super) pace: Pace,
    /// The polls of this worker's tasks so far, on whichever thread.
    pub(super) polls: Cell<u64>,
    /// Whether tasks run in the order in which they became due: on a current-thread runtime. There
    /// is no LIFO slot then, and no other worker to announce a task to.
    pub(super) keeps_order: bool,
    /// Whether the task that is being polled is pinned.
    pub(super) is_polling_pinned: Cell<bool>,
    /// Whether the task that is being polled blocks in place.
    pub(super) is_absent: Cell<bool>,
}

/// Where a task goes that is woken on this worker's thread.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// To this worker, which may announce it.
    Usual,
    /// To this worker, without an announcement until the batch is complete.
    Batching,
    /// To the injector: the thread has left its worker, whose queue it must not touch.
    Away,
    /// To this worker, which drops it, because the runtime ends.
    Closing,
}

impl Local {
    pub(super) fn new(
        index: usize,
        handle: Arc<SchedulerHandle>,
        queue: Owner<Runnable>,
        pinned: PinnedQueue,
    ) -> Local {
        let shared = handle.shared();
        let keeps_order = shared.identity().is_current_thread;
        let polls = Cell::new(shared.figures(index).polls.get());
        Local {
            index,
            handle,
            keeps_order,
            queue,
            pinned,
            mode: Cell::new(Mode::Usual),
            pace: Pace::new(),
            polls,
            is_polling_pinned: Cell::new(false),
            is_absent: Cell::new(false),
        }
    }

    #[inline]
    pub(crate) fn belongs_to(&self, shared: &SharedScheduler) -> bool {
        std::ptr::eq(Arc::as_ptr(self.handle.shared()), shared)
    }

    #[inline]
    pub(crate) fn handle(&self) -> &Arc<SchedulerHandle> {
        &self.handle
    }

    pub(crate) fn index(&self) -> usize {
        self.index
    }

    /// Returns whether this thread has left its worker to another one.
    pub(crate) fn is_away(&self) -> bool {
        self.mode.get() == Mode::Away
    }

    #[inline]
    pub(super) fn shared(&self) -> &SharedScheduler {
        self.handle.shared()
    }

    #[inline]
    pub(super) fn remote(&self) -> &Remote {
        &self.shared().remotes[self.index]
    }

    /// Queues a task that was spawned or woken on this worker. A call of its own would cost 3 % of
    /// a wake-up, so what is rare stands elsewhere.
    #[inline(always)]
    pub(crate) fn schedule(&self, task: Runnable, cause: Cause) {
        if self.mode.get() != Mode::Usual {
            return self.schedule_by_mode(task);
        }
        match cause {
            Cause::Yielded => {
                self.push(task);
                self.announce_rest();
            }
            Cause::Spawned | Cause::Woken if self.keeps_order => self.push(task),
            Cause::Spawned | Cause::Woken => {
                if let Some(displaced) = self.remote().lifo.replace(task) {
                    self.displace(displaced);
                }
            }
        }
    }

    /// Queues a task that had to leave the LIFO slot.
    #[inline(never)]
    fn displace(&self, task: Runnable) {
        self.push(task);
        if self.remote().is_worth_sharing() {
            self.shared().announce_backlog(self.index);
        }
    }

    #[cold]
    fn schedule_by_mode(&self, task: Runnable) {
        match self.mode.get() {
            Mode::Usual | Mode::Batching | Mode::Closing => self.push(task),
            Mode::Away => self.shared().inject(task),
        }
    }

    pub(super) fn seat(&self) -> &Arc<Seat> {
        self.pinned.seat()
    }

    /// Announces the backlog between two polls, if sharing it pays beside the task that runs next.
    #[inline]
    pub(super) fn announce_rest(&self) {
        let remote = self.remote();
        let takes_from_ring = || remote.lifo.is_empty() && self.pinned.is_empty();
        if remote.is_worth_sharing() && (!takes_from_ring() || remote.is_worth_sharing_but(1)) {
            self.shared().announce_backlog(self.index);
        }
    }

    /// Queues a pinned task of this worker.
    pub(crate) fn schedule_pinned(&self, task: Runnable) {
        self.pinned.push(task);
    }

    /// Queues a task last. Others only take from the overflow: if it looks empty here, it is.
    #[inline]
    pub(super) fn push(&self, task: Runnable) {
        let overflow = &self.remote().overflow;
        if overflow.len() > 0 {
            overflow.push(task);
        } else if let Err(displaced) = self.queue.push(task) {
            self.spill(displaced);
        }
    }

    /// Queues tasks for which the ring had no room.
    #[cold]
    #[inline(never)]
    fn spill(&self, displaced: Vec<Runnable>) {
        let remote = self.remote();
        remote.figures.overflows.add(1);
        remote.overflow.push_batch(displaced);
    }

    /// Publishes what this thread has counted while it polled this worker's tasks. It runs the
    /// worker now.
    #[inline]
    pub(super) fn publish_counts(&self, remote: &Remote) {
        let figures = &remote.figures;
        figures.polls.set(self.polls.get());
        let forced_yields = take_forced_yields();
        if forced_yields > 0 {
            figures.forced_yields.add(forced_yields);
        }
    }

    /// Takes the oldest task of the ring; if it is empty, some overflow returns to it first.
    #[inline]
    pub(super) fn pop(&self) -> Option<Runnable> {
        if let Some(task) = self.queue.pop() { Some(task) } else { self.pop_overflow() }
    }

    fn pop_overflow(&self) -> Option<Runnable> {
        self.remote().overflow.pop_share(&self.queue, 1)
    }
}
