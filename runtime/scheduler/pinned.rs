//! Tasks that stay on one thread: `!Send` futures.

use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

use crate::scheduler::handle::SchedulerHandle;
use crate::scheduler::seat::{Seat, leak};
use crate::scheduler::shared::SharedScheduler;
use crate::scheduler::worker::Worker;
use crate::scheduler::{current, reserve};
use crate::task::{Cause, Header, Id, JoinHandle, OwnedTasks, Runnable, Schedule, this_thread};

impl Worker {
    /// Called before this thread runs the worker. Returns whether it may: there are no pinned
    /// tasks, or they belong to this thread. New pinned tasks belong to this thread.
    #[must_use]
    pub(crate) fn settle_pinned(&self) -> bool {
        let (queue, here) = (self.pinned(), this_thread());
        if queue.thread.get() != Some(here) && !self.pinned_tasks().is_empty() {
            return false;
        }
        queue.thread.set(Some(here));
        true
    }

    /// Leaks the pinned tasks, because the runtime ends here and they belong to another thread:
    /// [pinned-thread].
    pub(crate) fn give_pinned_up(&self) {
        self.pinned().is_given_up.set(true);
        // Tasks that destructors spawn from now on belong to this thread and are cancelled.
        self.pinned_tasks().close();
        self.pinned().due.take().into_iter().for_each(leak);
    }

    pub(super) fn close_pinned(&self) {
        if !self.pinned().is_given_up.get() {
            self.pinned_tasks().close_and_shutdown_all(0);
        }
    }

    pub(super) fn waits_for_pinned(&self) -> bool {
        !self.pinned().is_given_up.get() && !self.pinned_tasks().is_empty()
    }

    /// Returns whether there are pinned tasks, whichever thread they belong to.
    pub(crate) fn has_pinned(&self) -> bool {
        !self.pinned_tasks().is_empty()
    }

    fn pinned_tasks(&self) -> &OwnedTasks {
        &self.pinned().seat.owned
    }
}

/// Spawns a task on the thread of `seat`, from any thread. It does not begin if that thread runs
/// nothing any more.
pub(super) fn spawn_at<F: Future<Output = ()> + Send + 'static>(
    handle: &Arc<SchedulerHandle>,
    seat: &Seat,
    make_future: impl FnOnce(Arc<Seat>) -> F + Send + 'static,
    location: &'static Location<'static>,
) {
    // A call that is never made must not keep the runtime.
    let runtime = Arc::downgrade(handle);
    // The thread spawns the task itself: only then does it know when it may end.
    seat.post_call(Box::new(move |seat| {
        let pin = Pin { handle: runtime.upgrade()?, seat: seat.clone() };
        seat.owned.bind(make_future(seat.clone()), pin, Id::next(), location).0
    }));
    handle.shared().wake_seat(seat);
}

impl SharedScheduler {
    /// Sends a pinned task to its thread.
    fn post(&self, seat: &Seat, task: Runnable) {
        seat.mailbox.post(task);
        self.wake_seat(seat);
    }

    /// Makes the thread of `seat` look at what was posted.
    fn wake_seat(&self, seat: &Seat) {
        // After the posting: see `Seat::set_worker`.
        match seat.worker() {
            None => seat.parker().unpark(),
            Some(worker) => self.unpark(worker),
        }
    }
}

/// The reference to its scheduler that a pinned task holds.
struct Pin {
    handle: Arc<SchedulerHandle>,
    seat: Arc<Seat>,
}

impl Pin {
    /// Creates the reference for a task of this thread, if the thread runs tasks.
    fn here() -> Option<Pin> {
        let of_worker = current::with_worker(|local| {
            let local = local?;
            Some(Pin { handle: local.handle().clone(), seat: local.seat().clone() })
        });
        of_worker.or_else(|| Some(Pin { seat: reserve::here()?, handle: current::runtime()? })).or_else(
            || {
                let handle = current::runtime()?;
                handle.shared().identity().is_local_here()?.then(|| Pin::at_home(handle))
            },
        )
    }

    /// Creates the reference for a task of the one worker of a local runtime. The worker runs
    /// nowhere but on the runtime's thread, which is this one.
    fn at_home(handle: Arc<SchedulerHandle>) -> Pin {
        let seat = handle.shared().seats.lock().first().expect("a seat for each worker").clone();
        Pin { handle, seat }
    }

    fn spawn<F>(self, future: F, id: Id, location: &'static Location<'static>) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let (shared, seat) = (self.handle.shared().clone(), self.seat.clone());
        let (runnable, handle) = seat.owned.bind_local(future, self, id, location);
        if let Some(runnable) = runnable {
            Pin::send_to_thread(&seat, &shared, runnable);
        }
        handle
    }

    /// [pinned-thread]: queues the task on this thread if it belongs here, or posts it to its
    /// thread.
    fn send_to_thread(seat: &Arc<Seat>, shared: &SharedScheduler, task: Runnable) {
        current::with_worker(|local| match local {
            Some(local) if Arc::ptr_eq(local.seat(), seat) => local.schedule_pinned(task),
            _ => shared.post(seat, task),
        });
    }
}

impl Schedule for Pin {
    fn schedule(&self, task: Runnable, _cause: Cause) {
        Pin::send_to_thread(&self.seat, self.handle.shared(), task);
    }

    fn release(&self, task: &Header) {
        let shared = self.handle.shared();
        self.seat.owned.remove(task);
        shared.notify_if_empty(&self.seat.owned);
    }
}

/// Spawns a future that need not be `Send` on this thread. Returns `None` if the thread runs no
/// worker and is not in the reserve.
pub(crate) fn spawn_local<F>(
    future: F,
    id: Id,
    location: &'static Location<'static>,
) -> Option<JoinHandle<F::Output>>
where
    F: Future + 'static,
    F::Output: 'static,
{
    Some(Pin::here()?.spawn(future, id, location))
}

/// Spawns a future that need not be `Send` on a local runtime, on its thread.
pub(crate) fn spawn_at_home<F>(
    handle: &Arc<SchedulerHandle>,
    future: F,
    id: Id,
    location: &'static Location<'static>,
) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    debug_assert_eq!(handle.shared().identity().is_local_here(), Some(true), "its owner is not Send");
    Pin::at_home(handle.clone()).spawn(future, id, location)
}
