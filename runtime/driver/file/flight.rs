//! One operation in flight: the state that the waiting future and the ring share.

use std::fmt;
use std::future::Future;
use std::io;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use super::descriptor::{self, Descriptor};
use super::request::Request;
use crate::buf::FixedMemory;
use crate::driver::op::{Op, Ticket};
use crate::driver::submission::Completion;
use crate::driver::{Driver, is_undone};
use crate::primitive::sync::Mutex;

pub(super) struct Flight<R> {
    completion: Completion,
    /// None only while it is made.
    request: Option<Request>,
    held: Mutex<FlightResources<R>>,
    fixed_memory: fn(&R) -> Option<&Arc<FixedMemory>>,
}

/// The values that come back with the result.
struct FlightResources<R> {
    /// None once they were given back, or if the kernel did not release them.
    resources: Option<R>,
    /// Opened by the kernel. Closed with the flight, if no future fetches it.
    opened: Option<Descriptor>,
}

/// The part of a flight that the ring needs: everything but the type of its resources.
pub(in crate::driver) trait AnyFlight: fmt::Debug + Send + Sync {
    fn request(&self) -> &Request;

    /// The memory that a ring may register.
    fn fixed_memory(&self) -> Option<Arc<FixedMemory>>;

    #[must_use]
    fn take_ticket(&self, ticket: Ticket) -> bool;

    fn finish(&self, result: io::Result<i32>, wakers: &mut Vec<Waker>);

    /// The kernel does not release the operation: memory that it may write to is neither given back
    /// nor freed.
    fn abandon(&self);
}

impl<R: Send> AnyFlight for Flight<R> {
    fn request(&self) -> &Request {
        self.request.as_ref().expect("set before the flight was shared")
    }

    fn fixed_memory(&self) -> Option<Arc<FixedMemory>> {
        (self.fixed_memory)(self.held.lock().resources.as_ref()?).cloned()
    }

    fn take_ticket(&self, ticket: Ticket) -> bool {
        self.completion.take_ticket(ticket)
    }

    fn finish(&self, result: io::Result<i32>, wakers: &mut Vec<Waker>) {
        if let (Request::Open { how, .. } | Request::OpenCached { how, .. }, Ok(fd)) =
            (self.request(), &result)
        {
            let file = descriptor::adopt(*fd);
            self.held.lock().opened = Some(Descriptor::opened(file, how));
        }
        self.completion.finish(result, wakers);
    }

    fn abandon(&self) {
        mem::forget(self.held.lock().resources.take());
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
    /// The file that `Open` opened.
    pub(crate) opened: Option<Descriptor>,
}

/// The future of one operation. Dropping it cancels the operation; the resources stay with the ring
/// until the terminal completion.
#[must_use = "an operation that is not awaited is cancelled"]
pub(crate) struct FileOp<R> {
    driver: Arc<Driver>,
    flight: Arc<Flight<R>>,
    /// Stores in the resources how many bytes were moved.
    conclude: fn(&mut R, usize),
}

impl<R: Send + 'static> FileOp<R> {
    /// Called in `start.rs`, which promises that the memory that the request points to belongs to
    /// the resources.
    pub(super) fn start(
        driver: Arc<Driver>,
        resources: R,
        request: impl FnOnce(&mut R) -> Request,
        conclude: fn(&mut R, usize),
    ) -> FileOp<R> {
        FileOp::start_with(driver, resources, request, conclude, |_| None)
    }

    /// Like `start`, for resources that may lie in memory that rings register.
    pub(super) fn start_with(
        driver: Arc<Driver>,
        resources: R,
        request: impl FnOnce(&mut R) -> Request,
        conclude: fn(&mut R, usize),
        fixed_memory: fn(&R) -> Option<&Arc<FixedMemory>>,
    ) -> FileOp<R> {
        let held = Mutex::new(FlightResources { resources: Some(resources), opened: None });
        let mut flight =
            Arc::new(Flight { completion: Completion::new(), request: None, held, fixed_memory });
        // Made after the resources have reached their final address.
        let request = flight.held.lock().resources.as_mut().map(request);
        Arc::get_mut(&mut flight).expect("not shared yet").request = request;
        let file_op = FileOp { driver, flight, conclude };
        file_op.begin();
        file_op
    }

    fn begin(&self) {
        if let Err(error) = self.driver.submit(Op::File(self.flight.clone())) {
            let mut wakers = Vec::new();
            self.flight.completion.finish(Err(error), &mut wakers);
            debug_assert!(wakers.is_empty(), "nobody can wait for an operation that is being started");
        }
    }

    /// The result, except of an operation that had no effect, which is begun anew
    /// [undone-begins-anew]. Then only the future has the flight.
    fn poll_result(&self, cx: &mut Context<'_>) -> Poll<io::Result<i32>> {
        loop {
            match ready!(self.flight.completion.poll_with(cx)) {
                Err(error) if is_undone(&error) => {
                    self.flight.completion.renew();
                    self.begin();
                }
                result => return Poll::Ready(result),
            }
        }
    }
}

impl<R: Send + 'static> Future for FileOp<R> {
    type Output = Landed<R>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Landed<R>> {
        let result = ready!(self.poll_result(cx));
        let (mut resources, opened) = {
            let mut held = self.flight.held.lock();
            (held.resources.take(), held.opened.take())
        };
        let result = result.map(|count| usize::try_from(count).expect("an error is negative"));
        if let (Ok(count), Some(resources)) = (&result, &mut resources) {
            (self.conclude)(resources, *count);
        }
        Poll::Ready(Landed { result, resources, opened })
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
