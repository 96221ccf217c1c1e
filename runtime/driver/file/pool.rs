//! Calls on the blocking pool: of a flight, which builds no task, and of a closure, for what no
//! ring can do.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::any_flight::AnyFlight;
use crate::blocking::{self, Limits, NO_RUNTIME, Pool, ThreadHooks, spawn_blocking};
use crate::driver::{closed, of_pool};
use crate::task::{AbortOnDropHandle, wake_all};

/// A flight on its way to a thread of the pool. If the pool drops it, because the runtime has
/// ended, the flight ends with an error.
pub(in crate::driver) struct PoolCall(Option<Arc<dyn AnyFlight>>);

impl PoolCall {
    pub(in crate::driver) fn new(flight: Arc<dyn AnyFlight>) -> PoolCall {
        PoolCall(Some(flight))
    }

    pub(in crate::driver) fn perform(mut self) {
        let mut wakers = Vec::new();
        if let Some(flight) = &self.0 {
            flight.perform(&mut wakers);
        }
        // If no future waits any more, this drops the resources.
        drop(self.0.take());
        wake_all(wakers);
    }
}

impl Drop for PoolCall {
    fn drop(&mut self) {
        if let Some(flight) = self.0.take() {
            let mut wakers = Vec::new();
            flight.finish(Err(closed()), &mut wakers);
            drop(flight);
            wake_all(wakers);
        }
    }
}

/// Whether this thread has entered a runtime.
pub(super) fn is_there() -> bool {
    blocking::host().is_some()
}

/// Performs the flight on the blocking pool of this thread's runtime.
///
/// # Panics
///
/// Panics if called outside of a runtime.
#[track_caller]
pub(super) fn run(flight: Arc<dyn AnyFlight>) {
    let call = PoolCall::new(flight);
    match blocking::host() {
        Some(host) => blocking::run_on(host, move || call.perform()),
        None => panic!("{NO_RUNTIME}"),
    }
}

/// Performs a flight that may wait for a peer for ever. Its pool belongs to no runtime, so no
/// runtime waits for it at its end.
pub(super) fn run_patiently(flight: Arc<dyn AnyFlight>) {
    static PATIENT: OnceLock<Pool> = OnceLock::new();
    let pool = PATIENT.get_or_init(|| {
        Pool::new(Limits {
            threads_count_max: 512,
            keep_alive: Duration::from_secs(1),
            thread_name: "heist-stream".to_owned(),
            stack_size: None,
            hooks: ThreadHooks::default(),
            observation: None,
        })
    });
    let call = PoolCall::new(flight);
    pool.run(Box::new(move || call.perform()));
}

/// Runs `call` on the blocking pool.
pub(crate) async fn pool<R: Send + 'static>(
    call: impl FnOnce() -> io::Result<R> + Send + 'static,
) -> io::Result<R> {
    match AbortOnDropHandle::new(spawn_blocking(call)).await {
        Ok(result) => result,
        Err(error) => Err(of_pool(error)),
    }
}
