#![expect(unsafe_code, reason = "system calls with the memory of the flight")]
//! One operation in flight: the state that the waiting future shares with the ring, or with the
//! thread of the pool, that performs it.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use super::any_flight::{AnyFlight, RequestGuard};
use super::descriptor::{self, Descriptor};
use super::door::{self, Route};
use super::perform::{Answer, Found, perform};
use super::pool;
use super::request::Request;
use crate::buf::FixedMemory;
use crate::driver::completion::Completion;
use crate::driver::op::Op;
#[cfg(target_os = "linux")]
use crate::driver::ticket::Ticket;
use crate::driver::{Driver, is_undone, is_unthreaded};
use crate::primitive::sync::{Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};
use crate::task::{WaitReason, coop};

pub(super) struct Flight<R> {
    completion: Completion,
    /// None while it is made, and when the operation is over [released-with-result].
    request: RwLock<Option<Request>>,
    held: Mutex<FlightResources<R>>,
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only rings register memory"))]
    fixed_memory: fn(&R) -> Option<&Arc<FixedMemory>>,
}

/// The values that come back with the result.
struct FlightResources<R> {
    /// None once they were given back, or if the kernel did not release them.
    resources: Option<R>,
    /// Dropped with the flight, if no future fetches it.
    found: Option<Found>,
}

impl<R: Send> AnyFlight for Flight<R> {
    fn request(&self) -> RequestGuard<'_> {
        RequestGuard(self.read_request())
    }

    #[cfg(target_os = "linux")]
    fn fixed_memory(&self) -> Option<Arc<FixedMemory>> {
        (self.fixed_memory)(self.held.lock().resources.as_ref()?).cloned()
    }

    #[cfg(target_os = "linux")]
    fn take_ticket(&self, ticket: Ticket) -> bool {
        self.completion.take_ticket(ticket)
    }

    fn finish(&self, result: io::Result<i32>, wakers: &mut Vec<Waker>) {
        if let (Some(Request::Open { how, .. }), Ok(fd)) = (&*self.read_request(), &result) {
            let file = descriptor::adopt(*fd);
            self.held.lock().found = Some(Found::Opened(Descriptor::opened(file, how)));
        }
        self.completion.finish(result, wakers);
    }

    fn perform(&self, wakers: &mut Vec<Waker>) {
        if self.completion.is_closed() {
            return;
        }
        // SAFETY: [owned-until-terminal] the memory belongs to the resources. Until `finish` below,
        // nobody takes them out of the flight, and only this call uses them.
        let result = unsafe { perform(&self.request()) }.map(|answer| match answer {
            Answer::Count(count) => i32::try_from(count).expect("no request is longer than that"),
            Answer::Found(found) => {
                self.held.lock().found = Some(found);
                0
            }
        });
        self.completion.finish(result, wakers);
    }

    #[cfg(target_os = "linux")]
    fn abandon(&self) {
        std::mem::forget(self.held.lock().resources.take());
    }
}

impl<R> Flight<R> {
    /// Shared, because a thread of the pool has it for the whole time of its call.
    fn read_request(&self) -> RwLockReadGuard<'_, Option<Request>> {
        self.request.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_request(&self) -> RwLockWriteGuard<'_, Option<Request>> {
        self.request.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a task waits for that waits for this operation, for a dump.
    fn wait_reason(&self) -> WaitReason {
        let request = self.read_request();
        let described = request.as_ref().map(|request| (request.name(), request.object()));
        let (operation, object) = described.unwrap_or_default();
        WaitReason::Operation { operation, object }
    }
}

impl<R> fmt::Debug for Flight<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flight").field("request", &self.request).finish_non_exhaustive()
    }
}

/// The end of an operation.
pub(crate) struct Landed<R> {
    pub(crate) result: io::Result<usize>,
    /// None: the runtime has ended, and the kernel may still write to them.
    pub(crate) resources: Option<R>,
    pub(crate) found: Option<Found>,
}

/// Returns a buffer to its owner.
///
/// # Panics
///
/// Panics if the runtime is gone and the kernel still has the buffer: then nobody can have it.
pub(crate) fn given_back<R>(resources: Option<R>) -> R {
    resources
        .expect("the heist runtime has ended before this operation, and the kernel still uses its buffer")
}

