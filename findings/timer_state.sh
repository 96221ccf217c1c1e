#!/usr/bin/env bash
# Guess: the future of a sleep has about the same size everywhere, a hundred bytes or so; a runtime
#   whose timers belong to one thread needs less than one that shares them among threads.
# Seen: tokio's, shared by threads, about 100 bytes, async-io's 56, compio's 112; monoio's, for one
#   thread, 640, and it is aligned to 128. A time-out around a future adds as much to it. tokio's
#   and monoio's need no heap beside it.
# Why it matters: each sleep or time-out that is alive across an await lies in the task: on monoio a
#   task that guards a read by a time-out is 640 bytes larger; for a hundred thousand idle
#   connections that is 64 MB.
source "$(dirname "$0")/support.sh"

program 'tokio = { version = "=1.54.1", features = ["rt", "time"] }' 'async-io = "=2.6.0"' \
    'monoio = { version = "=0.2.4", default-features = false, features = ["iouring", "legacy"] }' \
    'compio = { version = "=0.19.2", features = ["time"] }' <<'RUST'
mod check;

use std::alloc::{GlobalAlloc, Layout, System};
use std::future::{Pending, pending};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::Poll;
use std::time::Duration;

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, SeqCst);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

const LONG: Duration = Duration::from_secs(1000);

/// The allocations of the first poll of 1000 sleeps that were made before.
async fn allocations<F: Future>(make: impl Fn() -> F) -> usize {
    let mut all: Vec<_> = (0..1000).map(|_| Box::pin(make())).collect();
    let before = ALLOCATIONS.load(SeqCst);
    for one in &mut all {
        std::future::poll_fn(|context| {
            assert!(one.as_mut().poll(context).is_pending());
            Poll::Ready(())
        })
        .await;
    }
    ALLOCATIONS.load(SeqCst) - before
}

fn main() -> std::process::ExitCode {
    check::within("tokio, size of Sleep", size_of::<tokio::time::Sleep>(), 96..=112);
    check::expect("async-io, size of Timer", size_of::<async_io::Timer>(), 56);
    check::expect("compio, size of sleep()", size_of_val(&compio::time::sleep(LONG)), 112);
    check::expect("monoio, size of Sleep", size_of::<monoio::time::Sleep>(), 640);
    check::expect("monoio, alignment of Sleep", align_of::<monoio::time::Sleep>(), 128);
    check::within(
        "tokio, size of Timeout of nothing",
        size_of::<tokio::time::Timeout<Pending<()>>>(),
        96..=120,
    );
    check::expect("monoio, size of Timeout of nothing", size_of::<monoio::time::Timeout<Pending<()>>>(), 640);

    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let count = tokio.block_on(allocations(|| tokio::time::timeout(LONG, pending::<()>())));
    check::within("tokio, allocations of 1000", count, 0..=20);
    let mut monoio = monoio::RuntimeBuilder::<monoio::FusionDriver>::new().enable_timer().build().unwrap();
    let count = monoio.block_on(allocations(|| monoio::time::timeout(LONG, pending::<()>())));
    check::within("monoio, allocations of 1000", count, 0..=20);
    check::verdict()
}
RUST
