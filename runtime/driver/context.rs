//! The driver that the current thread belongs to, and which of its workers the thread is.

use std::cell::{Cell, RefCell};
use std::io;
use std::mem;
use std::panic::Location;
use std::pin::Pin;
use std::ptr;
use std::sync::Arc;
use std::task::{self, Poll};

use pin_project_lite::pin_project;

use crate::blocking::NO_RUNTIME;
use crate::buf::PooledBuf;
use crate::primitive::{StaysOnThread, thread};

use super::Driver;
use super::asker::Asker;
use super::buffers::Contents;
use super::errors::closed;
use super::facade::Allowed;
use super::op::Op;
use super::ticket::Ticket;

thread::thread_local! {
    static CURRENT: RefCell<Option<CurrentDriver>> = const { RefCell::new(None) };
    static IS_PINNED: Cell<bool> = const { Cell::new(false) };
    static RESIGNED: Cell<Option<DriverWorker>> = const { Cell::new(None) };
}

/// A worker of a driver, which is identified by its address.
#[derive(Clone, Copy, PartialEq, Eq)]
struct DriverWorker {
    driver: usize,
    worker: usize,
}

struct CurrentDriver {
    driver: Arc<Driver>,
    /// None for a thread outside of the runtime. Its requests go through a worker's mailbox.
    worker: Option<usize>,
}

/// Keeps a driver installed on this thread. Dropping it restores the previous one.
#[must_use = "the driver leaves the thread when this is dropped"]
pub(crate) struct DriverGuard {
    previous: Option<CurrentDriver>,
    not_send: StaysOnThread,
}

impl CurrentDriver {
    /// A context that was saved before this thread resigned does not make it a worker again.
    fn forget_resigned(&mut self) {
        let resigned = RESIGNED.try_with(Cell::get).ok().flatten();
        if resigned
            .is_some_and(|post| post.driver == address(&self.driver) && self.worker == Some(post.worker))
        {
            self.worker = None;
        }
    }
}

fn address(driver: &Driver) -> usize {
    ptr::from_ref(driver).addr()
}

/// From now on this thread is not a worker of `driver` but a thread outside of the runtime,
/// whichever guards it drops later.
fn resign(driver: &Driver, worker: usize) {
    RESIGNED.with(|resigned| resigned.set(Some(DriverWorker { driver: address(driver), worker })));
    CURRENT.with(|current| {
        if let Some(context) = current.borrow_mut().as_mut() {
            context.forget_resigned();
        }
    });
}

/// Undoes `resign`.
fn reinstate(driver: &Driver, worker: usize) {
    come_anew(driver);
    CURRENT.with(|current| match current.borrow_mut().as_mut() {
        Some(context) if address(&context.driver) == address(driver) => context.worker = Some(worker),
        _ => {}
    });
}

/// This thread becomes a worker of `driver`, whatever it was before.
fn come_anew(driver: &Driver) {
    RESIGNED.with(|resigned| {
        if resigned.get().is_some_and(|post| post.driver == address(driver)) {
            resigned.set(None);
        }
    });
}

fn install(driver: Arc<Driver>, worker: Option<usize>) -> DriverGuard {
    let context = Some(CurrentDriver { driver, worker });
    // The thread may be ending, together with a runtime in its storage. Its requests are then those
    // of a thread outside of the runtime.
    let previous = CURRENT.try_with(|current| current.replace(context)).ok().flatten();
    DriverGuard { previous, not_send: StaysOnThread::default() }
}

impl Drop for DriverGuard {
    fn drop(&mut self) {
        let mut previous = self.previous.take();
        if let Some(context) = &mut previous {
            context.forget_resigned();
        }
        let mine = CURRENT.try_with(|current| mem::replace(&mut *current.borrow_mut(), previous));
        // This may be the last reference to its driver. It then closes rings, with nothing borrowed
        // here.
        drop(mine);
    }
}

/// The calls that depend on which thread makes them.
impl Driver {
    /// Makes the calling thread the worker `index`: that worker's ring serves this thread from now
    /// on.
    pub(crate) fn bind_worker(self: &Arc<Self>, index: usize) -> io::Result<DriverGuard> {
        assert!(index < self.workers, "worker {index} of {}", self.workers);
        self.bind(index)?;
        come_anew(self);
        Ok(install(self.clone(), Some(index)))
    }

    /// The calling thread stops being the worker `index`, and another thread may be bound. Until it
    /// comes back, its requests are those of a thread outside of the runtime.
    pub(crate) fn leave_worker(&self, index: usize) {
        self.release(index);
        resign(self, index);
    }

    /// The calling thread, which left the worker `index`, becomes it again. No other thread was
    /// bound in between.
    pub(crate) fn come_back(&self, index: usize) -> io::Result<()> {
        self.bind(index)?;
        reinstate(self, index);
        Ok(())
    }

    /// Lets a thread outside of the runtime use the driver. Its requests go through a worker's
    /// mailbox. A worker of this driver stays one.
    pub(crate) fn enter(self: &Arc<Self>) -> DriverGuard {
        install(self.clone(), worker_of(self))
    }

    /// The runtime begins to end: threads that have entered it are refused from now on.
    pub(crate) fn note_end(&self) {
        self.standing.end();
    }

