//! A flight as the back ends see it.

use std::fmt;
use std::io;
use std::ops::Deref;
use std::task::Waker;

use super::request::Request;
use crate::primitive::sync::RwLockReadGuard;
#[cfg(target_os = "linux")]
use {
    crate::{buf::FixedMemory, driver::ticket::Ticket},
    std::sync::Arc,
};

/// The part of a flight that a ring and the pool need: everything but the type of its resources.
pub(in crate::driver) trait AnyFlight: fmt::Debug + Send + Sync {
    /// Only for an operation that is not over: the future drops the request when it has the result.
    fn request(&self) -> RequestGuard<'_>;

    /// The memory that a ring may register.
    #[cfg(target_os = "linux")]
    fn fixed_memory(&self) -> Option<Arc<FixedMemory>>;

    #[cfg(target_os = "linux")]
    #[must_use]
    fn take_ticket(&self, ticket: Ticket) -> bool;

    fn finish(&self, result: io::Result<i32>, wakers: &mut Vec<Waker>);

    /// Performs the request on this thread, which may block, and finishes the flight. Does nothing
    /// if no future waits for it any more. Called at most once, and only if no ring has the flight.
    fn perform(&self, wakers: &mut Vec<Waker>);

    /// The kernel does not release the operation: memory that it may write to is neither given back
    /// nor freed.
    #[cfg(target_os = "linux")]
    fn abandon(&self);
}

/// The request of a flight, locked.
pub(in crate::driver) struct RequestGuard<'a>(pub(super) RwLockReadGuard<'a, Option<Request>>);

impl Deref for RequestGuard<'_> {
    type Target = Request;

    fn deref(&self) -> &Request {
        self.0.as_ref().expect("set before the flight was shared, and taken when the operation is over")
    }
}
