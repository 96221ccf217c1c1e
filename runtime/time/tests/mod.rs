//! Tests of this room, driven by hand: there is no run loop, and time moves only when the test
//! moves it.
mod clocks;
mod intervals;
mod sleeps;
mod timeouts;
mod wheels;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use super::{Timers, TimersGuard};
use crate::primitive::atomic::{AtomicUsize, Ordering};
use crate::primitive::sync::Mutex;

/// Counts its wake-ups.
struct Count(AtomicUsize);

impl Count {
    fn new() -> Arc<Count> {
        Arc::new(Count(AtomicUsize::new(0)))
    }

    fn get(&self) -> usize {
        // Ordering: Relaxed: these tests have one thread.
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        // Ordering: Relaxed: these tests have one thread.
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Timers whose clock is paused on a whole tick, and a record of the workers they unparked.
struct Rig {
    timers: Arc<Timers>,
    unparked: Arc<Mutex<Vec<usize>>>,
}

impl Rig {
    fn new(workers_count: usize) -> Rig {
        let unparked = Arc::new(Mutex::new(Vec::new()));
        let record = unparked.clone();
        let timers = Timers::new(workers_count, Box::new(move |index| record.lock().push(index)));
        assert!(timers.clock().pause());
        let next_tick = timers.clock().tick_of_deadline(timers.now());
        let whole = timers.clock().instant_of(next_tick).unwrap();
        assert!(timers.clock().advance_to(whole));
        Rig { timers, unparked }
    }

    /// Returns a rig with one worker, which this thread is.
    fn bound() -> (Rig, TimersGuard) {
        let rig = Rig::new(1);
        let guard = rig.timers.bind_worker(0);
        (rig, guard)
    }

    /// Moves the clock and fires what is due on all workers, until nothing is.
    fn pass(&self, duration: Duration) {
        assert!(self.timers.clock().advance_to(self.timers.now() + duration));
        let mut wakers = Vec::new();
        self.timers.fire_all_due(&mut wakers);
        wakers.into_iter().for_each(Waker::wake);
    }

    fn take_unparked(&self) -> Vec<usize> {
        std::mem::take(&mut self.unparked.lock())
    }

    fn armed_count(&self) -> usize {
        (0..self.timers.workers_count()).map(|index| self.timers.armed_count(index)).sum()
    }
}

fn poll_with<F: Future>(future: Pin<&mut F>, count: &Arc<Count>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(&Waker::from(count.clone())))
}

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Returns the text of the panic of `f`.
fn panic_text(f: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(f)).expect_err("it must panic");
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => payload.downcast::<&str>().expect("a text").to_string(),
    }
}
