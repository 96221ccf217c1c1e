//! Futures that count, and a loop that polls without a runtime.

use std::cell::Cell;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

pub(crate) fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls until the future is over. Nothing here needs a wake-up to get on.
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    for _ in 0..10_000 {
        if let Poll::Ready(output) = poll_once(future.as_mut()) {
            return output;
        }
    }
    panic!("the future does not get on");
}

/// Is ready after some polls; counts its polls and notes when it is dropped.
pub(crate) struct After<'a> {
    pub(crate) wait_count: u32,
    pub(crate) seen: &'a Seen,
}

#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) poll_count: Cell<u32>,
    pub(crate) is_dropped: Cell<bool>,
}

impl Seen {
    pub(crate) fn after(&self, wait_count: u32) -> After<'_> {
        After { wait_count, seen: self }
    }
}

impl Future for After<'_> {
    type Output = u32;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<u32> {
        let count = self.seen.poll_count.get() + 1;
        assert!(count <= self.wait_count + 1, "polled after it was ready");
        self.seen.poll_count.set(count);
        if count > self.wait_count { Poll::Ready(count) } else { Poll::Pending }
    }
}

impl Drop for After<'_> {
    fn drop(&mut self) {
        self.seen.is_dropped.set(true);
    }
}