/// The future of one operation. Dropping it cancels an operation on a ring, and one on the pool
/// that has not started. The resources stay with the operation until it is over.
#[must_use = "an operation that is not awaited is cancelled"]
pub(crate) struct FileOp<R> {
    driver: Arc<Driver>,
    route: Route,
    flight: Arc<Flight<R>>,
    /// Stores in the resources how many bytes were moved.
    conclude: fn(&mut R, usize),
}

impl<R: Send + 'static> FileOp<R> {
    /// An operation that has not begun. Called in `start.rs`, which promises that the memory that
    /// the request points to belongs to the resources, some of which may lie in memory that rings
    /// register.
    pub(super) fn new(
        driver: Arc<Driver>,
        resources: R,
        request: impl FnOnce(&mut R) -> Request,
        conclude: fn(&mut R, usize),
        fixed_memory: fn(&R) -> Option<&Arc<FixedMemory>>,
    ) -> FileOp<R> {
        let held = Mutex::new(FlightResources { resources: Some(resources), found: None });
        let flight = Arc::new(Flight {
            completion: Completion::new(),
            request: RwLock::new(None),
            held,
            fixed_memory,
        });
        // Made after the resources have reached their final address.
        *flight.write_request() = flight.held.lock().resources.as_mut().map(request);
        let route = door::route(&driver, &flight.request());
        FileOp { driver, route, flight, conclude }
    }

    #[track_caller]
    pub(super) fn begin(self) -> FileOp<R> {
        match self.route {
            Route::Ring => self.submit(),
            Route::Pool => pool::run(self.flight.clone()),
            Route::Patient => pool::run_patiently(self.flight.clone()),
        }
        self
    }

    fn may_go_to_the_pool(&self) -> bool {
        self.route == Route::Ring && self.flight.request().repeats_errors() && pool::is_there()
    }

    #[cfg(all(test, target_os = "linux", not(rt_loom)))]
    pub(super) fn flight(&self) -> Arc<dyn AnyFlight> {
        self.flight.clone()
    }

    fn submit(&self) {
        if let Err(error) = self.driver.submit(Op::File(self.flight.clone())) {
            let mut wakers = Vec::new();
            self.flight.completion.finish(Err(error), &mut wakers);
            debug_assert!(wakers.is_empty(), "nobody can wait for an operation that is being started");
        }
    }

    /// The result, except of an operation that had no effect, which is begun anew
    /// [undone-begins-anew]. Then only the future has the flight.
    fn poll_result(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<i32>> {
        loop {
            match ready!(self.flight.completion.poll_with(cx, || self.flight.wait_reason())) {
                Err(error) if is_undone(&error) => {
                    self.flight.completion.renew();
                    self.submit();
                }
                Err(error) if is_unthreaded(&error) && self.may_go_to_the_pool() => {
                    self.flight.completion.renew();
                    self.route = Route::Pool;
                    pool::run(self.flight.clone());
                }
                result => return Poll::Ready(result),
            }
        }
    }
}

impl<R: Send + 'static> Future for FileOp<R> {
    type Output = Landed<R>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Landed<R>> {
        let result = match self.route {
            Route::Ring => ready!(self.poll_result(cx)),
            // A thread may be done before the first poll: without the budget, a task that begins
            // one operation after the other might never let others run.
            Route::Pool | Route::Patient => {
                let charge = ready!(coop::poll_proceed_for(cx, || self.flight.wait_reason()));
                let result = ready!(self.poll_result(cx));
                charge.made_progress();
                result
            }
        };
        let (mut resources, found) = {
            let mut held = self.flight.held.lock();
            (held.resources.take(), held.found.take())
        };
        // [released-with-result] Without resources, the kernel may still read the request.
        let request = resources.as_ref().and_then(|_| self.flight.write_request().take());
        drop(request);
        let result = result.map(|count| usize::try_from(count).expect("an error is negative"));
        if let (Ok(count), Some(resources)) = (&result, &mut resources) {
            (self.conclude)(resources, *count);
        }
        Poll::Ready(Landed { result, resources, found })
    }
}

impl<R> Drop for FileOp<R> {
    fn drop(&mut self) {
        if let Some(ticket) = self.flight.completion.close() {
            self.driver.cancel(ticket);
        }
    }
}

impl<R> fmt::Debug for FileOp<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FileOp").field(&self.flight).finish()
    }
}
