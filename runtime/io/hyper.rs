//! The parts of a runtime that hyper 1.x asks for besides connections: an executor and a timer.
//!
//! [`TcpStream`](crate::net::TcpStream) implements `hyper::rt::{Read, Write}` itself and needs no
//! wrapper. This module needs the feature `hyper`.
//!
//! ```
//! use heist::io::hyper::{Executor, Timer};
//! use hyper::rt::Timer as _;
//! use std::time::Duration;
//!
//! # fn main() -> std::io::Result<()> {
//! # heist::runtime::Runtime::new()?.block_on(async {
//! Timer.sleep(Duration::from_millis(1)).await;
//!
//! let (sender, receiver) = futures::channel::oneshot::channel();
//! hyper::rt::Executor::execute(&Executor, async { sender.send("done").unwrap() });
//! assert_eq!(receiver.await, Ok("done"));
//! # });
//! # Ok(())
//! # }
//! ```

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::rt;
use pin_project_lite::pin_project;

use crate::time;

pub use crate::runtime::hyper::Executor;

/// Gives hyper the timers of the current runtime, for its header and keep-alive timeouts. Needs the
/// feature `hyper`.
///
/// # Panics
/// A sleep panics if it has to wait outside of a runtime.
///
/// # Examples
/// ```
/// # heist::runtime::Runtime::new()?.block_on(async {
/// use hyper::rt::Timer as _;
/// use std::time::{Duration, Instant};
///
/// let timer = heist::io::hyper::Timer;
/// let start = Instant::now();
/// timer.sleep(Duration::from_millis(1)).await;
/// assert!(start.elapsed() >= Duration::from_millis(1));
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Timer;

impl rt::Timer for Timer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn rt::Sleep>> {
        Box::pin(TimerSleep { inner: time::sleep(duration) })
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn rt::Sleep>> {
        Box::pin(TimerSleep { inner: time::sleep_until(deadline.into()) })
    }

    fn now(&self) -> Instant {
        time::Instant::now().into()
    }

    fn reset(&self, sleep: &mut Pin<Box<dyn rt::Sleep>>, new_deadline: Instant) {
        match sleep.as_mut().downcast_mut_pin::<TimerSleep>() {
            Some(ours) => ours.project().inner.reset(new_deadline.into()),
            None => *sleep = self.sleep_until(new_deadline),
        }
    }
}

pin_project! {
    struct TimerSleep {
        #[pin]
        inner: time::Sleep,
    }
}

impl Future for TimerSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.project().inner.poll(cx)
    }
}

impl rt::Sleep for TimerSleep {}
