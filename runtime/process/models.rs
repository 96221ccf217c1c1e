//! The two protocols by which the end of a child is not missed.

use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use super::unix::child_signals::ExitWaiters;
use super::unix::orphan::{Dying, Orphan};
use crate::primitive::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::primitive::sync::{ModelArc, Mutex};
use crate::primitive::{model, thread};

/// What the kernel knows of a child, and whom its driver calls.
struct Kernel {
    has_ended: Mutex<bool>,
    waiting: Mutex<Option<Waker>>,
    reaped_count: AtomicUsize,
}

impl Kernel {
    fn new() -> ModelArc<Kernel> {
        let (has_ended, waiting) = (Mutex::new(false), Mutex::new(None));
        ModelArc::new(Kernel { has_ended, waiting, reaped_count: AtomicUsize::new(0) })
    }

    /// An event that says nothing, or the end of the child.
    fn call(&self, is_end: bool) {
        if is_end {
            *self.has_ended.lock() = true;
        }
        let waker = self.waiting.lock().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

struct ModelChild(ModelArc<Kernel>);

impl Dying for ModelChild {
    fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let old = self.0.waiting.lock().replace(cx.waker().clone());
        drop(old);
        if *self.0.has_ended.lock() { Poll::Ready(()) } else { Poll::Pending }
    }
}

fn reap(child: ModelChild) {
    // Ordering: Relaxed: the model joins the threads before it reads.
    child.0.reaped_count.fetch_add(1, Ordering::Relaxed);
}

/// [called-again]
#[test]
fn an_orphan_that_ends_while_it_is_polled_is_reaped_once() {
    model(|| {
        let kernel = Kernel::new();
        let other = kernel.clone();
        let ends = thread::spawn(move || {
            other.call(false);
            other.call(true);
        });
        Orphan::adopt(ModelChild(kernel.clone()), reap);
        ends.join().unwrap();
        // Ordering: Relaxed: the threads are joined.
        assert_eq!(kernel.reaped_count.load(Ordering::Relaxed), 1);
        assert!(kernel.waiting.lock().take().is_none_or(|waker| {
            // It is the orphan's, which is over.
            waker.wake();
            true
        }));
    });
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        // Ordering: Relaxed: the model joins the threads before it reads.
        self.0.store(true, Ordering::Relaxed);
    }
}

/// [look-again]
#[test]
fn whoever_waits_for_a_signal_sees_the_end_or_is_woken() {
    model(|| {
        let waiters = ModelArc::new(ExitWaiters::new());
        let has_ended = ModelArc::new(Mutex::new(false));
        let flag = Arc::new(Flag(AtomicBool::new(false)));
        let (called, ended) = (waiters.clone(), has_ended.clone());
        let ends = thread::spawn(move || {
            *ended.lock() = true;
            called.call_all();
        });
        let number = waiters.number();
        let waker = Waker::from(flag.clone());
        let look = || has_ended.lock().then_some(());
        let polled = waiters.poll(number, &mut Context::from_waker(&waker), look, || None);
        ends.join().unwrap();
        // Ordering: Relaxed: the threads are joined.
        assert!(polled.is_ready() || flag.0.load(Ordering::Relaxed), "nobody tells it of the end");
    });
}