    pub(super) fn submit(&self, op: Op) -> io::Result<()> {
        let asker = asker(self);
        let index = match asker {
            Asker::Worker(index) | Asker::Pinned(index) => index,
            Asker::Foreign => self.pick(),
        };
        self.submit_on(index, asker, op)
    }

    pub(super) fn cancel(&self, ticket: Ticket) {
        let local = worker_of(self) == Some(ticket.worker());
        self.cancel_on(local, ticket);
    }

    /// Closes the dropped sockets that this thread's worker holds.
    pub(super) fn close_dropped_here(&self) {
        if let Some(index) = worker_of(self) {
            self.close_dropped(index);
        }
    }

    /// Whether somebody is certain to look for the completions of this thread's requests. Outside
    /// of the loop of a current-thread runtime perhaps nobody runs it.
    pub(super) fn is_driven_here(&self) -> bool {
        !self.is_loop || worker_of(self).is_some()
    }

    /// Takes a buffer to receive into. The shelf of this thread's worker has one that is still in
    /// its core's cache.
    pub(super) fn take_buffer(&self, contents: Contents) -> io::Result<PooledBuf> {
        let index = worker_of(self).unwrap_or(self.workers);
        self.buffers.take(index, contents)
    }
}

/// Closes the dropped sockets that this thread's worker holds.
pub(crate) fn close_dropped_here() {
    if let Some(driver) = try_current() {
        driver.close_dropped_here();
    }
}

pub(crate) fn try_current() -> Option<Arc<Driver>> {
    CURRENT.try_with(|current| current.borrow().as_ref().map(|context| context.driver.clone())).ok().flatten()
}

/// A model of a program has no I/O, and says so at its first use.
#[cfg(all(any(rt_loom, rt_shuttle), not(test)))]
const NO_KERNEL: &str = "a model has no sockets, files, pipes, signals or child processes, because the kernel \
    below it is simulated; leave them out of the model, or test them with `heist::sim` or in a normal build";

/// The driver that a socket, a file or a buffer belongs to from now on.
#[track_caller]
pub(crate) fn current() -> Arc<Driver> {
    match try_current() {
        #[cfg(all(any(rt_loom, rt_shuttle), not(test)))]
        Some(_) => panic!("{NO_KERNEL}"),
        #[cfg(not(all(any(rt_loom, rt_shuttle), not(test))))]
        Some(driver) => driver,
        None => panic!("{NO_RUNTIME}"),
    }
}

/// The current thread's driver, or outside of a runtime `other`.
pub(crate) fn current_or(other: &Arc<Driver>) -> Arc<Driver> {
    try_current().unwrap_or_else(|| other.clone())
}

/// The error of a runtime that has ended, if it is the one that this thread has entered.
pub(crate) fn check_open() -> io::Result<()> {
    match try_current() {
        Some(driver) if driver.standing.has_ended() => Err(closed()),
        _ => Ok(()),
    }
}

/// What the runtime that this thread has entered lets it use. None outside of a runtime.
#[inline]
pub(crate) fn allowed() -> Option<Allowed> {
    CURRENT
        .try_with(|current| current.borrow().as_ref().map(|context| context.driver.standing.allowed))
        .ok()
        .flatten()
}

/// Whether this thread is in a runtime.
pub(crate) fn is_entered() -> bool {
    CURRENT.try_with(|current| current.borrow().is_some()).unwrap_or(false)
}

pin_project! {
    /// The future of [`in_runtime`].
    #[must_use = "futures do nothing unless polled or awaited"]
    pub(crate) struct InRuntime<F> {
        // Set until the first poll.
        called_at: Option<&'static Location<'static>>,
        #[pin]
        future: F,
    }
}

/// A future that needs a runtime when it is first polled, not where it is made. Without a runtime
/// it panics at the place that awaits it and names the place that made it. An `async fn` could name
/// neither.
#[track_caller]
pub(crate) fn in_runtime<F: Future>(future: F) -> InRuntime<F> {
    InRuntime { called_at: Some(Location::caller()), future }
}

impl<F: Future> Future for InRuntime<F> {
    type Output = F::Output;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        if let Some(called_at) = this.called_at.take() {
            assert!(is_entered(), "{NO_RUNTIME} (the call is at {called_at})");
        }
        this.future.poll(cx)
    }
}

/// Marks operations submitted during `poll` as belonging to a task that only this thread may run.
/// They go to this worker's own ring, because a completion on another ring would wake that worker
/// only to wake this one.
pub(crate) fn pinned<R>(poll: impl FnOnce() -> R) -> R {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            IS_PINNED.with(|is_pinned| is_pinned.set(self.0));
        }
    }
    let _restore = Restore(IS_PINNED.with(|is_pinned| is_pinned.replace(true)));
    poll()
}

fn asker(driver: &Driver) -> Asker {
    match worker_of(driver) {
        Some(index) if IS_PINNED.with(Cell::get) => Asker::Pinned(index),
        Some(index) => Asker::Worker(index),
        None => Asker::Foreign,
    }
}

/// The worker of `driver` that this thread is, if it is one.
pub(super) fn worker_of(driver: &Driver) -> Option<usize> {
    CURRENT
        .try_with(|current| match &*current.borrow() {
            Some(context) if std::ptr::eq(&raw const *context.driver, driver) => context.worker,
            _ => None,
        })
        .ok()
        .flatten()
}
