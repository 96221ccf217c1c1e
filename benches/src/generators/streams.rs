//! The asynchronous contestants: streams that are always ready.

use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use futures::stream::Stream;
use heist::generator::async_generator;

use super::place::shift;

/// Inlined into each contestant, as the loop over an iterator is.
#[inline(always)]
fn drain(mut stream: Pin<&mut impl Stream<Item = u64>>) -> u64 {
    let mut cx = Context::from_waker(Waker::noop());
    let mut sum = 0;
    while let Poll::Ready(Some(item)) = stream.as_mut().poll_next(&mut cx) {
        sum += black_box(item);
    }
    sum
}

/// As [`drain`], of a stream that was handed on: whoever polls it sees neither its type nor its place.
#[inline(always)]
fn drain_boxed(stream: impl Stream<Item = u64>) -> u64 {
    let stream: Pin<Box<dyn Stream<Item = u64> + '_>> = Box::pin(stream);
    drain(Pin::new(&mut black_box(stream)))
}

struct ByHand {
    next: u64,
    end: u64,
}

impl Stream for ByHand {
    type Item = u64;

    #[inline]
    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<u64>> {
        let item = self.next;
        if item == self.end {
            return Poll::Ready(None);
        }
        self.next += 1;
        Poll::Ready(Some(item))
    }
}

async_generator! {
    fn heist_numbers(n: u64) -> yields u64 {
        let mut i = 0;
        while i < n {
            yield i;
            i += 1;
        }
    }
    /// Each item after an await that is ready: what a stream over a full buffer does.
    fn heist_awaited(n: u64) -> yields u64 {
        let mut i = 0;
        while i < n {
            yield std::future::ready(black_box(i)).await;
            i += 1;
        }
    }
}

fn async_stream_numbers(n: u64) -> impl Stream<Item = u64> {
    async_stream::stream! {
        let mut i = 0;
        while i < n {
            yield i;
            i += 1;
        }
    }
}

fn async_stream_awaited(n: u64) -> impl Stream<Item = u64> {
    async_stream::stream! {
        let mut i = 0;
        while i < n {
            yield std::future::ready(black_box(i)).await;
            i += 1;
        }
    }
}

#[inline(never)]
pub(super) fn hand<const PLACE: usize>(n: u64) -> u64 {
    shift::<PLACE>();
    drain(pin!(ByHand { next: 0, end: n }))
}

#[inline(never)]
pub(super) fn heist<const PLACE: usize>(n: u64) -> u64 {
    shift::<PLACE>();
    drain(pin!(heist_numbers(n)))
}

#[inline(never)]
pub(super) fn async_stream<const PLACE: usize>(n: u64) -> u64 {
    shift::<PLACE>();
    drain(pin!(async_stream_numbers(n)))
}

#[inline(never)]
pub(super) fn hand_boxed<const PLACE: usize>(n: u64) -> u64 {
    shift::<PLACE>();
    drain_boxed(ByHand { next: 0, end: n })
}

#[inline(never)]
pub(super) fn heist_boxed<const PLACE: usize>(n: u64) -> u64 {
    shift::<PLACE>();
    drain_boxed(heist_numbers(n))
}

#[inline(never)]
pub(super) fn async_stream_boxed<const PLACE: usize>(n: u64) -> u64 {
    shift::<PLACE>();
    drain_boxed(async_stream_numbers(n))
}

#[inline(never)]
pub(super) fn heist_awaits<const PLACE: usize>(n: u64) -> u64 {
    shift::<PLACE>();
    drain_boxed(heist_awaited(n))
}

#[inline(never)]
pub(super) fn async_stream_awaits<const PLACE: usize>(n: u64) -> u64 {
    shift::<PLACE>();
    drain_boxed(async_stream_awaited(n))
}

#[inline(never)]
pub(super) fn heist_inline<const PLACE: usize>(n: u64) -> u64 {
    shift::<PLACE>();
    drain(pin!(async_generator! {
        let mut i = 0;
        while i < n {
            yield i;
            i += 1;
        }
    }))
}

#[inline(never)]
pub(super) fn async_stream_inline<const PLACE: usize>(n: u64) -> u64 {
    shift::<PLACE>();
    drain(pin!(async_stream::stream! {
        let mut i = 0;
        while i < n {
            yield i;
            i += 1;
        }
    }))
}
